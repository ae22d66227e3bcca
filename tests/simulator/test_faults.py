"""Faults on request: each kind does what its table says, to the calls it was asked for and no others."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.simulator import Simulator

CREATE = "/v1/video_generation"
QUERY = "/v1/query/video_generation"
GOOD = {"model": "MiniMax-Hailuo-02", "prompt": "a fox"}


def make(api: httpx.Client) -> str:
    """Create a task and return its id."""
    return str(api.post(CREATE, json=GOOD).json()["task_id"])


def test_a_dropped_create_is_charged_or_not(sim: Simulator, api: httpx.Client) -> None:
    """Either way there is no answer; after drop_after the task exists and is charged, after drop it is not."""
    for kind, charged in (("drop", 0), ("drop_after", 1)):
        sim.fault(kind, provider="minimax", phase="create")
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            api.post(CREATE, json=GOOD)
        assert sim.creates["minimax"] == charged
        assert sim.requests[-1]["fault"] == kind
        assert sim.requests[-1]["status"] is None
    make(api)
    assert sim.creates["minimax"] == 2


def test_codes_in_each_gateways_shape(sim: Simulator, connect: Callable[..., httpx.Client]) -> None:
    """A code fault comes in the gateway's own shape, with the message that was asked for."""
    api = connect(sim, {"Authorization": "Bearer k", "Ocp-Apim-Subscription-Key": "k"})
    pixazo = "/minimax-hailuo-ai-polling/v1/getStatus"
    sim.fault("code", provider="minimax", phase="create", code=1033, message="busy")
    assert api.post(CREATE, json=GOOD).json()["base_resp"] == {"status_code": 1033, "status_msg": "busy"}
    sim.fault("code", provider="kie", phase="query", code=1005, message="busy")
    told = api.get("/api/v1/minimax/record-info", params={"taskId": "x"}).json()
    assert (told["code"], told["message"]) == (1005, "busy")
    sim.fault("code", provider="pixazo", phase="query", code=429, message="busy")
    answer = api.post(pixazo, json={"task_id": "1"})
    assert (answer.status_code, answer.json()) == (429, {"error": "busy"})
    sim.fault("code", provider="pixazo", phase="query", code=1002, message="busy")
    assert api.post(pixazo, json={"task_id": "1"}).json()["base_resp"]["status_code"] == 1002
    sim.fault("code", provider="runware", code="timeoutProvider", message="busy")
    assert api.post("/v1", json=[{"taskType": "ping"}]).json()["errors"][0]["code"] == "timeoutProvider"
    sim.fault("code", provider="kkiai", phase="create", code=1002)
    assert api.post("/minimax/v1/video_generation", json=GOOD).json()["base_resp"]["status_code"] == 1002
    assert sim.creates["total"] == 0


@pytest.mark.parametrize(("status", "retry_after"), [(401, None), (402, None), (429, 3), (500, None)])
def test_http_statuses(sim: Simulator, api: httpx.Client, status: int, retry_after: float | None) -> None:
    """An HTTP fault has its status and its Retry-After, and the call is not carried out."""
    sim.fault("http", phase="create", status=status, retry_after=retry_after)
    answer = api.post(CREATE, json=GOOD)
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == (None if retry_after is None else "3")
    assert sim.creates["total"] == 0


def test_pages_instead_of_json(sim: Simulator, api: httpx.Client) -> None:
    """A 502 is an HTML page and not carried out; kind html is one with status 200, and carried out."""
    sim.fault("http", phase="create", status=502)
    answer = api.post(CREATE, json=GOOD)
    assert (answer.status_code, sim.creates["total"]) == (502, 0)
    assert answer.text.startswith("<html>")
    sim.fault("html", phase="create")
    answer = api.post(CREATE, json=GOOD)
    assert (answer.status_code, sim.creates["total"]) == (200, 1)
    assert answer.text.startswith("<html>")


def test_answers_that_cannot_be_used(sim: Simulator, api: httpx.Client) -> None:
    """Malformed JSON and a missing task id: the call was carried out all the same."""
    sim.fault("malformed", phase="create")
    with pytest.raises(ValueError, match=r"."):
        api.post(CREATE, json=GOOD).json()
    sim.fault("missing_task_id", phase="create")
    assert api.post(CREATE, json=GOOD).json() == {"base_resp": {"status_code": 0, "status_msg": "success"}}
    assert sim.creates["minimax"] == 2


def test_a_redirect_is_not_carried_out(sim: Simulator, api: httpx.Client) -> None:
    """A redirect says where to, and charges nothing."""
    sim.fault("redirect", phase="create", message="http://127.0.0.1:9/elsewhere")
    answer = api.post(CREATE, json=GOOD)
    assert (answer.status_code, answer.headers["Location"]) == (307, "http://127.0.0.1:9/elsewhere")
    assert sim.creates["total"] == 0


@pytest.mark.parametrize("kind", ["delay", "delay_after"])
def test_delays(sim: Simulator, api: httpx.Client, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The answer waits as long as was asked for, and whoever gives up meanwhile has been charged in one case only."""
    waits: list[tuple[float, int]] = []

    async def sleep(seconds: float) -> None:
        waits.append((seconds, sim.creates["minimax"]))

    monkeypatch.setattr(
        "hailuo_widgets.simulator.station.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep})
    )
    sim.fault(kind, phase="create", seconds=600.0)
    make(api)
    assert (waits, sim.creates["minimax"]) == ([(600.0, 1 if kind == "delay_after" else 0)], 1)


def test_tasks_that_end_otherwise(sim: Simulator, api: httpx.Client) -> None:
    """A task can be stuck, fail with a code, or be forgotten."""
    sim.fault("stuck", phase="create")
    assert api.get(QUERY, params={"task_id": make(api)}).json()["status"] == "Preparing"
    sim.fault("fail", phase="create", code=1027, message="no")
    told = api.get(QUERY, params={"task_id": make(api)}).json()
    assert (told["status"], told["base_resp"]) == ("Fail", {"status_code": 1027, "status_msg": "no"})
    sim.fault("forget", phase="create")
    assert api.get(QUERY, params={"task_id": make(api)}).json()["base_resp"]["status_code"] == 2013
    assert sim.creates["minimax"] == 3


def test_after_and_times(sim: Simulator, api: httpx.Client) -> None:
    """A fault spares the first calls, befalls as many as it says, and leaves other phases alone."""
    task_id = make(api)
    sim.fault("code", provider="minimax", phase="query", code=1002, after=1, times=2)
    codes = [api.get(QUERY, params={"task_id": task_id}).json()["base_resp"]["status_code"] for _ in range(4)]
    assert codes == [0, 1002, 1002, 0]
    sim.fault("http", phase="query", times=None)
    statuses = [api.get(QUERY, params={"task_id": task_id}).status_code for _ in range(3)]
    assert statuses == [500] * 3
    make(api)
    sim.clear_faults()
    assert api.get(QUERY, params={"task_id": task_id}).status_code == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "explode"},
        {"kind": "http", "provider": "openai"},
        {"kind": "http", "phase": "poll"},
        {"kind": "http", "often": 1},
        {"phase": "create"},
        {"kind": "code", "code": "busy", "provider": "minimax"},
    ],
)
def test_faults_that_would_never_happen(sim: Simulator, api: httpx.Client, fault: dict[str, Any]) -> None:
    """A misspelt fault is refused where it is asked for, in Python and over HTTP."""
    answer = api.post("/simulator/faults", json=fault)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert sim.state["faults"] == []


def test_control_over_http(sim: Simulator, api: httpx.Client) -> None:
    """Faults, state and reset work over HTTP, and not for a web page."""
    armed = api.post("/simulator/faults", json=[{"kind": "http", "phase": "create"}]).json()["faults"]
    assert armed[0]["kind"] == "http"
    assert api.post(CREATE, json=GOOD).status_code == 500
    state = api.get("/simulator/state").json()
    assert state["faults"][0]["happened"] == 1
    assert [entry["path"] for entry in state["requests"]][:2] == ["/simulator/faults", CREATE]
    assert state["requests"][1]["body"] == GOOD
    assert api.post("/simulator/faults", json=[]).json()["faults"] == []
    make(api)
    for path in ("/simulator/reset", "/simulator/faults"):
        assert api.post(path, json=[], headers={"Origin": "http://evil.example"}).status_code == 403
    assert sim.creates["total"] == 1
    api.post("/simulator/reset")
    assert sim.creates["total"] == 0
