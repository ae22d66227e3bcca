"""Grammar of ``%%hailuo``: its options, and the parser of its line.

Every request option may be an axis: a list or a range. Values stay text here, and are checked with the rest of the
request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from hailuo_widgets.domain.cell_text import GAP, plain_lines, split_words
from hailuo_widgets.domain.option_values import parse_values
from hailuo_widgets.domain.prompts import SEPARATOR
from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.settings.credentials import refuse_typed_keys

__all__ = ["OPTIONS", "Line", "Option", "help_text", "parse_line", "refuse_options_below", "split_cell"]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option: its name, the argument that it sets, and its help. A flag takes no value and sets ``value``."""

    name: str
    sets: str
    help: str
    group: str  # "request", "run", or "cell" for what only a cell has
    flag: bool = False
    value: Any = True
    example: str = ""


def _request(name: str, sets: str, text: str, example: str) -> Option:
    return Option(name=name, sets=sets, help=text, group="request", example=example)


def _request_flag(name: str, sets: str, text: str, *, value: Any = True) -> Option:
    return Option(name=name, sets=sets, help=text, group="request", flag=True, value=value)


def _run(name: str, sets: str, text: str, example: str) -> Option:
    return Option(name=name, sets=sets, help=text, group="run", example=example)


def _run_flag(name: str, sets: str, text: str, *, value: Any = True) -> Option:
    return Option(name=name, sets=sets, help=text, group="run", flag=True, value=value)


def _cell(name: str, sets: str, text: str, example: str) -> Option:
    return Option(name=name, sets=sets, help=text, group="cell", example=example)


OPTIONS: dict[str, Option] = {
    option.name: option
    for option in (
        _request("--provider", "provider", "the provider", "kie"),
        _request("--model", "model", "the model, by the provider's name or a short one", "2.3"),
        _request("--duration", "duration", "seconds", "6"),
        _request("--resolution", "resolution", "for example 768P", "768P"),
        _request("--aspect-ratio", "aspect_ratio", "where the provider takes one", "9:16"),
        _request("--seed", "seed", "where the provider takes one; -1 is random", "7"),
        _request("--first-frame", "first_frame", "a picture's path or URL; a template's picture too", "fox.png"),
        _request("--last-frame", "last_frame", "a picture's path or URL", "den.png"),
        _request("--subject", "subject", "a picture of the person to be seen", "face.jpg"),
        _request(
            "--reference", "references", "a picture, clip or sound to follow: path or URL; may be repeated", "fox.png"
        ),
        _request("--fit", "fit", "crop or pad the images to the ratio that the provider takes", "crop"),
        _request("--template", "template", "a template's name or id", "Diving"),
        _request("--text", "text", "a template's words", "Lion"),
        _request_flag("--optimize", "prompt_optimizer", "let the provider rewrite the prompt"),
        _request_flag("--no-optimize", "prompt_optimizer", "send the prompt as it is (the default)", value=False),
        _request_flag("--fast-pretreatment", "fast_pretreatment", "shorten the optimizer's time"),
        _request_flag("--watermark", "watermark", "ask for the provider's watermark"),
        _request("--callback-url", "callback_url", "where the provider is to report", "https://example.org/done"),
        _request("--width", "width", "pixels, where the provider takes them", "1366"),
        _request("--height", "height", "likewise", "768"),
        _request("--option", "options", "a field of the provider's own; may be repeated", "ttl=3600"),
        _request_flag("--unlisted", "unlisted", "send a model that no table has as it is typed, unchecked"),
        _request("--price", "price", "what a clip of an unlisted model costs, for budgets", "0.5USD"),
        _run("--repeat", "repeat", "replicates of each run; a replicate is not a seed", "3"),
        _run("--zip", "zipped", "axes to pair instead of crossing; may be repeated", "prompt,first-frame"),
        _run("--exclude", "exclude", "runs to leave out; may be repeated", "model=02,seed=3"),
        _run("--sample", "sample", "draw so many of the runs; a larger sample holds the smaller", "8"),
        _run("--sample-seed", "sample_seed", "draw other ones", "2"),
        _run_flag("--control", "control", "add a null control: the first request twice, in two arms, with other seeds"),
        _run("--name", "name", "bind the run, or the sweep, to this name", "foxes"),
        _run("--tag", "tags", "a word to find the run by; may be repeated", "draft"),
        _run("--budget", "budget", "what this cell may cost, in the provider's currency or its own (5USD)", "0.50"),
        _run("--max-parallel", "max_parallel", "runs of this cell in flight at once", "2"),
        _run_flag("--reuse", "reuse", "take an equal run's clip from the archive (the default)"),
        _run_flag("--fresh", "reuse", "pay again even if an equal run's clip is there", value=False),
        _run_flag("--yes", "yes", "do not ask before an expensive sweep"),
        _run_flag("--keep-going", "keep_going", "a sweep's failed run does not fail the cell"),
        _run_flag("--dry-run", "dry_run", "show what would be sent and what it costs; send nothing"),
        _run_flag("--wait", "wait", "wait for the clip (the default)"),
        _run_flag("--background", "wait", "return at once", value=False),
        _cell("--params", "params", "a dict by its name: arguments, and values of {variables} in the prompt", "$mine"),
        _cell("--prompts", "prompts", "prompts from a table (.csv, .tsv, DataFrame) or a text (.txt)", "a.csv"),
        Option(name="--help", sets="help", help="show this, and send nothing; -h too", group="cell", flag=True),
    )
}
_CONTINUED = re.compile(rf"(.*)\\[{GAP}]*", re.DOTALL)
_DASHED = re.compile(rf"[{GAP}]*(--|[‐-―−]{{1,2}})([a-z][a-z-]*)(?=[{GAP}=]|$)")  # "--" as a dash
_UNFILLED = re.compile(r"\{\s*([^\W\d]\w*)\s*\}|\$([^\W\d]\w*)")
_NUMBERS = {"seed", "duration", "width", "height"}
_LONG_DASHES = "‐‑‒–—―−"
COUNTS = {"--repeat", "--sample", "--max-parallel"}
REPEATABLE = {"--option", "--reference", "--tag", "--zip", "--exclude"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A parsed line: the arguments of the request, those of the run, and what only a cell has."""

    request: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    cell: dict[str, Any] = field(default_factory=dict)


def split_cell(line: str, body: str) -> tuple[str, str]:
    r"""Split a cell into its options and its text. A ``\`` at the end of the option line continues it on the next.

    Args:
        line: The text after ``%%hailuo``.
        body: The lines below it.
    """
    line, body = plain_lines(line), plain_lines(body)
    while joined := _CONTINUED.fullmatch(line):
        more, _, body = body.partition("\n")
        line = f"{joined[1]} {more}" if more or body else joined[1]
    return line, body


def refuse_options_below(body: str) -> None:
    """Raise an error for a prompt that begins with an option: the option would be sent as text, and paid for.

    Raises:
        UsageError: The first line of a variant begins with an option, or a misspelled one.
    """
    first = True
    for line in plain_lines(body).split("\n"):
        if SEPARATOR.fullmatch(line):
            first = True
        elif first and line.strip():
            first = False
            word = _DASHED.match(line)
            name = f"--{word[2]}" if word else ""
            near = name if name in OPTIONS else nearest(name, OPTIONS) if word and word[1] == "--" else None
            if word and near:
                raise UsageError(
                    f"the prompt begins with {word[0].strip()}, which is an option"
                    if near == name
                    else f"the prompt begins with {word[0].strip()}. Did you mean {near}?",
                    argument="prompt",
                    hint="write options on the %%hailuo line; a \\ at its end continues it on the next. "
                    f"\\{word[0].strip()} is that text",
                )


def parse_line(line: str) -> Line:
    """Parse the options of a ``%%hailuo`` line. A single name before them is that of ``--name``.

    Raises:
        UsageError: An option is unknown, lacks its value or is given twice; a quote is not closed; or the line contains
            an API key.
    """
    refuse_typed_keys(line)
    try:
        words = split_words(line)
    except ValueError as e:
        raise UsageError(
            f"%%hailuo {line.strip()}: {e}", hint="close the quote; a prompt belongs below the line"
        ) from None
    found: dict[str, dict[str, Any]] = {"request": {}, "run": {}, "cell": {}}
    seen: dict[str, str] = {}
    if words and _is_destination(words):
        found["run"]["name"] = words.pop(0)
        seen["name"] = "the name before the options"
    rest = iter("--help" if word == "-h" else word for word in words)
    for word in rest:
        name, sign, value = word.partition("=")
        option = OPTIONS.get(name)
        if option is None:
            raise _unknown(word, name)
        if option.sets in seen and name not in REPEATABLE:
            other = seen[option.sets]
            both = f"{name} and {other} contradict each other"
            raise UsageError(f"{name} is given twice" if other == name else both, hint="leave one of them out")
        seen[option.sets] = name
        if option.flag:
            if sign:
                raise UsageError(f"{name} takes no value, and {value!r} was given", hint=f"write {name} alone")
            found[option.group][option.sets] = option.value
            continue
        if not sign:
            value = next(rest, "--")
        if value == "" or value.startswith("--"):
            raise UsageError(f"{name} needs a value", hint=f"for example {name} {option.example}")
        _put(found[option.group], option, value)
    return Line(**found)


def _is_destination(words: list[str]) -> bool:
    """Return whether the first word is a name for the result: the only word before the options, and a Python name."""
    return words[0].isidentifier() and f"--{words[0]}" not in OPTIONS and (len(words) == 1 or words[1][:1] == "-")


def _put(values: dict[str, Any], option: Option, value: str) -> None:
    if option.name == "--option":
        key, text = _pair(option.name, value)
        values.setdefault("options", {})[key] = _literal(text)
    elif option.name == "--reference":
        values.setdefault("references", []).append(value)
    elif option.name == "--tag":
        values.setdefault("tags", []).append(value)
    elif option.name == "--zip":
        values.setdefault("zipped", []).append([_axis(name) for name in value.split(",")])
    elif option.name == "--exclude":
        pairs = [_pair(option.name, piece) for piece in value.split(",")]
        rule = {_axis(key): _excluded(text) for key, text in pairs}
        if len(rule) < len(pairs):
            raise UsageError(f"--exclude {value}: an axis is named twice", hint="two --exclude options leave out both")
        values.setdefault("exclude", []).append(rule)
    elif option.name in COUNTS:
        _refuse_unfilled(option, value)
        if not (value.isascii() and value.isdigit() and int(value[:9]) > 0):
            raise UsageError(
                f"{option.name} {value!r} is no whole number from 1 up", hint=f"for example {option.name} 3"
            )
        values[option.sets] = int(value[:9])
    elif option.group == "request":
        _refuse_unfilled(option, value)
        found = parse_values(option.name, value)
        values[option.sets] = found if len(found) > 1 else found[0]
    else:
        values[option.sets] = value


def _axis(name: str) -> str:
    """Return an axis by its Python name: an option without its dashes; a choice, ``dawn | dusk``, unchanged."""
    word = name.strip().removeprefix("--")
    return word if "|" in word else word.replace("-", "_")


def _excluded(text: str) -> str | list[str]:
    """Return the value of an exclusion rule; a range is the list of its numbers."""
    values = parse_values("--exclude", text)
    return values if len(values) > 1 else text


def _pair(option: str, text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise UsageError(f"{option} {text!r} is not KEY=VALUE", hint=f"for example {option} {OPTIONS[option].example}")
    return key.strip(), value.strip()


def _literal(text: str) -> Any:
    """Parse the value of ``--option`` as JSON (``true``, ``3``, ``0.5``), or else as text."""
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def _refuse_unfilled(option: Option, value: str) -> None:
    """Refuse a number's place that IPython left as it is, because the notebook has no such variable."""
    found = _UNFILLED.fullmatch(value)
    if found and (option.sets in _NUMBERS or option.name in COUNTS):
        name = found[1] or found[2]
        raise UsageError(
            f"{option.name} {value}: there is no variable {name!r} in the notebook",
            hint=f"assign it in a cell above, for example {name} = {option.example}",
        )


def _unknown(word: str, name: str) -> UsageError:
    dashed = f"--{name.lstrip(_LONG_DASHES)}"
    if name[:1] and name[0] in _LONG_DASHES and dashed in OPTIONS:
        return UsageError(
            f"{name} begins with a long dash, which an editor makes of two hyphens", hint=f"write {dashed}"
        )
    if not name.startswith("-"):
        return UsageError(
            f"%%hailuo {word!r}: an option begins with --",
            hint="the prompt belongs into the cell, below the %%hailuo line",
        )
    near = nearest(name, OPTIONS)
    return UsageError(
        f"{name} is no option of %%hailuo",
        hint=f"did you mean {near}?" if near else f"there are {', '.join(OPTIONS)}",
    )


def help_text() -> str:
    """Return the help text for all options."""
    lines = []
    for group, title in (("request", "The request"), ("run", "The run"), ("cell", "The cell")):
        lines.append(f"{title}:")
        for option in OPTIONS.values():
            if option.group == group:
                shown = option.name if option.flag else f"{option.name} {option.example}"
                lines.append(f"  {shown:<42} {option.help}")
    return "\n".join(lines)
