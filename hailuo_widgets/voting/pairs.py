"""Matched pairs of runs: they differ in the compared column and agree in everything else that varies."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from hailuo_widgets.domain import differences
from hailuo_widgets.domain.clips import one_per_clip
from hailuo_widgets.domain.run import Status
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Candidate", "Pairs", "pair_up"]

_BY_CHANCE = ("replicate",)  # repeats of one request differ by chance alone
_JOIN = " · "


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Two runs that differ in the compared column; ``first`` and ``second`` are its values."""

    first: str
    second: str
    first_run: str
    second_run: str
    unit: str
    first_clip: str = ""
    second_clip: str = ""

    @property
    def clips(self) -> tuple[str, ...]:
        """The two clip IDs, sorted as in :attr:`hailuo_widgets.domain.vote.Vote.clips`."""
        return tuple(sorted((self.first_clip or self.first_run, self.second_clip or self.second_run)))


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """All pairs of some runs.

    ``between`` is the compared column and ``items`` are its values; ``within`` is the column in which both runs of a
    pair agree. ``left_out`` counts the runs without a pair, by reason.
    """

    between: str
    within: str
    items: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    left_out: Mapping[str, int]


def pair_up(
    records: Sequence[RunRecord],
    *,
    between: str | None = None,
    within: str | None = None,
    has_clip: Callable[[RunRecord], bool] = lambda record: record.status == Status.SUCCEEDED,
) -> Pairs:
    """Pair runs that differ in ``between`` and agree in ``within`` and in everything else that varies.

    Args:
        records: The runs; of several runs with the same clip, only one is paired.
        between: The compared column; by default the first of variant, prompt, model and provider that varies.
        within: The column that must agree; by default ``seed`` if seeds were sent, else ``replicate``, which pairs
            replicates by their numbers although these match nothing.
        has_clip: Returns whether a run's clip is in the archive. Runs without one are left out and counted.

    Raises:
        UsageError: There are no runs, a column is unknown, ``between`` has fewer than two values, or no pair exists.
    """
    records = one_per_clip(records)
    between, within = _axes(records, between, within)
    items = tuple(dict.fromkeys(differences.value(r, between) for r in records))
    if len(items) < 2:  # noqa: PLR2004 - two to judge between
        varying = _varying(records)
        raise UsageError(
            f"between={between!r}: all these runs have {items[0]!r} there",
            hint=f"what varies is {', '.join(varying)}" if varying else "give a sweep with two prompts",
        )
    same = _matched(records, between, within)
    slots: dict[tuple[str, ...], dict[str, list[RunRecord]]] = {}
    clips = [r for r in records if has_clip(r)]
    for r in clips:
        unit = tuple(differences.value(r, n) for n in same)
        slots.setdefault(unit, {}).setdefault(differences.value(r, between), []).append(r)
    candidates = []
    for unit, sides in slots.items():
        for one, other in combinations([i for i in items if i in sides], 2):
            candidates += _paired(sides[one], sides[other], one, other, _JOIN.join(v for v in unit if v))
    paired = {run for c in candidates for run in (c.first_run, c.second_run)}
    counted = {"no clip": len(records) - len(clips), "no partner": sum(r.run_id not in paired for r in clips)}
    left_out = {reason: count for reason, count in counted.items() if count}
    if not candidates:
        reasons = ", ".join(f"{n} with {why}" for why, n in left_out.items())
        raise UsageError(
            f"no two of these {len(records)} runs differ in {between} and agree in {', '.join(same)} ({reasons})",
            hint="wait for the clips, or name another column: within='replicate'",
        )
    return Pairs(between=between, within=within, items=items, candidates=tuple(candidates), left_out=left_out)


def _axes(records: Sequence[RunRecord], between: str | None, within: str | None) -> tuple[str, str]:
    """Return the two columns, with the defaults filled in."""
    if not records:
        raise UsageError("there are no runs to judge", hint="give a sweep, a DataFrame of hw.runs(), or runs")
    known = differences.columns_of(records)
    for argument, name in (("between", between), ("within", within)):
        differences.check_column(argument, name, known)
    seeds = any(r.request.seed is not None for r in records)
    if between is None:
        varying = _varying(records)
        if not varying:
            raise UsageError("these runs differ in nothing that could be judged", hint="give a sweep with two prompts")
        named = ["variant"] if differences.are_labels(records) else []
        between = next((n for n in (*named, "prompt", "model", "provider") if n in varying), varying[0])
    if within is None:
        within = "seed" if seeds and between != "seed" else "replicate"
    if within == between:
        raise UsageError(f"within={within!r} is what is judged itself", hint="within='seed' keeps seeds matched")
    if within == "seed" and not seeds:
        raise UsageError(
            "within='seed': no seed was sent with any of these runs",
            hint="within='replicate' pairs them by their numbers, which match nothing",
        )
    return between, within


def _varying(records: Sequence[RunRecord]) -> tuple[str, ...]:
    return differences.of(records, ignore=_BY_CHANCE)


def _matched(records: Sequence[RunRecord], between: str, within: str) -> list[str]:
    """Return the columns in which both runs of a pair must agree: ``within``, and others that vary.

    A column that follows from the compared one is left out: a prompt's label, a provider's own name for a model. So is
    the prompt if the variant or a variable is compared, because it contains them.
    """
    same = [within]
    for name in differences.of(records, ignore=_BY_CHANCE, every=True):
        follows = len({(differences.value(r, between), differences.value(r, name)) for r in records})
        judged = follows == len({differences.value(r, between) for r in records})
        made_of = name == "prompt" and (between == "variant" or between.startswith("var_"))
        if name not in {between, within} and not judged and not made_of:
            same.append(name)
    return same


def _paired(ones: list[RunRecord], others: list[RunRecord], one: str, other: str, unit: str) -> list[Candidate]:
    """Pair two lists of runs in order."""
    return [
        Candidate(
            first=one,
            second=other,
            first_run=a.run_id,
            second_run=b.run_id,
            unit=unit,
            first_clip=a.clip_id,
            second_clip=b.clip_id,
        )
        for a, b in zip(ones, others, strict=False)
    ]
