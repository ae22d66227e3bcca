"""Tests of MiniMax-H3 at KIE and Runware over loopback: seeds, uploads, sizes, sound, costs and balances."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import pytest
from media_files import clip, sound
from PIL import Image

from hailuo_widgets.errors import UsageError
from hailuo_widgets.redaction.secret import Secret
from hailuo_widgets.transport.http import Http

if TYPE_CHECKING:
    from conftest import Connect, Line

    from hailuo_widgets.provider.interface import HttpReply

KIE = ("kie", "kie-jobs")
MODELS = ("h3", "h3-fast", "h3-max", "h3-max-turbo")
PICTURE = "https://pictures.example/fox.png"


def picture(width: int = 400, height: int = 300) -> bytes:
    """A picture of this machine."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "PNG")
    return out.getvalue()


def made(line: Line, task_id: str) -> dict[str, Any]:
    """What the provider is going to render for a task."""
    tasks = line.simulator.world.tasks
    (task,) = tasks.find(group=task_id) if line.name == "runware" else tasks.find(task_id=task_id)
    found: dict[str, Any] = task.clip
    return found


def sent(line: Line) -> dict[str, Any]:
    """The fields of the latest create call."""
    (body,) = [r["body"] for r in line.simulator.requests if r["phase"] == "create"][-1:]
    if isinstance(body, list):
        (body,) = body
    found: dict[str, Any] = {**body, **body.get("input", {})}
    return found


@pytest.mark.parametrize("model", MODELS)
def test_matched_seeds(connect: Connect, model: str) -> None:
    """A sweep over seeds sends each of them, and each clip reports its own."""
    line = connect("runware")
    plan = line.session.plan("a fox", provider="runware", model=model, seed=range(1, 4), ask_log=False, reuse=False)
    seeds = []
    for planned in plan.runs:
        poll = line.query(planned.request, line.create(planned.request).task_id)
        assert sent(line)["seed"] == planned.request.seed
        seeds.append(poll.clip.seed)
    assert seeds == [1, 2, 3]


@pytest.mark.parametrize("dialect", ["minimax", *KIE])
def test_no_seeds_where_h3_takes_none(connect: Connect, dialect: str) -> None:
    """The error tells where seeds work, and nothing is sent."""
    line = connect(dialect)
    with pytest.raises(UsageError, match="provider='runware'"):
        line.session.plan("a fox", provider=line.name, model="h3", seed=range(1, 4), ask_log=False, reuse=False)
    assert line.charged == 0


@pytest.mark.parametrize("dialect", KIE)
def test_local_references_arrive_at_kie(connect: Connect, dialect: str) -> None:
    """Each file is uploaded by the way of its kind, and the create call has its link."""
    line = connect(dialect)
    files = [picture(), clip(size=(320, 256)), sound()]
    accepted = line.create(line.request(model="h3", references=files))
    uploads = [r["path"] for r in line.simulator.requests if r["path"].endswith("-upload")]
    assert uploads == ["/api/file-base64-upload", "/api/file-stream-upload", "/api/file-stream-upload"]
    for name in ("reference_image_urls", "reference_video_urls", "reference_audio_urls"):
        (url,) = sent(line)[name]
        assert url.startswith("http")
    assert (accepted.warning, line.charged) == (None, 1)


@pytest.mark.parametrize("dialect", KIE)
def test_local_frames_arrive_at_kie(connect: Connect, dialect: str) -> None:
    """The clip has the frame's shape, and no ratio is sent."""
    line = connect(dialect)
    line.create(line.request(model="h3", first_frame=picture(), last_frame=picture(401)))
    fields = sent(line)
    assert fields["first_frame_url"] != fields["last_frame_url"]
    assert "aspect_ratio" not in fields


def test_local_references_arrive_at_runware(connect: Connect) -> None:
    """A picture is carried by the create call; a clip and a sound are stored first, and go by their UUIDs."""
    line = connect("runware")
    files = [picture(), clip(size=(320, 256)), sound()]
    accepted = line.create(line.request(model="h3", references=files))
    inputs = sent(line)["inputs"]
    assert inputs["referenceImages"][0].startswith("data:image/png;base64,")
    assert [len(inputs[name][0]) for name in ("referenceVideos", "referenceAudios")] == [36, 36]
    assert (accepted.warning, line.charged) == (None, 1)


@pytest.mark.parametrize(
    ("dialect", "arguments", "size"),
    [
        *((dialect, {"aspect_ratio": "9:16"}, (768, 1344)) for dialect in (*KIE, "runware")),
        *((dialect, {"resolution": "2K", "aspect_ratio": "21:9"}, (2944, 1248)) for dialect in (*KIE, "runware")),
        ("runware", {"width": 1024, "height": 768}, (1024, 768)),
        ("runware", {"model": "h3-max", "resolution": "480P", "aspect_ratio": "21:9"}, (960, 416)),
    ],
    ids=str,
)
def test_sizes_that_are_asked_for_are_made(
    connect: Connect, dialect: str, arguments: dict[str, Any], size: tuple[int, int]
) -> None:
    """The clip has the size that the request names."""
    line = connect(dialect)
    found = made(line, line.create(line.request(**{"model": "h3", **arguments})).task_id)
    assert (found["width"], found["height"]) == size


@pytest.mark.parametrize(
    ("dialect", "arguments", "amount", "currency"),
    [
        ("kie", {}, 96.0, "credits"),
        ("kie-jobs", {"resolution": "2K", "duration": 4}, 104.0, "credits"),
        ("runware", {}, 0.48, "USD"),
        ("runware", {"resolution": "2K", "duration": 5}, 0.65, "USD"),
        ("runware", {"model": "h3-fast", "duration": 4}, 0.184, "USD"),
        ("runware", {"model": "h3-max-turbo", "resolution": "480P", "duration": 8}, 0.2, "USD"),
    ],
)
def test_the_list_price_is_what_the_provider_reports(
    connect: Connect, dialect: str, arguments: dict[str, Any], amount: float, currency: str
) -> None:
    """The estimate before and the cost after are the same figure."""
    line = connect(dialect)
    request = line.request(**{"model": "h3", **arguments})
    price = line.provider.facts.price_of(request, None)
    assert price[:2] == (round(amount * 1_000_000), currency)
    reported = line.query(request, line.create(request).task_id).clip
    assert (reported.cost_micros, reported.currency) == price[:2]


def test_several_results(connect: Connect) -> None:
    """Four clips of one task are four results, each with a seed of its own."""
    line = connect("runware")
    request = line.request(model="h3", options={"numberResults": 4})
    task_id = line.create(request).task_id
    seeds = {line.query(request, task_id, index).clip.seed for index in range(4)}
    assert len(seeds) == 4


@pytest.mark.parametrize(("dialect", "currency"), [("kie", "credits"), ("kie-jobs", "credits"), ("runware", "USD")])
def test_the_balance(connect: Connect, dialect: str, currency: str) -> None:
    """The account's first sum is in the currency of its prices."""
    line = connect(dialect)

    async def answer() -> HttpReply:
        http = Http()
        call, auth = line.provider.encode_balance(), line.provider.facts.auth
        reply = await http.call(line.simulator.url, call, auth=auth, key=Secret("sk-CANARY-contract"))
        await http.close()
        return reply

    (first, *_) = line.provider.decode_balance(asyncio.run(answer())).amounts
    assert (first.currency, first.micros > 0) == (currency, True)
    assert line.charged == 0
