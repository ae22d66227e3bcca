"""Votes of a workspace: blind tests, votes and rankings of the clips that runs show."""

from __future__ import annotations

import getpass
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.clips import one_per_clip
from hailuo_widgets.domain.run import Status
from hailuo_widgets.domain.user_values import as_value
from hailuo_widgets.domain.vote import CONTROL
from hailuo_widgets.errors import UsageError
from hailuo_widgets.workspace.registrations import alpha_of, looks_of, registered_for, registration_note, runs_of
from hailuo_widgets.workspace.selection import chosen, every
from hailuo_widgets.workspace.workspace_base import OPENED_AS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from hailuo_widgets.domain.document import Document
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.voting.aspects import AspectRankings
    from hailuo_widgets.voting.blind_test import BlindTest
    from hailuo_widgets.voting.ranking import Ranking
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["blind_test", "ranking", "votes_table"]

MOST_REPEATS = 0.5
MOST_QUESTIONS = 8
DEFAULT_ALPHA = 0.05


def blind_test(
    session: WorkspaceBase,
    what: Any,
    *,
    between: str | None,
    within: str | None,
    rater: str | None,
    question: str | Sequence[str] | Mapping[str, str],
    aim: str,
    repeats: float,
) -> tuple[list[RunRecord], BlindTest]:
    """The runs that are judged, and the blind test of their clips; see :func:`hailuo_widgets.vote`.

    Raises:
        UsageError: No two runs make a pair, a name that is not a column of these runs, or ``repeats`` out of range.
    """
    import numpy as np

    from hailuo_widgets.voting.blind_test import BlindTest
    from hailuo_widgets.voting.pairs import pair_up
    from hailuo_widgets.voting.relabel import relabel

    if isinstance(repeats, bool) or not isinstance(repeats, int | float) or not 0 <= repeats <= MOST_REPEATS:
        raise UsageError(f"repeats={repeats!r}: a share from 0 to {MOST_REPEATS}", hint="repeats=0.1")
    asked = _questions(question)
    records = chosen(session, what)
    pairs = pair_up(
        records,
        between=between,
        within=within,
        has_clip=lambda r: r.status == Status.SUCCEEDED and session.archive.video_of(r) is not None,
    )
    columns = dict.fromkeys((pairs.between, *(c.between for c in pairs.candidates)))
    ids = [r.run_id for r in records]
    earlier = [v for name in columns for v in session.log.call(session.log.votes, ids, between=name)]
    registered = {q: _registered(session, ids, between=pairs.between, question=q, alone=len(asked) == 1) for q in asked}
    test = BlindTest(
        pairs,
        relabel(records, earlier, pairs),
        rater=_user() if rater is None else str(as_value("rater", rater)) or _user(),
        aim=aim,
        repeats=repeats,
        rng=np.random.default_rng(),
        now=session.runtime.clock.now,
        questions=asked,
        looks={q: looks_of(documents) for q, documents in registered.items()},
    )
    return records, test


def _questions(given: Any) -> tuple[str, ...]:
    """The questions of a vote.

    Raises:
        UsageError: They are not one to eight different texts.
    """
    asked = list(given.values()) if hasattr(given, "values") else [given] if isinstance(given, str) else given
    if not isinstance(asked, list | tuple) or not all(isinstance(q, str) and q.strip() for q in asked):
        raise UsageError(
            f"question={given!r}: a text, or a list of texts",
            argument="question",
            hint='question=["Which moves better?", "Which has fewer faults?"]',
        )
    found = tuple(" ".join(q.split()) for q in asked)
    if not 1 <= len(found) <= MOST_QUESTIONS or len(set(found)) < len(found):
        raise UsageError(
            f"question={given!r}: 1 to {MOST_QUESTIONS} different questions",
            argument="question",
            hint="each is asked of every pair, so that more take longer",
        )
    return found


def votes_table(session: WorkspaceBase, what: Any, *, between: str | None, rater: str | None) -> pd.DataFrame:
    """Votes as a DataFrame; see :func:`hailuo_widgets.votes`."""
    from hailuo_widgets.dataframes.votes import votes_frame

    ids = None if what is None else [r.run_id for r in chosen(session, what)]
    frame = votes_frame(session.log.call(session.log.votes, ids, between=between, rater=rater))
    frame.attrs[OPENED_AS] = session.opened_as
    return frame


def ranking(
    session: WorkspaceBase,
    what: Any,
    between: str | None,
    *,
    question: str | None = None,
    rater: str | None = None,
    confidence: float | None = None,
) -> Ranking | AspectRankings:
    """The result of votes; see :func:`hailuo_widgets.rank`.

    Raises:
        UsageError: Votes on several columns, and ``between`` is not given; or no vote answers ``question``.
    """
    from hailuo_widgets.dataframes.votes import votes_of
    from hailuo_widgets.voting.aspects import AspectRankings, questions_of, rank_aspects
    from hailuo_widgets.voting.deviations import Analysis
    from hailuo_widgets.voting.pairs import no_clip_note
    from hailuo_widgets.voting.relabel import relabel
    from hailuo_widgets.workspace.further_cost import cost_notes

    records = None
    if hasattr(what, "columns") and "answer" in what.columns:
        given = _with_clips(session, votes_of(what))
    else:
        records = chosen(session, what)
        given = relabel(records, session.log.call(session.log.votes, [r.run_id for r in records]))
    given = [v for v in given if between in {None, v.between} or v.control]
    everyone = given
    given = [v for v in given if rater in {None, v.rater}]
    columns = sorted({v.between for v in given if not v.control}) if between != CONTROL else [CONTROL]
    if len(columns) > 1:
        raise UsageError(f"these votes judged {', '.join(columns)}", hint=f"name one: between={columns[0]!r}")
    known = columns or sorted({v.between for v in everyone if not v.control})
    judged = known[0] if len(known) == 1 else between
    items, gone = _items(records, judged, given)
    runs = None if records is None else [r.run_id for r in every(session, what)]
    seen = runs if runs is not None else [run for v in given for run in (v.left_run, v.right_run)]
    logged = _logged(session, seen, judged)
    # Of a table, which may be a part of the log's votes, the others count as questions that were asked.
    others = everyone if records is not None else [*everyone, *logged]
    asked = questions_of(others)
    registered = {
        q: _registered(session, seen, between=judged, question=q, alone=len(asked) <= 1) for q in asked or ("",)
    }
    wanted = registered.get(question, []) if question is not None else next(filter(None, registered.values()), [])
    level = confidence if confidence is not None else 1 - (alpha_of(wanted) or DEFAULT_ALPHA)
    looks = {q: looks_of(documents) for q, documents in registered.items()}
    found = rank_aspects(given, question=question, items=items, confidence=level, looks=looks, others=others)
    shown = _judged(session, given) if records is None else records

    def dressed(one: Ranking, question: str) -> Ranking:
        own = [v for v in given if len(asked) <= 1 or v.question == question]
        on_all = logged if runs is not None else _logged(session, runs_of(registered[question]), judged)
        on_it = [v for v in on_all if len(asked) <= 1 or v.question == question]
        did = Analysis(votes=own, between=judged, items=items, runs=runs, alpha=1 - level, given=on_it)
        costs = cost_notes(
            one.groups,
            own,
            shown,
            session.accounts,
            has_clip=lambda r: r.status == Status.SUCCEEDED and session.archive.video_of(r) is not None,
        )
        left_out = [no_clip_note(gone)] if gone else []
        notes = [registration_note(session, registered[question], did), *costs, *one.notes, *left_out]
        return replace(one, notes=tuple(filter(None, notes)))

    if isinstance(found, AspectRankings):
        return replace(found, rankings={q: dressed(one, q) for q, one in found.items()})
    if question is None:
        answered = questions_of(given)
        question = answered[0] if answered else next(iter(registered))
    return dressed(found, question)


def _logged(session: WorkspaceBase, runs: Sequence[str], between: str | None) -> list[Vote]:
    """The log's votes on the clips of some runs in a column, those that were taken back included."""
    ids = [run for run in dict.fromkeys(runs) if run]
    found = session.log.call(session.log.votes, ids, withdrawn=True) if ids else []
    return [v for v in found if v.between == between]


def _registered(
    session: WorkspaceBase, runs: Sequence[str], *, between: str | None, question: str, alone: bool
) -> list[Document]:
    """The registrations of some runs; if several questions were asked (not ``alone``), those of this question."""
    found = registered_for(session, runs, between=between, questions=[question])
    return [document for document in found if alone or document.content.get("question") == question]


def _judged(session: WorkspaceBase, votes: Sequence[Vote]) -> list[RunRecord]:
    """The runs that votes are on, as far as the session's log knows them."""
    seen = {run_id for v in votes for run_id in (v.left_run, v.right_run) if run_id}
    return one_per_clip(session.log.call(session.log.find, run_ids=seen)) if seen else []


def _with_clips(session: WorkspaceBase, votes: Sequence[Vote]) -> list[Vote]:
    """Votes of a table with their clips, and what two of them have in common, as far as the session's log knows it."""
    from hailuo_widgets.voting.relabel import relabel

    seen = {run_id for v in votes for run_id in (v.left_run, v.right_run) if run_id}
    if not seen:
        return list(votes)
    clips = session.log.call(session.log.clips_of, seen)
    records = session.log.call(session.log.find, run_ids=seen)
    shown = [replace(v, left_clip=clips.get(v.left_run, ""), right_clip=clips.get(v.right_run, "")) for v in votes]
    known = relabel(one_per_clip(records), shown)
    return [replace(v, place=told.place) for v, told in zip(shown, known, strict=True)]


def _items(
    records: Sequence[RunRecord] | None, between: str | None, votes: Sequence[Vote]
) -> tuple[list[str] | None, list[str]]:
    """The values that could be judged, including those without a vote; and those of which all runs have failed."""
    if not records or between is None:
        return None, []
    from hailuo_widgets.domain import differences

    differences.check_column("between", between, differences.columns_of(records))
    main = [r for r in records if (r.request.control is None) == (between != CONTROL)]
    main = [r for r in main if differences.has(r, between)]
    judged = {item for v in votes for item in (v.left, v.right)}
    judged |= {differences.value(r, between) for r in main if r.status == Status.SUCCEEDED or r.unfinished}
    items = list(dict.fromkeys(differences.value(r, between) for r in main))
    return [item for item in items if item in judged], [item for item in items if item not in judged]


def _user() -> str:
    """The default rater: JupyterHub's user, or this system's."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (OSError, KeyError):  # a container without a user of that number
        return "anonymous"
