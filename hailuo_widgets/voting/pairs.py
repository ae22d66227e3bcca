"""Matched pairs of runs: they differ in the compared column and agree in everything else that varies."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain import differences
from hailuo_widgets.domain.clips import one_per_clip
from hailuo_widgets.domain.run import Status
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["Candidate", "Pairs", "pair_up"]

_BY_CHANCE = ("replicate",)  # repeats of one request differ by chance alone
_USUAL = ("variant", "prompt", "model", "provider")  # what is compared, in the order of preference
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

    A variable or choice of one variant only needn't agree: each of its values is paired with the other variant.

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
    given = [r for r in records if differences.has(r, between)]
    items = tuple(dict.fromkeys(differences.value(r, between) for r in given))
    if len(items) < 2:  # noqa: PLR2004 - two to judge between
        varying = _varying(records)
        raise UsageError(
            f"between={between!r}: all these runs have {items[0]!r} there",
            hint=f"what varies is {', '.join(varying)}" if varying else "give a sweep with two prompts",
        )
    clips = [r for r in given if has_clip(r)]
    same = _matched(given, between, within)
    candidates = _candidates(given, clips, between, items, same)
    paired = {run for c in candidates for run in (c.first_run, c.second_run)}
    counted = {
        f"no {between}": len(records) - len(given),
        "no clip": len(given) - len(clips),
        "no partner": sum(r.run_id not in paired for r in clips),
    }
    left_out = {reason: count for reason, count in counted.items() if count}
    if not candidates:
        reasons = ", ".join(f"{n} with {why}" for why, n in left_out.items())
        raise UsageError(
            f"no two of these {len(records)} runs differ in {between} and agree in {', '.join(same)} ({reasons})"
            + _without(given, between, within),
            hint=_what_pairs(given, clips, between, within),
        )
    return Pairs(between=between, within=within, items=items, candidates=tuple(candidates), left_out=left_out)


def _candidates(
    records: Sequence[RunRecord], clips: Sequence[RunRecord], between: str, items: Sequence[str], same: Sequence[str]
) -> list[Candidate]:
    """Return all pairs of ``clips``; what the variants have in common is told from all ``records``.

    A variable of one item only can't agree: each of its values is paired with the other item. The unit then leaves it
    out for all items, because these pairs share clips.
    """
    known = {item: [r for r in records if differences.value(r, between) == item] for item in items}
    couples = list(combinations(items, 2))
    own = {(a, b): [name for name in same if _own(name, known[a], known[b])] for a, b in couples}
    ever_own = {name for names in own.values() for name in names}
    found = []
    for one, other in couples:
        alike = [name for name in same if name not in own[one, other]]
        sides: tuple[dict[Any, dict[Any, list[RunRecord]]], ...] = ({}, {})
        for r in clips:
            if (item := differences.value(r, between)) in {one, other}:
                slot = sides[item == other].setdefault(tuple(differences.value(r, name) for name in alike), {})
                slot.setdefault(tuple(differences.value(r, name) for name in own[one, other]), []).append(r)
        for key, slot in sides[0].items():
            shown = (v for name, v in zip(alike, key, strict=True) if v and name not in ever_own)
            unit = _JOIN.join(shown)
            for ones, others in product(slot.values(), sides[1].get(key, {}).values()):
                found += _paired(ones, others, one, other, unit)
    return found


def _own(name: str, ones: Sequence[RunRecord], others: Sequence[RunRecord]) -> bool:
    """Return whether a column is a variable of one side only, or another choice on each side.

    Choices are numbered in each prompt, so the same number with other words is another choice. A variable has the
    user's name: with other values on each side, the sides aren't comparable.
    """
    variable = name.removeprefix("var_")
    if variable == name:
        return False
    one, other = ({r.variables.get(variable) for r in side} for side in (ones, others))
    return one.isdisjoint(other) and (variable.startswith("choice_") or {None} in (one, other))


def _without(records: Sequence[RunRecord], between: str, within: str) -> str:
    """Return a sentence about the items of which no run has a value in ``within``; "" if there are none."""
    found = dict.fromkeys(differences.value(r, between) for r in records)
    for r in records:
        if differences.value(r, within):
            found.pop(differences.value(r, between), None)
    return f": no run of {', '.join(map(repr, found))} has a {within}" if found else ""


def _what_pairs(records: Sequence[RunRecord], clips: Sequence[RunRecord], between: str, within: str) -> str:
    """Return the next step after no pair was found: to wait, or columns by which there are pairs."""

    def found(pool: Sequence[RunRecord], by: str, kept: str) -> int:
        items = tuple(dict.fromkeys(differences.value(r, by) for r in records if differences.has(r, by)))
        return len(_candidates(records, pool, by, items, _matched(records, by, kept)))

    if found(records, between, within):
        return "wait for the clips: there are pairs once each run has its own"
    varying = _varying(records)
    seeds = any(r.request.seed is not None for r in records)
    for by in dict.fromkeys((between, *(name for name in _USUAL if name in varying))):
        for kept in ("seed", "replicate") if seeds and by != "seed" else ("replicate",):
            if kept != by and (count := found(clips, by, kept)):
                return f"between={by!r}, within={kept!r} makes {count} pair{'s' * (count > 1)}"
    return f"give runs that differ in {between} and agree in the rest"


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
        between = next((n for n in (*named, *_USUAL[1:]) if n in varying), varying[0])
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
