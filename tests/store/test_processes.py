"""Tests of several processes on one store: opened at once, killed, forked, at the last place or dollar."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.store import RunLog
from hailuo_widgets.store.migrations import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PRICE = 280_000
# What the run log's methods import when they are called, beside what the log's thread imports while no fork may happen.
LEFT_OUT = """
import ast, inspect, sys
from hailuo_widgets.store import run_queries, runlog
runlog.RunLog("sqlite://")._thread.loaded(lambda: None)()
late = set()
for module in (runlog, run_queries):
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and node.module == "hailuo_widgets.store":
            late |= {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module.startswith(("hailuo_widgets.store.", "sqlalchemy")):
            late.add(node.module)
        elif isinstance(node, ast.Import):
            late |= {name.name for name in node.names}
assert len(late) > 10, late
print(*sorted(late - set(sys.modules)))
"""


@pytest.mark.slow
def test_eight_processes_open_a_new_store_at_once(tmp_path: Path, crew: Callable[..., str]) -> None:
    """Fifty times, eight processes make the same new store at the same moment: no errors, one schema."""
    urls = [f"sqlite:///{tmp_path / str(n) / 'runs.sqlite3'}" for n in range(50)]
    assert json.loads(crew("race", *urls)) == [[]] * 8
    for url in urls:
        with RunLog(url).database.read() as c:
            assert c.exec_driver_sql("SELECT count(*) FROM migrations").scalar() == len(MIGRATIONS)


@pytest.mark.slow
def test_eight_processes_open_a_new_postgres_store_at_once(
    postgres_urls: Callable[[int], list[str]], crew: Callable[..., str]
) -> None:
    """The same on PostgreSQL, five times."""
    assert json.loads(crew("race", *postgres_urls(5))) == [[]] * 8


@pytest.mark.slow
def test_no_acknowledged_row_is_lost_to_kills(path: Path, crew: Callable[..., str]) -> None:
    """Three writers, thirty times one of them is killed: every row that was said to be written is there."""
    found = json.loads(crew("kills", f"sqlite:///{path}", "30"))
    assert found["acknowledged"] > 30
    assert found["lost"] == []
    assert found["check"].endswith("integrity ok")


def test_no_more_runs_in_flight_than_places(url: str, crew: Callable[..., str]) -> None:
    """Four processes send 60 runs through ten places: ten are taken, never eleven, and all runs get their turn."""
    found = json.loads(crew("places", url, "60", "10"))
    assert (found["most"], found["sent"]) == (10, 60)
    assert sum(found["refused"]) > 0


def test_no_budget_is_passed(url: str, crew: Callable[..., str]) -> None:
    """Four processes spend one budget: to the last run that fits, and not a millionth more."""
    bound = 17 * PRICE + PRICE // 2
    found = json.loads(crew("budget", url, "60", str(bound)))
    assert found == {"reserved": 17 * PRICE, "sent": 17, "refused": 43}


def test_a_fork_waits_for_all_that_the_log_imports() -> None:
    """No method of the run log imports a module later: a child forked meanwhile would have half of it."""
    ended = subprocess.run([sys.executable, "-c", LEFT_OUT], capture_output=True, text=True, check=True, timeout=120)
    assert ended.stdout.split() == []


@pytest.mark.slow
def test_a_forked_child_opens_the_store_anew(url: str, crew: Callable[..., str]) -> None:
    """Children forked while the log's thread writes can write themselves, and lose nothing of their parent's."""
    found = json.loads(crew("forks", url, "20"))
    assert found["at_work"] > 0
    assert found["exit"] == [0] * 20
    assert (found["parent"], found["child"]) == (300, 20)
    assert found["check"].endswith("integrity ok")
