"""Tests of replies about another task, file or image: nothing in them is used."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.errors import ProviderError, TaskLost
from hailuo_widgets.provider import open_provider
from hailuo_widgets.provider.interface import MIX_UP, Clip, HttpReply, Poll, Provider, Task
from hailuo_widgets.provider.parse import same_id
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.images import Image

LINK = "https://clips.example/strangers.mp4"
OK = {"status_code": 0, "status_msg": "success"}
MODERATED = {"status_code": 1027, "status_msg": "output sensitive"}
GONE = {"status_code": 2013, "status_msg": "task not found"}
RESULT = {"taskType": "videoInference", "videoUUID": "v", "videoURL": LINK, "status": "success"}
REFUSED = {"code": "contentPolicyViolation", "message": "no"}
OPEN: dict[str, Provider] = {
    name: open_provider(name, Settings.resolve({}, environ={}))
    for name in ("minimax", "kie", "kkiai", "pixazo", "runware")
}

# Provider with its channel, and an answer by the id that it names.
ANSWERS: list[tuple[str, Callable[[str], Any]]] = [
    ("minimax", lambda i: {"task_id": i, "status": "Success", "file_id": "9", "base_resp": OK}),
    ("minimax", lambda i: {"task_id": i, "status": "Processing", "base_resp": OK}),
    ("minimax", lambda i: {"task_id": i, "status": "Fail", "base_resp": MODERATED}),
    ("minimax", lambda i: {"task_id": i, "base_resp": MODERATED}),
    ("minimax", lambda i: {"task_id": i, "base_resp": GONE}),
    ("minimax", lambda i: {"task_id": i, "status": "Success", "video_url": LINK, "base_resp": OK}),
    ("minimax v2", lambda i: {"task": {"id": i, "status": "succeeded", "content": {"url": LINK}}}),
    ("minimax v2", lambda i: {"task": {"id": i, "status": "running"}}),
    ("minimax v2", lambda i: {"task": {"id": i, "status": "failed", "error": {"code": "1027", "message": "no"}}}),
    ("minimax v2", lambda i: {"task": {"id": i, "status": "cancelled"}}),
    ("pixazo requests", lambda i: {"request_id": i, "status": "COMPLETED", "output": {"media_url": LINK}}),
    ("pixazo requests", lambda i: {"request_id": i, "status": "FAILED", "error": "no"}),
    ("pixazo", lambda i: {"task_id": i, "status": "Success", "video_url": LINK, "base_resp": OK}),
    ("pixazo", lambda i: {"task_id": i, "status": "Fail", "base_resp": OK}),
    ("kkiai", lambda i: {"task_id": i, "status": "Success", "file_id": "9", "base_resp": OK}),
    ("kkiai", lambda i: {"code": "success", "data": {"task_id": i, "status": "SUCCESS", "result_url": LINK}}),
    ("kkiai", lambda i: {"code": "success", "data": {"task_id": i, "status": "FAILURE", "fail_reason": "no"}}),
    ("kie", lambda i: {"code": 0, "data": {"taskId": i, "status": 1, "videoUrl": LINK}}),
    ("kie", lambda i: {"code": 0, "data": {"taskId": i, "status": 2}}),
    ("kie", lambda i: {"code": 501, "msg": "no", "data": {"taskId": i}}),
    ("kie", lambda i: {"code": 200, "data": {"taskId": i, "state": "success", "resultJson": {"resultUrls": [LINK]}}}),
    ("kie", lambda i: {"code": 200, "data": {"taskId": i, "state": "fail", "failMsg": "no"}}),
    ("runware", lambda i: {"data": [RESULT | {"taskUUID": i}]}),
    ("runware", lambda i: {"data": [{"taskUUID": i, "status": "error", "error": REFUSED}]}),
    ("runware", lambda i: {"errors": [{"code": "taskNotFound", "message": "no", "taskUUID": i}]}),
]


def reply(body: Any, status: int = 200) -> HttpReply:
    """An answer."""
    return HttpReply(status=status, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


def asked(label: str, body: Any, task_id: str) -> Poll:
    """What a query's answer means; the channel stands after the provider's name."""
    name, _, channel = label.partition(" ")
    return OPEN[name].decode_query(reply(body), Task(task_id=task_id, channel=channel))


@pytest.mark.parametrize("row", range(len(ANSWERS)))
@pytest.mark.parametrize("theirs", ["402", "task-of-a-stranger", "8f0c5f0e-8a5f-4f0e-9d43-0c3a5d4b1e77"])
def test_an_answer_about_another_task(row: int, theirs: str) -> None:
    """Whatever it says, a clip, a failure or a denial: it is a poll that told nothing."""
    name, answer = ANSWERS[row]
    with pytest.raises(ProviderError) as caught:
        asked(name, answer(theirs), "401")
    assert not isinstance(caught.value, TaskLost)
    assert (caught.value.code, caught.value.again) == (MIX_UP, True)
    assert theirs in str(caught.value)


@pytest.mark.parametrize("row", range(len(ANSWERS)))
def test_the_same_answer_about_ours(row: int) -> None:
    """It is believed where it names our task, in either case of its letters."""
    name, answer = ANSWERS[row]
    ours = "3F0C5F0E-8a5f-4f0e-9d43-0c3a5d4b1e77"
    for named in (ours, ours.lower(), ours.upper()):
        try:
            poll = asked(name, answer(named), ours)
        except ProviderError as e:
            assert isinstance(e, TaskLost)  # noqa: PT017 - two of the answers are denials
        else:
            assert poll.state in {"running", "succeeded", "failed"}


@pytest.mark.parametrize(
    "code", ["contentPolicyViolation", "inferenceError", "taskFailed", "invalidDuration", "taskExpired"]
)
def test_errors_about_another_task_of_runware(code: str) -> None:
    """They are not ours, though ours is what was asked for."""
    errors = [{"code": code, "message": "no", "taskUUID": "another"}]
    with pytest.raises(ProviderError):
        OPEN["runware"].decode_query(reply({"data": [], "errors": errors}), Task(task_id="401"))


def test_a_relays_own_id_goes_before_the_one_inside() -> None:
    """A relay may have its own id for a task of MiniMax's, which has another one."""
    inner = {"task_id": "306792606023824", "status": "Success", "video_url": LINK, "base_resp": OK}
    answer = {"code": "success", "data": {"task_id": "task_abc", "status": "SUCCESS", "data": inner}}
    assert OPEN["kkiai"].decode_query(reply(answer), Task(task_id="task_abc")).state == "succeeded"


@pytest.mark.parametrize("name", ["minimax", "kkiai"])
def test_a_link_to_another_file(name: str) -> None:
    """A stranger's file is not fetched; an id that JSON's numbers have rounded is still ours."""
    clip = Clip(file_id="9007199254740993")
    file = {"file_id": 12, "download_url": LINK}
    with pytest.raises(ProviderError) as caught:
        OPEN[name].decode_link(reply({"file": file, "base_resp": OK}), clip)
    assert (caught.value.code, caught.value.again) == (MIX_UP, True)
    for ours in (9007199254740993, 9007199254740992, "9007199254740993"):
        found = OPEN[name].decode_link(reply({"file": file | {"file_id": ours}, "base_resp": OK}), clip)
        assert (found.url, found.file_id) == (LINK, clip.file_id)


@pytest.mark.parametrize("name", ["minimax", "kkiai"])
def test_two_files_in_one_answer(name: str) -> None:
    """An answer that names one file and links to another contradicts itself."""
    answer = {"task_id": "401", "status": "Success", "file_id": "9", "base_resp": OK}
    file = {"file_id": 10, "download_url": LINK}
    with pytest.raises(ProviderError) as caught:
        OPEN[name].decode_query(reply(answer | {"file": file}), Task(task_id="401"))
    assert caught.value.code == MIX_UP


def test_a_file_that_was_another_one_before() -> None:
    """A finished task's file is the one that it was."""
    answer = {"task_id": "401", "status": "Success", "file_id": "file_9", "video_url": LINK, "base_resp": OK}
    assert OPEN["pixazo"].decode_query(reply(answer), Task(task_id="401", file_id="file_9")).clip is not None
    with pytest.raises(ProviderError) as caught:
        OPEN["pixazo"].decode_query(reply(answer), Task(task_id="401", file_id="file_8"))
    assert caught.value.code == MIX_UP


def test_an_upload_of_another_picture(open_: Callable[..., Provider], picture: Image) -> None:
    """What the answer says of the picture is checked: its name, and its size."""
    jobs = open_("kie", kie_dialect="jobs")
    name = f"{'ab' * 16}.png"
    good: dict[str, Any] = {
        "fileName": name,
        "filePath": f"hailuo-widgets/{name}",
        "downloadUrl": f"https://files.example/{name}",
    }
    jobs.check_upload(reply({"data": good}), picture)
    jobs.check_upload(reply({"data": good | {"fileSize": len(picture.data or b"")}}), picture)
    jobs.check_upload(reply({"data": {"downloadUrl": "https://files.example/x.png"}}), picture)
    jobs.check_upload(reply({"data": good | {"fileName": "stored-7.png"}}), picture)
    for wrong in (
        {key: value.replace("ab" * 16, "cd" * 16) for key, value in good.items()},
        {"fileName": f"{'cd' * 16}.png", "downloadUrl": LINK},
        good | {"fileSize": 12_345},
    ):
        with pytest.raises(ProviderError) as caught:
            jobs.check_upload(reply({"data": wrong}), picture)
        assert caught.value.code == MIX_UP
    jobs.check_upload(reply({"data": good | {"fileSize": 12_345}}), replace(picture, data=None, url=LINK))


@pytest.mark.parametrize(
    ("named", "same"),
    [("7", True), (7, True), ("8", False), (None, True), ("", True), ([7], True), (True, True), ({"a": 1}, True)],
)
def test_what_is_no_id_contradicts_nothing(named: object, same: bool) -> None:  # noqa: FBT001 - pytest names it
    """Only an id can be another one."""
    assert same_id(named, "7") is same
