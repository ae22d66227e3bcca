r"""Grammar of prompts: variants, variables and choices.

A line ``---`` separates variants, ``{{name}}`` is a variable and ``{{dawn | dusk}}`` a choice; both are called places.
Everything else is sent unchanged: single braces, ``$``, quotes, line breaks, any script. ``\{{`` is a literal ``{{``, a
line ``\---`` is a literal ``---``, and ``\--seed`` at the beginning of a variant is a literal ``--seed``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.cell_text import GAP, plain_lines
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "SEPARATOR",
    "Choice",
    "Prompt",
    "Text",
    "Variable",
    "axis_name",
    "parse_prompt",
    "parse_variants",
    "render_prompt",
    "render_variants",
]

_PLACE = re.compile(r"\\\{\{|\{\{(?!\{)(.*?)\}\}", re.DOTALL)  # in a row of braces, the last two open a place
_BRACES = re.compile(r"\{\{+")
_UNSEEN = r"[\u200b\u2060\ufeff]*"
# Dashes around a label (``--- day ---``) are not part of it.
SEPARATOR = re.compile(rf"{_UNSEEN}---(?:[{GAP}]+(?!-+[{GAP}]*$)([^{GAP}].*?))?(?:[{GAP}]+---+)?[{GAP}]*")
# A separator, and an option at the beginning of a variant; a backslash before them makes them text.
_MARK = rf"({_UNSEEN})(\\*---(?:[{GAP}].*)?)"
_OPTION_MARK = rf"([{GAP}]*)(\\*(?:--|[‐-―−]{{1,2}})[a-z].*)"
EXCERPT = 40  # characters of a prompt that a message quotes
_BLANK = re.compile(f"[{GAP}]*")


@dataclass(frozen=True)
class Text:
    """Ordinary text."""

    text: str


@dataclass(frozen=True)
class Variable:
    """A variable."""

    name: str


@dataclass(frozen=True)
class Choice:
    """A choice between texts."""

    options: tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """One variant as written: its text with places, and its label."""

    parts: tuple[Text | Variable | Choice, ...]
    label: str | None = None

    def fill(self, values: Mapping[str, Any]) -> str:
        """Return the text with each place replaced by its value; ``values`` is by :func:`axis_name`."""
        filled = []
        for part in self.parts:
            if isinstance(part, Text):
                filled.append(part.text)
            else:
                filled.append(str(values[axis_name(part)]))
        return "".join(filled)

    @property
    def places(self) -> tuple[str, ...]:
        """The axis names of its places, in order, without duplicates."""
        return tuple(dict.fromkeys(axis_name(p) for p in self.parts if not isinstance(p, Text)))


def axis_name(part: Variable | Choice) -> str:
    """Return the axis name of a place: the variable's name, or the choice's options as written."""
    return part.name if isinstance(part, Variable) else " | ".join(part.options)


def parse_prompt(text: str, label: str | None = None) -> Prompt:
    """Parse the text of one variant.

    Raises:
        UsageError: A place is not closed, its variable's name is not valid, or a choice has the same option twice.
    """
    parts: list[Text | Variable | Choice] = []
    plain = ""
    end = 0
    for match in _PLACE.finditer(text):
        _no_place(text, end, match.start())
        plain += text[end : match.start()]
        end = match.end()
        if match[1] is None:
            plain += "{{"
            continue
        if "{{" in match[1]:
            raise _open(text, match.start())
        if plain:
            parts.append(Text(plain))
            plain = ""
        parts.append(_place(match[1], match[0]))
    _no_place(text, end, len(text))
    plain += text[end:]
    if plain:
        parts.append(Text(plain))
    return Prompt(tuple(parts), label)


def _no_place(text: str, start: int, end: int) -> None:
    """Raise UsageError for an unclosed ``{{``, which is certainly a mistake and would be paid for."""
    at = text.find("{{", start, end)
    if at >= 0:
        raise _open(text, at)


def _open(text: str, at: int) -> UsageError:
    line = text[at:].split("\n", 1)[0].strip()
    excerpt = line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"
    return UsageError(
        f"{excerpt!r} isn't closed (line {text.count(chr(10), 0, at) + 1})",
        hint="close the place with }}, as in {{snow | sand}}; \\{{ is a literal {{",
        argument="prompt",
    )


def _place(inside: str, written: str) -> Variable | Choice:
    if "|" in inside:
        options = tuple(option.strip() for option in inside.split("|"))
        if len(set(options)) < len(options):
            raise UsageError(f"{written}: an option stands twice", argument="prompt", hint="leave one of them out")
        return Choice(options)
    name = inside.strip()
    if not name.isidentifier():
        raise UsageError(
            f"{written}: {name!r} is no variable's name",
            argument="prompt",
            hint="{{name}} takes a notebook variable, {{a | b}} is a choice, and \\{{ is a literal {{",
        )
    return Variable(name)


def parse_variants(body: str) -> tuple[Prompt, ...]:
    """Parse the text of a cell into variants; blank lines around each are dropped.

    Raises:
        UsageError: A variant has no text, a label is used twice, or a place is not valid.
    """
    blocks: list[tuple[str | None, list[str]]] = [(None, [])]
    for line in plain_lines(body).split("\n"):
        separator = SEPARATOR.fullmatch(line)
        if separator:
            blocks.append((separator[1], []))
        else:
            first = all(map(_BLANK.fullmatch, blocks[-1][1]))
            blocks[-1][1].append(_read(line, first=first))
    if len(blocks) > 1 and blocks[0][0] is None and not "".join(blocks[0][1]).strip():
        del blocks[0]  # the cell begins with a separator that labels its first variant
    found = tuple(parse_prompt(_trimmed(lines), label) for label, lines in blocks)
    if len(found) > 1 and any(not p.parts for p in found):
        raise UsageError(
            "a variant between two --- lines has no text",
            argument="prompt",
            hint="write it, or remove one of the lines",
        )
    labels = [p.label for p in found if p.label is not None]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise UsageError(f"--- {twice}: two variants have this label", argument="prompt", hint="give each its own")
    return found


def _read(line: str, *, first: bool) -> str:
    """Return a line without the backslash that makes it text."""
    for mark in (_MARK, _OPTION_MARK) if first else (_MARK,):
        found = re.fullmatch(mark, line)
        if found and found[2].startswith("\\"):
            return f"{found[1]}{found[2][1:]}"
    return line


def _trimmed(lines: list[str]) -> str:
    while lines and _BLANK.fullmatch(lines[0]):
        lines = lines[1:]
    while lines and _BLANK.fullmatch(lines[-1]):
        lines = lines[:-1]
    return "\n".join(lines)


def render_variants(prompts: Sequence[Prompt]) -> str:
    """Return the text of a cell that :func:`parse_variants` parses into these prompts."""
    blocks = []
    for n, prompt in enumerate(prompts):
        lines = render_prompt(prompt).split("\n")
        begins = next((i for i, line in enumerate(lines) if not _BLANK.fullmatch(line)), 0)
        head = f"--- {prompt.label}" if prompt.label is not None else "---"
        if n or prompt.label is not None:
            blocks.append(head)
        blocks.append("\n".join(_marked(line, first=i == begins) for i, line in enumerate(lines)))
    return "\n".join(blocks)


def _marked(line: str, *, first: bool) -> str:
    """Return a line with a backslash added if it would not be parsed as text."""
    for mark in (_MARK, _OPTION_MARK) if first else (_MARK,):
        if found := re.fullmatch(mark, line):
            return f"{found[1]}\\{found[2]}"
    return line


def _rendered(part: Text | Variable | Choice) -> str:
    if isinstance(part, Text):
        return _BRACES.sub(lambda run: "{" * (len(run[0]) % 2) + "\\{{" * (len(run[0]) // 2), part.text)
    inside = axis_name(part)
    return "{{" + " " * inside.startswith("{") + inside + " " * inside.endswith("}") + "}}"


def render_prompt(prompt: Prompt) -> str:
    """Return the text that :func:`parse_prompt` parses into this prompt."""
    return "".join(_rendered(part) for part in prompt.parts)
