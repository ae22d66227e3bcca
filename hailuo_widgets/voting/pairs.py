"""Pairs of runs that differ in the compared column and agree in everything else that varies.

Runs with the same seed are matched. A provider without seeds, and a seed that the provider draws at random, match
nothing: such runs are paired in their order, and these pairs are labelled :data:`UNMATCHED`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import TYPE_CHECKING

from hailuo_widgets.domain import differences
from hailuo_widgets.domain.clips import one_per_clip
from hailuo_widgets.domain.request import CONTROL_ARMS
from hailuo_widgets.domain.run import Status
from hailuo_widgets.domain.vote import CONTROL, NOWHERE, Place
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from hailuo_widgets.domain.run import RunRecord

__all__ = ["UNMATCHED", "Candidate", "Pairs", "no_clip_note", "pair_up"]

UNMATCHED = "unmatched"  # the ``within`` of pairs whose runs have no seed in common
_BY_CHANCE = ("replicate",)  # repeats of one request differ by chance alone
_USUAL = ("variant", "prompt", "model", "provider")  # what is compared, in the order of preference
_SCENES = frozenset({"variant", "prompt", "text", "template", "first_frame", "last_frame", "subject", "references"})
_JOIN = " · "


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Two runs that differ in the compared column; ``first`` and ``second`` are its values.

    ``between`` is the compared column. ``within`` is the column in which they agree, or :data:`UNMATCHED`. ``unit``
    identifies what was drawn at random for both: their seed; for an unmatched pair the seed of the one run that has
    one, else the number of the draw. The unit names what else varies too. ``place`` has its two parts: the scene was
    chosen (prompt, variables and pictures), and the draw is a seed, which may be that of several scenes, or the unit
    itself, which is drawn once.
    """

    first: str
    second: str
    first_run: str
    second_run: str
    unit: str
    between: str = ""
    within: str = ""
    place: Place = NOWHERE
    first_clip: str = ""
    second_clip: str = ""

    @property
    def control(self) -> bool:
        """Whether the two are the arms of a null control."""
        return self.between == CONTROL

    @property
    def clips(self) -> tuple[str, ...]:
        """The two clip IDs, sorted as in :attr:`hailuo_widgets.domain.vote.Vote.clips`."""
        return tuple(sorted((self.first_clip or self.first_run, self.second_clip or self.second_run)))


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """All pairs of some runs.

    ``between`` is the compared column and ``items`` are its values; ``within`` is the column in which both runs of a
    matched pair agree. Pairs of a null control are among the candidates: they differ in ``control``, whose values are
    no items. ``left_out`` counts the runs without a pair, by reason. ``without_clips`` are the items of which no run
    has a clip: they can't be judged, and the others can.
    """

    between: str
    within: str
    items: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    left_out: Mapping[str, int]
    without_clips: tuple[str, ...] = ()

    @property
    def unmatched(self) -> int:
        """The number of pairs whose runs have no seed in common, those of a null control aside."""
        return sum(c.within == UNMATCHED and not c.control for c in self.candidates)

    @property
    def without_partner(self) -> tuple[str, ...]:
        """The items that have clips and are in no pair."""
        paired = {item for c in self.candidates for item in (c.first, c.second)}
        return tuple(item for item in self.items if item not in paired and item not in self.without_clips)

    def notes(self) -> tuple[str, ...]:
        """Return a sentence on each thing that isn't compared."""
        found = []
        if self.left_out:
            reasons = ", ".join(f"{count} with {why}" for why, count in self.left_out.items())
            found.append(f"Runs left out: {reasons}.")
        if self.without_clips:
            found.append(no_clip_note(self.without_clips))
        if self.without_partner:
            names = ", ".join(map(repr, self.without_partner))
            found.append(
                f"No run of {names} agrees in {self.within} with another one"
                + (": without within=, such runs are paired unmatched." if self.within == "seed" else ".")
            )
        return tuple(found)

    @property
    def unmatched_note(self) -> str:
        """A sentence on the pairs that aren't of the same seed; "" if there are none."""
        if not self.unmatched:
            return ""
        pairs = sum(not c.control for c in self.candidates)
        return (
            f"{self.unmatched} of {pairs} pairs are unmatched: their runs have no seed in common, so they differ by "
            "chance too."
        )


def no_clip_note(items: Sequence[str]) -> str:
    """Return the sentence that items are left out because no run of them has a clip."""
    return f"No run of {', '.join(map(repr, items))} has a clip: {'it is' if len(items) == 1 else 'they are'} left out."


def pair_up(
    records: Sequence[RunRecord],
    *,
    between: str | None = None,
    within: str | None = None,
    has_clip: Callable[[RunRecord], bool] = lambda record: record.status == Status.SUCCEEDED,
) -> Pairs:
    """Pair runs that differ in ``between`` and agree in ``within`` and in everything else that varies.

    A variable or choice of one variant only needn't agree: each of its values is paired with the other variant. The
    runs of a null control are paired with each other only, arm with arm; without others, or with ``between="control"``,
    they are what is compared.

    Args:
        records: The runs; of several runs with the same clip, only one is paired.
        between: The compared column; by default the first of variant, prompt, model and provider that varies.
        within: The column that must agree; by default ``seed`` if fixed seeds were sent, else ``replicate``, which
            pairs replicates by their numbers although these match nothing. By default, runs that have no fixed seed
            are paired too, unmatched; with ``within="seed"`` they are left out.
        has_clip: Returns whether a run's clip is in the archive. Runs without one are left out and counted.

    Raises:
        UsageError: There are no runs, a column is unknown, ``between`` has fewer than two values, or no pair exists.
    """
    shown = len(records)
    records = one_per_clip(records)
    arms = [r for r in records if r.request.control is not None]
    if arms and between in {None, CONTROL} and (between or len(arms) == len(records)):
        return _only_control(arms, has_clip)
    records = [r for r in records if r.request.control is None]
    strict = within is not None
    between, within = _axes(records, between, within, shown)
    given = [r for r in records if differences.has(r, between)]
    items = tuple(dict.fromkeys(_value(r, between) for r in given))
    if len(items) < 2:  # noqa: PLR2004 - two to judge between
        varying = _varying(records)
        raise UsageError(
            f"between={between!r}: all these runs have {items[0]!r} there",
            hint=f"what varies is {', '.join(varying)}" if varying else "give a sweep with two prompts",
        )
    clips = [r for r in given if has_clip(r)]
    same = _matched(given, between, within)
    candidates = _candidates(given, clips, between, items, same, unmatched=within == "seed" and not strict)
    paired = {run for c in candidates for run in (c.first_run, c.second_run)}
    counted = {
        f"no {between}": len(records) - len(given),
        "no clip": len(given) - len(clips),
        "no partner": sum(r.run_id not in paired for r in clips),
    }
    left_out = {reason: count for reason, count in counted.items() if count}
    there = {_value(r, between) for r in clips}
    without_clips = tuple(item for item in items if item not in there)
    if not candidates:
        reasons = ", ".join(f"{n} with {why}" for why, n in left_out.items())
        raise UsageError(
            f"no two of these {len(records)} runs differ in {between} and agree in {', '.join(same)} ({reasons})"
            + _without(given, between, within, without_clips),
            hint=_what_pairs(given, clips, between, within),
        )
    return Pairs(
        between=between,
        within=within,
        items=items,
        candidates=tuple(_counted([*candidates, *_control(arms, has_clip)])),
        left_out=left_out,
        without_clips=without_clips,
    )


def _counted(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates with the numbers of pairs that their two items have in one scene, and on one draw."""
    places = [(c.between, *sorted((c.first, c.second))) for c in candidates]
    scenes = Counter((place, c.place.scene) for place, c in zip(places, candidates, strict=True))
    draws = Counter((place, c.place.draw) for place, c in zip(places, candidates, strict=True))
    return [
        replace(c, place=replace(c.place, of_scene=scenes[place, c.place.scene], of_draw=draws[place, c.place.draw]))
        for place, c in zip(places, candidates, strict=True)
    ]


def _only_control(arms: Sequence[RunRecord], has_clip: Callable[[RunRecord], bool]) -> Pairs:
    """Return the pairs of a null control alone.

    Raises:
        UsageError: There are none.
    """
    candidates = _control(arms, has_clip)
    if not candidates:
        raise UsageError(
            "no two arms of the null control have clips", hint="wait for the clips, or run their cell again"
        )
    paired = {run for c in candidates for run in (c.first_run, c.second_run)}
    without = len([r for r in arms if not has_clip(r)])
    counted = {"no clip": without, "no partner": len(arms) - without - len(paired)}
    return Pairs(
        between=CONTROL,
        within=UNMATCHED,
        items=tuple(sorted({item for c in candidates for item in (c.first, c.second)})),
        candidates=tuple(_counted(candidates)),
        left_out={reason: count for reason, count in counted.items() if count},
    )


def _control(arms: Sequence[RunRecord], has_clip: Callable[[RunRecord], bool]) -> list[Candidate]:
    """Return the pairs of null controls: one clip of each arm, of one request; each pair is a unit."""
    there = {r.run_id for r in arms if has_clip(r)}
    controls: dict[tuple[str, str], list[RunRecord]] = {}
    for r in sorted(arms, key=lambda r: (r.replicate, r.run_id)):
        if r.request.control is not None:
            controls.setdefault((r.request.control.comparison, r.request.condition.hash), []).append(r)
    found: list[Candidate] = []
    for _, runs in sorted(controls.items()):
        ones, others = ([r for r in runs if r.request.control and r.request.control.arm == arm] for arm in CONTROL_ARMS)
        for a, b in _in_turn(ones, others, there):
            items = differences.value(a, CONTROL), differences.value(b, CONTROL)
            unit = f"draw {a.replicate}"
            unit += f" · {len(found) + 1}" if any(c.unit == unit for c in found) else ""  # of another control
            found.append(_candidate(a, b, items, (CONTROL, UNMATCHED, unit)))
    return found


def _candidates(
    records: Sequence[RunRecord],
    clips: Sequence[RunRecord],
    between: str,
    items: Sequence[str],
    same: Sequence[str],
    *,
    unmatched: bool = False,
) -> list[Candidate]:
    """Return all pairs of ``clips``; what the variants have in common is told from all ``records``.

    A variable of one item only can't agree: each of its values is paired with the other item. The unit then leaves it
    out for all items, because these pairs share clips.

    Args:
        records: All runs.
        clips: Those with a clip.
        between: The compared column.
        items: Its values.
        same: The columns that must agree, ``within`` first.
        unmatched: Also pair runs that have no seed in common, if one item has no fixed seed at all, or if both have
            draws without one.
    """
    known = {item: [r for r in records if _value(r, between) == item] for item in items}
    there = {r.run_id for r in clips}
    couples = list(combinations(items, 2))
    own = {(a, b): [name for name in same if _own(name, known[a], known[b])] for a, b in couples}
    ever_own = {name for names in own.values() for name in names}
    found = []
    for one, other in couples:
        alike = [name for name in same if name not in own[one, other]]
        ways = [(same[0], alike, _seeded if same[0] == "seed" else _any)]
        if unmatched:
            both = all(any(map(_seeded, known[item])) for item in (one, other))
            ways.append((UNMATCHED, alike[1:], _seedless if both else _any))
        for within, names, chosen in ways:
            sides = [_slots(filter(chosen, known[item]), names, own[one, other]) for item in (one, other)]
            for key, slot in sides[0].items():
                shown = [v for name, v in zip(names, key, strict=True) if v and name not in ever_own]
                scene = _JOIN.join(v for name, v in zip(names, key, strict=True) if v and _is_scene(name, ever_own))
                for ones, others in product(slot.values(), sides[1].get(key, {}).values()):
                    for n, (a, b) in enumerate(_in_turn(ones, others, there), start=1):
                        drawn = _drawn(a, b, n, within)
                        unit = _JOIN.join([*drawn, *shown])
                        chance = (seed for r in (a, b) if (seed := _value(r, "seed")))
                        found.append(
                            _candidate(
                                a, b, (one, other), (between, within, unit), Place(scene=scene, draw=next(chance, unit))
                            )
                        )
    return found


def _is_scene(name: str, own: Collection[str]) -> bool:
    """Return whether a column says what a clip shows; one that only some items have is no scene of all."""
    return (name in _SCENES or name.startswith("var_")) and name not in own


def _slots(
    records: Iterable[RunRecord], names: Sequence[str], own: Sequence[str]
) -> dict[tuple[str, ...], dict[tuple[str, ...], list[RunRecord]]]:
    """Return runs by their values in ``names``, then by those in ``own``, each list in an order of its own.

    The order in which runs are given changes no pair.
    """
    slots: dict[tuple[str, ...], dict[tuple[str, ...], list[RunRecord]]] = {}
    for r in sorted(records, key=lambda r: (not _seeded(r), r.request.seed or 0, r.replicate, r.run_id)):
        slot = slots.setdefault(tuple(_value(r, name) for name in names), {})
        slot.setdefault(tuple(_value(r, name) for name in own), []).append(r)
    return slots


def _in_turn(
    ones: Sequence[RunRecord], others: Sequence[RunRecord], there: Collection[str]
) -> list[tuple[RunRecord, RunRecord]]:
    """Pair two lists of runs by their places, then what is left of those with a clip in its order.

    A clip that comes later takes its own place, and changes few other pairs.
    """
    placed = [(a, b) for a, b in zip(ones, others, strict=False) if a.run_id in there and b.run_id in there]
    used = {r.run_id for pair in placed for r in pair}
    rest = [[r for r in side if r.run_id in there and r.run_id not in used] for side in (ones, others)]
    return [*placed, *zip(*rest, strict=False)]


def _drawn(a: RunRecord, b: RunRecord, number: int, within: str) -> list[str]:
    """Return what is new in the unit of the ``number``-th pair of one place: nothing for two runs with a common seed.

    Of two runs without one it is the seed of the run that has one, so that the pair is in the same unit as the matched
    pairs that show the same clip; else the number of the draw.
    """
    if within != UNMATCHED:
        again = number > 1 and within == "replicate" and not _seeded(a) and not _seeded(b)
        return [f"draw {number}"] if again else []  # runs of several sweeps with one number are draws of their own
    return [next((str(r.request.seed) for r in (a, b) if _seeded(r)), f"draw {number}")]


def _candidate(
    a: RunRecord,
    b: RunRecord,
    items: tuple[str, str],
    place: tuple[str, str, str],
    common: Place | None = None,
) -> Candidate:
    between, within, unit = place
    return Candidate(
        first=items[0],
        second=items[1],
        first_run=a.run_id,
        second_run=b.run_id,
        unit=unit,
        between=between,
        within=within,
        place=common or Place(draw=unit),
        first_clip=a.clip_id,
        second_clip=b.clip_id,
    )


def _seeded(record: RunRecord) -> bool:
    """Return whether a seed was sent that isn't a request for a random one."""
    return record.request.fixed_seed is not None


def _seedless(record: RunRecord) -> bool:
    return not _seeded(record)


def _any(record: RunRecord) -> bool:
    del record
    return True


def _value(record: RunRecord, name: str) -> str:
    """Return a run's value in a column; "" for a random seed, which matches no other."""
    return "" if name == "seed" and not _seeded(record) else differences.value(record, name)


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


def _without(records: Sequence[RunRecord], between: str, within: str, without_clips: Sequence[str]) -> str:
    """Return a sentence about the items of which no run has a clip, or a value in ``within``; "" if there are none."""
    if without_clips:
        return f": no run of {', '.join(map(repr, without_clips))} has a clip"
    found = dict.fromkeys(_value(r, between) for r in records)
    for r in records:
        if _value(r, within):
            found.pop(_value(r, between), None)
    return f": no run of {', '.join(map(repr, found))} has a {within}" if found else ""


def _what_pairs(records: Sequence[RunRecord], clips: Sequence[RunRecord], between: str, within: str) -> str:
    """Return the next step after no pair was found: to wait, or columns by which there are pairs."""

    def found(pool: Sequence[RunRecord], by: str, kept: str) -> int:
        items = tuple(dict.fromkeys(_value(r, by) for r in records if differences.has(r, by)))
        return len(_candidates(records, pool, by, items, _matched(records, by, kept)))

    if found(records, between, within):
        there = {_value(r, between) for r in [*clips, *(r for r in records if r.status.live)]}
        if ended := [item for r in records if (item := _value(r, between)) not in there]:
            return f"run {ended[0]!r} again: there are pairs once it has clips"
        return "wait for the clips: there are pairs once each run has its own"
    varying = _varying(records)
    seeds = any(map(_seeded, records))
    for by in dict.fromkeys((between, *(name for name in _USUAL if name in varying))):
        for kept in ("seed", "replicate") if seeds and by != "seed" else ("replicate",):
            if kept != by and (count := found(clips, by, kept)):
                return f"between={by!r}, within={kept!r} makes {count} pair{'s' * (count > 1)}"
    return f"give runs that differ in {between} and agree in the rest"


def _axes(records: Sequence[RunRecord], between: str | None, within: str | None, shown: int) -> tuple[str, str]:
    """Return the two columns, with the defaults filled in; ``shown`` counts the runs that show these clips."""
    if not records:
        raise UsageError("there are no runs to judge", hint="give a sweep, a DataFrame of hw.runs(), or runs")
    known = differences.columns_of(records)
    for argument, name in (("between", between), ("within", within)):
        differences.check_column(argument, name, known)
    if len(records) == 1 and shown > 1:
        raise UsageError(
            f"these {shown} runs show one clip, which can't be compared with itself", hint="give runs with two clips"
        )
    seeds = any(map(_seeded, records))
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
            "within='seed': no seed was sent with any of these runs (-1 asks for a random one, and matches nothing)",
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
        follows = len({(_value(r, between), _value(r, name)) for r in records})
        judged = follows == len({_value(r, between) for r in records})
        made_of = name == "prompt" and (between == "variant" or between.startswith("var_"))
        if name not in {between, within} and not judged and not made_of:
            same.append(name)
    return same
