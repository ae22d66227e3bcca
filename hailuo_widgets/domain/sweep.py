"""A sweep's axes and the cells of their product, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.prompts import Prompt
    from hailuo_widgets.errors import Problem

__all__ = ["MOST_CELLS", "MOST_DRAWN_FROM", "Axes", "Cell", "Variant"]

MOST_CELLS = 10_000  # a sweep past it is a slip of the finger: it would cost thousands
MOST_DRAWN_FROM = 200_000  # where a sample is drawn, nothing is paid for the others


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One prompt of a sweep: its label, the text as it is sent, and the variables that made it.

    Args:
        prompt: The text, with a value in each place.
        label: Which version of the prompt it is.
        variables: Name → value.
        at: ``prompt`` and its places' names → which of the axis's values this variant has, counted from 0.
        given: Arguments that this variant has for itself: those of a case.
    """

    prompt: str
    label: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    at: Mapping[str, int] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Axes:
    """What a sweep varies.

    Args:
        variants: The prompts, outermost.
        values: Name → its values; one value is no axis.
        zipped: Groups of names that go together, value by value; ``prompt`` and a variable's name may be among them.
        exclude: Cells that match all values of one of these are left out.
        sample: So many cells are drawn; None takes all.
        sample_seed: Another one draws others.
        repeat: Replicates of each cell.
        lengths: How many values ``prompt`` and each variable have.
        prompts: The prompts as they are written, and ``variables`` what was given for their places: for whoever writes
            the sweep down again.
        doubts: What a user should know before any of it is sent.
    """

    variants: tuple[Variant, ...]
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    zipped: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[Mapping[str, Any], ...] = ()
    sample: int | None = None
    sample_seed: int | None = None
    repeat: int = 1
    lengths: Mapping[str, int] = field(default_factory=dict)
    prompts: tuple[Prompt, ...] = ()
    variables: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    cases: bool = False
    doubts: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One run to be: its variant, the value of each axis, and which replicate it is."""

    variant: Variant
    values: Mapping[str, Any]
    replicate: int
