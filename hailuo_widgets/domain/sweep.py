"""From axes to cells: the product of every list that was given, in an order that never changes.

The order: the axes stand as they were given, the first one changes slowest; replicates change fastest. ``zip`` pairs
axes instead of crossing them, ``exclude`` leaves cells out, ``sample`` draws some of the rest, always the same ones.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["MOST_CELLS", "Axes", "Cell", "Variant", "expand"]

MOST_CELLS = 10_000  # a sweep past it is a slip of the finger: it would cost thousands


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One prompt of a sweep: its label, the text as it is sent, and the variables that made it."""

    prompt: str
    label: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Axes:
    """What a sweep varies.

    Args:
        variants: The prompts, outermost.
        values: Name → its values; one value is no axis.
        zipped: Groups of names that go together, value by value.
        exclude: Cells that match all values of one of these are left out.
        sample: So many cells are drawn; None takes all.
        repeat: Replicates of each cell.
    """

    variants: tuple[Variant, ...]
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    zipped: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[Mapping[str, Any], ...] = ()
    sample: int | None = None
    repeat: int = 1


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One run to be: its variant, the value of each axis, and which replicate it is."""

    variant: Variant
    values: Mapping[str, Any]
    replicate: int


def expand(axes: Axes) -> tuple[Cell, ...]:
    """All cells of a sweep, in order.

    Raises:
        UsageError: An empty axis, zipped axes of different lengths, an unknown name, or too many cells.
    """
    for name, values in axes.values.items():
        if not values:
            raise UsageError(
                f"{name} is an empty list, so the sweep has no runs", hint=f"give {name} at least one value"
            )
    if axes.repeat < 1:
        raise UsageError(f"repeat={axes.repeat!r}: a whole number from 1 up is allowed", hint="repeat=3 makes three")
    blocks = _blocks(axes)
    size = len(axes.variants) * axes.repeat
    for block in blocks:
        size *= len(block)
    if size > MOST_CELLS:
        raise UsageError(
            f"the sweep has {size} runs; at most {MOST_CELLS} are allowed",
            hint="shorten a list, or draw some: sample=100",
        )
    products = itertools.product(axes.variants, *blocks)
    cells = [(variant, dict(itertools.chain.from_iterable(chosen))) for variant, *chosen in products]
    kept = [(v, values) for v, values in cells if not _excluded(v, values, axes.exclude)]
    if axes.sample is not None:
        kept = _sampled(kept, axes.sample)
    return tuple(Cell(variant=v, values=values, replicate=n + 1) for v, values in kept for n in range(axes.repeat))


def _blocks(axes: Axes) -> list[list[tuple[tuple[str, Any], ...]]]:
    """Each axis, or group of zipped axes, as a list of its (name, value) choices; a group stands at its first name."""
    group_of: dict[str, tuple[str, ...]] = {}
    for group in axes.zipped:
        for name in group:
            if name not in axes.values:
                near = nearest(name, axes.values)
                raise UsageError(
                    f"zip names {name!r}, which is no axis; there are {', '.join(axes.values) or 'none'}",
                    hint=f"did you mean {near!r}?" if near else "give it as a list",
                )
            if name in group_of:
                raise UsageError(f"{name} is zipped twice", hint="name each axis in one group")
            group_of[name] = group
        lengths = {name: len(axes.values[name]) for name in group}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {n}" for name, n in lengths.items())
            raise UsageError(f"zipped axes go value by value, and {told}", hint="make the lists equally long")
    blocks: list[list[tuple[tuple[str, Any], ...]]] = []
    for name, values in axes.values.items():
        group = group_of.get(name, (name,))
        if name == next(n for n in axes.values if n in group):
            columns = [[(n, value) for value in axes.values[n]] for n in group]
            blocks.append(list(zip(*columns, strict=True)))
        del values
    return blocks


def _excluded(variant: Variant, values: Mapping[str, Any], exclude: Iterable[Mapping[str, Any]]) -> bool:
    known = {**variant.variables, **values, "variant": variant.label, "prompt": variant.prompt}
    return any(all(str(known.get(name)) == str(value) for name, value in rule.items()) for rule in exclude)


def _sampled(cells: list[Any], count: int) -> list[Any]:
    """So many cells in their order; the draw depends on nothing but how many there are and are wanted."""
    if count < 1:
        raise UsageError(f"sample={count!r}: a whole number from 1 up is allowed", hint="sample=8 draws eight cells")
    if count >= len(cells):
        return cells
    chosen = random.Random(f"{len(cells)}:{count}").sample(range(len(cells)), count)  # noqa: S311 - a draw, no secret
    return [cells[i] for i in sorted(chosen)]
