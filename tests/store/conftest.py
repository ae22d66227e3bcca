"""Fixtures of the store tests: a SQLite file, and a PostgreSQL server if it is installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.store import RunLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=UTC)
CREWS = Path(__file__).with_name("crews.py")
_numbers = count(1)


def _record(run_id: str, **changes: Any) -> RunRecord:
    request = Request(prompt=f"狐 🦊 {run_id}", provider="minimax", model="T2V-01")
    return RunRecord(
        **{"run_id": run_id, "created_at": NOW, "request": request, "request_hash": request.hash, "origin": "o"}
        | changes
    )


@pytest.fixture
def record() -> Callable[..., RunRecord]:
    """Makes a planned run of a given id, with whatever else is given."""
    return _record


@pytest.fixture
def crew() -> Callable[..., str]:
    """Runs a crew of processes from ``crews.py`` and gives what it printed."""

    def run(*words: str) -> str:
        command = [sys.executable, str(CREWS), *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def _programs() -> Path | None:
    """The folder of PostgreSQL's server programs; Debian keeps them off the path."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    return max((p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A server of our own in a temporary folder, reached by a socket in it; the URL of its first database."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed here (Debian's package postgresql)")
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("the package psycopg is not installed here")
    # Not pytest's own folder: the server may run as another user, and a socket's path may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="hw-pg-", ignore_cleanup_errors=True) as folder:
        as_user: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
            as_user = ["runuser", "-u", "postgres", "--"]

        def run(program: str, *words: str) -> None:
            command = [*as_user, str(programs / program), "-D", f"{folder}/data", *words]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

        run("initdb", "-A", "trust", "-U", "hailuo", "--no-sync", "-E", "UTF8")
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-k {folder} -c listen_addresses='' -c fsync=off", "start")
        try:
            yield f"postgresql://hailuo@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-m", "immediate", "stop")


@pytest.fixture
def postgres_urls(postgres: str) -> Callable[[int], list[str]]:
    """Makes so many empty schemas of the server's database and gives their URLs: each is a store of its own."""

    def make(number: int) -> list[str]:
        first = sa.make_url(postgres).set(drivername="postgresql+psycopg")
        server = sa.create_engine(first, isolation_level="AUTOCOMMIT")
        names = [f"store{next(_numbers)}" for _ in range(number)]
        with server.connect() as c:
            for name in names:
                c.execute(sa.text(f"CREATE SCHEMA {name}"))
        server.dispose()
        paths = [first.update_query_dict({"options": f"-csearch_path={name}"}) for name in names]
        return [url.render_as_string(hide_password=False) for url in paths]

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store that is not there yet, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'runs.sqlite3'}"
    made: str = request.getfixturevalue("postgres_urls")(1)[0]
    return made


@pytest.fixture
def log(url: str) -> Iterator[RunLog]:
    """A new run log of each kind."""
    log = RunLog(url)
    yield log
    log.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a SQLite store is to be."""
    return tmp_path / "home" / "runs.sqlite3"


@pytest.fixture
def sqlite_log(path: Path) -> Iterator[RunLog]:
    """A new run log in a SQLite file, which is there already."""
    log = RunLog(f"sqlite:///{path}", busy_s=5)
    log.find()
    yield log
    log.close()
