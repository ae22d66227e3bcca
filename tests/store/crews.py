"""Groups of processes on one store, forked from this small program: ``python crews.py NAME URL…``.

Each prints its findings as JSON. The tests beside it say what they must be.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.budget import Budget, Permit
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.errors import BudgetExceeded
from hailuo_widgets.store.runlog import RunLog

if TYPE_CHECKING:
    from collections.abc import Callable

FORK = multiprocessing.get_context("fork")
PRICE = 280_000
REQUEST = Request(prompt="狐", provider="minimax", model="T2V-01")


def record(run_id: str) -> RunRecord:
    """A planned run."""
    return RunRecord(
        run_id=run_id, created_at=datetime.now(UTC), request=REQUEST, request_hash=REQUEST.hash, origin="o"
    )


def together(number: int, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Let so many processes begin a piece of work at one moment; what each of them returned."""
    barrier, answers = FORK.Barrier(number), FORK.SimpleQueue()

    def begin(n: int) -> None:
        try:
            answers.put(work(n, barrier, *arguments))
        except BaseException as e:
            answers.put(f"{type(e).__name__}: {e}")
            raise

    crew = [FORK.Process(target=begin, args=(n,)) for n in range(number)]
    for process in crew:
        process.start()
    found = [answers.get() for _ in crew]
    for process in crew:
        process.join()
    return found


def race(*urls: str) -> Any:
    """Eight processes open each new store at the same moment; the errors that they met."""

    def work(_n: int, barrier: Any) -> list[str]:
        errors = []
        for url in urls:
            log = RunLog(url)
            barrier.wait()
            try:
                log.find()
            except Exception as e:  # noqa: BLE001 - whatever it is, it is what is counted
                errors.append(f"{type(e).__name__}: {e}")
            log.close()
        return errors

    return together(8, work)


def kills(url: str, number: str) -> Any:
    """Three writers, of which one or another is killed after some acknowledged rows; how many, and what was lost."""
    RunLog(url).find()
    reading, writing = os.pipe()

    def write(life: int) -> None:
        log = RunLog(url)
        for n in range(1_000_000):
            log.add([record(f"r{life}-{n}")])
            log.change(f"r{life}-{n}", "sent", status="submitting")
            os.write(writing, f"r{life}-{n}\n".encode())  # atomic: the row stands, says the writer

    def begin(life: int) -> int:
        child = os.fork()
        if child == 0:
            write(life)
        return child

    chance = random.Random(7)  # noqa: S311 - a repeatable test
    crew = [begin(life) for life in range(3)]
    acknowledged = b""
    for life in range(3, 3 + int(number)):
        enough = acknowledged.count(b"\n") + chance.randint(1, 12)
        while acknowledged.count(b"\n") < enough:
            acknowledged += os.read(reading, 4096)
        victim = chance.randrange(3)
        os.kill(crew[victim], signal.SIGKILL)
        os.waitpid(crew[victim], 0)
        crew[victim] = begin(life)
    for child in crew:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    os.close(writing)
    while more := os.read(reading, 65536):
        acknowledged += more
    said = set(acknowledged.decode().split())
    log = RunLog(url)
    kept = {r.run_id for r in log.find(status="submitting")}
    return {"acknowledged": len(said), "lost": sorted(said - kept), "check": str(log.check())}


def places(url: str, number: str, limit: str) -> Any:
    """Four processes send so many runs through so few places; how many were in flight after each step of the log."""
    log = RunLog(url)
    log.add([record(f"r{n:03}") for n in range(int(number))])
    log.close()
    permit = Permit(micros=None, currency=None, concurrent=int(limit))

    def work(n: int, barrier: Any) -> int:
        log = RunLog(url)
        barrier.wait()
        held: list[str] = []
        waiting = [f"r{k:03}" for k in range(n, int(number), 4)]
        refused = 0
        while waiting or held:
            taken = log.reserve(waiting[0], permit, {}, origin="o", submitted_at=datetime.now(UTC)) if waiting else None
            if taken is not None:
                held.append(waiting.pop(0))
                continue
            refused += bool(waiting)
            if held:
                log.change(held.pop(0), "ended", status="failed")
        log.close()
        return refused

    refused = together(4, work)
    log = RunLog(url)
    steps = [(e["at"], e["what"]) for r in log.find() for e in log.events(r.run_id)]
    with log.database.read() as c:
        order = c.exec_driver_sql("SELECT what FROM events ORDER BY event_id").scalars().all()
    flying, most = 0, 0
    for what in order:
        flying += {"create_sent": 1, "ended": -1}.get(what, 0)
        most = max(most, flying)
    return {"refused": refused, "most": most, "sent": sum(what == "create_sent" for _, what in steps)}


def budget(url: str, number: str, micros: str) -> Any:
    """Four processes reserve runs of one price against one budget; what was reserved in all, and who was refused."""
    log = RunLog(url)
    log.add([record(f"r{n:03}") for n in range(int(number))])
    log.close()
    permit = Permit(micros=PRICE, currency="USD", budgets=(Budget(name="budget", micros=int(micros)),))

    def work(n: int, barrier: Any) -> list[str]:
        log = RunLog(url)
        barrier.wait()
        outcomes = []
        for k in range(n, int(number), 4):
            try:
                log.reserve(f"r{k:03}", permit, {}, origin="o")
                outcomes.append("sent")
            except BudgetExceeded:
                outcomes.append("refused")
        log.close()
        return outcomes

    outcomes = Counter(outcome for found in together(4, work) for outcome in found)
    log = RunLog(url)
    with log.database.read() as c:
        reserved = c.exec_driver_sql("SELECT sum(reserved_micros) FROM runs").scalar()
    return {"reserved": int(reserved), **outcomes}


def forks(url: str, number: str) -> Any:
    """Fork so often while the log's thread is writing, and let each child write too; what is in the log then."""
    log = RunLog(url, busy_s=20)
    log.call(log.find)
    pending = [log.submit(log.add, [record(f"parent{n:03}")]) for n in range(300)]

    def work(n: int) -> None:
        log.call(log.add, [record(f"child{n:03}")])
        log.close()

    crew = []
    for n in range(int(number)):
        child = FORK.Process(target=work, args=(n,))
        child.start()
        crew.append(child)
    at_work = sum(not future.done() for future in pending)
    for child in crew:
        child.join(20)
        child.kill()
    for future in pending:
        future.result()
    rows = Counter(r.run_id.rstrip("0123456789") for r in log.call(log.find))
    found = {"exit": [child.exitcode for child in crew], "at_work": at_work, **rows, "check": str(log.call(log.check))}
    log.close()
    return found


if __name__ == "__main__":
    crews = {f.__name__: f for f in (race, kills, places, budget, forks)}
    print(json.dumps(crews[sys.argv[1]](*sys.argv[2:])))  # noqa: T201 - its answer
