"""Cost of the further units that a ranking needs for a decision, at the prices of the judged clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hailuo_widgets.domain import money
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.pairs import pair_up
from hailuo_widgets.voting.summary import short

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.provider.accounts import Accounts
    from hailuo_widgets.voting.groups import Group
    from hailuo_widgets.voting.pairs import Candidate
    from hailuo_widgets.voting.units import Units

__all__ = ["cost_notes"]


@dataclass(frozen=True, kw_only=True)
class _UnitPrice:
    """What one unit of an item cost: micros by currency; ``known`` is whether all its clips have a price."""

    micros: Mapping[str, float]
    known: bool


def cost_notes(
    groups: Sequence[Group],
    votes: Sequence[Vote],
    records: Sequence[RunRecord],
    accounts: Accounts,
    *,
    has_clip: Callable[[RunRecord], bool],
) -> tuple[str, ...]:
    """Return a sentence on the cost of a decision for each group that is undecided.

    A unit of an item costs what its judged clips cost by unit. Clips that are there and weren't judged cost nothing.

    Args:
        groups: Those of a ranking.
        votes: The ranked votes.
        records: The runs that were judged, and those that could be.
        accounts: Know the prices of clips that were reused.
        has_clip: Returns whether a run's clip is there.
    """
    clips = {r.clip_id: r for r in records}
    found = []
    for group in groups:
        first = group.items[0]
        if not group.further or group.winner is not None:
            continue
        own = [v for v in votes if v.left in group.items and v.right in group.items and not v.withdrawn]
        ready = {
            other: min(units, _ready(records, own, (first, other), group.units, has_clip))
            for other, units in group.further.items()
        }
        missing = {other: units - ready[other] for other, units in group.further.items()}
        if any(missing.values()):
            needed = {first: max(missing.values())} | {other: units for other, units in missing.items() if units}
            prices = {item: _unit_price(item, own, clips, group.units, accounts) for item in needed}
            found.append(_told(needed, prices, max(ready.values()), group.units))
        else:
            found.append("The clips for a decision are there already: judging them costs nothing.")
    return tuple(found)


def _ready(
    records: Sequence[RunRecord],
    votes: Sequence[Vote],
    items: tuple[str, str],
    units: Units,
    has_clip: Callable[[RunRecord], bool],
) -> int:
    """Return the number of units on which two items have clips that nobody has judged yet."""
    if not votes:
        return 0
    try:
        pairs = pair_up(records, between=votes[0].between, has_clip=has_clip)
    except UsageError:  # these runs don't make such pairs
        return 0
    judged = {_unit(v, units) for v in votes if {v.left, v.right} == set(items)}
    there = {_unit(c, units) for c in pairs.candidates if {c.first, c.second} == set(items)}
    return len(there - judged)


def _unit(one: Vote | Candidate, units: Units) -> object:
    key = one.place.scene if units.by_scene else one.place.draw or one.unit
    return key or one.clips


def _unit_price(
    item: str, votes: Sequence[Vote], clips: Mapping[str, RunRecord], units: Units, accounts: Accounts
) -> _UnitPrice:
    """Return what one unit of an item cost, from its judged clips."""
    shown = {}
    for vote in votes:
        for name, run, clip in (
            (vote.left, vote.left_run, vote.left_clip),
            (vote.right, vote.right_run, vote.right_clip),
        ):
            if name == item:
                shown[clip or run] = _unit(vote, units)
    prices = [_price(clips.get(clip), accounts) for clip in shown]
    count = len(set(shown.values()))
    spent = money.by_currency(prices)
    known = bool(prices) and all(micros is not None and currency is not None for micros, currency in prices)
    return _UnitPrice(micros={name: micros / count for name, micros in spent.items()}, known=known)


def _price(record: RunRecord | None, accounts: Accounts) -> tuple[int | None, str | None]:
    """Return what a clip costs: what was paid for it, else the list price of its request; None if not known."""
    if record is None:
        return None, None
    if record.reused_from is None and record.cost_micros and record.currency is not None:
        return record.cost_micros, record.currency
    try:
        price = accounts.list_price(record.request, record.origin)
    except UsageError:  # a provider that isn't installed any more
        return None, None
    return price.get("cost_micros"), price.get("currency")


def _told(needed: Mapping[str, int], prices: Mapping[str, _UnitPrice], ready: int, units: Units) -> str:
    """Return the sentence on the cost of the units that are missing, by item."""
    spent: dict[str, float] = {}
    for item, count in needed.items():
        for currency, micros in prices[item].micros.items():
            spent[currency] = spent.get(currency, 0.0) + micros * count
    unknown = [short(item) for item in needed if not prices[item].known]
    amounts = " and ".join(money.text(round(micros), currency) for currency, micros in sorted(spent.items()))
    counts = ", ".join(f"{plural(count, units.called)} of {short(item)}" for item, count in needed.items())
    there = f" Not counted: {plural(ready, units.called)} whose clips are there already." if ready else ""
    if not amounts:
        return f"What a decision would cost ({counts}) is unknown: no price is known for these clips.{there}"
    rest = f"; no price is known for clips of {_and(unknown)}" if unknown else ""
    least = "at least" if unknown else "about"
    return f"A decision would cost {least} {amounts} ({counts}), at the prices of the judged clips{rest}.{there}"


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
