"""Rankings by several questions about the same pairs, such as motion and artefacts.

Answers to different questions never go into one ranking. Each question has a ranking of its own, and together they err
as one does: the error probability of naming winners is divided by the number of questions (Bonferroni), and the
p-values of all pairs of items and all questions are corrected together (Holm), and so are the ranks that follow from
them. Intervals stay at their level, each by itself. A vote whose question is not known counts for the only question, if
there is but one, and for none of several.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.errors import UsageError, nearest
from hailuo_widgets.voting.ranking import RANK_COLUMNS, Ranking, rank
from hailuo_widgets.voting.summary import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hailuo_widgets.domain.vote import Vote

__all__ = ["AspectRankings", "questions_of", "rank_aspects"]

SHOWN: Final = ("item", "judged", "win_rate", "win_low", "win_high", "rank_low", "rank_high")


@dataclass(frozen=True, kw_only=True, eq=False)
class AspectRankings(Mapping[str, Ranking]):
    """The rankings of the same items by several questions; a mapping of each question to its ranking.

    Attributes:
        rankings: The rankings, in the order in which the questions were first answered.
        notes: Sentences on all of them.
    """

    rankings: Mapping[str, Ranking]
    notes: tuple[str, ...] = field(default=())

    def __getitem__(self, question: str) -> Ranking:
        """Return the ranking of a question.

        Raises:
            KeyError: It was not asked.
        """
        return self.rankings[question]

    def __iter__(self) -> Iterator[str]:
        """Go through the questions."""
        return iter(self.rankings)

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.rankings)

    @property
    def df(self) -> pd.DataFrame:
        """One row for each question and item, the strongest first; ``question`` beside columns of ``Ranking.df``.

        ``tied_for_best`` is whether no other item is found ahead of it by that question.
        """
        parts = [
            r.df[list(SHOWN)].assign(tied_for_best=r.df["item"].isin(r.tied_for_best)).assign(question=question)
            for question, r in self.rankings.items()
        ]
        kinds = {name: RANK_COLUMNS[name] for name in SHOWN} | {"question": "string", "tied_for_best": "boolean"}
        return pd.concat(parts, ignore_index=True).astype(kinds)[["question", *SHOWN, "tied_for_best"]]

    @property
    def sentence(self) -> str:
        """The result of each question, in one sentence each."""
        return " ".join(f"{short(question)}: {r.sentence}" for question, r in self.rankings.items())

    def __repr__(self) -> str:
        """Return what each question came to, the notes and the table."""
        lines = [f"{question}\n  {r.sentence}\n  {r.estimand}" for question, r in self.rankings.items()]
        return "\n".join([*lines, *self.notes, "", self.df.to_string(index=False)])

    def html(self) -> str:
        """Return static HTML: a heading and the ranking of each question."""
        notes = "".join(f'<p style="margin:2px 0;opacity:.75">{html.escape(note)}</p>' for note in self.notes)
        parts = "".join(
            f'<h4 style="margin:12px 0 2px;font-size:13px">{html.escape(question)}</h4>{r.html()}'
            for question, r in self.rankings.items()
        )
        return f'<div class="hailuo-aspects mathjax_ignore" style="font-size:13px">{notes}{parts}</div>'

    def _repr_html_(self) -> str:
        return self.html()


def questions_of(votes: Sequence[Vote]) -> tuple[str, ...]:
    """Return the questions that votes answer, in the order of their first answers; an unknown one is none."""
    standing = sorted((v for v in votes if not v.withdrawn), key=lambda v: (v.at, v.vote_id))
    return tuple(dict.fromkeys(v.question for v in standing if v.question))


def rank_aspects(
    votes: Sequence[Vote],
    *,
    question: str | None = None,
    items: Sequence[str] | None = None,
    confidence: float = 0.95,
    looks: Mapping[str, Sequence[int]] | None = None,
    others: Sequence[Vote] = (),
) -> Ranking | AspectRankings:
    """Rank items by each question that votes answer.

    Args:
        votes: As for :func:`hailuo_widgets.voting.ranking.rank`.
        question: The question whose ranking is wanted; by default all, or the only one.
        items: As for that function, and so is ``confidence``.
        confidence: See ``items``.
        looks: The registered looks by question.
        others: All votes on these clips, from which ``votes`` were chosen: the questions that they answer count too.

    Returns:
        One ranking for one question, else all; always corrected for all that were asked.

    Raises:
        UsageError: No vote answers ``question``, or as that function says.
    """
    asked, answered = questions_of([*votes, *others]), questions_of(votes)
    if question is not None and question not in asked:
        near = nearest(question, asked)
        hint = f"did you mean {near!r}?" if near else f"asked were {', '.join(map(repr, asked))}" if asked else None
        raise UsageError(f"question={question!r}: no vote answers it", argument="question", hint=hint)
    found_looks = looks or {}
    unknown = sum(not v.question and not v.withdrawn for v in votes)
    silent = f"{plural(unknown, 'vote')} {'does' if unknown == 1 else 'do'} not say the question"
    if len(asked) <= 1:
        one = asked[0] if asked else ""
        found = rank(votes, items=items, confidence=confidence, looks=found_looks.get(one, ()))
        if not asked or not unknown:
            return found
        counted = f"{silent}, and {'counts' if unknown == 1 else 'count'} as others do."
        return replace(found, notes=(*found.notes, counted))
    wanted = (question,) if question is not None else answered
    if not wanted:
        return rank([], items=items, confidence=confidence)
    own = {q: [v for v in votes if v.question == q] for q in answered or wanted}
    beside = {q: [v for v in others if v.question == q] for q in asked if q not in own}
    first = {q: rank(own[q], items=items, confidence=confidence, questions=len(asked)) for q in own}
    first |= {q: rank(beside[q], confidence=confidence, questions=len(asked)) for q in beside}
    p_values = {q: [None if pd.isna(p) else float(p) for p in first[q].pairs["p"]] for q in asked}
    rankings = {
        q: rank(
            own.get(q, []),
            items=items,
            confidence=confidence,
            looks=found_looks.get(q, ()),
            questions=len(asked),
            beside=[p for other in asked if other != q for p in p_values[other]],
        )
        for q in wanted
    }
    corrected = f"One of {len(asked)} questions; winners, p-values and ranks are corrected for their number."
    rankings = {q: replace(r, estimand=f"{r.estimand} {corrected}".strip()) for q, r in rankings.items()}
    notes = (f"{silent}, and {'is' if unknown == 1 else 'are'} left out.",) if unknown else ()
    if len(wanted) == 1:
        return replace(rankings[wanted[0]], notes=(*rankings[wanted[0]].notes, *notes))
    return AspectRankings(rankings=rankings, notes=notes)
