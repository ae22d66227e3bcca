"""Expansion of a sweep's axes into cells.

The order never changes: the axes stand as they were given, the first one changes slowest; replicates change fastest.
``zip`` pairs axes instead of crossing them, ``exclude`` leaves cells out, ``sample`` draws some of the rest
(`sampling.py`).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.sampling import draw, values_of, without_excluded
from hailuo_widgets.domain.sweep import MOST_CELLS, MOST_DRAWN_FROM, Cell
from hailuo_widgets.errors import UsageError, about, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hailuo_widgets.domain.sweep import Axes, Variant

__all__ = ["check_groups", "expand"]


def expand(axes: Axes, same: Callable[[str, Cell, Any], bool] | None = None) -> tuple[Cell, ...]:
    """Return all cells of a sweep, in order.

    Args:
        axes: The axes of the sweep.
        same: Returns whether a cell's value under a name equals the value of an exclusion; by default, values are
            compared as text.

    Raises:
        UsageError: An axis is empty, zipped axes have different lengths, a name is unknown, an exclusion matches no
            cell, or there are too many cells.
    """
    for name, values in axes.values.items():
        if not len(values):
            raise UsageError(
                f"{name} is an empty list, so the sweep has no runs",
                argument=name,
                hint=f"give {name} at least one value",
            )
    if axes.repeat < 1:
        raise UsageError(
            f"repeat={axes.repeat!r}: a whole number from 1 up is allowed",
            argument="repeat",
            hint="repeat=3 makes three",
        )
    lengths = axes.lengths or {"prompt": len(axes.variants)}
    check_groups(axes.zipped, {**lengths, **{name: len(values) for name, values in axes.values.items()}})
    blocks = [_blocks(variant, n, axes) for n, variant in enumerate(axes.variants)]
    size = sum(math.prod(len(block) for block in own) for own in blocks) * axes.repeat
    most = MOST_CELLS if axes.sample is None else MOST_DRAWN_FROM
    if size > most:
        raise UsageError(
            f"the sweep has {size} runs; at most {most} are allowed", hint="shorten a list, or draw some: sample=100"
        )
    cells = [
        Cell(variant=variant, values={**dict(itertools.chain.from_iterable(chosen)), **variant.given}, replicate=1)
        for variant, own in zip(axes.variants, blocks, strict=True)
        for chosen in itertools.product(*own)
    ]
    with about("exclude"):
        kept = without_excluded(cells, axes.exclude, same or _same_text) if axes.exclude else cells
    if axes.sample is not None:
        kept = draw(kept, axes.sample, axes.sample_seed)
        if len(kept) * axes.repeat > MOST_CELLS:
            raise UsageError(
                f"sample={axes.sample} draws too many; at most {MOST_CELLS} runs are allowed",
                argument="sample",
                hint="sample=100",
            )
    return tuple(replace(cell, replicate=n + 1) for cell in kept for n in range(axes.repeat))


def check_groups(groups: Sequence[Sequence[str]], lengths: Mapping[str, int]) -> None:
    """Check that zipped names are axes of the same length, each in one group only.

    Args:
        groups: The names that are zipped, by group.
        lengths: The number of values of each axis.

    Raises:
        UsageError: A name is not an axis or stands twice, or axes have different lengths.
    """
    named: set[str] = set()
    for group in groups:
        for name in group:
            if name not in lengths:
                near = nearest(name, lengths)
                raise UsageError(
                    f"zip names {name!r}, which is no axis; there are {', '.join(lengths) or 'none'}",
                    argument="zipped",
                    hint=f"did you mean {near!r}?" if near else "give it as a list",
                )
            if name in named:
                raise UsageError(f"{name} is zipped twice", argument="zipped", hint="name each axis in one group")
            named.add(name)
        if len({lengths[name] for name in group}) > 1:
            counts = ", ".join(f"{name} has {lengths[name]}" for name in group)
            raise UsageError(
                f"zipped axes go value by value, and {counts}", argument="zipped", hint="make the lists equally long"
            )


def _blocks(variant: Variant, number: int, axes: Axes) -> list[list[tuple[tuple[str, Any], ...]]]:
    """Return the choices of each axis or group of zipped axes, in the order of the axes; a choice is (name, value)s.

    A group that contains the variant's prompt or variables has one choice, because the variant determines its values.
    """
    at = variant.at or {"prompt": number}
    group_of = {name: group for group in axes.zipped for name in group}
    blocks: list[list[tuple[tuple[str, Any], ...]]] = []
    for name in axes.values:
        group = group_of.get(name, (name,))
        own = [n for n in group if n in axes.values]
        if name != next(n for n in axes.values if n in own):
            continue
        fixed = next((at[n] for n in group if n in at), None)
        rows = range(len(axes.values[name])) if fixed is None else [fixed]
        blocks.append([tuple((n, axes.values[n][row]) for n in own) for row in rows])
    return blocks


def _same_text(name: str, cell: Cell, wanted: Any) -> bool:
    known = values_of(cell)
    return name in known and str(known[name]) == str(wanted)
