"""Tests of the create call (rows 11 to 25 and 33 to 37): it is sent and charged at most once."""

from __future__ import annotations

import gzip
import json
import re
import resource
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Scene, error_of, steps
from fake_provider import Act, FakeProvider, head_half, reset_half

from hailuo_widgets.errors import TransportError, Unconfirmed

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Begin

WAYS_OUT = ("run.adopt(task_id)", "run.write_off()", "run.resubmit()")


def assert_unconfirmed(scene: Scene, *, charged: int, says: str = "") -> None:
    """One run was asked for: it may have been billed, it says so with the ways out, and it is not sent again."""
    run = scene.run()
    error = error_of(run)
    assert isinstance(error, Unconfirmed)
    assert "may have been billed" in str(error)
    assert [way for way in WAYS_OUT if way not in str(error)] == []
    assert re.search(says, str(error)), str(error)
    assert (run.status, run.cost, run.task_id) == ("unconfirmed", None, None)
    assert steps(run) == ["planned", "create_sent", "unconfirmed"]
    assert scene.files() == []
    again = scene.run()  # the same cell, run once more
    assert (again.status, scene.sent, scene.charged) == ("skipped", 1, charged)
    assert scene.session.resume() == []
    assert (scene.sent, scene.charged) == (1, charged)


# -- 11, 12: certainly not sent ---------------------------------------------------------------------------------------


def test_refused_and_not_resolved(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """11: a closed port, and a name that nobody has: at most three tries, then the host's name and what to check."""
    scene = begin()
    scene.fake_provider.stop()
    closed = scene.run()
    monkeypatch.setenv("MINIMAX_BASE_URL", "https://provider.invalid")
    nowhere = scene.run("a wolf")
    for run, host in ((closed, "127.0.0.1"), (nowhere, "provider.invalid")):
        error = error_of(run)
        assert isinstance(error, TransportError)
        assert f"{host} cannot be reached" in str(error)
        assert "nothing was sent" in str(error)
        assert "check the network, its proxy" in str(error)
        assert (run.status, run.cost) == ("failed", None)
        assert 1 <= steps(run).count("create_sent") <= 3
    assert (scene.sent, scene.charged, scene.files()) == (0, 0, [])


def test_a_certificate_that_nobody_vouches_for(
    begin: Begin, clip: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """12: a self-signed provider gets nothing, neither key nor request; the error names the variable that helps."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*make, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    scene = begin(fake_provider=FakeProvider(clip, tls=(cert, key)))
    run = scene.run()
    assert isinstance(error_of(run), TransportError)
    assert "certificate is not trusted" in str(error_of(run))
    assert "SSL_CERT_FILE" in str(error_of(run))
    assert (run.status, scene.fake_provider.calls, scene.charged) == ("failed", [], 0)
    assert steps(run).count("create_sent") == 1


# -- 13 to 17, 20, 25, 35, 36: it may have been accepted --------------------------------------------------------------

GZIP_BOMB = gzip.compress(bytes(100 * 2**20), 9)
AT_ONCE = {"settling_s": 0.0}  # what a provider does not know now it never had
LOST: dict[str, tuple[Act, int, str]] = {
    "13 reset in the middle of the upload": (Act(read="half", end="reset", raw=b""), 0, "answer was lost"),
    "13 reset after the head": (Act(read="head", end="reset", raw=b""), 0, "answer was lost"),
    "14 closed after it was accepted": (Act(raw=b""), 1, "answer was lost"),
    "14 reset after it was accepted": (Act(raw=b"", end="reset"), 1, "answer was lost"),
    "14 hangs after it was accepted": (Act(raw=b"", end="hang"), 1, "did not answer within"),
    "15 half of the headers": (Act(cut=head_half), 1, "answer was lost"),
    "15 half of the body": (Act(cut=reset_half), 1, "answer was lost"),
    "15 half of a chunk": (Act(chunked=True, cut=reset_half), 1, "answer was lost"),
    "16 malformed": (Act(body=b'{"task_id": "1069', headers={"content-length": "17"}), 1, "cannot be read"),
    "16 empty": (Act(body=b""), 1, "cannot be read"),
    "16 NaN": (Act(body=b'{"x": NaN}'), 1, "names no task"),
    "17 a proxy's page": (
        Act(body=b"<html><script>alert(1)</script>Sign in</html>", headers={"content-type": "text/html"}),
        1,
        "got text/html where JSON was due: a proxy",
    ),
    "19 a code in no document": (
        Act(take=False, change=lambda _: {"base_resp": {"status_code": 4711, "status_msg": "odd"}}),
        0,
        "in no document.*4711",
    ),
    "20 no task id": (Act(change=lambda d: {"base_resp": d["base_resp"]}), 1, "names no task"),
    "21 an empty task id": (Act(change=lambda d: {**d, "task_id": ""}), 1, "names no task"),
    "21 a task id that is a list": (Act(change=lambda d: {**d, "task_id": ["1"]}), 1, "names no task"),
    "21 a task id that is a truth value": (Act(change=lambda d: {**d, "task_id": True}), 1, "names no task"),
    "21 a task id of a megabyte": (Act(change=lambda d: {**d, "task_id": "7" * 2**20}), 1, "names no task"),
    "21 a task id that is a path": (Act(change=lambda d: {**d, "task_id": "../../x"}), 1, "names no task"),
    "21 a task id that is a script": (Act(change=lambda d: {**d, "task_id": "<script>x</script>"}), 1, "names no task"),
    "25 HTTP 504 after it was accepted": (Act(status=504, body=b"gateway time-out"), 1, "HTTP 504"),
    "25 HTTP 524 after it was accepted": (Act(status=524, body=b"a time-out occurred"), 1, "HTTP 524"),
    "25 HTTP 409": (Act(status=409, body=b"{}"), 1, "HTTP 409"),
    "35 a byte in a fifth of a second": (Act(pace_s=0.2), 1, "did not answer within"),
    "36 a number of 5000 digits": (Act(body=b'{"task_id": ' + b"7" * 5000 + b"}"), 1, "cannot be read"),
    "36 200,000 levels": (Act(body=b"[" * 200_000), 1, "cannot be read"),
    "36 a gzip bomb": (Act(body=GZIP_BOMB, headers={"content-encoding": "gzip"}), 1, "larger than|cannot be read"),
    "36 an answer without an end": (Act(body=b" " * 2**20, repeat=64), 1, "larger than"),
}


@pytest.mark.parametrize("what", LOST)
def test_an_answer_that_tells_nothing(begin: Begin, what: str) -> None:
    """13 to 17, 20, 21, 25, 35, 36: unconfirmed with three ways out, sent once, and never more than 20 MB taken."""
    act, charged, says = LOST[what]
    scene = begin(timing={"create_s": 0.8}).on("create", act)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert_unconfirmed(scene, charged=charged, says=says)
    if "bomb" in what:
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 20e6


def test_what_a_proxys_page_says_is_not_rendered(begin: Begin) -> None:
    """17: its markup is in no card as markup; the log keeps the beginning of what was received, under 2 KiB."""
    page = b"<html><script>alert(1)</script>Sign in</html>" + b"x" * 10_000
    scene = begin().on("create", Act(body=page, headers={"content-type": "text/html"}))
    run = scene.run()
    said = str((run.record.error or {})["provider_message"])
    assert said.startswith("<html><script>alert(1)</script>Sign in")
    assert len(said) <= 2048
    from hailuo_widgets.render.card import render_html

    assert "<script>alert" not in render_html(run.card)


def test_a_byte_order_mark_and_a_gzipped_answer_are_read(begin: Begin) -> None:
    """16: neither hides a task id that was paid for."""
    scene = begin()
    good = json.dumps({"task_id": "106916112212032", "base_resp": {"status_code": 0, "status_msg": "success"}})
    zipped = gzip.compress(good.replace("032", "033").encode())
    scene.on("create", Act(body=b"\xef\xbb\xbf" + good.encode()))
    scene.on("create", Act(body=zipped, headers={"content-encoding": "gzip"}))
    first, second = scene.run(), scene.run("a wolf")
    assert (first.status, first.task_id) == ("succeeded", "106916112212032")
    assert (second.status, second.task_id) == ("succeeded", "106916112212033")
    assert (scene.charged, scene.fake_provider.twice, scene.parts()) == (2, [], [])


@pytest.mark.parametrize(
    "act",
    [Act(status=503, body=b"x"), Act(status=303, body=b""), Act(body=b"<p>", headers={"content-type": "text/html"})],
    ids=["HTTP 503", "HTTP 303", "a page"],
)
def test_the_trace_id_of_an_unconfirmed_run(begin: Begin, act: Act) -> None:
    """What the provider's support desk asks for is on the error, in the log, and in what is printed."""
    scene = begin().on("create", act)
    run = scene.run()
    assert (run.status, error_of(run).trace_id) == ("unconfirmed", "trace-1")
    assert (run.record.error or {})["trace_id"] == "trace-1"
    assert "trace id trace-1" in str(error_of(run))


# -- 18, 19, 21, 22: what can be read ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (1004, "AuthError", "MINIMAX_API_KEY"),
        (1008, "InsufficientCredits", "top up"),
        (1026, "Moderated", "reword"),
        (1028, "InsufficientCredits", "quota"),
        (1042, "InvalidRequest", "illegal"),
        (2013, "InvalidRequest", "parameter"),
        (2038, "AuthError", "verified"),
        (2049, "AuthError", "api.minimax.io"),
        (2056, "InsufficientCredits", "quota"),
        (2061, "InvalidRequest", "plan"),
    ],
)
def test_a_plain_no(begin: Begin, code: int, kind: str, says: str) -> None:
    """18: a code of the table is final: its own error, the provider's words, nothing charged, nothing sent again."""
    answer = {"base_resp": {"status_code": code, "status_msg": "words of the provider"}}
    scene = begin().on("create", Act(take=False, change=lambda _: answer))
    run = scene.run()
    error = error_of(run)
    assert (type(error).__name__, error.code, error.provider_message) == (kind, str(code), "words of the provider")
    assert says in str(error)
    assert error.trace_id == "trace-1"
    assert (run.status, run.cost, scene.sent, scene.charged) == ("failed", None, 1, 0)
    assert scene.files() == []


def test_a_task_id_beside_an_unknown_code(begin: Begin) -> None:
    """19: a task id is a yes, whatever the code beside it; the warning is in the log."""
    scene = begin().on("create", Act(change=lambda d: {**d, "base_resp": {"status_code": 4711, "status_msg": "odd"}}))
    run = scene.run()
    assert (run.status, scene.charged, scene.sent) == ("succeeded", 1, 1)
    accepted = next(e for e in run.events if e["what"] == "create_accepted")
    assert "4711" in accepted["data"]["warning"]


def test_a_task_id_is_never_a_path(begin: Begin) -> None:
    """21: an id with dots and colons is kept as text and asked for; the file has our name."""
    odd = "..:-a.b"
    scene = begin().on("create", Act(change=lambda d: {**d, "task_id": odd}))
    scene.on("query", Act(change=lambda _: {"status": "Success", "file_id": "1", "base_resp": {"status_code": 0}}))
    run = scene.run()
    assert (run.status, run.task_id, scene.charged) == ("succeeded", odd, 1)
    assert scene.fake_provider.of("query")[0].query["task_id"] == odd
    assert scene.files() == [f"{run.id}.jpg", f"{run.id}.mp4"]


def test_a_task_id_handed_out_twice(begin: Begin) -> None:
    """22: the second run is unconfirmed and names the id; the first keeps its clip."""
    scene = begin()
    first = scene.run()
    scene.on("create", Act(change=lambda d: {**d, "task_id": first.task_id}))
    second = scene.run("a wolf")
    assert (first.status, second.status, second.cost) == ("succeeded", "unconfirmed", None)
    assert f"a task id already used: {first.task_id}" in str(error_of(second))
    assert (scene.charged, scene.sent) == (2, 2)
    assert scene.files() == [f"{first.id}.jpg", f"{first.id}.mp4"]


# -- 33, 34: redirects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("provider", ["minimax", "runware"])
def test_redirects_are_not_followed(begin: Begin, clip: bytes, status: int, provider: str) -> None:
    """33, 34: the other host gets no call, hence neither the key nor the paid request.

    No document says that a redirect refuses, and a 303 is how a proxy says yes: the run is unconfirmed, with the
    setting to look at; where the provider takes our id, that is asked for, and settles it.
    """
    with FakeProvider(clip) as elsewhere:
        act = Act(take=False, status=status, headers={"location": f"{elsewhere.url}/v1/video_generation"}, body=b"")
        scene = begin(provider=provider, timing=AT_ONCE).on("create", act)
        run = scene.run(model=None)
        assert elsewhere.calls == []
    if provider == "runware":
        assert (run.status, scene.sent, scene.charged, scene.fake_provider.twice) == ("succeeded", 2, 1, [])
        return
    assert isinstance(error_of(run), Unconfirmed)
    assert "a redirect, which is never followed" in str(error_of(run))
    assert "MINIMAX_BASE_URL" in str(error_of(run))
    assert (run.status, scene.sent, scene.charged) == ("unconfirmed", 1, 0)


DOUBTFUL = {
    "303 after it was accepted": Act(status=303, headers={"location": "/done"}, body=b""),
    "499 after it was accepted": Act(status=499, body=b"{}"),
    "460 after it was accepted": Act(status=460, body=b"<html>", headers={"content-type": "text/html"}),
    "410 after it was accepted": Act(status=410, change=lambda _: {"message": "the session is gone"}),
    "413 after it was accepted": Act(status=413, change=lambda _: {"message": "too large"}),
    "451 after it was accepted": Act(status=451, body=b"{}"),
    "529 after it was accepted": Act(status=529, change=lambda _: {"type": "error", "error": {"message": "busy"}}),
    "999 after it was accepted": Act(status=999, body=b"denied"),
}


@pytest.mark.parametrize("what", DOUBTFUL)
def test_a_status_of_no_document(begin: Begin, what: str) -> None:
    """A status that the provider documents for no refusal leaves the run unconfirmed, and it is not sent again."""
    assert_unconfirmed(begin().on("create", DOUBTFUL[what]), charged=1, says=f"HTTP {what[:3]}")


# -- 37: an id of ours ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [Act(raw=b""), Act(raw=b"", end="reset"), Act(status=502, body=b"x")])
def test_a_lost_answer_is_asked_for_by_our_own_id(begin: Begin, act: Act) -> None:
    """37: where the provider takes our id, the lost answer is found by it: one charge, and the clip is here."""
    scene = begin(provider="runware").on("create", act)
    run = scene.run(model=None)
    assert (run.status, run.task_id, run.cost) == ("succeeded", run.record.client_uuid, 0.28)
    assert (scene.charged, scene.sent, scene.fake_provider.twice) == (1, 1, [])
    found = [e["data"].get("found_by") for e in run.events if e["what"] == "create_accepted"]
    assert found == ["our own id"]


SENT_AGAIN = "create_sent_again"


def test_a_create_that_never_arrived_is_sent_again_under_the_same_id(
    begin: Begin,
) -> None:
    """37: what the provider does not know a minute later is sent again under the same id, and charged once."""
    scene = begin(provider="runware", timing={"settling_s": 0.5}).on("create", Act(take=False, raw=b"", end="reset"))
    scene.on("create", Act(take=False, status=502, body=b"x"))
    run = scene.run(model=None)
    assert [call.body[0]["taskUUID"] for call in scene.fake_provider.of("create")] == [run.record.client_uuid] * 3
    assert (run.status, scene.charged, scene.fake_provider.twice) == ("succeeded", 1, [])
    assert (steps(run).count(SENT_AGAIN), steps(run).count("create_sent")) == (2, 1)


def test_books_that_are_behind_do_not_make_a_charged_run_a_failed_one(
    begin: Begin,
) -> None:
    """37: denied at first, the run is not sent again within a minute, and found as soon as the provider knows it."""
    scene = begin(provider="runware", timing={"backoff_s": lambda *_, **__: 0.1}).on(
        "create", Act(raw=b"", end="reset")
    )
    for _ in range(4):
        scene.on("query", Act(change=lambda _: {"errors": [{"code": "taskUUIDNotFound", "message": "no such task"}]}))
    run = scene.run(model=None)
    assert (run.status, scene.charged, scene.sent, scene.fake_provider.twice) == ("succeeded", 1, 1, [])
    assert steps(run).count(SENT_AGAIN) == 0


def test_books_that_stay_behind_are_settled_by_the_same_id(begin: Begin) -> None:
    """37: sent again under an id that the provider has after all, the call is refused as a conflict: that is a yes."""
    scene = begin(provider="runware", timing=AT_ONCE).on("create", Act(raw=b"", end="reset"))
    scene.on("query", Act(change=lambda _: {"errors": [{"code": "taskUUIDNotFound", "message": "no such task"}]}))
    scene.on("create", Act(take=False, change=conflict))
    run = scene.run(model=None)
    assert (run.status, scene.charged, scene.sent, scene.fake_provider.twice) == ("succeeded", 1, 2, [])


def test_a_create_that_never_arrives_is_not_sent_for_ever(begin: Begin) -> None:
    """37: sent again three times under an id that the provider never knew; then the run is unconfirmed, not failed."""
    scene = begin(provider="runware", timing=AT_ONCE)
    scene.fake_provider.always("create", Act(take=False, status=502, body=b"x"))
    run = scene.run(model=None)
    assert (run.status, scene.sent, scene.charged, run.cost) == ("unconfirmed", 4, 0, None)
    assert "HTTP 502" in str(error_of(run))


def test_a_refusal_of_the_second_call_says_nothing_of_the_first(begin: Begin) -> None:
    """37: refused when it is sent again, the run stays unconfirmed: the first call may have been accepted."""
    scene = begin(provider="runware", timing=AT_ONCE).on("create", Act(take=False, raw=b"", end="reset"))
    broke = {"errors": [{"code": "insufficientCredits", "message": "top up"}]}
    scene.on("create", Act(take=False, change=lambda _: broke))
    run = scene.run(model=None)
    assert (run.status, scene.sent, scene.charged, run.cost) == ("unconfirmed", 2, 0, None)


def conflict(answer: dict[str, Any]) -> dict[str, Any]:
    """The refusal of an id that the provider has already."""
    ours_ = answer["data"][0]["taskUUID"]
    return {"errors": [{"code": "conflictTaskUUID", "message": "exists", "taskUUID": ours_}]}


def test_a_conflict_of_ids_is_a_yes(begin: Begin) -> None:
    """37: ``conflictTaskUUID`` says that an earlier call was accepted: it is followed, not sent again."""
    scene = begin(provider="runware").on("create", Act(change=conflict))
    run = scene.run(model=None)
    assert (run.status, scene.charged, scene.sent) == ("succeeded", 1, 1)
