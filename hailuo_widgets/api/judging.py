"""The functions of the package's front page that judge runs: blind votes, the votes' table, and what they amount to."""

from __future__ import annotations

import getpass
import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hailuo_widgets.api.functions import default_session
from hailuo_widgets.domain.user_values import as_value
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from hailuo_widgets.domain.vote import Vote
    from hailuo_widgets.voting.ranking import Ranking
    from hailuo_widgets.workspace.run import Run
    from hailuo_widgets.workspace.sweep import Sweep

__all__ = ["rank", "vote", "votes"]

QUESTION = "Which clip is better?"
MOST_REPEATS = 0.5


def vote(
    what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
    between: str | None = None,
    within: str | None = None,
    *,
    rater: str | None = None,
    question: str = QUESTION,
    aim: str = "order",
    repeats: float = 0.1,
) -> None:
    """Judge runs in blind pairs: left, right, tie or both bad. What is which is shown at the end, and not before.

    Sides are random. The next pair is the one that tells most. Some pairs come again with their sides swapped, which
    measures a preference for a side. Each vote is in the log at once; the vote is taken up where it was left.

    Args:
        what: A sweep or its name, rows of :func:`runs` (a DataFrame with ``run_id``), or runs or their ids; the latest
            sweep where nothing is given. Those without a clip are left out: a failure is no verdict on a picture. A
            clip that several of them show is judged once, and what was said of it before counts.
        between: The column of :func:`runs` that is judged; by default the prompts' labels, or what else varies.
        within: The column that both clips of a pair agree in; by default the seed, where seeds were sent. What else
            varies agrees too.
        rater: Who judges; by default this system's user.
        question: What is asked of each pair.
        aim: With three values or more, what the next pair is to tell: the ``order`` of all, or which one is the
            ``best``, which is sure sooner.
        repeats: The share of votes that go to repeated pairs, from 0 to 0.5.

    Raises:
        UsageError: No two runs make a pair, a name that is no column of these runs, or there is no notebook here.
    """
    import numpy as np

    from hailuo_widgets.voting.blind_test import BlindTest
    from hailuo_widgets.voting.pairs import pair_up
    from hailuo_widgets.voting.relabel import relabel
    from hailuo_widgets.widgets.display import show_vote

    if isinstance(repeats, bool) or not isinstance(repeats, int | float) or not 0 <= repeats <= MOST_REPEATS:
        raise UsageError(f"repeats={repeats!r}: a share from 0 to {MOST_REPEATS}", hint="repeats=0.1")
    session = default_session()
    records = session.chosen(what)
    pairs = pair_up(
        records,
        between=between,
        within=within,
        has_clip=lambda r: r.status == "succeeded" and session.archive.video_of(r) is not None,
    )
    earlier = session.log.call(session.log.votes, [r.run_id for r in records], between=pairs.between)
    blind_test = BlindTest(
        pairs,
        relabel(records, earlier, pairs),
        rater=_user() if rater is None else str(as_value("rater", rater)) or _user(),
        aim=aim,
        repeats=repeats,
        rng=np.random.default_rng(),
        now=lambda: datetime.now(UTC),
    )
    show_vote(session, records, blind_test, question=question)


def votes(
    what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
    *,
    between: str | None = None,
    rater: str | None = None,
) -> pd.DataFrame:
    """The votes: one row each, oldest first, columns as in ``hailuo_widgets.dataframes.votes.VOTE_COLUMNS``.

    Args:
        what: Only votes on two of the clips that these runs show, given as for :func:`vote`; all votes by default.
        between: Only votes that judged this column.
        rater: Only this rater's.

    Returns:
        Votes that were taken back are not among them. ``winner`` is missing for a tie and for both bad. ``left_run``
        and ``right_run`` are what was seen; a later run may show the same clip.
    """
    from hailuo_widgets.dataframes.votes import votes_frame

    session = default_session()
    ids = None if what is None else [r.run_id for r in session.chosen(what)]
    return votes_frame(session.log.call(session.log.votes, ids, between=between, rater=rater))


def rank(
    what: Sweep | pd.DataFrame | Run | str | Sequence[Run | str] | None = None,
    between: str | None = None,
    *,
    rater: str | None = None,
    confidence: float = 0.95,
) -> Ranking:
    """What the votes amount to: win rates and strengths with intervals, sides, raters, and one plain sentence.

    Args:
        what: Runs whose clips were voted on, given as for :func:`vote`, or rows of :func:`votes`. Each clip counts
            once, whichever runs show it.
        between: The column that was judged; needed only where votes judged several.
        rater: Only this rater's votes.
        confidence: Of the intervals, and of the claim that one is better.

    Raises:
        UsageError: Votes on several columns, and none is named.
    """
    from hailuo_widgets.dataframes.votes import votes_of
    from hailuo_widgets.voting.ranking import rank as ranked
    from hailuo_widgets.voting.relabel import relabel

    table: Any = what
    records = None
    if hasattr(table, "columns") and "answer" in table.columns:
        given = _with_clips(votes_of(table))
    else:
        session = default_session()
        records = session.chosen(what)
        given = relabel(records, session.log.call(session.log.votes, [r.run_id for r in records]))
    given = [v for v in given if between in {None, v.between} and rater in {None, v.rater}]
    columns = sorted({v.between for v in given})
    if len(columns) > 1:
        raise UsageError(f"these votes judged {', '.join(columns)}", hint=f"name one: between={columns[0]!r}")
    judged = columns[0] if columns else between
    return ranked(given, items=_items(records, judged), confidence=confidence)


def _with_clips(votes: Sequence[Vote]) -> list[Vote]:
    """Votes of a table with the clips that their runs show, as far as this session's log has the runs."""
    seen = {run_id for v in votes for run_id in (v.left_run, v.right_run) if run_id}
    if not seen:
        return list(votes)
    log = default_session().log
    clips = log.call(log.clips_of, seen)
    return [replace(v, left_clip=clips.get(v.left_run, ""), right_clip=clips.get(v.right_run, "")) for v in votes]


def _items(records: Sequence[Any] | None, between: str | None) -> list[str] | None:
    """The values that were to be judged, those without a vote too."""
    if not records or between is None:
        return None
    from hailuo_widgets.domain import differences

    differences.check_column("between", between, differences.columns_of(records))
    return list(dict.fromkeys(differences.value(r, between) for r in records))


def _user() -> str:
    """Who sits here: JupyterHub's user, or this system's."""
    try:
        return os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    except (OSError, KeyError):  # a container without a user of that number
        return "anonymous"
