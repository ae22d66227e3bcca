"""What all gateways have in common: lost answers, limits, accounts and money, on each of the newer ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hailuo_widgets.simulator import Simulator

PROMPT = {"prompt": "A fox runs through snow"}


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """How one gateway is spoken to: its create call, its key, and where its answers lead."""

    provider: str
    path: str
    body: Mapping[str, Any]
    header: str
    prefix: str
    price: float
    throttled: int = 429
    unpaid: int = 402

    def headers(self, key: str = "k") -> dict[str, str]:
        """The key as this gateway takes it."""
        return {self.header: f"{self.prefix}{key}"}

    def query(self, told: dict[str, Any]) -> str:
        """The URL that asks about a task, from the create answer."""
        if self.provider == "replicate":
            return str(told["urls"]["get"])
        return str(told.get("status_url") or told.get("polling_url") or f"/v1/videos/{told['id']}")


GATEWAYS = [
    Gateway(
        provider="fal",
        path="/fal-ai/minimax/hailuo-2.3/standard/text-to-video",
        body=PROMPT,
        header="Authorization",
        prefix="Key ",
        price=0.28,
        unpaid=403,
    ),
    Gateway(
        provider="replicate",
        path="/v1/models/minimax/hailuo-2.3/predictions",
        body={"input": PROMPT},
        header="Authorization",
        prefix="Bearer ",
        price=0.28,
    ),
    Gateway(
        provider="relay",
        path="/v1/videos",
        body={**PROMPT, "model": "MiniMax-Hailuo-2.3"},
        header="Authorization",
        prefix="Bearer ",
        price=0.28,
        unpaid=403,
    ),
    Gateway(
        provider="pixazo",
        path="/minimax-hailuo-h3/v2/text-to-video",
        body={**PROMPT, "duration": 6, "resolution": "768P"},
        header="Ocp-Apim-Subscription-Key",
        prefix="",
        price=0.48,
    ),
]
ODD: list[Any] = [
    None,
    True,
    -1,
    3.5,
    "",
    "x",
    "x" * 7001,
    [],
    ["x", None],
    [{"a": 1}],
    {},
    {"prompt": {}},
    "data:image/png;base64,AAAA",
    "http://[open/fox.png",
    "http://127.0.0.1:99999/fox.png",
]
FIELDS = [
    "prompt",
    "duration",
    "seconds",
    "resolution",
    "size",
    "image",
    "image_url",
    "end_image_url",
    "images",
    "reference_images",
    "metadata",
    "model",
    "first_frame_image",
    "last_frame_image",
    "prompt_optimizer",
    "webhook",
    "webhook_events_filter",
    "input",
    "ratio",
    "video_urls",
]
EACH = pytest.mark.parametrize("gateway", GATEWAYS, ids=lambda gateway: gateway.provider)


@EACH
@pytest.mark.parametrize(("kind", "charged"), [("drop", 0), ("drop_after", 1)])
def test_a_lost_answer(
    sim: Simulator, connect: Callable[..., httpx.Client], gateway: Gateway, kind: str, charged: int
) -> None:
    """A create whose answer is lost is paid, one that never arrived is not."""
    sim.fault(kind, provider=gateway.provider, phase="create")
    with pytest.raises(httpx.RemoteProtocolError):
        connect(sim, gateway.headers()).post(gateway.path, json=gateway.body)
    assert sim.creates[gateway.provider] == charged
    assert sim.spent[gateway.provider] == pytest.approx(charged * gateway.price)


@EACH
@pytest.mark.parametrize(("kind", "charged"), [("malformed", 1), ("html", 1), ("missing_task_id", 1), ("redirect", 0)])
def test_an_answer_that_leads_nowhere(
    sim: Simulator, connect: Callable[..., httpx.Client], gateway: Gateway, kind: str, charged: int
) -> None:
    """Whatever the answer looks like, a call that was carried out is paid."""
    sim.fault(kind, provider=gateway.provider, phase="create")
    answer = connect(sim, gateway.headers()).post(gateway.path, json=gateway.body)
    if kind == "malformed":
        with pytest.raises(ValueError, match=r"."):
            answer.json()
    if kind == "missing_task_id":
        (task,) = sim.tasks
        assert task["task_id"] not in answer.text
    assert sim.creates[gateway.provider] == charged


@EACH
@pytest.mark.parametrize("phase", ["create", "query"])
def test_a_throttled_call(sim: Simulator, connect: Callable[..., httpx.Client], gateway: Gateway, phase: str) -> None:
    """A 429 has its Retry-After, and neither makes nor ends a task."""
    api = connect(sim, gateway.headers())
    url = gateway.query(api.post(gateway.path, json=gateway.body).json())
    sim.fault("http", provider=gateway.provider, phase=phase, status=429, retry_after=3)
    answer = api.post(gateway.path, json=gateway.body) if phase == "create" else api.get(url)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert api.get(url).status_code == 200
    assert sim.creates[gateway.provider] == 1


@EACH
def test_a_forgotten_task_is_paid(sim: Simulator, connect: Callable[..., httpx.Client], gateway: Gateway) -> None:
    """The gateway answers, and does not know the task afterwards."""
    api = connect(sim, gateway.headers())
    sim.fault("forget", provider=gateway.provider, phase="create")
    told = api.post(gateway.path, json=gateway.body).json()
    assert api.get(gateway.query(told)).status_code in {400, 404}
    assert sim.spent[gateway.provider] == gateway.price


@EACH
def test_a_status_that_no_document_names(
    sim: Simulator, connect: Callable[..., httpx.Client], gateway: Gateway
) -> None:
    """An unfinished task can have any word for its status; one that has ended keeps its own."""
    api = connect(sim, gateway.headers())
    sim.fault("stuck", provider=gateway.provider, phase="create")
    running, ended = (gateway.query(api.post(gateway.path, json=gateway.body).json()) for _ in range(2))
    usual = api.get(ended).json()["status"]
    sim.fault("word", provider=gateway.provider, phase="query", message="WARMING_UP", times=2)
    assert [api.get(url).json()["status"] for url in (running, ended)] == ["WARMING_UP", usual]
    assert api.get(running).json()["status"] != "WARMING_UP"


@EACH
def test_accounts_money_and_places(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], gateway: Gateway
) -> None:
    """Each key is an account with its own tasks and its own money; unfinished tasks have their limit."""
    simulator = start(keys=["mine", "other"], credits=gateway.price, latency=60.0, eager=False)
    mine, other = (connect(simulator, gateway.headers(key)) for key in ("mine", "other"))
    url = gateway.query(mine.post(gateway.path, json=gateway.body).json())
    assert mine.get(url).status_code in {200, 202}
    assert other.get(url).status_code in {400, 404}
    assert mine.post(gateway.path, json=gateway.body).status_code == gateway.unpaid
    assert other.post(gateway.path, json=gateway.body).status_code in {200, 201, 202}
    assert connect(simulator, gateway.headers("third")).post(gateway.path, json=gateway.body).status_code == 401
    limited = start(concurrency=1, latency=60.0, eager=False)
    api = connect(limited, gateway.headers())
    statuses = [api.post(gateway.path, json=gateway.body).status_code for _ in range(2)]
    assert statuses[1] == gateway.throttled
    assert limited.creates[gateway.provider] == 1


@EACH
def test_calls_a_minute(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], gateway: Gateway
) -> None:
    """The rate limit counts create calls of one gateway."""
    simulator = start(rpm=2)
    api = connect(simulator, gateway.headers())
    statuses = [api.post(gateway.path, json=gateway.body).status_code for _ in range(3)]
    assert statuses[2] == gateway.throttled
    assert simulator.creates[gateway.provider] == 2


@EACH
def test_tasks_outlive_the_simulator(
    start: Callable[..., Simulator], connect: Callable[..., httpx.Client], gateway: Gateway, tmp_path: object
) -> None:
    """A simulator that starts again in its home knows the task, and still has been paid for it."""
    first = start(tmp_path)
    told = connect(first, gateway.headers()).post(gateway.path, json=gateway.body).json()
    path = gateway.query(told).removeprefix(first.url)
    first.stop()
    second = start(tmp_path)
    assert connect(second, gateway.headers()).get(path).status_code == 200
    assert second.spent[gateway.provider] == gateway.price


@EACH
@pytest.mark.parametrize("name", FIELDS)
def test_an_odd_request_breaks_nothing(
    sim: Simulator, connect: Callable[..., httpx.Client], gateway: Gateway, name: str
) -> None:
    """Whatever a field holds, the answer is the gateway's own, never a crash."""
    api = connect(sim, gateway.headers())
    for value in ODD:
        bodies = [{**gateway.body, name: value}]
        if gateway.provider == "replicate":
            bodies.append({"input": {**PROMPT, name: value}})
        for body in bodies:
            answer = api.post(gateway.path, json=body)
            assert answer.status_code < 500 or "model_not_found" in answer.text, body
            assert answer.json()
            if answer.status_code < 300:
                api.get(gateway.query(answer.json())).json()
