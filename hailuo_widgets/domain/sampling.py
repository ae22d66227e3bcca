"""Exclusion and sampling of a sweep's cells."""

from __future__ import annotations

import hashlib
import heapq
import json
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hailuo_widgets.domain.sweep import Cell

__all__ = ["draw", "values_of", "without_excluded"]


def values_of(cell: Cell) -> dict[str, Any]:
    """Return the values of a cell that an exclusion may name: arguments, variables, prompt and label."""
    variant = cell.variant
    return {**variant.variables, **cell.values, "variant": variant.label, "prompt": variant.prompt}


def without_excluded(
    cells: Sequence[Cell], rules: Sequence[Mapping[str, Any]], same: Callable[[str, Cell, Any], bool]
) -> list[Cell]:
    """Return the cells that no exclusion rule matches; a rule matches if all its values do.

    Args:
        cells: All cells, in order.
        rules: Each maps names to a value, or to a list of values of which one must match.
        same: Returns whether a cell has a value under a name.

    Raises:
        UsageError: A rule names something that is not an axis, or matches no cell.
    """
    names = dict.fromkeys(name for cell in cells for name in values_of(cell))
    met: set[int] = set()
    for rule in rules:
        written = ",".join(f"{name}={_written(value)}" for name, value in rule.items())
        if not rule:
            raise UsageError(
                "exclude has a rule without names", hint="for example exclude=[{'model': '02', 'seed': 3}]"
            )
        for name in rule:
            if name not in names:
                near = nearest(name, names)
                raise UsageError(
                    f"exclude {written}: {name!r} is no axis of this sweep",
                    hint=f"did you mean {near!r}?" if near else f"the axes are {', '.join(names)}",
                )
        matches = {
            name: {n for n, cell in enumerate(cells) if any(same(name, cell, v) for v in _several(wanted))}
            for name, wanted in rule.items()
        }
        for name, found in matches.items():
            if not found:
                values = dict.fromkeys(str(values_of(cell).get(name)) for cell in cells)
                raise UsageError(
                    f"exclude {written}: no run has {name} {_written(rule[name])}", hint=_choices(name, values)
                )
        out = set.intersection(*matches.values())
        if not out:
            raise UsageError(
                f"exclude {written} leaves nothing out: no run has all of these", hint="correct the rule or remove it"
            )
        met |= out
    return [cell for n, cell in enumerate(cells) if n not in met]


def _several(wanted: Any) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _written(wanted: Any) -> str:
    return "|".join(str(value) for value in _several(wanted))


def _choices(name: str, values: Mapping[str, None]) -> str:
    most = 6
    shown = [value if len(value) < 40 else f"{value[:39]}…" for value in values]  # noqa: PLR2004 - characters of a value
    return f"{name} is {', '.join(shown[:most])}{'…' if len(shown) > most else ''}"


def draw(cells: Sequence[Cell], count: int, seed: int | None = None) -> list[Cell]:
    """Draw cells at random, reproducibly: those with the lowest hashes, in their original order.

    A larger sample contains every smaller one, and whether a cell is drawn depends only on its prompt, its values and
    the seed.

    Raises:
        UsageError: ``count`` is below 1.
    """
    if count < 1:
        raise UsageError(
            f"sample={count!r}: a whole number from 1 up is allowed",
            argument="sample",
            hint="sample=8 draws eight cells",
        )
    ranked = heapq.nsmallest(count, ((_rank(cell, seed), n) for n, cell in enumerate(cells)))
    return [cells[n] for n in sorted(n for _, n in ranked)]


def _rank(cell: Cell, seed: int | None) -> bytes:
    values = {name: _text(value) for name, value in cell.values.items()}
    text = json.dumps([seed, cell.variant.prompt, values], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def _text(value: Any) -> str:
    """Return a text that identifies a value; a file in memory is identified by its content."""
    if isinstance(value, tuple):  # references
        return " ".join(_text(one) for one in value)
    try:
        data = value if isinstance(value, (bytes, bytearray)) else getattr(value, "tobytes", str(value).encode)()
        return hashlib.sha256(data).hexdigest()
    except Exception:  # noqa: BLE001 - an unusable object; building the request reports it
        return type(value).__name__
