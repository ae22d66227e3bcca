"""A generation whose failure is known only when its link is asked for: it failed, and no download can bring it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conftest import error_of
from gateway import Act

from hailuo_widgets.errors import DownloadError, Moderated, UsageError

if TYPE_CHECKING:
    from conftest import Begin


def said(body: Any, status: int = 200) -> Act:
    """What the link call answers."""
    return Act(status=status, body=json.dumps(body).encode())


WITHHELD = {
    "MiniMax's code": said({"base_resp": {"status_code": 1027, "status_msg": "output sensitive"}}),
    "its newer error": said({"type": "error", "error": {"type": "x", "message": "sensitive (1027)"}}, 422),
    "fal's words": said({"detail": [{"type": "content_policy_violation", "msg": "flagged"}]}, 422),
    "a status": said({"status": "Fail", "base_resp": {"status_code": 1026, "status_msg": "sensitive"}}),
}


@pytest.mark.parametrize("what", WITHHELD)
def test_a_clip_that_is_withheld_is_a_failed_generation(begin: Begin, what: str) -> None:
    """The run failed, with the provider's words; its price is not known, and nobody is told to download it again."""
    scene = begin()
    scene.gateway.always("retrieve", WITHHELD[what])
    run = scene.run()
    error = error_of(run)
    assert (run.status, type(error), run.cost) == ("failed", Moderated, None)
    assert "downloads it again" not in str(error)
    assert len(scene.gateway.of("retrieve")) == 1
    with pytest.raises(UsageError):
        run.retry()


def test_a_link_call_in_trouble_is_no_failed_generation(begin: Begin) -> None:
    """An error of the call leaves the clip to be had: downloading it again is free."""
    scene = begin()
    scene.gateway.always("retrieve", said({"base_resp": {"status_code": 1004, "status_msg": "login fail"}}))
    run = scene.run()
    assert isinstance(run.error, DownloadError)
    scene.gateway.always("retrieve", None)
    assert run.retry().wait(30).status == "succeeded"
