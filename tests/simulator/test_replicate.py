"""Replicate's API: predictions from starting to their end, problems of RFC 7807, files and deadlines."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from hailuo_widgets.simulator import Simulator

MODEL = "/v1/models/minimax/hailuo-2.3/predictions"
ANY = "/v1/predictions"
GOOD = {"prompt": "A fox runs through snow"}
PICTURE = "https://replicate.delivery/pbxt/fox.png"
VERSION = "23a02633b5a44780345a59d4d43f8bd510efa239c56f08f29639ff24fa6615e1"


def predict(
    api: httpx.Client, given: dict[str, Any] = GOOD, path: str = MODEL, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """Create a prediction and return it."""
    answer = api.post(path, json={"input": given}, headers=headers)
    assert answer.status_code == 201
    return dict(answer.json())


def age(sim: Simulator, seconds: float) -> None:
    """Let the newest prediction have been there for that long."""
    (task,) = sim.world.tasks.find()[-1:]
    sim.world.tasks.mark(task, created=task.created - seconds)


def test_a_clip_goes_from_create_to_output(sim: Simulator, api: httpx.Client) -> None:
    """A prediction has the documented members, its URLs lead back, and its output is one URL."""
    told = predict(api)
    own = f"{sim.url}/v1/predictions/{told['id']}"
    assert told["urls"] == {"get": own, "cancel": f"{own}/cancel"}
    assert (told["model"], told["version"], told["input"]) == ("minimax/hailuo-2.3", "hidden", GOOD)
    assert told["data_removed"] is False
    done = api.get(own).json()
    assert (done["status"], done["error"]) == ("succeeded", None)
    assert set(done["metrics"]) == {"predict_time", "total_time"}
    assert done["completed_at"].endswith("Z")
    assert api.head(done["output"]).status_code == 200
    assert (sim.creates["replicate"], sim.spent["replicate"]) == (1, 0.28)


def test_the_output_can_be_a_list(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """Some models give a list; the switch makes these do so."""
    api = connect(start(replicate_list=True))
    (url,) = api.get(predict(api)["urls"]["get"]).json()["output"]
    assert api.head(url).status_code == 200


def test_a_prediction_starts_and_runs(sim: Simulator, api: httpx.Client) -> None:
    """Starting first, processing then; without output or an end."""
    sim.fault("stuck", provider="replicate", phase="create")
    told = predict(api)
    assert (told["status"], told["started_at"]) == ("starting", None)
    age(sim, 4)
    told = api.get(told["urls"]["get"]).json()
    assert (told["status"], told["output"], told["completed_at"]) == ("processing", None, None)
    assert told["started_at"] is not None


def test_prefer_wait(sim: Simulator, api: httpx.Client) -> None:
    """Held open, a create answers with the output (201), or without it (202) where the time was too short."""
    held = api.post(MODEL, json={"input": GOOD}, headers={"Prefer": "wait=5"})
    assert (held.status_code, held.json()["status"]) == (201, "succeeded")
    sim.fault("stuck", provider="replicate", phase="create")
    held = api.post(MODEL, json={"input": GOOD}, headers={"Prefer": "wait=0"})
    assert (held.status_code, held.json()["status"]) == (202, "starting")


@pytest.mark.parametrize("version", ["minimax/hailuo-2.3", VERSION, f"minimax/hailuo-2.3:{VERSION}"])
def test_the_general_endpoint_takes_a_version(api: httpx.Client, version: str) -> None:
    """A version is an id, a model, or both."""
    told = api.post(ANY, json={"version": version, "input": GOOD}).json()
    assert told["model"] == "minimax/hailuo-2.3"


@pytest.mark.parametrize(
    ("model", "more", "dollars"),
    [
        ("hailuo-2.3", {"duration": 10}, 0.56),
        ("hailuo-2.3", {"resolution": "1080p", "first_frame_image": PICTURE, "prompt_optimizer": False}, 0.49),
        ("hailuo-2.3-fast", {"first_frame_image": PICTURE}, 0.28),
        ("hailuo-02", {}, 0.49),  # its default is 1080p
        ("hailuo-02", {"resolution": "768p", "first_frame_image": PICTURE, "last_frame_image": PICTURE}, 0.28),
        ("hailuo-02", {"resolution": "512p", "duration": 10}, 0.15),
        ("hailuo-02-fast", {"first_frame_image": PICTURE, "duration": 6}, 0.1),
        ("video-01", {"subject_reference": PICTURE}, 0.43),
        ("video-01-live", {"first_frame_image": PICTURE}, 0.43),
        ("video-01-director", {}, 0.43),
    ],
)
def test_what_the_pages_list_is_made(
    sim: Simulator, api: httpx.Client, model: str, more: dict[str, Any], dollars: float
) -> None:
    """Each model takes its page's inputs."""
    told = predict(api, {**GOOD, **more}, f"/v1/models/minimax/{model}/predictions")
    assert api.get(told["urls"]["get"]).json()["status"] == "succeeded"
    assert sim.spent["replicate"] == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("model", "given", "field"),
    [
        ("hailuo-2.3", {}, "prompt"),
        ("hailuo-2.3", {**GOOD, "duration": 7}, "duration"),
        ("hailuo-2.3", {**GOOD, "duration": "6"}, "duration"),
        ("hailuo-2.3", {**GOOD, "duration": 10, "resolution": "1080p"}, "duration"),
        ("hailuo-2.3", {**GOOD, "resolution": "768P"}, "resolution"),
        ("hailuo-2.3", {**GOOD, "resolution": "512p"}, "resolution"),
        ("hailuo-2.3", {**GOOD, "prompt_optimizer": 1}, "prompt_optimizer"),
        ("hailuo-2.3", {**GOOD, "first_frame_image": "fox.png"}, "first_frame_image"),
        ("hailuo-2.3-fast", GOOD, "first_frame_image"),
        ("hailuo-02-fast", GOOD, "first_frame_image"),
    ],
)
def test_an_input_that_breaks_the_schema_is_refused(
    sim: Simulator, api: httpx.Client, model: str, given: dict[str, Any], field: str
) -> None:
    """HTTP 422 names the field in title, detail and invalid_fields, and nothing is charged."""
    answer = api.post(f"/v1/models/minimax/{model}/predictions", json={"input": given})
    told = answer.json()
    assert (answer.status_code, told["status"], told["title"]) == (422, 422, "Input validation failed")
    assert told["detail"].startswith("- input: ")
    assert [item["field"] for item in told["invalid_fields"]] == [f"input.{field}"]
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert sim.creates["replicate"] == 0


@pytest.mark.parametrize(
    ("prompt", "error"),
    [
        (
            "a forbidden fox",
            "The input or output was flagged as sensitive. Please try again with different inputs. (E005)",
        ),
        (
            "banned-output",
            "The input or output was flagged as sensitive. Please try again with different inputs. (E005)",
        ),
        ("fail-generation", "generation failed"),
    ],
)
def test_a_failed_prediction_has_its_error(api: httpx.Client, prompt: str, error: str) -> None:
    """Moderation fails the prediction; it does not refuse the call."""
    told = api.get(predict(api, {"prompt": prompt})["urls"]["get"]).json()
    assert (told["status"], told["error"], told["output"]) == ("failed", error, None)


def test_a_cancelled_prediction_is_paid(sim: Simulator, api: httpx.Client) -> None:
    """Cancel ends what runs, and leaves what has ended as it is; canceled predictions are charged."""
    sim.fault("stuck", provider="replicate", phase="create")
    told = predict(api)
    answer = api.post(told["urls"]["cancel"])
    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert api.get(told["urls"]["get"]).json()["status"] == "canceled"
    assert api.post(predict(api)["urls"]["cancel"]).json()["status"] == "succeeded"
    assert sim.spent["replicate"] == pytest.approx(0.56)


def test_a_deadline_aborts_or_cancels(sim: Simulator, api: httpx.Client) -> None:
    """Before it began a prediction is aborted and free, afterwards canceled and paid."""
    sim.fault("stuck", provider="replicate", phase="create", times=None)
    told = predict(api, headers={"Cancel-After": "5s"})
    age(sim, 6)
    assert api.get(told["urls"]["get"]).json()["status"] == "canceled"
    assert sim.spent["replicate"] == 0.28
    (task,) = sim.world.tasks.find()
    told = predict(api, headers={"Cancel-After": "1m"})
    (_, task) = sim.world.tasks.find()
    sim.world.tasks.mark(task, created=task.created - 61, ready=task.created + 3600)
    assert api.get(told["urls"]["get"]).json()["status"] == "aborted"
    assert sim.spent["replicate"] == 0.28
    assert api.post(MODEL, json={"input": GOOD}, headers={"Cancel-After": "soon"}).status_code == 422


@pytest.mark.parametrize(
    ("headers", "status", "title"),
    [
        ({}, 401, "Unauthenticated"),
        ({"Authorization": "Bearer wrong"}, 401, "Unauthenticated"),
        ({"Authorization": "Bearer broke"}, 402, "Insufficient credit"),
        ({"Authorization": "Bearer slow"}, 429, "Too Many Requests"),
    ],
)
def test_keys(
    sim: Simulator, connect: Callable[..., httpx.Client], headers: dict[str, str], status: int, title: str
) -> None:
    """Problems have their status in the body too; a throttled call says when to come back."""
    answer = connect(sim, headers).post(MODEL, json={"input": GOOD})
    told = answer.json()
    assert (answer.status_code, told["status"], told["title"]) == (status, status, title)
    assert {"title", "detail", "status", "type"} <= set(told)
    assert (answer.headers.get("Retry-After"), told.get("retry_after")) == (("5", 5) if status == 429 else (None, None))


def test_what_is_not_there(api: httpx.Client) -> None:
    """Unknown predictions, models and versions are problems of their own."""
    answer = api.get(f"{ANY}/unknown")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not found")
    assert api.post("/v1/models/minimax/hailuo-9/predictions", json={"input": GOOD}).status_code == 404
    assert api.post(ANY, json={"version": "0" * 64, "input": GOOD}).status_code == 422
    assert api.post(ANY, json={"input": GOOD}).status_code == 422
    assert api.post(MODEL, json={"prompt": "x"}).status_code == 422


def test_a_result_is_kept_for_an_hour(sim: Simulator, api: httpx.Client) -> None:
    """Input and output go after an hour; the prediction itself stays, and says so."""
    told = predict(api)
    (task,) = sim.world.tasks.find()
    sim.world.tasks.mark(task, created=task.created - 3590, ready=task.created - 3590)
    assert api.get(told["urls"]["get"]).json()["output"]
    sim.world.tasks.mark(task, created=task.created - 3610, ready=task.created - 3610)
    gone = api.get(told["urls"]["get"]).json()
    assert (gone["status"], gone["data_removed"], gone["input"], gone["output"]) == ("succeeded", True, {}, None)


def test_the_list_has_pages(sim: Simulator, api: httpx.Client) -> None:
    """A hundred to a page, the newest first, with links to both neighbours."""
    made = [predict(api)["id"] for _ in range(101)]
    first = api.get(ANY).json()
    assert first["previous"] is None
    assert first["next"].startswith(f"{sim.url}/v1/predictions?cursor=")
    second = api.get(first["next"]).json()
    assert second["next"] is None
    assert [item["id"] for item in first["results"] + second["results"]] == made[::-1]
    assert api.get(second["previous"]).json()["results"][0]["id"] == made[-1]
    assert api.get(ANY, params={"cursor": "x"}).status_code == 422


def test_files(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], picture: Callable[..., bytes]
) -> None:
    """An upload is listed, named by an input, and deleted; another account sees nothing of it."""
    simulator = start(keys=["mine", "other"])
    api, other = (connect(simulator, {"Authorization": f"Bearer {key}"}) for key in ("mine", "other"))
    raw = picture()
    answer = api.post("/v1/files", files={"content": ("fox.png", raw, "image/png")}, data={"metadata": '{"a": 1}'})
    file = answer.json()
    assert answer.status_code == 201
    assert (file["name"], file["content_type"], file["size"], file["metadata"]) == (
        "fox.png",
        "image/png",
        len(raw),
        {"a": 1},
    )
    assert file["urls"]["get"] == f"{simulator.url}/v1/files/{file['id']}"
    assert api.get(file["urls"]["get"]).json() == file
    assert [item["id"] for item in api.get("/v1/files").json()["results"]] == [file["id"]]
    told = predict(api, {**GOOD, "first_frame_image": file["urls"]["get"]})
    assert api.get(told["urls"]["get"]).json()["status"] == "succeeded"
    assert simulator.tasks[0]["clip"]["first_image"] == file["checksums"]["sha256"]
    assert other.get(file["urls"]["get"]).status_code == 404
    assert other.get("/v1/files").json()["results"] == []
    assert api.delete(file["urls"]["get"]).status_code == 204
    assert api.get(file["urls"]["get"]).status_code == 404
    assert api.post("/v1/files", json={}).status_code == 422


def test_data_urls_and_long_inputs(sim: Simulator, api: httpx.Client, picture: Callable[..., bytes]) -> None:
    """A picture may come in the input itself; the answers and the task keep its beginning alone."""
    data = f"data:image/png;base64,{base64.b64encode(picture(1280, 720)).decode()}"
    told = predict(api, {**GOOD, "first_frame_image": data})
    assert sim.tasks[0]["clip"]["first_image"]
    assert len(told["input"]["first_frame_image"]) < 200


def test_faults(sim: Simulator, api: httpx.Client) -> None:
    """A create can lose its id; a fault has a status or a title of Replicate's."""
    sim.fault("missing_task_id", provider="replicate", phase="create")
    told = api.post(MODEL, json={"input": GOOD}).json()
    assert not {"id", "urls"} & set(told)
    assert sim.creates["replicate"] == 1
    sim.fault("code", provider="replicate", phase="query", code=429, message="Request was throttled.")
    answer = api.get(f"{ANY}/x")
    assert (answer.status_code, answer.json()["retry_after"]) == (429, 5)
    sim.fault("http", provider="replicate", phase="create", status=502)
    assert api.post(MODEL, json={"input": GOOD}).status_code == 502
