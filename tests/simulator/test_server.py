"""The simulator as a program: start, stop, restart, limits, keys, the command, and what importing it costs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from hailuo_widgets.simulator import Simulator
from hailuo_widgets.simulator.latency import generation_seconds, median_seconds
from hailuo_widgets.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

CREATE = "/v1/video_generation"
QUERY = "/v1/query/video_generation"
GOOD = {"model": "MiniMax-Hailuo-02", "prompt": "a fox"}
FOLDER = Path(__file__).parents[2]


def test_a_restart_finds_its_tasks(
    tmp_path: Path, start: Callable[..., Simulator], connect: Callable[..., httpx.Client]
) -> None:
    """A task begun before a stop is known after the next start, at the same address, and so is its file's link."""
    simulator = start(tmp_path)
    api = connect(simulator)
    task_id = api.post(CREATE, json=GOOD).json()["task_id"]
    url = simulator.url
    file_id = api.get(QUERY, params={"task_id": task_id}).json()["file_id"]
    link = api.get("/v1/files/retrieve", params={"file_id": file_id}).json()["file"]["download_url"]
    content = api.get(link).content
    simulator.stop()
    assert not simulator.running
    with pytest.raises(httpx.ConnectError):
        connect(simulator).get("/simulator/state")
    simulator.start()
    assert simulator.url == url
    again = connect(simulator)
    assert again.get(QUERY, params={"task_id": task_id}).json()["file_id"] == file_id
    assert again.get(link).content == content
    assert simulator.creates["minimax"] == 1
    assert simulator.state["renders"] == 0


def test_another_process_on_the_same_home(
    tmp_path: Path, start: Callable[..., Simulator], connect: Callable[..., httpx.Client]
) -> None:
    """Two simulators on one home know each other's tasks, even when both create at once."""
    first, second = start(tmp_path), start(tmp_path)
    ids: list[str] = []

    def create(simulator: Simulator) -> None:
        api = connect(simulator)
        ids.extend(api.post(CREATE, json=GOOD).json()["task_id"] for _ in range(10))

    threads = [threading.Thread(target=create, args=(simulator,)) for simulator in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 20
    api = connect(second)
    assert {api.get(QUERY, params={"task_id": task_id}).json()["status"] for task_id in ids} == {"Success"}


def test_the_clock_goes_on_while_it_is_stopped(tmp_path: Path) -> None:
    """A task's state follows the wall clock, not the simulator's running time."""
    simulator = Simulator(tmp_path, latency=100.0, draft=True).start()
    headers = {"Authorization": "Bearer k"}
    task_id = httpx.post(simulator.url + CREATE, json=GOOD, headers=headers).json()["task_id"]
    task = simulator.world.tasks.find(task_id=task_id)[0]
    simulator.world.tasks.mark(task, created=task.created - 101, ready=task.created - 1)
    simulator.stop()
    with simulator:
        told = httpx.get(simulator.url + QUERY, params={"task_id": task_id}, headers=headers).json()
    assert told["status"] == "Success"


def test_listed_keys_are_accounts(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """Where keys are listed, others are refused, and one key does not see another's tasks."""
    simulator = start(keys=["one", "two"])
    one, two, other = (connect(simulator, {"Authorization": f"Bearer {key}"}) for key in ("one", "two", "three"))
    task_id = one.post(CREATE, json=GOOD).json()["task_id"]
    assert one.get(QUERY, params={"task_id": task_id}).json()["base_resp"]["status_code"] == 0
    assert two.get(QUERY, params={"task_id": task_id}).json()["base_resp"]["status_code"] == 2013
    assert other.post(CREATE, json=GOOD).json()["base_resp"]["status_code"] == 2049


def test_limits(start: Callable[..., Simulator], connect: Callable[..., httpx.Client]) -> None:
    """Requests a minute, unfinished tasks and credits each end in the gateway's own code."""
    api = connect(start(rpm=2))
    codes = [api.post(CREATE, json=GOOD).json()["base_resp"]["status_code"] for _ in range(3)]
    assert codes == [0, 0, 1002]
    polls = connect(start(rpm=1, rpm_counts_polls=True))
    task_id = polls.post(CREATE, json=GOOD).json()["task_id"]
    assert polls.get(QUERY, params={"task_id": task_id}).json()["base_resp"]["status_code"] == 1002
    busy = start(latency=3600.0, concurrency={"minimax": 2})
    api = connect(busy)
    assert [api.post(CREATE, json=GOOD).json()["base_resp"]["status_code"] for _ in range(3)] == [0, 0, 1002]
    assert busy.state["max_concurrent"]["minimax"] == 2
    api = connect(start(credits=0.6))
    assert [api.post(CREATE, json=GOOD).json()["base_resp"]["status_code"] for _ in range(3)] == [0, 0, 1008]


def test_switches_that_mean_nothing() -> None:
    """A wrong switch is an error where it is written, and names itself."""
    with pytest.raises(ValueError, match="speed"):
        Simulator(speed=0)
    with pytest.raises(ValueError, match="kkiai_envelope"):
        Simulator(kkiai_envelope="other")
    with pytest.raises(ValueError, match="latency"):
        Simulator(latency=-1)
    with pytest.raises(TypeError, match="sped"):
        Simulator(sped=2)


def test_a_taken_port_is_an_error(sim: Simulator) -> None:
    """A port that is in use is an OSError that names it."""
    with pytest.raises(OSError, match=str(sim.port)):
        Simulator(port=sim.port).start()


def test_generation_times() -> None:
    """Times are around the documented medians, divided by the speed, and repeatable with a seed."""
    assert median_seconds("MiniMax-Hailuo-02", "768P", 6) == 120
    assert median_seconds("minimax-hailuo-2-3-fast", "768p", 6) == 55
    settings = Settings(speed=20, random_seed=1)
    draws = [generation_seconds(settings, number, "MiniMax-Hailuo-02", "768P", 6) for number in range(200)]
    assert draws == [generation_seconds(settings, number, "MiniMax-Hailuo-02", "768P", 6) for number in range(200)]
    assert 5.5 < sorted(draws)[100] < 6.5
    assert len(set(draws)) == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_its_url_and_stops(tmp_path: Path, number: signal.Signals) -> None:
    """The first line is the URL, which answers; a signal ends the program with code 0 and no complaint."""
    command = [sys.executable, "-m", "hailuo_widgets", "simulator", "--port", "0", "--home", str(tmp_path), "--draft"]
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        answer = httpx.get(f"{url}/simulator/state", trust_env=False)
        assert answer.headers["X-Simulated"] == "hailuo-widgets"
        process.send_signal(number)
        _, complaint = process.communicate(timeout=20)
    assert process.returncode == 0
    assert not complaint


def test_a_program_does_not_wait_for_its_clips(tmp_path: Path) -> None:
    """A program that ends without stopping its simulator ends at once, whatever is still to be rendered."""
    code = (
        "import sys, httpx\n"
        "from hailuo_widgets.simulator import Simulator\n"
        "simulator = Simulator(sys.argv[1], speed=1.0).start()\n"
        "body = {'model': 'MiniMax-Hailuo-02', 'prompt': 'x', 'resolution': '1080P'}\n"
        "client = httpx.Client(base_url=simulator.url, headers={'Authorization': 'Bearer k'}, trust_env=False)\n"
        "for _ in range(30):\n"
        "    client.post('/v1/video_generation', json=body).raise_for_status()\n"
        "print(simulator.creates['minimax'])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout.strip()) == (0, "30"), done.stderr
    assert len(list((tmp_path / "clips").glob("*.mp4"))) < 30


def test_importing_is_light_and_alone() -> None:
    """Importing the package loads no server and no video library; running it loads nothing else of the project."""
    code = (
        "import sys\n"
        "import hailuo_widgets.simulator as s\n"
        "heavy = {'uvicorn', 'starlette', 'av', 'numpy', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "before = set(sys.modules)\n"
        "s.Simulator\n"
        "own = {m for m in set(sys.modules) - before if m.startswith('hailuo_widgets')}\n"
        "strangers = {m for m in own if not m.startswith('hailuo_widgets.simulator')}\n"
        "assert not strangers, strangers\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", ["/toy/v1/jobs", "/v3/async/minimax-hailuo-02", "/v1/unknown"])
def test_a_provider_that_is_not_spoken_is_told_so(api: httpx.Client, path: str) -> None:
    """A path of no gateway is not mistaken for a lost task: the answer says what the simulator speaks."""
    answer = api.post(path, json={})
    assert answer.status_code == 404
    assert answer.json()["error"].startswith(f"this simulator does not speak POST {path}; it speaks minimax, ")
    assert {"fal", "replicate", "relay"} <= set(answer.json()["speaks"])


def test_no_answer_waits_for_an_acknowledgement(sim: Simulator) -> None:
    """The listener names its protocol: asyncio turns Nagle's algorithm off, 40 ms a call, only where that is so."""
    (server,) = sim._server.servers  # type: ignore[union-attr]  # it runs
    assert {listener.proto for listener in server.sockets} == {socket.IPPROTO_TCP}
