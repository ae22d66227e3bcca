"""Tests of a template from its create call to its clip."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

if TYPE_CHECKING:
    from conftest import Begin

CREATE, QUERY = "/v1/video_template_generation", "/v1/query/video_template_generation"


def picture() -> bytes:
    """A picture that the document allows."""
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "green").save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("template", "arguments", "sent"),
    [
        ("394125185182695432", {"text": "reading"}, {"text_inputs": [{"value": "reading"}]}),
        ("Survival", {"first_frame": picture(), "text": "Lion"}, {"text_inputs": [{"value": "Lion"}]}),
        ("Diving", {"first_frame": picture()}, {}),
    ],
)
def test_a_template_from_create_to_clip(
    begin: Begin, template: str, arguments: dict[str, Any], sent: dict[str, Any]
) -> None:
    """It is created, asked for and brought by the template's own endpoints; the link needs no further call."""
    scene = begin()
    run = scene.session.generate(template=template, **arguments).wait(30)
    (create,) = scene.requests(CREATE)
    body = create["body"]
    assert {name: body[name] for name in sent} == sent
    assert body["template_id"].isdigit()
    assert ("media_inputs" in body) == ("first_frame" in arguments)
    assert scene.requests(QUERY)
    assert scene.requests("/v1/query/video_generation") == scene.requests("/v1/files") == []
    assert (run.status, run.record.channel, run.simulated) == ("succeeded", "template", False)
    assert run.video is not None
    assert run.video.stat().st_size == run.record.video_bytes
    assert len(run.task_id or "") > 15


def test_a_template_that_an_earlier_session_began(begin: Begin) -> None:
    """Its endpoint is stored with its task: whoever takes it up asks there."""
    scene = begin(timeout=0.2, simulator={"latency": 1.0})
    run = scene.session.generate(template="394125185182695432", text="reading")
    scene.session.wait([run.id], 30)
    assert run.record.unfinished
    (taken,) = scene.session.resume()
    scene.session.wait([taken.id], 30)
    for _ in range(20):
        if not taken.record.unfinished:
            break
        scene.session.resume()
        scene.session.wait([taken.id], 30)
    assert taken.status == "succeeded"
    assert {r["path"] for r in scene.requests("/v1/query/")} == {QUERY}
