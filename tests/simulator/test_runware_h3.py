"""Runware's H3 models, 4@1 and 4@2, uploads, account and task details: by its schemas and its generated client."""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.simulator.render import Clip, render_clip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from hailuo_widgets.simulator import Simulator

URL = "https://example.com/a"
H3, FAST, MAX, TURBO = "minimax:h3@0", "minimax:h3@fast", "minimax:h3@max", "minimax:h3@max-turbo"


def infer(model: str = H3, **changes: Any) -> dict[str, Any]:
    """Return a valid task with some of its fields changed; None takes one out."""
    task = {
        "taskType": "videoInference",
        "taskUUID": str(uuid.uuid4()),
        "model": model,
        "positivePrompt": "a fox",
        "includeCost": True,
        **changes,
    }
    return {key: value for key, value in task.items() if value is not None}


def results(api: httpx.Client, task: dict[str, Any]) -> list[dict[str, Any]]:
    """Create a task and return its results."""
    answer = api.post("/v1", json=[task])
    assert (answer.status_code, "errors" in answer.json()) == (200, False), answer.text
    poll = [{"taskType": "getResponse", "taskUUID": task["taskUUID"]}]
    return list(api.post("/v1", json=poll).json()["data"])


def size(simulator: Simulator) -> tuple[int, int]:
    """Return width and height of the newest clip, before a draft's division."""
    clip = simulator.tasks[-1]["clip"]
    return clip["width"], clip["height"]


def frames(*images: Any) -> dict[str, Any]:
    """Return inputs with frame images."""
    return {"frameImages": list(images)}


LARGE = [(2560, 1440), (1920, 1440), (1440, 1440), (1440, 1920), (1440, 2560), (2944, 1248)]
MIDDLE = [(1344, 768), (1024, 768), (768, 768), (768, 1024), (768, 1344), (1536, 672)]
SMALL = [(832, 480), (640, 480), (480, 480), (480, 640), (480, 832), (960, 416)]
QUICK = [(864, 480), (640, 480), (480, 480), (480, 640), (480, 864), (1120, 480)]
SIZES = {H3: MIDDLE + LARGE, FAST: QUICK, MAX: SMALL + MIDDLE, TURBO: SMALL + MIDDLE}


@pytest.mark.parametrize("model", [H3, FAST, MAX, TURBO])
def test_each_listed_size_is_made(sim: Simulator, api: httpx.Client, model: str) -> None:
    """Exactly the schema's pairs are taken."""
    for width, height in SIZES[model]:
        (result,) = results(api, infer(model, width=width, height=height))
        assert result["status"] == "success"
        assert size(sim) == (width, height)
    others = {*MIDDLE, *LARGE, *SMALL, *QUICK, (1366, 768), (1920, 1080)} - {*SIZES[model]}
    for width, height in others:
        (error,) = api.post("/v1", json=[infer(model, width=width, height=height)]).json()["errors"]
        assert (error["code"], error["parameter"]) == ("invalidWidth", "width")


@pytest.mark.parametrize(
    ("model", "default", "cost"),
    [
        (H3, (2560, 1440), 0.65),
        (FAST, (864, 480), 0.23),
        (MAX, (1344, 768), 0.40),
        (TURBO, (1344, 768), 0.20),
    ],
)
def test_an_omitted_size(sim: Simulator, api: httpx.Client, model: str, default: tuple[int, int], cost: float) -> None:
    """The default of h3@0 is the dearest size; five seconds are the default length."""
    (result,) = results(api, infer(model))
    assert size(sim) == default
    assert sim.tasks[-1]["clip"]["duration"] == 5
    assert result["cost"] == pytest.approx(cost)


# The samples of Runware's pages, and the arithmetic of its price list.
@pytest.mark.parametrize(
    ("task", "cost"),
    [
        (infer(width=1344, height=768, duration=6), 0.48),
        (infer(resolution="768p", duration=8, inputs=frames(f"{URL}.jpg")), 0.64),
        (infer(resolution="1440p", duration=10, inputs=frames(f"{URL}.jpg", f"{URL}b.jpg")), 1.30),
        (infer(resolution="768p", duration=12, inputs={"referenceImages": [f"{URL}.jpg"]}), 0.96),
        (infer(resolution="768p", duration=5, inputs={"referenceImages": [f"{URL}.jpg"] * 7}), 0.48),
        # A clip that cannot be seen counts as five seconds.
        (infer(resolution="768p", duration=12, inputs={"referenceVideos": [f"{URL}.mp4"]}), 1.61),
        (
            infer(
                width=1344, height=768, inputs={"referenceImages": [f"{URL}.jpg"], "referenceAudios": [f"{URL}.mp3"]}
            ),
            0.40,
        ),
        (infer(FAST, duration=4), 0.184),
        (infer(FAST, duration=15, inputs={"referenceVideos": [f"{URL}.mp4"]}), 0.69),
        (infer(MAX, width=832, height=480, duration=10), 0.50),
        (infer(TURBO, width=832, height=480, duration=10), 0.25),
        (infer("minimax:4@1", width=1920, height=1080, duration=6), 0.49),
        (infer("minimax:4@2", inputs=frames(f"{URL}.jpg"), duration=6), 0.19),
    ],
)
def test_costs(sim: Simulator, api: httpx.Client, task: dict[str, Any], cost: float) -> None:
    """Each result carries its price, which is what the account is charged."""
    (result,) = results(api, task)
    assert result["cost"] == pytest.approx(cost)
    assert sim.spent["runware"] == pytest.approx(cost)


def test_a_reference_clip_costs_its_seconds_rounded_up(
    sim: Simulator, api: httpx.Client, tmp_path: Path, start: Callable[..., Simulator]
) -> None:
    """The page's sample: twelve seconds at 768p and six seconds of reference clip are $1.74."""
    files = start(random_seed=2)
    clip = Clip(prompt="x", model="x", width=1344, height=768, duration=5.9, draft=True)
    render_clip(clip, tmp_path, tmp_path / "clip.mp4")
    upload = {"file": ("clip.mp4", (tmp_path / "clip.mp4").read_bytes())}
    key = {"Authorization": "Bearer k"}
    told = api.post(f"{files.url}/api/file-stream-upload", files=upload, data={"uploadPath": "x"}, headers=key).json()
    inputs = {"referenceVideos": [told["data"]["downloadUrl"]]}
    (result,) = results(api, infer(resolution="768p", duration=12, inputs=inputs))
    assert result["cost"] == pytest.approx(1.74)
    assert size(sim) == (1344, 768)


@pytest.mark.parametrize(
    "task",
    [
        infer(duration=15, seed=0),
        infer(seed=4294967295, numberResults=1),
        infer(positivePrompt="x" * 7000),
        infer(safety={"checkContent": True, "mode": "full"}),
        infer(outputFormat="MOV", outputQuality=20, outputType="URL", deliveryMethod="async", ttl=60),
        infer(webhookURL="https://x.com/h", uploadEndpoint="https://x.com/u", routing={}),
        infer(inputs=frames({"image": f"{URL}.jpg", "frame": "first"}, {"image": f"{URL}b.jpg", "frame": -1})),
        infer(inputs=frames({"image": f"{URL}.jpg"})),
        infer(
            inputs={
                "referenceImages": [f"{URL}.jpg"] * 9,
                "referenceVideos": [f"{URL}.mp4"] * 3,
                "referenceAudios": [f"{URL}.mp3"] * 3,
            }
        ),
        infer(FAST, duration=4, inputs={"referenceVideos": [f"{URL}.mp4"], "referenceAudios": [f"{URL}.mp3"]}),
        infer(FAST, inputs=frames(f"{URL}.jpg")),
        infer(TURBO, settings={"promptExpansion": "quality"}),
        infer(MAX, resolution="480p", inputs=frames(f"{URL}.jpg")),
        infer("minimax:4@1", fps=25, duration=10, providerSettings={"minimax": {"promptOptimizer": True}}),
        infer("minimax:4@1", positivePrompt=None, inputs=frames(f"{URL}.jpg")),
        infer("minimax:4@2", positivePrompt=None, inputs=frames({"image": f"{URL}.jpg", "frame": 0}), routing={}),
    ],
)
def test_what_the_schemas_allow_is_accepted(api: httpx.Client, task: dict[str, Any]) -> None:
    """Every documented field and combination makes a clip."""
    (result,) = results(api, task)
    assert result["status"] == "success"


@pytest.mark.parametrize(
    ("task", "code", "parameter"),
    [
        (infer(positivePrompt=None), "invalidPositivePrompt", "positivePrompt"),
        (infer(positivePrompt="x"), "invalidPositivePrompt", "positivePrompt"),
        (infer(positivePrompt="x" * 7001), "invalidPositivePrompt", "positivePrompt"),
        (infer(duration=4), "invalidDuration", "duration"),
        (infer(duration=16), "invalidDuration", "duration"),
        (infer(duration=6.0), "invalidDuration", "duration"),
        (infer(FAST, duration=3), "invalidDuration", "duration"),
        (infer(width=1344), "invalidHeight", "height"),
        (infer(height=768), "invalidWidth", "width"),
        (infer(resolution="768p"), "invalidResolution", "resolution"),
        (infer(resolution="2K", inputs=frames(f"{URL}.jpg")), "invalidResolution", "resolution"),
        (infer(FAST, resolution="480p", inputs=frames(f"{URL}.jpg")), "unsupportedParameter", "resolution"),
        (infer(MAX, resolution="1440p", inputs=frames(f"{URL}.jpg")), "invalidResolution", "resolution"),
        (infer(width=1344, height=768, inputs=frames(f"{URL}.jpg")), "invalidWidth", "width"),
        (
            infer(resolution="768p", width=1344, height=768, inputs={"referenceImages": [f"{URL}.jpg"]}),
            "invalidResolution",
            "resolution",
        ),
        (infer(inputs=frames()), "invalidFrameImages", "inputs.frameImages"),
        (infer(inputs=frames(*[f"{URL}.jpg"] * 3)), "invalidFrameImages", "inputs.frameImages"),
        (infer(inputs=frames({"image": f"{URL}.jpg", "frame": "last"})), "invalidFrameImages", "inputs.frameImages"),
        (infer(inputs=frames({"image": f"{URL}.jpg", "frame": 1})), "invalidFrame", "inputs.frameImages.frame"),
        (
            infer(inputs={"frameImages": [f"{URL}.jpg"], "referenceVideos": [f"{URL}.mp4"]}),
            "invalidReferenceVideos",
            "inputs.referenceVideos",
        ),
        (infer(inputs={"referenceAudios": [f"{URL}.mp3"]}), "invalidReferenceAudios", "inputs.referenceAudios"),
        (
            infer(inputs={"referenceImages": [f"{URL}.jpg"] * 10}),
            "invalidReferenceImages",
            "inputs.referenceImages",
        ),
        (
            infer(inputs={"referenceImages": [{"image": f"{URL}.jpg"}]}),
            "invalidReferenceImages",
            "inputs.referenceImages",
        ),
        (infer(inputs={"references": [f"{URL}.jpg"]}), "unsupportedParameter", "inputs.references"),
        (infer(MAX, inputs={"referenceImages": [f"{URL}.jpg"]}), "unsupportedParameter", "inputs.referenceImages"),
        (infer(seed=-1), "invalidSeed", "seed"),
        (infer(seed=2**32), "invalidSeed", "seed"),
        (infer(numberResults=5), "invalidNumberResults", "numberResults"),
        (infer(fps=24), "unsupportedParameter", "fps"),
        (infer(providerSettings={}), "unsupportedParameter", "providerSettings"),
        (infer(safety={"mode": "none"}), "invalidMode", "mode"),
        (infer(TURBO, settings={"promptExpansion": "balance"}), "invalidPromptExpansion", "promptExpansion"),
        (infer(FAST, settings={}), "unsupportedParameter", "settings"),
        (infer(ratio="16:9"), "unsupportedParameter", "ratio"),
        (infer(ttl=59), "invalidTtl", "ttl"),
        (infer("minimax:4@1", seed=1), "unsupportedParameter", "seed"),
        (infer("minimax:4@1", fps=24), "invalidFps", "fps"),
        (infer("minimax:4@1", duration=5), "invalidDuration", "duration"),
        (infer("minimax:4@1", positivePrompt=None), "invalidPositivePrompt", "positivePrompt"),
        (infer("minimax:4@1", inputs=frames(*[f"{URL}.jpg"] * 2)), "invalidFrameImages", "inputs.frameImages"),
        (
            infer("minimax:4@1", inputs=frames({"image": f"{URL}.jpg", "frame": "last"})),
            "invalidFrame",
            "inputs.frameImages.frame",
        ),
        (infer("minimax:4@2"), "missingFrameImages", "inputs.frameImages"),
        (infer("minimax:9@9"), "invalidModel", "model"),
    ],
)
def test_what_the_schemas_do_not_allow_is_refused(
    sim: Simulator, api: httpx.Client, task: dict[str, Any], code: str, parameter: str
) -> None:
    """HTTP 400, and an error that names the parameter; nothing is made."""
    answer = api.post("/v1", json=[task])
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["parameter"]) == (400, code, parameter)
    assert error["taskUUID"] == task["taskUUID"]
    assert sim.creates["total"] == 0


def test_a_seed_fixes_the_clip(sim: Simulator, api: httpx.Client) -> None:
    """The seed that was sent comes back; equal seeds are equal bytes, sound included; four results count up."""
    first, same, other = (results(api, infer(seed=seed, width=1344, height=768))[0] for seed in (7, 7, 8))
    assert [result["seed"] for result in (first, same, other)] == [7, 7, 8]
    one, two, three = (api.get(result["videoURL"]).content for result in (first, same, other))
    assert one == two != three
    both = {result["seed"]: result for result in results(api, infer(seed=7, numberResults=2, width=1344, height=768))}
    assert [api.get(both[seed]["videoURL"]).content for seed in (7, 8)] == [one, three]
    several = results(api, infer(seed=4294967294, numberResults=4, width=1344, height=768))
    assert sorted(result["seed"] for result in several) == [0, 1, 4294967294, 4294967295]
    drawn = results(api, infer(numberResults=2))
    assert len({result["seed"] for result in drawn}) == 2
    assert sim.creates["runware"] == 6


def test_frames_and_references_set_the_shape(
    sim: Simulator, api: httpx.Client, data_url: Callable[..., str], picture: Callable[..., bytes]
) -> None:
    """A preset follows the picture, which may be a data URI, bare Base64 or a UUID."""
    tall = base64.b64encode(picture(400, 700)).decode()
    results(api, infer(resolution="768p", inputs=frames(data_url(400, 700))))
    assert size(sim) == (768, 1344)
    results(api, infer(resolution="1440p", inputs={"referenceImages": [tall]}))
    assert size(sim) == (1440, 2560)
    results(api, infer(FAST, inputs=frames(tall)))
    assert size(sim) == (480, 864)
    results(api, infer(inputs={"referenceImages": [tall]}, width=768, height=768))
    assert size(sim) == (768, 768)


def test_clips_and_sounds_are_links(api: httpx.Client, tmp_path: Path) -> None:
    """A clip that would do is none as a data URI or as bare Base64."""
    clip = Clip(prompt="x", model="x", width=1344, height=768, duration=3, draft=True)
    render_clip(clip, tmp_path, tmp_path / "clip.mp4")
    encoded = base64.b64encode((tmp_path / "clip.mp4").read_bytes()).decode()
    for value in (f"data:video/mp4;base64,{encoded}", encoded):
        (error,) = api.post("/v1", json=[infer(inputs={"referenceVideos": [value]})]).json()["errors"]
        assert error["parameter"] == "inputs.referenceVideos"


def test_an_uploaded_picture_has_a_uuid(
    sim: Simulator, api: httpx.Client, picture: Callable[..., bytes], data_url: Callable[..., str]
) -> None:
    """Bare Base64 or a data URI becomes a UUID and a URL; the UUID stands for the picture, an unknown one for none."""
    raw = picture(400, 700)
    for image in (base64.b64encode(raw).decode(), data_url(400, 700)):
        task = {"taskType": "imageUpload", "taskUUID": str(uuid.uuid4()), "image": image}
        (told,) = api.post("/v1", json=[task]).json()["data"]
        assert set(told) == {"taskType", "taskUUID", "imageUUID", "imageURL"}
        assert (told["taskType"], told["taskUUID"]) == ("imageUpload", task["taskUUID"])
        assert api.get(told["imageURL"]).content == raw
        results(api, infer(resolution="768p", inputs=frames(told["imageUUID"])))
        assert size(sim) == (768, 1344)
        results(api, infer("minimax:4@1", inputs=frames(told["imageUUID"])))
        assert size(sim) == (768, 1344)
    for model in (H3, "minimax:4@2"):
        (error,) = api.post("/v1", json=[infer(model, inputs=frames(str(uuid.uuid4())))]).json()["errors"]
        assert error["code"] == "invalidFrameImages"
    for image in ("%%%", base64.b64encode(b"no picture").decode(), None):
        task = {"taskType": "imageUpload", "taskUUID": str(uuid.uuid4()), "image": image}
        assert api.post("/v1", json=[task]).json()["errors"][0]["parameter"] == "image"


def test_stored_media_are_references(sim: Simulator, api: httpx.Client, tmp_path: Path) -> None:
    """Any file gets a UUID that stands for it as a reference, until it is deleted."""
    clip = Clip(prompt="x", model="x", width=768, height=1344, duration=3, draft=True)
    render_clip(clip, tmp_path, tmp_path / "clip.mp4")
    media = base64.b64encode((tmp_path / "clip.mp4").read_bytes()).decode()
    task = {"taskType": "mediaStorage", "taskUUID": str(uuid.uuid4()), "operation": "upload", "media": media}
    (told,) = api.post("/v1", json=[task]).json()["data"]
    assert {"taskType", "taskUUID", "operation", "mediaUUID", "mediaURL"} == set(told)
    wanted = infer(resolution="768p", duration=5, inputs={"referenceVideos": [told["mediaUUID"]]})
    assert results(api, wanted)[0]["cost"] == pytest.approx(5 * 0.08 + 3 * 0.13)
    assert size(sim) == (768, 1344)
    delete = {**task, "taskUUID": str(uuid.uuid4()), "operation": "delete", "media": told["mediaUUID"]}
    (gone,) = api.post("/v1", json=[delete]).json()["data"]
    assert (gone["operation"], gone["mediaUUID"]) == ("delete", told["mediaUUID"])
    again = {**wanted, "taskUUID": str(uuid.uuid4())}
    assert api.post("/v1", json=[again]).json()["errors"][0]["taskUUID"] == again["taskUUID"]
    assert api.post("/v1", json=[delete]).json()["errors"][0]["code"] == "taskFailedOrNotFound"


def test_account_details(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """The balance less what was paid, and what was used; as a number where that is asked for."""
    simulator = start(credits=5.0)
    api = connect(simulator)
    results(api, infer(width=1344, height=768, duration=6))
    task = {"taskType": "accountManagement", "taskUUID": str(uuid.uuid4()), "operation": "getDetails"}
    (told,) = api.post("/v1", json=[task]).json()["data"]
    assert (told["taskType"], told["taskUUID"], told["operation"]) == (*list(task.values())[:2], "getDetails")
    assert told["balance"] == {"amount": 4.52, "freeBalance": 0.0, "currency": "USD"}
    assert {"organizationName", "organizationUUID", "team", "apiKeys"} < set(told)
    spans = ("total", "today", "last7Days", "last30Days")
    assert told["usage"] == {span: {"credits": 0.48, "requests": 1} for span in spans}
    plain = connect(start(credits=5.0, runware_balance_object=False))
    assert plain.post("/v1", json=[task]).json()["data"][0]["balance"] == 5.0
    broke = connect(simulator, {"Authorization": "Bearer broke"})
    assert broke.post("/v1", json=[task]).json()["data"][0]["balance"]["amount"] == 0
    for operation in (None, "getMoney", "getUsageActivity"):
        answer = api.post("/v1", json=[{**task, "operation": operation}])
        assert answer.json()["errors"][0]["parameter"] == "operation"


def test_task_details_recover_a_lost_create(sim: Simulator, api: httpx.Client) -> None:
    """The answer is lost; the own UUID leads to the request, as an array, and to the result."""
    task = infer(seed=5, width=1344, height=768)
    sim.fault("drop_after", provider="runware", phase="create")
    with pytest.raises(Exception, match="without sending a response"):
        api.post("/v1", json=[task])
    ask = [{"taskType": "getTaskDetails", "taskUUID": task["taskUUID"]}]
    (told,) = api.post("/v1", json=ask).json()["data"]
    assert (told["taskType"], told["taskUUID"], told["request"]) == ("getTaskDetails", task["taskUUID"], [task])
    assert (told["response"]["data"][0]["seed"], "errors" in told["response"]) == (5, False)
    assert sim.creates["runware"] == 1
    unknown = [{"taskType": "getTaskDetails", "taskUUID": str(uuid.uuid4())}]
    assert api.post("/v1", json=unknown).json()["errors"][0]["code"] == "taskFailedOrNotFound"


@pytest.mark.parametrize(
    ("key", "prompt", "told"),
    [
        ("wrong", "a fox", (401, "invalidApiKey")),
        ("broke", "a fox", (402, "insufficientCredits")),
        ("capped", "a fox", (402, "quotaExceeded")),
        ("slow", "a fox", (429, "rateLimitExceeded")),
        ("k", "a forbidden fox", (400, "contentPolicyViolation")),
    ],
)
def test_refusals(
    sim: Simulator, connect: Callable[..., httpx.Client], key: str, prompt: str, told: tuple[int, str]
) -> None:
    """Each class of refusal has its code and its HTTP status, and costs nothing."""
    answer = connect(sim, {"Authorization": f"Bearer {key}"}).post("/v1", json=[infer(positivePrompt=prompt)])
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == told
    assert sim.spent["runware"] == 0


def test_a_refused_clip(api: httpx.Client) -> None:
    """A clip that moderation takes is an error of the poll, about its task."""
    task = infer(positivePrompt="a fox banned-output")
    api.post("/v1", json=[task])
    answer = api.post("/v1", json=[{"taskType": "getResponse", "taskUUID": task["taskUUID"]}]).json()
    (error,) = answer["errors"]
    assert (error["code"], error["taskUUID"]) == ("providerContentPolicyViolation", task["taskUUID"])


def test_a_dry_run_is_priced_and_not_charged(sim: Simulator, api: httpx.Client) -> None:
    """With the header a task is checked and priced, all of its results together."""
    headers = {"X-Runware-Dry-Run": "1"}
    task = infer(width=1344, height=768, duration=6, numberResults=3)
    (told,) = api.post("/v1", json=[task], headers=headers).json()["data"]
    assert told["cost"] == pytest.approx(1.44)
    wrong = infer(width=1366, height=768)
    assert api.post("/v1", json=[wrong], headers=headers).json()["errors"][0]["parameter"] == "width"
    assert (sim.creates["total"], sim.spent["runware"]) == (0, 0)


def test_a_failed_result_may_be_an_item(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """On request a poll tells it in ``data``, as Runware's own client expects as well."""
    api = connect(start(runware_error_items=True))
    task = infer(positivePrompt="a fox banned-output")
    (item,) = results(api, task)
    assert (item["status"], item["taskUUID"]) == ("error", task["taskUUID"])
    assert item["error"]["code"] == "providerContentPolicyViolation"


def test_a_status_that_nobody_documents(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """An unfinished result may have any word for its status."""
    simulator = start(latency=100.0)
    simulator.fault("word", provider="runware", phase="query", message="rendering")
    task = infer()
    assert results(connect(simulator), task)[0]["status"] == "rendering"


def test_faults_befall_the_new_tasks(sim: Simulator, api: httpx.Client) -> None:
    """An upload and a balance have phases of their own."""
    upload = [{"taskType": "imageUpload", "taskUUID": str(uuid.uuid4()), "image": f"{URL}.jpg"}]
    account = [{"taskType": "accountManagement", "taskUUID": str(uuid.uuid4()), "operation": "getDetails"}]
    for phase, body in (("upload", upload), ("account", account)):
        sim.fault("http", provider="runware", phase=phase, status=500)
        assert api.post("/v1", json=[infer(FAST)]).status_code == 200
        assert api.post("/v1", json=body).status_code == 500
        assert api.post("/v1", json=body).status_code == 200
