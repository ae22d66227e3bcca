"""Tests of clips that are refused when their link is requested: the run failed, and no download helps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import error_of
from fake_provider import Act

from hailuo_widgets.errors import AuthError, DownloadError, InsufficientCredits, Moderated, UsageError

if TYPE_CHECKING:
    from conftest import Begin


def said(body: Any, status: int = 200) -> Act:
    """What the link call answers."""
    return Act(status=status, body=json.dumps(body).encode())


WITHHELD = {
    "MiniMax's code": said({"base_resp": {"status_code": 1027, "status_msg": "output sensitive"}}),
    "its newer error": said({"type": "error", "error": {"type": "x", "message": "sensitive (1027)"}}, 422),
    "fal's words": said({"detail": [{"type": "content_policy_violation", "msg": "flagged"}]}, 422),
    "a type in the list": said({"detail": [{"type": "content_policy_violation", "msg": "no"}]}, 422),
    "a type": said({"error": {"type": "content_policy_violation", "message": "not possible"}}, 422),
    "a code": said({"code": "content_policy_violation", "message": "not possible"}, 422),
    "a code in an error": said({"error": {"code": "content_policy_violation", "message": "no"}}, 400),
    "a type of error": said({"error_type": "content_policy_violation", "detail": "not possible"}, 422),
    "a name alone": said({"error": "content_policy_violation"}, 422),
    "a status": said({"status": "Fail", "base_resp": {"status_code": 1026, "status_msg": "sensitive"}}),
}


@pytest.mark.parametrize("what", WITHHELD)
def test_a_clip_that_is_withheld_is_a_failed_generation(begin: Begin, what: str) -> None:
    """The run failed, with the provider's words; its price is not known, and nobody is told to download it again."""
    scene = begin()
    scene.fake_provider.always("retrieve", WITHHELD[what])
    run = scene.run()
    error = error_of(run)
    assert (run.status, type(error), run.cost) == ("failed", Moderated, None)
    assert "downloads it again" not in str(error)
    assert len(scene.fake_provider.of("retrieve")) == 1
    with pytest.raises(UsageError):
        run.retry()


TROUBLE = {
    "a key": {"base_resp": {"status_code": 1004, "status_msg": "login fail"}},
    "another key": {"base_resp": {"status_code": 2049, "status_msg": "invalid api key"}},
    "money": {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}},
}


@pytest.mark.parametrize("what", TROUBLE)
def test_a_link_call_without_key_or_money_waits(begin: Begin, what: str) -> None:
    """As at a poll: the run stays where it is and says what stands in its way; resume() brings the clip, for free."""
    scene = begin()
    scene.fake_provider.always("retrieve", said(TROUBLE[what]))
    run = scene.run()
    assert (run.status, type(run.error)) == ("downloading", InsufficientCredits if what == "money" else AuthError)
    scene.fake_provider.always("retrieve", None)
    assert [taken.id for taken in scene.session.resume()] == [run.id]
    assert (run.wait(30).status, run.error, run.cost, scene.charged) == ("succeeded", None, 0.28, 1)


def test_a_link_call_in_trouble_is_no_failed_generation(begin: Begin) -> None:
    """An error of the call leaves the clip to be had: downloading it again is free."""
    scene = begin()
    scene.fake_provider.always("retrieve", said({"base_resp": {"status_code": 2013, "status_msg": "invalid params"}}))
    run = scene.run()
    assert isinstance(run.error, DownloadError)
    scene.fake_provider.always("retrieve", None)
    assert run.retry().wait(30).status == "succeeded"


@pytest.mark.parametrize("there", [True, False])
def test_resume_takes_up_what_could_not_be_brought(begin: Begin, *, there: bool) -> None:
    """What failed by its download alone is tried again, while the provider may have it."""
    scene = begin(timing={} if there else {"kept_s": -1.0})  # the run is older than anything that is kept
    scene.fake_provider.always("download", Act(status=410, body=b""))
    run = scene.run()
    assert isinstance(run.error, DownloadError)
    scene.fake_provider.always("download", None)
    taken = [found.id for found in scene.session.resume()]
    assert taken == ([run.id] if there else [])
    if taken:
        assert (run.wait(30).status, run.error, run.cost, scene.charged) == ("succeeded", None, 0.28, 1)


def test_resume_leaves_other_failures_alone(begin: Begin) -> None:
    """A generation that failed is not asked for again."""
    scene = begin()
    scene.fake_provider.always("retrieve", WITHHELD["MiniMax's code"])
    scene.run()
    asked = len(scene.fake_provider.calls)
    assert list(scene.session.resume()) == []
    assert len(scene.fake_provider.calls) == asked
