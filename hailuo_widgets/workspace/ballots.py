"""Ballots of a workspace: blind pages for raters without a kernel, and the votes that they send back."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from glob import iglob
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hailuo_widgets.archive import read_regular
from hailuo_widgets.domain.ballot import Ballot, BallotPair
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.document import BALLOT, Document
from hailuo_widgets.domain.user_values import is_axis, listed, shown
from hailuo_widgets.errors import UsageError
from hailuo_widgets.store.text import check_text
from hailuo_widgets.voting.vote_file import LARGEST_BYTES, VoteFile, read_vote_file
from hailuo_widgets.workspace.selection import chosen

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace_base import WorkspaceBase

__all__ = ["add_votes", "draw_ballot", "keep_ballot"]

LONGEST: Final = 1000  # characters of the question and of the consent
MOST_FILES: Final = 10_000
FILES: Final = "votes-*.json"  # as a page names them


def draw_ballot(
    session: WorkspaceBase, what: Any, *, between: str | None, within: str | None, question: str, consent: str
) -> tuple[Ballot, list[RunRecord], tuple[str, ...]]:
    """Return a new ballot, the runs of its clips, and what isn't compared; see :func:`hailuo_widgets.ballot`.

    The names of the clips are drawn at random, and so is the order of all that follows from them.

    Raises:
        UsageError: No two runs make a pair, a column is unknown, or a text is empty or too long.
    """
    from hailuo_widgets.voting.pairs import pair_up

    texts = {name: _text(name, given) for name, given in (("question", question), ("consent", consent))}
    records = chosen(session, what)
    pairs = pair_up(
        records,
        between=between,
        within=within,
        has_clip=lambda r: session.archive.whole_video_of(r) is not None,
    )
    names: dict[str, str] = {}
    for run_id in {run_id for c in pairs.candidates for run_id in (c.first_run, c.second_run)}:
        names[run_id] = secrets.token_hex(8)
    ballot = Ballot(
        ballot_id=secrets.token_hex(8),
        made=session.runtime.clock.now(),
        question=texts["question"],
        consent=texts["consent"],
        pairs=tuple(
            BallotPair(
                first_clip=names[c.first_run],
                second_clip=names[c.second_run],
                first_run=c.first_run,
                second_run=c.second_run,
                first=c.first,
                second=c.second,
                between=c.between or pairs.between,
                within=c.within or pairs.within,
                unit=c.unit,
            )
            for c in pairs.candidates
        ),
    )
    notes = (*pairs.notes(), pairs.unmatched_note) if pairs.unmatched_note else pairs.notes()
    return ballot, [r for r in records if r.run_id in names], notes


def keep_ballot(session: WorkspaceBase, ballot: Ballot) -> None:
    """Write to the run log what the random names of a ballot stand for.

    Raises:
        UsageError: A text holds what no store can keep.
        StoreError: The log can't be written.
    """
    from hailuo_widgets.store import documents

    document = Document.of(ballot.to_json(), document_id=ballot.ballot_id, kind=BALLOT, at=ballot.made)
    session.log.call(documents.write, session.log.database, document)


def add_votes(session: WorkspaceBase, files: Any) -> pd.DataFrame:
    """Add the votes of files; see :func:`hailuo_widgets.add_votes`.

    Raises:
        UsageError: No file is there, or each one was refused.
    """
    from hailuo_widgets.dataframes.votes import added_votes_frame
    from hailuo_widgets.store import votes

    now = session.runtime.clock.now()
    rows: list[dict[str, Any]] = []
    refusals: list[UsageError] = []
    for path in _paths(files):
        row: dict[str, Any] = {"file": path.name, "rater": "", "new": 0, "known": 0, "undone": 0, "refused": ""}
        try:
            found = _read(session, path, now)
            row["rater"] = found.rater
            _refuse_other_name(session, found)
            row["new"], row["known"], row["undone"] = session.log.call(votes.merge, session.log.database, found.votes)
        except UsageError as error:
            refusals.append(UsageError(f"{path}: {error.message}; none of its votes was added", hint=error.hint))
            row["refused"] = error.message
        rows.append(row)
    if len(refusals) == len(rows):
        more = f"\nNor was any of {plural(len(refusals) - 1, 'more file')}." if len(refusals) > 1 else ""
        raise UsageError(refusals[0].message + more, hint=refusals[0].hint)
    for refusal in refusals:
        session.say(str(refusal))
    return added_votes_frame(rows)


def _read(session: WorkspaceBase, path: Path, now: datetime) -> VoteFile:
    try:
        data = read_regular(path.resolve(), LARGEST_BYTES)
    except OSError as error:
        raise UsageError(
            f"it can't be read: {error.strerror or error}", hint="give a file of votes as a page saved it"
        ) from None
    return read_vote_file(data, lambda ballot_id: _ballot(session, ballot_id), now=now)


def _ballot(session: WorkspaceBase, ballot_id: str) -> Ballot | None:
    from hailuo_widgets.store import documents

    found = session.log.call(documents.find, session.log.database, BALLOT, ballot_id)
    if not found:
        return None
    try:
        return Ballot.from_json(ballot_id, found[0].at, found[0].content if found[0].intact else {})
    except ValueError:
        raise UsageError(
            f"the run log's entry of ballot {ballot_id} was changed", hint="restore a backup of the run log"
        ) from None


def _paths(files: Any) -> list[Path]:
    """Return the files that are named: paths, patterns, folders, or several of these; each file once.

    Raises:
        UsageError: A name is none, or names no file.
    """
    given: list[Any] = []
    if isinstance(files, str | os.PathLike):
        given = [files]
    elif is_axis(files):
        given = listed("files", files)
    elif isinstance(files, Iterator):  # of Path.glob()
        given = list(islice(files, MOST_FILES))
    if not given or not all(isinstance(one, str | os.PathLike) for one in given):
        raise UsageError(
            f"files must be names of files, not {shown(files)}", argument="files", hint=f"for example {FILES!r}"
        )
    found: dict[Path, Path] = {}
    for one in given:
        path = Path(os.fsdecode(one)).expanduser()
        some = [path]
        if path.is_dir():
            some = sorted(path.glob(FILES))
        elif not path.exists():
            names = sorted(iglob(str(path)))  # noqa: PTH207 - any part of the path may be a pattern
            some = [file for name in names if not (file := Path(name)).is_dir()]
        if not some:
            what = f"the folder has no {FILES}" if path.is_dir() else "there is no such file"
            raise UsageError(f"files={str(path)!r}: {what}", argument="files", hint="give the files that raters sent")
        found.update((file.absolute(), file) for file in some)
    return list(found.values())


def _text(name: str, given: Any) -> str:
    text = given.strip() if isinstance(given, str) else ""
    if not text or len(text) > LONGEST:
        raise UsageError(
            f"{name} must be a text of at most {LONGEST} characters, not {shown(given)}",
            argument=name,
            hint="leave it out for the usual one",
        )
    check_text(name, text)
    return text


def _refuse_other_name(session: WorkspaceBase, found: VoteFile) -> None:
    """Refuse votes of a page under another name than its earlier ones: one rater would count as two.

    Raises:
        UsageError: The log has votes of the page's rater under another name.
    """
    runs = {run for vote in found.votes for run in (vote.left_run, vote.right_run)}
    page = found.rater[found.rater.rindex(" (") :]
    known = {v.rater for v in session.log.call(session.log.votes, runs, withdrawn=True)} if runs else set()
    others = sorted(name for name in known if name != found.rater and name.endswith(page))
    if others:
        raise UsageError(
            f"the rater is {found.rater!r}, and earlier votes of this page are by {others[0]!r}",
            hint="a page never changes its name: give the file as it was saved",
        )
