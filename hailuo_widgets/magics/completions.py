"""Tab completions in a ``%%hailuo`` cell and a ``%hailuo`` line.

Pure functions from text to completions; what they must know of providers, runs and files comes from a `World`.

Completions replace ``fragment``, the text before the cursor that they complete; in a list (``a,b,c``) its last item.
Values are limited to those that the chosen provider and model take.

IPython suppresses its own names only if there is a completion. So if nothing fits, the typed text is offered as it is,
and if nothing is typed yet, an example.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hailuo_widgets.domain.camera import INSTRUCTIONS
from hailuo_widgets.domain.cell_text import GAP
from hailuo_widgets.domain.run import Status
from hailuo_widgets.magics.commands import COMMANDS
from hailuo_widgets.planning.grammar import OPTIONS, REPEATABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hailuo_widgets.domain.catalog import Facts

__all__ = ["Offers", "World", "offers"]

_CELL = re.compile(rf"[{GAP}]*%%hailuo(?=[{GAP}])")
_JOINED = re.compile(r"\\[^\S\n]*\n")  # an option line that is continued on the next line
_LINE = re.compile(r"\s*(?:[^\W\d]\w*\s*=\s*)?%hailuo\s+")
_FILES = {"--first-frame", "--last-frame", "--subject", "--reference"}
_IDS = {
    "show": False,
    "cancel": True,
    "retry": False,
    "compare": False,
    "vote": False,
    "rank": False,
}  # sub-command → whether it takes only ids of runs in flight
_SWEEPS = {"compare", "vote", "rank", "export"}  # they take a sweep by its name too


class World(Protocol):
    """What completion needs beyond the text. Asking it creates no file and sends nothing."""

    def providers(self) -> Sequence[str]:
        """The names of the providers."""

    def default_provider(self) -> str:
        """The provider if none is named."""

    def facts(self, provider: str) -> Facts | None:
        """A provider's facts; None if there is no such provider."""

    def variables(self) -> Sequence[str]:
        """The notebook's variables that a prompt may take."""

    def run_ids(self, *, unfinished: bool) -> Sequence[str]:
        """The newest runs of the log, newest first."""

    def sweep_names(self) -> Sequence[str]:
        """The names of the newest sweeps that the user has named, newest first."""

    def files(self, start: str, *, media: bool = False) -> Sequence[str]:
        """Pictures and folders whose path begins with ``start``; with ``media`` also clips and sounds."""


@dataclass(frozen=True, kw_only=True)
class Offers:
    """The texts that may replace ``fragment``; a front end may show ``kind`` beside each."""

    fragment: str
    texts: tuple[str, ...]
    kind: str


def offers(text: str, cursor: int, world: World) -> Offers | None:
    """The completions at the cursor; None outside the lines and cells of the magics.

    Args:
        text: The whole cell.
        cursor: The cursor's position, in characters.
        world: Answers questions about providers, runs, variables and files.
    """
    before = text[:cursor]
    line = before.rsplit("\n", 1)[-1]
    if _CELL.match(text):
        words = _JOINED.sub(" ", _CELL.sub("", before, count=1))
        return _in_options(words, world) if "\n" not in words else _in_prompt(line, world)
    match = _LINE.match(line)
    return _in_command(line[match.end() :], world) if match else None


def _starting(fragment: str, texts: Iterable[str], kind: str, *, example: str = "") -> Offers:
    """The texts that begin with the fragment, ignoring case; if there are none, those that contain it."""
    known = list(dict.fromkeys(texts))
    low = fragment.casefold()
    found = [t for t in known if t.casefold().startswith(low)] or [t for t in known if low and low in t.casefold()]
    return Offers(fragment=fragment, texts=tuple(found) or tuple(t for t in (fragment or example,) if t), kind=kind)


# -- %%hailuo --… ------------------------------------------------------------------------------------------------------


def _in_options(words: str, world: World) -> Offers:
    *earlier, word = re.split(r"\s+", words)
    name, sign, value = word.partition("=")
    if sign and name in OPTIONS:
        return _values(name, value, earlier, world)
    last = earlier[-1] if earlier else ""
    if last in OPTIONS and not OPTIONS[last].flag:
        return _values(last, word, earlier[:-1], world)
    taken = {OPTIONS[w.partition("=")[0]].sets for w in earlier if w.partition("=")[0] in OPTIONS}
    free = [o.name for o in OPTIONS.values() if o.sets not in taken or o.name in REPEATABLE]
    return _starting(word, free, "option")


def _given(option: str, words: Sequence[str]) -> list[str]:
    """The values that the line gives to an option."""
    for n, word in enumerate(words):
        name, sign, value = word.partition("=")
        if name == option:
            value = value if sign else (words[n + 1] if n + 1 < len(words) else "")
            return [v for v in value.split(",") if v]
    return []


def _values(option: str, value: str, words: Sequence[str], world: World) -> Offers:
    fragment = value.rsplit(",", 1)[-1]
    example = OPTIONS[option].example
    if option in _FILES:
        return _starting(value, world.files(value, media=option == "--reference"), "path", example=example)
    if option == "--provider":
        return _starting(fragment, world.providers(), "provider")
    if option == "--fit":
        return _starting(fragment, ["crop", "pad"], "fit")
    if option == "--zip":
        named = [w.partition("=")[0].removeprefix("--") for w in words if w[:2] == "--"]
        return _starting(fragment, ["prompt", *named, *world.variables()], "axis")
    providers = _given("--provider", words) or [world.default_provider()]
    known = [facts for name in providers if (facts := world.facts(name)) is not None]
    models = _given("--model", words)
    found = [text for facts in known for text in _of_provider(option, facts, models)]
    return _starting(fragment, found, option.removeprefix("--"), example=example)


def _of_provider(option: str, facts: Facts, models: Sequence[str]) -> list[str]:
    """The values of an option that a provider takes, limited to these models if any are named."""
    if option == "--model":
        short = [m.short_names[0] if m.short_names else m.name for m in facts.models]
        return [*short, *(m.name for m in facts.models)]
    if option == "--template":
        return [_quoted(t.english) for t in facts.templates]
    named = {m.name for word in models for m in facts.models if word.casefold() in _names(m)}
    some = [o for o in facts.offers if not models or o.model in named]
    if option == "--aspect-ratio":
        return list(dict.fromkeys(r for o in some for r in facts.of(o.model).aspect_ratios(o.mode)))
    if option == "--resolution":
        return [o.resolution for o in some if o.resolution]
    if option == "--duration":
        return [str(seconds) for seconds in sorted({d for o in some for d in o.durations})]
    return []


def _names(model: object) -> set[str]:
    name, short = getattr(model, "name", ""), getattr(model, "short_names", ())
    return {name.casefold(), *(s.casefold() for s in short)}


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


# -- the prompt --------------------------------------------------------------------------------------------------------


def _in_prompt(line: str, world: World) -> Offers | None:
    """Variables after an open ``{{``, camera instructions after an open ``[``; None for other words of a prompt."""
    place = line.rfind("{{")
    if place > line.rfind("}}"):
        fragment = re.split(r"[\s|]+", line[place + 2 :])[-1]
        return _starting(fragment, world.variables(), "variable")
    place = line.rfind("[")
    if place > line.rfind("]"):
        fragment = line[place + 1 :].rsplit(",", 1)[-1].lstrip()
        chinese = bool(fragment) and not fragment.isascii()
        return _starting(fragment, [i.chinese if chinese else i.english for i in INSTRUCTIONS], "camera")
    return None


# -- %hailuo … ---------------------------------------------------------------------------------------------------------


def _in_command(words: str, world: World) -> Offers:
    *earlier, word = re.split(r"\s+", words)
    if not earlier:
        return _starting(word, COMMANDS, "sub-command")
    name = earlier[0]
    if name not in COMMANDS:
        return _starting(word, (), "nothing", example="-h")
    if name in _IDS or name in _SWEEPS:
        taken = set(earlier[1:])
        known = [*(world.sweep_names() if name in _SWEEPS else ()), *world.run_ids(unfinished=_IDS.get(name, False))]
        return _starting(word, [i for i in known if i not in taken], "run", example="-h")
    if name == "runs":
        return _starting(word, [s.value for s in Status], "status")
    if name in {"models", "balance"}:
        return _starting(word, world.providers(), "provider")
    return _starting(word, ("-h",), "option")
