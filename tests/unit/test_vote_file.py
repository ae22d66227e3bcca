"""Tests of files of votes: each value is checked, and one wrong value means that no vote is read."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hailuo_widgets.domain.ballot import Ballot, BallotPair
from hailuo_widgets.domain.vote import ANSWERS
from hailuo_widgets.errors import UsageError
from hailuo_widgets.voting.vote_file import LARGEST_BYTES, VoteFile, read_vote_file

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
AT = "2026-12-01T11:00:00.000Z"


def pair(n: int) -> BallotPair:
    """A pair of the ballot: a fox and a wolf of one seed."""
    return BallotPair(
        first_clip=f"{n}f".rjust(16, "0"),
        second_clip=f"{n}e".rjust(16, "0"),
        first_run=f"r-fox-{n}",
        second_run=f"r-wolf-{n}",
        first="fox",
        second="wolf",
        between="variant",
        within="seed",
        unit=str(n),
    )


BALLOT = Ballot(
    ballot_id="b" * 16,
    made=NOW - timedelta(hours=2),
    question="Which moves better?",
    consent="I agree.",
    pairs=tuple(pair(n) for n in (1, 2)),
)
(FOX, WOLF), OTHER = (BALLOT.pairs[0].first_clip, BALLOT.pairs[0].second_clip), BALLOT.pairs[1].first_clip


def vote(own_id: str, **more: Any) -> dict[str, Any]:
    """A vote of the file."""
    row = {"id": own_id * 16, "left": FOX, "right": WOLF, "answer": "left", "seconds": 2.5, "at": AT}
    return row | {"repeat_of": None, "undone": False} | more


def content(*votes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The file's content."""
    head = {"kind": "hailuo-votes", "version": 1, "ballot": BALLOT.ballot_id, "consent": AT, "saved": AT}
    rater = {"name": "amber otter", "id": "0123456789abcdef"}
    return head | {"rater": rater, "votes": list(votes or (vote("1"),))} | more


def read(found: Any) -> VoteFile:
    """Read a content, or the bytes of one."""
    data = found if isinstance(found, bytes) else json.dumps(found).encode()
    return read_vote_file(data, {BALLOT.ballot_id: BALLOT}.get, now=NOW)


def test_a_vote_is_what_the_panel_would_write() -> None:
    """Clips become runs and values on the sides where they were shown; a rater is the name and the random ID."""
    rows = [
        vote("1"),
        vote("2", left=WOLF, right=FOX, answer="both bad", repeat_of="1" * 16, seconds=None),
        vote("3", left=BALLOT.pairs[1].second_clip, right=OTHER, answer="right", undone=True),
    ]
    found = read(content(*rows))
    assert (found.ballot_id, found.rater) == (BALLOT.ballot_id, "amber otter (01234567)")
    first, again, undone = found.votes
    assert (first.left, first.right, first.left_run, first.right_run) == ("fox", "wolf", "r-fox-1", "r-wolf-1")
    assert (first.between, first.within, first.unit, first.question) == ("variant", "seed", "1", BALLOT.question)
    assert (first.answer, first.seconds, first.repeat_of, first.withdrawn) == ("left", 2.5, None, False)
    assert first.at == NOW - timedelta(hours=1)
    assert (again.left, again.left_run, again.right_run) == ("wolf", "r-wolf-1", "r-fox-1")
    assert (again.repeat_of, again.answer, again.seconds) == (first.vote_id, "both bad", None)
    assert (undone.left, undone.unit, undone.winner, undone.withdrawn) == ("wolf", "2", "fox", True)
    assert len({v.vote_id for v in found.votes}) == 3
    assert {v.rater for v in found.votes} == {found.rater}


def test_two_raters_of_one_name_are_two() -> None:
    """A rater is the name and the ID of the page; the same vote has the same ID in each of its files."""
    one, two = (read(content(rater={"name": "kim", "id": own * 16})) for own in "ab")
    assert (one.rater, two.rater) == ("kim (aaaaaaaa)", "kim (bbbbbbbb)")
    assert one.votes[0].vote_id != two.votes[0].vote_id
    later = read(content(vote("1"), vote("2"), rater={"name": "kim", "id": "a" * 16}))
    assert later.votes[0] == one.votes[0]


def at(*place: Any, to: Any) -> Callable[[dict[str, Any]], Any]:
    """A change of one value; ``...`` removes it."""

    def change(found: dict[str, Any]) -> Any:
        inner: Any = found
        for key in place[:-1]:
            inner = inner[key]
        if to is ...:
            del inner[place[-1]]
        else:
            inner[place[-1]] = to
        return found

    return change


WRONG: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a list": (lambda _: [], "no file of votes"),
    "null": (lambda _: None, "no file of votes"),
    "another kind": (at("kind", to="x"), "no file of votes"),
    "a newer version": (at("version", to=2), "version 2, and this program reads 1"),
    "version true": (at("version", to=True), "version True"),
    "no consent": (at("consent", to=...), "no 'consent'"),
    "a strange key": (at("model", to="02"), "'model', which is none of"),
    "an unknown ballot": (at("ballot", to="c" * 16), "not in this run log"),
    "a ballot that is no ID": (at("ballot", to={"x": 1}), "not in this run log"),
    "a path as ballot": (at("ballot", to="../../etc/passwd"), "not in this run log"),
    "no rater": (at("rater", to="kim"), "rater must be an object"),
    "a rater without ID": (at("rater", "id", to=...), "rater has no 'id'"),
    "another rater ID": (at("rater", "id", to="A" * 16), "the rater's ID"),
    "an empty name": (at("rater", "name", to=""), "the rater's name"),
    "blanks around a name": (at("rater", "name", to=" kim"), "the rater's name"),
    "a huge name": (at("rater", "name", to="k" * 10_000), r"'k{59}…: 1 to 40 visible characters"),
    "NUL in a name": (at("rater", "name", to="k\0m"), "the rater's name"),
    "a surrogate in a name": (at("rater", "name", to="k\ud800m"), "the rater's name"),
    "a turned text in a name": (at("rater", "name", to="k\u202em"), "the rater's name"),
    "consent in the future": (at("consent", to="2026-12-01T12:05:00.001Z"), "in the future"),
    "saved in the future": (at("saved", to="2027-12-01T12:00:00.000Z"), "in the future"),
    "votes as an object": (at("votes", to={}), "votes must be a list"),
    "too many votes": (at("votes", to=[1] * 20_001), "at most 20000"),
    "a vote that is none": (at("votes", 0, to=3), "vote 1 must be an object, not 3"),
    "a vote without answer": (at("votes", 0, "answer", to=...), "vote 1 has no 'answer'"),
    "a vote with a run": (at("votes", 0, "left_run", to="r1"), "vote 1 has 'left_run'"),
    "an ID that is a number": (at("votes", 0, "id", to=7), "vote 1 has the ID 7"),
    "one ID twice": (at("votes", to=[vote("1"), vote("1", answer="right")]), "vote 2 has the ID of an earlier vote"),
    "an unknown clip": (at("votes", 0, "left", to="f" * 16), "left clip 'f+', which is not on this ballot"),
    "a clip that is a list": (at("votes", 0, "right", to=[WOLF]), "right clip"),
    "a clip beside itself": (at("votes", 0, "right", to=FOX), "on a clip beside itself"),
    "clips that are no pair": (at("votes", 0, "right", to=OTHER), "no pair of this ballot"),
    "another answer": (at("votes", 0, "answer", to="leftish"), "answer 'leftish': left, right, tie, both bad"),
    "an answer that is no text": (at("votes", 0, "answer", to=["left"]), "the answer"),
    "seconds as text": (at("votes", 0, "seconds", to="2"), "seconds='2'"),
    "seconds true": (at("votes", 0, "seconds", to=True), "seconds=True"),
    "negative seconds": (at("votes", 0, "seconds", to=-0.1), "seconds=-0.1"),
    "endless seconds": (at("votes", 0, "seconds", to=1e300), "seconds=1e"),
    "a number of many digits": (at("votes", 0, "seconds", to=10**400), "seconds=10+…"),
    "a time in words": (at("votes", 0, "at", to="yesterday"), "a time like"),
    "a time of no calendar": (at("votes", 0, "at", to="2026-02-30T11:00:00.000Z"), "a time like"),
    "a local time": (at("votes", 0, "at", to="2026-12-01T11:00:00.000+01:00"), "a time like"),
    "a vote in the future": (at("votes", 0, "at", to="2026-12-02T11:00:00.000Z"), "in the future"),
    "a vote before the ballot": (at("votes", 0, "at", to="1970-01-01T00:00:00.000Z"), "before the ballot was made"),
    "undone as a number": (at("votes", 0, "undone", to=0), "undone=0"),
    "a repeat of itself": (at("votes", 0, "repeat_of", to="1" * 16), "no earlier vote"),
    "a repeat on the same sides": (at("votes", to=[vote("1"), vote("2", repeat_of="1" * 16)]), "sides swapped"),
    "a repeat that is a number": (at("votes", 0, "repeat_of", to=1), "repeats 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_refused(name: str) -> None:
    """The message says which one, shortened; the hint says what to do."""
    change, says = WRONG[name]
    assert read(content()).votes
    with pytest.raises(UsageError, match=says) as caught:
        read(change(copy.deepcopy(content())))
    assert caught.value.hint
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (json.dumps(content(vote("1", seconds=float("nan")))).encode(), "NaN is no number"),
        (json.dumps(content(vote("1", seconds=float("-inf")))).encode(), "-Infinity is no number"),
        (b'{"kind": "hailuo-votes", "kind": "hailuo-votes"}', "a key is there twice"),
        (json.dumps(content()).encode().replace(b"2.5", b"1e999"), "seconds=inf"),
        (json.dumps(content()).encode().replace(b"2.5", b"1" * 5000), "no JSON"),
        (b" " * (LARGEST_BYTES + 1), "at most"),
    ],
    ids=["empty", "encoding", "cut", "deep", "nan", "inf", "key twice", "1e999", "digits", "size"],
)
def test_bytes_that_are_no_file_of_votes(data: bytes, says: str) -> None:
    """No encoding, no JSON, numbers that JSON has no word for, one key twice, too much of it: refused."""
    with pytest.raises(UsageError, match=says):
        read(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from([FOX, WOLF, AT]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [
        *((name,) for name in content()),
        *(("rater", name) for name in ("name", "id")),
        *(("votes", n, name) for n in (0, 1) for name in vote("1")),
        ("votes", 0),
    ]
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(changes=st.lists(st.tuples(PLACES, JSON), min_size=1, max_size=3))
def test_an_altered_file_is_read_or_refused(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Any values in any places: either all votes are votes on pairs of the ballot, or it is an error of the user's."""
    found = content(vote("1"), vote("2", left=WOLF, right=FOX, repeat_of="1" * 16))
    for place, value in changes:
        try:
            at(*place, to=value)(found)
        except (KeyError, IndexError, TypeError):
            continue
    try:
        votes = read(found).votes
    except UsageError as error:
        assert error.hint  # noqa: PT017 - not raised by every example
        return
    runs = {frozenset((p.first_run, p.second_run)) for p in BALLOT.pairs}
    assert all(frozenset((v.left_run, v.right_run)) in runs and v.answer in ANSWERS for v in votes)
    assert all(v.seconds is None or 0 <= v.seconds < float("inf") for v in votes)
    assert all(BALLOT.made - timedelta(days=1) <= v.at <= NOW + timedelta(minutes=5) for v in votes)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=st.binary(max_size=200), place=st.integers(0, 400))
def test_any_bytes_in_a_file(data: bytes, place: int) -> None:
    """Bytes over any part of a file, or instead of it: read or refused, and nothing else is raised."""
    whole = json.dumps(content()).encode()
    for altered in (data, whole[:place] + data + whole[place + len(data) :], whole[:place]):
        try:
            read(altered)
        except UsageError as error:
            assert error.hint  # noqa: PT017


def test_a_ballot_is_read_back_as_it_was() -> None:
    """From JSON; anything of another form is refused."""
    plain = json.loads(json.dumps(BALLOT.to_json()))
    assert Ballot.from_json(BALLOT.ballot_id, BALLOT.made, plain) == BALLOT
    assert BALLOT.clips[FOX] == "r-fox-1"
    assert len(BALLOT.clips) == 4
    pairs = plain["pairs"]
    for wrong in (
        {}, plain | {"version": 2}, plain | {"question": 1}, plain | {"consent": None}, plain | {"pairs": {}},
        plain | {"pairs": [3]}, plain | {"pairs": [{}]}, plain | {"pairs": [pairs[0] | {"unit": 1}]},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"ballot b+ has"):
            Ballot.from_json(BALLOT.ballot_id, BALLOT.made, wrong)
