"""MiniMax's templates: eleven of them, their inputs, and a URL that comes with the query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

CREATE = "/v1/video_template_generation"
QUERY = "/v1/query/video_template_generation"
PICTURE = [{"value": "https://example.com/pet.jpg"}]
PICTURE_ONLY = (
    "392753057216684038 393881433990066176 394246956137422856 393879757702918151 393766210733957121 "
    "393866076583718914 393876118804459526 393857704283172856 393857704283172864 398574688191234048"
)
WORDS = [{"value": "Lion"}]


def code(answer: httpx.Response) -> int:
    """Return the code of an answer."""
    assert answer.status_code == 200
    return int(answer.json()["base_resp"]["status_code"])


@pytest.mark.parametrize(
    ("template_id", "inputs"),
    [
        *((template_id, {"media_inputs": PICTURE}) for template_id in PICTURE_ONLY.split()),
        ("393769180141805569", {"media_inputs": PICTURE, "text_inputs": WORDS}),
        ("394125185182695432", {"text_inputs": WORDS}),
    ],
)
def test_every_template_gives_a_url(api: httpx.Client, template_id: str, inputs: dict[str, Any]) -> None:
    """Each documented template, with its inputs, ends in a URL; its task id needs more than 53 bits."""
    created = api.post(CREATE, json={"template_id": template_id, **inputs})
    assert code(created) == 0
    task_id = created.json()["task_id"]
    assert int(task_id) > 2**53
    told = api.get(QUERY, params={"task_id": task_id}).json()
    assert told["status"] == "Success"
    assert "file_id" not in told
    assert "/simulator/files/" in told["video_url"]


@pytest.mark.parametrize(
    "body",
    [
        {"template_id": "1", "media_inputs": PICTURE},
        {"media_inputs": PICTURE},
        {"template_id": 392753057216684038, "media_inputs": PICTURE},
        {"template_id": "392753057216684038"},
        {"template_id": "392753057216684038", "media_inputs": ["https://example.com/pet.jpg"]},
        {"template_id": "392753057216684038", "media_inputs": {}},
        {"template_id": "392753057216684038", "media_inputs": PICTURE * 2},
        {"template_id": "392753057216684038", "media_inputs": PICTURE, "text_inputs": WORDS},
        {"template_id": "393769180141805569", "media_inputs": PICTURE},
        {"template_id": "394125185182695432", "media_inputs": PICTURE, "text_inputs": WORDS},
        {"template_id": "394125185182695432", "text_inputs": [{"value": " "}]},
    ],
)
def test_wrong_inputs_are_2013(api: httpx.Client, body: dict[str, Any]) -> None:
    """Unknown templates, and inputs that a template does not take, are refused."""
    assert code(api.post(CREATE, json=body)) == 2013


def test_no_document_bounds_a_text(api: httpx.Client) -> None:
    """The 2000 characters are a prompt's: of a template's text no document names a bound."""
    body = {"template_id": "394125185182695432", "text_inputs": [{"value": "x" * 2001}]}
    assert code(api.post(CREATE, json=body)) == 0


def test_templates_and_clips_are_two_channels(api: httpx.Client) -> None:
    """A template's task is unknown to the clips' query, and the other way round."""
    template = api.post(CREATE, json={"template_id": "394125185182695432", "text_inputs": WORDS}).json()["task_id"]
    clip = api.post("/v1/video_generation", json={"model": "T2V-01", "prompt": "x"}).json()["task_id"]
    assert code(api.get("/v1/query/video_generation", params={"task_id": template})) == 2013
    assert code(api.get(QUERY, params={"task_id": clip})) == 2013


def test_moderation_reads_the_texts(api: httpx.Client) -> None:
    """A forbidden text is 1026; a banned one is a failed task with 1027 and no URL."""
    body = {"template_id": "394125185182695432", "text_inputs": [{"value": "forbidden"}]}
    assert code(api.post(CREATE, json=body)) == 1026
    body["text_inputs"] = [{"value": "banned-output"}]
    task_id = api.post(CREATE, json=body).json()["task_id"]
    answer = api.get(QUERY, params={"task_id": task_id})
    assert code(answer) == 1027
    assert answer.json()["status"] == "Fail"
    assert not answer.json()["video_url"]
