"""Values of a sweep: its axes, its variants, and the cells of their product."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.prompts import Prompt
    from hailuo_widgets.errors import Problem

__all__ = ["MOST_CELLS", "MOST_DRAWN_FROM", "Axes", "Cell", "Variant"]

MOST_CELLS = 10_000  # a larger sweep is a mistake: it would cost thousands
MOST_DRAWN_FROM = 200_000  # the limit if a sample is drawn, because the other cells cost nothing


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One filled-in prompt of a sweep.

    Args:
        prompt: The text as it is sent, with a value in each place.
        label: The label of the prompt.
        variables: The values of the variables, by name.
        at: The index of this variant's value on each axis: on ``prompt`` and on the axes of its places.
        given: Arguments of this variant only, from a row of a table of cases.
    """

    prompt: str
    label: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    at: Mapping[str, int] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Axes:
    """The axes of a sweep.

    Args:
        variants: The filled-in prompts; they change slowest.
        values: The values of each argument, by name; an argument with one value does not vary.
        zipped: Groups of names that vary together, value by value; they may contain ``prompt`` and variables.
        exclude: Rules; a cell that matches all values of a rule is left out.
        sample: The number of cells to draw at random; None keeps all.
        sample_seed: The seed of the random draw.
        repeat: The number of replicates of each cell.
        lengths: The number of values of ``prompt`` and of each variable.
        prompts: The prompts as written, for writing the sweep as a cell again.
        variables: The values of the prompts' variables, for the same purpose.
        cases: Whether the prompts come from a table of cases.
        warnings: Warnings about the prompts.
        control: Whether a null control is added.
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
    warnings: tuple[Problem, ...] = ()
    control: bool = False


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One planned run: its variant, its value on each axis, and the number of the replicate."""

    variant: Variant
    values: Mapping[str, Any]
    replicate: int
