"""Camera instructions in prompts: parser and checks.

There are 15, such as ``[Push in]`` or ``[推进]``; those in one bracket act at once. A bracket without an instruction is
ordinary text. Sources: MiniMax video API document (Chinese words, groups, "max 3") and MiniMax's image-to-video page
(English words). The kkiai document has other words for four of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hailuo_widgets.errors import nearest

__all__ = ["INSTRUCTIONS", "Instruction", "Move", "advice", "moves"]

MOST_AT_ONCE = 3


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction: its official English and Chinese words, what the camera does, and its opposite.

    ``other`` is the word that another provider's document uses for it.
    """

    english: str
    chinese: str
    meaning: str
    opposite: str | None = None
    other: str | None = None


INSTRUCTIONS = (
    Instruction(english="Truck left", chinese="左移", meaning="the camera moves to the left", opposite="Truck right"),
    Instruction(english="Truck right", chinese="右移", meaning="the camera moves to the right", opposite="Truck left"),
    Instruction(english="Pan left", chinese="左摇", meaning="the camera turns to the left", opposite="Pan right"),
    Instruction(english="Pan right", chinese="右摇", meaning="the camera turns to the right", opposite="Pan left"),
    Instruction(english="Push in", chinese="推进", meaning="the camera moves towards the subject", opposite="Pull out"),
    Instruction(english="Pull out", chinese="拉远", meaning="the camera moves away", opposite="Push in"),
    Instruction(
        english="Pedestal up", chinese="上升", meaning="the camera rises", opposite="Pedestal down", other="Rise"
    ),
    Instruction(
        english="Pedestal down", chinese="下降", meaning="the camera sinks", opposite="Pedestal up", other="Lower"
    ),
    Instruction(english="Tilt up", chinese="上摇", meaning="the camera turns upwards", opposite="Tilt down"),
    Instruction(english="Tilt down", chinese="下摇", meaning="the camera turns downwards", opposite="Tilt up"),
    Instruction(english="Zoom in", chinese="变焦推近", meaning="the lens narrows", opposite="Zoom out"),
    Instruction(english="Zoom out", chinese="变焦拉远", meaning="the lens widens", opposite="Zoom in"),
    Instruction(english="Shake", chinese="晃动", meaning="a hand-held tremor"),
    Instruction(english="Tracking shot", chinese="跟随", meaning="the camera follows the subject", other="Follow"),
    Instruction(english="Static shot", chinese="固定", meaning="the camera stands still", other="Static"),
)
_BY_WORD = {w.casefold(): i for i in INSTRUCTIONS for w in (i.english, i.chinese, i.other) if w}
_BRACKET = re.compile(r"\[([^\[\]\n]{1,120})\]")
_WORD = "|".join(sorted(map(re.escape, _BY_WORD), key=len, reverse=True))
_NOT_CLOSED = re.compile(rf"\[\s*({_WORD})(?![a-z])[^\[\]\n]*(?=[\[\n]|$)", re.IGNORECASE)
_NOT_OPENED = re.compile(rf"(?:^|[\]\n])[^\[\]\n]*?(?<![a-z])({_WORD})\s*\]", re.IGNORECASE)
_OTHER_BRACKET = re.compile(rf"[【［]\s*({_WORD})(?![a-z])[^\[\]【】［］\n]*[】］]", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Move:
    """One bracket of a prompt: its instructions, and its words that are not instructions."""

    text: str
    position: int  # characters from the prompt's start
    instructions: tuple[Instruction, ...]
    unknown: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The bracket's words in lower case."""
        return tuple(_words(self.text[1:-1].casefold()))


def _words(inside: str) -> list[str]:
    return [w.strip() for w in re.split(r"[,，、]", inside) if w.strip()]


def moves(prompt: str) -> tuple[Move, ...]:
    """Return the camera moves of a prompt, in order."""
    found = []
    for match in _BRACKET.finditer(prompt):
        words = _words(match[1])
        known = tuple(_BY_WORD[w.casefold()] for w in words if w.casefold() in _BY_WORD)
        unknown = tuple(w for w in words if w.casefold() not in _BY_WORD)
        if known or any(nearest(w, _BY_WORD) for w in unknown):
            found.append(Move(text=match[0], position=match.start(), instructions=known, unknown=unknown))
    return tuple(found)


def advice(prompt: str) -> tuple[tuple[str, str], ...]:
    """Return warnings about a prompt's moves, as pairs of (message, hint). No provider refuses these prompts."""
    warnings = [
        (f"{f'[{found[1]}'!r} isn't closed, and is sent as plain text", f"write [{found[1]}]")
        for found in _NOT_CLOSED.finditer(prompt)
    ]
    warnings += [
        (f"{f'{found[1]}]'!r} isn't opened, and is sent as plain text", f"write [{found[1]}]")
        for found in _NOT_OPENED.finditer(prompt)
    ]
    warnings += [
        (f"{found[0]!r} is sent as plain text: these aren't the brackets of an instruction", f"write [{found[1]}]")
        for found in _OTHER_BRACKET.finditer(prompt)
    ]
    for move in moves(prompt):
        for word in move.unknown:
            near = nearest(word, _BY_WORD)
            right = _BY_WORD[near].english if near else None
            warnings.append(
                (
                    f"{move.text}: {word!r} is no camera instruction, and is sent as plain text",
                    f"did you mean [{right}]?" if right else "%hailuo camera lists the 15 instructions",
                )
            )
        warnings.extend(
            (f"{move.text}: {i.other!r} is another document's word", f"MiniMax's own is [{i.english}]")
            for i in move.instructions
            if i.other and i.other.casefold() in move.words
        )
        names = [i.english for i in move.instructions]
        if len(names) > MOST_AT_ONCE:
            warnings.append(
                (f"{move.text}: {len(names)} moves at once", f"at most {MOST_AT_ONCE} in one bracket are documented")
            )
        against = sorted({i.english for i in move.instructions if i.opposite in names})
        if against:
            warnings.append((f"{move.text}: {' and '.join(against)} contradict each other", "leave one of them out"))
        if "Static shot" in names and len(set(names)) > 1:
            warnings.append((f"{move.text}: Static shot contradicts the other moves", "leave one of them out"))
    return tuple(warnings)
