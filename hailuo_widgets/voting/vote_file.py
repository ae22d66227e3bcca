"""File of votes that a ballot page saved, checked and turned into votes.

Whoever sends such a file may have changed it: every value is checked, and a file with one wrong value has no votes at
all. Form, version 1: a JSON object of ``kind`` (:data:`KIND`), ``version``, ``ballot``, ``rater`` (``name`` and
``id``), ``consent`` (the time of the rater's consent), ``saved`` (a time) and ``votes``. A vote has ``id``, ``left``
and ``right`` (the random names of the clips that were shown there), ``answer``, ``seconds`` (or null), ``at``,
``repeat_of`` (the ID of an earlier vote on the pair, or null) and ``undone``. Times are in UTC, as
``Date.toISOString()`` writes them.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from hailuo_widgets.domain.ballot import PAGE_VERSION
from hailuo_widgets.domain.vote import ANSWERS, Vote
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hailuo_widgets.domain.ballot import Ballot, BallotPair

__all__ = ["KIND", "LARGEST_BYTES", "LONGEST_NAME", "VoteFile", "read_vote_file"]

KIND: Final = "hailuo-votes"
LARGEST_BYTES: Final = 10_000_000
MOST_VOTES: Final = 20_000  # with those that were undone; a vote has about 250 bytes
LONGEST_NAME: Final = 40  # characters of a pseudonym
LONGEST_S: Final = 1e7  # seconds for one answer: a page that stayed open for months
AHEAD: Final = timedelta(minutes=5)  # the clocks of two machines may differ by so much
BEHIND: Final = timedelta(days=1)  # before the ballot was made
ID: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_UNSHOWABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_FILE_KEYS: Final = {"kind", "version", "ballot", "rater", "consent", "saved", "votes"}
_VOTE_KEYS: Final = {"id", "left", "right", "answer", "seconds", "at", "repeat_of", "undone"}
_AGAIN: Final = "ask the rater to open the page again and save the votes once more; a page keeps its votes"
_SHOWN: Final = 60  # characters of a wrong value in a message


@dataclass(frozen=True, kw_only=True)
class VoteFile:
    """The votes of one rater on one ballot, those that were undone among them as withdrawn."""

    ballot_id: str
    rater: str
    votes: tuple[Vote, ...]


def read_vote_file(data: bytes, find: Callable[[str], Ballot | None], *, now: datetime) -> VoteFile:
    """Read a file of votes.

    A rater is the name and the random ID that the page drew for it, so two raters with one name stay two. The same vote
    has the same ID in each file that it is in.

    Args:
        data: The file's bytes.
        find: Returns the ballot of an ID; None if the log has none.
        now: The present time in UTC.

    Raises:
        UsageError: A value is wrong or missing, the ballot is unknown, or a time is in the future.
    """
    content = _parse(data)
    if content.get("kind") != KIND:
        _refuse("it is no file of votes of a ballot page", hint="give files that a page's “Save votes” wrote")
    version = content.get("version")
    if version != PAGE_VERSION or isinstance(version, bool):
        _refuse(f"it has version {_shown(version)}, and this program reads {PAGE_VERSION}", hint="update this package")
    _check_keys("the file", content, _FILE_KEYS)
    ballot_id = content["ballot"]
    ballot = find(ballot_id) if isinstance(ballot_id, str) and ID.fullmatch(ballot_id) else None
    if ballot is None:
        _refuse(
            f"its ballot {_shown(ballot_id)} is not in this run log",
            hint="open the home where the page was made: hw.Session(home=…).add_votes(…)",
        )
    rater, rater_id = _rater(content["rater"])
    reader = _Reader(ballot=ballot, rater=rater, rater_id=rater_id, now=now, clips=frozenset(ballot.clips))
    for name in ("consent", "saved"):
        reader.moment(name, content[name])
    return VoteFile(ballot_id=ballot.ballot_id, rater=rater, votes=reader.votes(content["votes"]))


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Reads the votes of one rater on one ballot."""

    ballot: Ballot
    rater: str
    rater_id: str
    now: datetime
    clips: frozenset[str]

    def votes(self, rows: Any) -> tuple[Vote, ...]:
        """Return the votes, in their order."""
        if not isinstance(rows, list) or len(rows) > MOST_VOTES:
            _refuse(f"votes must be a list of at most {MOST_VOTES} votes")
        pairs = {frozenset((p.first_clip, p.second_clip)): p for p in self.ballot.pairs}
        found: dict[str, Vote] = {}
        for n, row in enumerate(rows, start=1):
            where = f"vote {n}"
            if not isinstance(row, dict):
                _refuse(f"{where} must be an object, not {_shown(row)}")
            _check_keys(where, row, _VOTE_KEYS)
            own_id = row["id"]
            if not isinstance(own_id, str) or not ID.fullmatch(own_id):
                _refuse(f"{where} has the ID {_shown(own_id)}: 16 hexadecimal digits are allowed")
            if own_id in found:
                _refuse(f"{where} has the ID of an earlier vote, {own_id}")
            found[own_id] = self._vote(where, row, pairs, found)
        return tuple(found.values())

    def _vote(
        self,
        where: str,
        row: Mapping[str, Any],
        pairs: Mapping[frozenset[str], BallotPair],
        earlier: Mapping[str, Vote],
    ) -> Vote:
        pair = self._pair(where, row["left"], row["right"], pairs)
        answer, undone = row["answer"], row["undone"]
        if not isinstance(answer, str) or answer not in ANSWERS:
            _refuse(f"{where} has the answer {_shown(answer)}: {', '.join(ANSWERS)} are allowed")
        if not isinstance(undone, bool):
            _refuse(f"{where} has undone={_shown(undone)}: true or false are allowed")
        turn = -1 if row["left"] == pair.second_clip else 1
        runs = (pair.first_run, pair.second_run)[::turn]
        sides = (pair.first, pair.second)[::turn]
        return Vote(
            vote_id=_vote_id(self.ballot.ballot_id, self.rater_id, row["id"]),
            at=self.moment(f"{where}: at", row["at"]),
            rater=self.rater,
            between=pair.between,
            left=sides[0],
            right=sides[1],
            left_run=runs[0],
            right_run=runs[1],
            answer=answer,
            within=pair.within,
            unit=pair.unit,
            seconds=_seconds(where, row["seconds"]),
            repeat_of=_repeated(where, row["repeat_of"], earlier, runs),
            withdrawn=undone,
            question=self.ballot.question,
        )

    def _pair(self, where: str, left: Any, right: Any, pairs: Mapping[frozenset[str], BallotPair]) -> BallotPair:
        for side, clip in (("left", left), ("right", right)):
            if not isinstance(clip, str) or clip not in self.clips:
                _refuse(f"{where} has the {side} clip {_shown(clip)}, which is not on this ballot")
        if left == right:
            _refuse(f"{where} is on a clip beside itself")
        pair = pairs.get(frozenset((left, right)))
        if pair is None:
            _refuse(f"{where} is on two clips that are no pair of this ballot")
        return pair

    def moment(self, what: str, found: Any) -> datetime:
        """Return a time in UTC that the ballot and the present allow."""
        try:
            moment = datetime.fromisoformat(found) if isinstance(found, str) and _TIME.fullmatch(found) else None
        except ValueError:
            moment = None
        if moment is None:
            _refuse(f"{what} is {_shown(found)}: a time like 2026-12-01T09:30:00.000Z is allowed")
        moment = moment.astimezone(UTC)
        if moment > self.now + AHEAD:
            _refuse(
                f"{what} is {found}, which is in the future: the clock of that device is ahead",
                hint="add the file once that time has come; until then it is not counted",
            )
        if moment < self.ballot.made - BEHIND:
            _refuse(
                f"{what} is {found}, before the ballot was made: the clock of that device is behind",
                hint="ask the rater to set the clock and to judge again on a fresh page",
            )
        return moment


def _parse(data: bytes) -> dict[str, Any]:
    """Return the JSON object; no number that JSON has no word for, and no key twice."""
    if len(data) > LARGEST_BYTES:
        _refuse(f"it has {len(data)} bytes; at most {LARGEST_BYTES} are read")
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        found = None
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:_SHOWN]
        _refuse(f"it is no JSON text: {why}", hint="give files that a page's “Save votes” wrote, unchanged")
    if not isinstance(found, dict):
        _refuse("it is no file of votes of a ballot page", hint="give files that a page's “Save votes” wrote")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _check_keys(where: str, found: Mapping[str, Any], keys: set[str]) -> None:
    if missing := sorted(keys - found.keys()):
        _refuse(f"{where} has no {missing[0]!r}")
    if strange := sorted(found.keys() - keys):
        _refuse(f"{where} has {_shown(strange[0])}, which is none of {', '.join(sorted(keys))}")


def _rater(found: Any) -> tuple[str, str]:
    """Return the rater as the log calls it, and its random ID."""
    if not isinstance(found, dict):
        _refuse(f"rater must be an object, not {_shown(found)}")
    _check_keys("rater", found, {"name", "id"})
    name, rater_id = found["name"], found["id"]
    if not isinstance(rater_id, str) or not ID.fullmatch(rater_id):
        _refuse(f"the rater's ID is {_shown(rater_id)}: 16 hexadecimal digits are allowed")
    proper = isinstance(name, str) and name == name.strip() and 1 <= len(name) <= LONGEST_NAME
    if not proper or any(unicodedata.category(letter) in _UNSHOWABLE for letter in name):
        _refuse(f"the rater's name is {_shown(name)}: 1 to {LONGEST_NAME} visible characters are allowed")
    return f"{name} ({rater_id[:8]})", rater_id


def _seconds(where: str, found: Any) -> float | None:
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= LONGEST_S:
        _refuse(f"{where} has seconds={_shown(found)}: a number from 0 to {LONGEST_S:g}, or null, is allowed")
    seconds = float(found)
    return seconds if math.isfinite(seconds) else None


def _repeated(where: str, found: Any, earlier: Mapping[str, Vote], runs: tuple[str, ...]) -> str | None:
    """Return the log's ID of the vote that is repeated with its sides swapped; None if this is no repeat."""
    if found is None:
        return None
    first = earlier.get(found) if isinstance(found, str) else None
    if first is None or first.repeat_of is not None or (first.left_run, first.right_run) != runs[::-1]:
        _refuse(f"{where} repeats {_shown(found)}, which is no earlier vote on the same pair with its sides swapped")
    return first.vote_id


def _vote_id(ballot_id: str, rater_id: str, own_id: str) -> str:
    """Return the vote's ID in the log: the same for the same vote, from whichever file it comes."""
    return "v" + hashlib.sha256(f"{ballot_id} {rater_id} {own_id}".encode()).hexdigest()[:24]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _refuse(message: str, hint: str = _AGAIN) -> NoReturn:
    raise UsageError(message, hint=hint)
