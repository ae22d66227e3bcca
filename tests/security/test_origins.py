"""Tests of where the key is sent: only where settings or documents say, whatever a row of the log says."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import OpenHost

CANARY = "sk-CANARY-security"
UNFINISHED = ("submitting", "queued", "running", "downloading")


@pytest.fixture
def fake_provider(tmp_path: Path) -> Iterator[Simulator]:
    """A provider on loopback."""
    with Simulator(tmp_path / "provider", latency=0.1, draft=True) as simulator:
        yield simulator


@pytest.fixture
def open_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Opens sessions on one home, with the key, at a base URL."""
    made: list[Session] = []

    def opened(url: str | None, *, mode: str = "live", told: list[str] | None = None, **more: Any) -> Session:
        if url is None:
            monkeypatch.delenv("MINIMAX_BASE_URL", raising=False)
        else:
            monkeypatch.setenv("MINIMAX_BASE_URL", url)
        monkeypatch.setenv("MINIMAX_API_KEY", CANARY)
        notice = (lambda _: None) if told is None else told.append
        options = {"poll_interval": 0.1, "timeout": 20.0, **more}
        made.append(Session(home=tmp_path / "home", mode=mode, notice=notice, **options))
        return made[-1]

    yield opened
    for session in made:
        session.close()


def plant(home: Path, run_id: str, **columns: str | None) -> None:
    """Change a run's row as whoever can write the log can."""
    with sqlite3.connect(home / "runs.sqlite3") as c:
        for name, value in columns.items():
            c.execute(f"update runs set {name} = ? where run_id = ?", (value, run_id))  # noqa: S608 - the test's names


@pytest.mark.parametrize("status", UNFINISHED)
def test_a_planted_origin_is_asked_nothing(
    open_session: Any, open_host: OpenHost, fake_provider: Simulator, tmp_path: Path, status: str
) -> None:
    """A row that names a stranger's host: that host hears nothing, and the run is left as it is and named."""
    stranger = open_host()
    session = open_session(fake_provider.url)
    run = session.generate("a fox", model="02").wait(20)
    session.close()
    gone = {"video": None, "sha256": None, "finished_at": None, "video_url": None, "owner": None, "lease_until": None}
    plant(tmp_path / "home", run.id, status=status, origin=stranger.url, **gone)
    again = open_session(fake_provider.url)
    again.resume()
    again.wait([run.id], 20)
    left = again.run(run.id)
    assert stranger.seen == []
    assert left.status == status
    assert f"MINIMAX_BASE_URL={stranger.url}" in str(left.error)
    assert "left as it is" in str(left.error)
    assert "%hailuo resume" in str(left.error)


def test_another_paid_try_goes_to_no_planted_origin(
    open_session: Any, open_host: OpenHost, fake_provider: Simulator, tmp_path: Path
) -> None:
    """``resubmit()`` of a row that names a stranger's host sends nothing there, and nothing elsewhere."""
    stranger = open_host()
    session = open_session(fake_provider.url)
    run = session.generate("a fox", model="02").wait(20)
    session.close()
    plant(tmp_path / "home", run.id, origin=stranger.url, status="unconfirmed", task_id=None)
    session = open_session(fake_provider.url)
    another = session.run(run.id).resubmit()
    session.wait([another.id], 20)
    assert (stranger.seen, session.run(another.id).status) == ([], "failed")
    assert fake_provider.creates["minimax"] == 1


def test_the_setting_that_is_named_follows_the_run(open_session: Any, fake_provider: Simulator, tmp_path: Path) -> None:
    """A run of another host is taken up once the base URL is that host's, as its error says."""
    fake_provider.fault("http", phase="query", status=503, times=10_000)
    session = open_session(fake_provider.url)
    run = session.generate("a fox", model="02")
    with pytest.raises(TimeoutError):
        run.wait(1.0)
    session.close()
    fake_provider.clear_faults()
    elsewhere = open_session(None)
    elsewhere.resume()
    elsewhere.wait([run.id], 20)
    assert elsewhere.run(run.id).record.unfinished
    elsewhere.close()
    back = open_session(fake_provider.url)
    back.resume()
    back.wait([run.id], 20)
    assert back.run(run.id).status == "succeeded"
    assert fake_provider.creates["minimax"] == 1


@pytest.mark.parametrize("origin", ["https://api.minimaxi.com", "https://api.minimax.io", "https://api.minimax.cn"])
def test_a_documented_origin_is_followed(
    open_session: Any, fake_provider: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: str
) -> None:
    """A run of one of the provider's own hosts is asked for there, whatever is configured now."""
    asked: list[str] = []
    session = open_session(fake_provider.url)
    run = session.generate("a fox", model="02").wait(20)
    session.close()
    plant(tmp_path / "home", run.id, status="running", origin=origin, finished_at=None, owner=None, lease_until=None)

    async def call(_: Any, where: str, *__: Any, **___: Any) -> Any:
        asked.append(where)
        raise OSError("no connection in this test")

    monkeypatch.setattr("hailuo_widgets.transport.http.Http.call", call)
    again = open_session(fake_provider.url)
    again.resume()
    with pytest.raises(TimeoutError):
        again.wait([run.id], 0.5)
    assert set(asked) == {origin}


def test_reuse_survives_a_changed_default_host(
    open_session: Any, fake_provider: Simulator, tmp_path: Path, open_host: OpenHost
) -> None:
    """A clip of one documented host serves at another; one of a host of nobody's documents serves there alone."""
    session = open_session(fake_provider.url)
    run = session.generate("a fox", model="02").wait(20)
    session.close()
    plant(tmp_path / "home", run.id, origin="https://api.minimax.io")
    default = open_session(None)
    (planned,) = default.plan("a fox", model="02").runs
    assert [outlook.fate for outlook in planned.outlooks] == ["reused"]
    served = default.generate("a fox", model="02").wait(20)
    assert (served.status, served.record.reused_from) == ("succeeded", run.id)
    default.close()
    plant(tmp_path / "home", run.id, origin="https://relay.example")
    other = open_session(None)
    (planned,) = other.plan("a fox", model="02").runs
    assert [outlook.fate for outlook in planned.outlooks] == ["sent"]


# -- what is simulated ------------------------------------------------------------------------------------------------


def test_no_answer_makes_a_live_run_simulated(open_session: Any, fake_provider: Simulator) -> None:
    """Every answer of the simulator says that it is one; in live mode the run is billed as the settings say."""
    session = open_session(fake_provider.url)
    run = session.generate("a fox", model="02").wait(20)
    assert {r["path"] for r in fake_provider.requests} != set()
    assert (run.status, run.simulated, run.record.origin) == ("succeeded", False, fake_provider.url)
    assert (run.card.simulated, "simulated" in str(run.card.cost_note)) == (False, False)


def test_simulated_mode_uses_the_simulator_of_the_base_url(open_session: Any, fake_provider: Simulator) -> None:
    """``mode="simulated"`` with a base URL on this machine: that simulator makes the clip, without the user's key."""
    told: list[str] = []
    session = open_session(fake_provider.url, mode="simulated", told=told)
    run = session.generate("a fox", model="02").wait(20)
    assert (run.status, run.simulated, fake_provider.creates["minimax"]) == ("succeeded", True, 1)
    assert not any(CANARY in str(r) for r in fake_provider.requests)
    assert f"the simulator at {fake_provider.url}" in " ".join(told)


def test_simulated_mode_leaves_the_machine_for_no_base_url(open_session: Any) -> None:
    """``mode="simulated"`` with a base URL elsewhere, or one that is none: the bundled simulator makes the clip."""
    for url in ("https://provider.invalid", "no address"):
        session = open_session(url, mode="simulated", simulator_speed=5000)
        run = session.generate(f"a fox at {url}", model="02").wait(30)
        assert (run.status, run.simulated) == ("succeeded", True)
