"""Summary of a ranking in words: one sentence with the result, and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hailuo_widgets.voting.pairs import UNMATCHED
from hailuo_widgets.voting.units import FEWEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.voting.groups import Group
    from hailuo_widgets.voting.judgements import Judgement
    from hailuo_widgets.voting.raters import Agreement, SideBias
    from hailuo_widgets.voting.sequential_test import Claim, Look
    from hailuo_widgets.voting.units import Units

__all__ = ["common_notes", "group_notes", "result_of", "sentence_of", "short", "unmatched_note"]

LONGEST: Final = 60
MOST_NAMES: Final = 4
NO_VOTES: Final = "There are no votes that prefer one to another yet."
LEVEL: Final = 1e-6  # strengths that differ by less count as equal


def short(item: str) -> str:
    """Return an item's name in quotes, on one line, cut to :data:`LONGEST` characters."""
    line = " ".join(item.split())
    return f"“{line if len(line) <= LONGEST else line[: LONGEST - 1] + '…'}”"


def sentence_of(groups: Sequence[Group]) -> str:
    """Return the result of a ranking in one sentence; of several groups, what each of them tells."""
    if not groups:
        return NO_VOTES
    if len(groups) == 1:
        return groups[0].sentence
    told = " ".join(
        f"Among {_listed(group.items)}: {group.sentence[0].lower()}{group.sentence[1:]}" for group in groups
    )
    missing = [f"{short(groups[0].items[0])} and {short(group.items[0])}" for group in groups[1:]]
    return (
        f"The votes are on {len(groups)} groups that were never compared with each other. {told} "
        f"Votes on {', and on '.join(missing)} would connect them."
    )


def unmatched_note(votes: Sequence[Vote]) -> str:
    """Return a sentence on the votes whose two clips have no seed in common; "" if there are none."""
    counted = [v for v in votes if not v.withdrawn]
    count = sum(v.within == UNMATCHED for v in counted)
    if not count:
        return ""
    return (
        f"{count} of {_count(len(counted), 'vote')} {'is' if count == 1 else 'are'} on unmatched clips, which have no "
        "seed in common: chance differs there too, so more votes are needed than with the same seed."
    )


def result_of(
    rows: Sequence[Mapping[str, Any]],
    claimed: Claim,
    counted: Sequence[Judgement],
    units: Units,
    confidence: float,
) -> str:
    """Return the result of a group of items in one sentence.

    Args:
        rows: One row per item, the strongest first.
        claimed: The claim; a winner with items that it was never compared with is the best of the others.
        counted: The judgements on them.
        units: How these are counted.
        confidence: Of the interval.
    """
    first = next((row for row in rows if row["item"] == claimed.winner), rows[0])
    strength = first["strength"]
    level = [
        row
        for row in rows
        if strength is not None and row["strength"] is not None and row["strength"] > strength - LEVEL
    ]
    over = claimed.look is not None and claimed.look.next is None
    undecided = "No winner at the registered looks" if over else "Not enough votes"
    if claimed.winner is None and (strength is None or len(level) > 1 or claimed.leader != first["item"]):
        return f"{undecided}: after {_count(len(counted), 'judgement')} none is ahead of all others."
    rate = f"{first['win_rate']:.0%} of {_count(first['judged'] - first['both_bad'], 'judgement')}"
    bounded = first["win_low"] is not None
    interval = f" ({100 * confidence:.6g}% interval {first['win_low']:.0%}–{first['win_high']:.0%})" if bounded else ""
    if claimed.winner is not None:
        won = f"{short(claimed.winner)} wins: it was preferred in {rate}{interval}."
        if not claimed.unmet:
            return won
        return f"Among {_listed([row['item'] for row in rows])}: {won} No votes compare it with {_unmet(claimed)} yet."
    ahead = f"{undecided}: {short(first['item'])} leads with {rate}{interval}"
    return ahead + _what_next(first, claimed, units, _pairs_of_a_unit(counted, units))


def _pairs_of_a_unit(counted: Sequence[Judgement], units: Units) -> int:
    """Return how many pairs of clips two items have on a unit, rounded, as far as they were judged."""
    cells = {(j.first, j.second, units.key(j) or j.cell): set[object]() for j in counted}
    for j in counted:
        cells[j.first, j.second, units.key(j) or j.cell].add(j.cell)
    return round(sum(map(len, cells.values())) / len(cells))


def _what_next(first: Mapping[str, Any], claimed: Claim, units: Units, pairs: int) -> str:
    """Return the end of the sentence on an undecided leader: what would tell."""
    if claimed.unmet:
        return f"; no votes compare it with {_unmet(claimed)} yet."
    if claimed.look is not None:
        return _next_look(claimed.look, units)
    if claimed.more == 0 or (claimed.more is None and first["win_low"] is None):
        return "."
    if claimed.more is None:
        return ", too close for any number of votes worth giving."
    if pairs > 1:
        return f"; about {_count(claimed.more, f'more {units.called}')} of {pairs} pairs of clips would tell."
    others = f"another {units.called} would" if claimed.more == 1 else f"other {units.called}s would"
    return f"; about {_count(claimed.more, 'more pair')} of clips on {others} tell."


def _next_look(look: Look, units: Units) -> str:
    """Return the end of the sentence with registered looks."""
    if look.next is None:
        return "."
    judged = f"{look.judged} {'is' if look.judged == 1 else 'are'} judged"
    return f"; the next registered look is after {_count(look.next, units.called)}, and {judged}."


def group_notes(rows: Sequence[Mapping[str, Any]], units: Units, looks: Sequence[int] = ()) -> list[str]:
    """Return what must be known to read the rows of a group of items; ``looks`` are the registered ones."""
    notes = []
    few = [row["item"] for row in rows if row["win_rate"] is not None and row["win_low"] is None]
    if len(few) == len(rows) and few:
        notes.append(
            f"All judgements are on {_count(units.count, units.called)}: they tell which of these clips are better, "
            f"and little of clips that other {units.called}s would give. Intervals need {FEWEST} {units.called}s."
        )
    elif few:
        names = ", ".join(short(item) for item in few)
        notes.append(f"{names}: no interval, because the judgements are on fewer than {FEWEST} {units.called}s.")
    if 1 < units.scenes < FEWEST:
        notes.append(
            f"This is about these {units.scenes} prompts, however many {units.called}s there are; {FEWEST} prompts or "
            "more tell of prompts like them."
        )
    if open_ := [row["item"] for row in rows if _half_open(row)]:
        names = ", ".join(short(item) for item in open_)
        notes.append(f"The votes bound the strength of {names} on one side only.")
    if any(row["win_low"] is not None for row in rows):
        named = "at the registered looks" if looks else "whenever one looks"
        notes.append(f"The intervals hold for one look at the end; only a winner is named safely {named}.")
    return notes


def common_notes(
    apart: Sequence[str], judgements: Sequence[Judgement], sides: SideBias, agreement: Agreement
) -> list[str]:
    """Return the notes on all votes; ``apart`` are the items without comparisons."""
    notes = []
    if apart and judgements:
        notes.append(f"No votes join {', '.join(short(i) for i in apart)} to the others: no rank.")
    if bad := sum(j.score is None for j in judgements):
        notes.append(f"Both were bad in {_count(bad, 'judgement')}: they count for neither.")
    if sides.claimed and sides.left is not None and sides.p is not None:
        notes.append(
            f"A side was preferred: left in {sides.left:.0%} of {_count(sides.decisive, 'decisive answer')} "
            f"(p = {sides.p:.2g}). Sides are random, so this blurs the result and does not tilt it."
        )
    if sides.repeated:
        notes.append(f"{sides.consistent} of {_count(sides.repeated, 'pair')} shown again, sides swapped, held.")
    if agreement.share is not None:
        alpha = "" if agreement.alpha is None else f" (Krippendorff's alpha {agreement.alpha:.2f})"
        notes.append(
            f"Two raters of the same clips agreed in {agreement.share:.0%} of {agreement.pairs} comparisons{alpha}."
        )
    return notes


def _unmet(claimed: Claim) -> str:
    return ", ".join(short(item) for item in claimed.unmet)


def _listed(items: Sequence[str]) -> str:
    """Return the names of items, of many the first ones and how many others there are."""
    names = [short(item) for item in items]
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} others"]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _half_open(row: Mapping[str, Any]) -> bool:
    """Return whether an item's strength has an interval with one end."""
    return (row["strength_low"] is None) != (row["strength_high"] is None)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
