"""Tests of private files and of passwords in URLs."""

from __future__ import annotations

import copy
import os
import pickle
import stat
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.lib.pretty import pretty
from IPython.utils.capture import capture_output

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.providers import keys_frame
from hailuo_widgets.engine.rescue_file import write_rescue
from hailuo_widgets.errors import HailuoError, StoreError, UsageError
from hailuo_widgets.exports import export
from hailuo_widgets.magics.magic import Hailuo
from hailuo_widgets.planning.images import load_image
from hailuo_widgets.redaction.passwords import PrivateUrl, without_passwords
from hailuo_widgets.settings.settings import Settings, base_url
from hailuo_widgets.simulator import Simulator
from hailuo_widgets.workspace.doctor import report

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime.now(UTC)
PASSWORD = "pw-CANARY-9"  # noqa: S105 - a word to look for


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session whose clips a simulator makes, while new files would be open to everybody."""
    before = os.umask(0)
    try:
        with Simulator(tmp_path / "made" / "simulator", latency=0.05, draft=True) as simulator:
            monkeypatch.setenv("KIE_BASE_URL", simulator.url)
            monkeypatch.setenv("KIE_API_KEY", "sk-canary")
            options = {"home": tmp_path / "made" / "home", "mode": "live", "poll_interval": 0.05, "provider": "kie"}
            session = Session(**options, notice=lambda _: None)
            yield session
            session.close()
    finally:
        os.umask(before)


def test_every_file_is_private(session: Session, tmp_path: Path) -> None:
    """The run log, its journal, clips, posters, pictures, backups, rescue files and exports; the simulator's too."""
    home = session.settings.home
    run = session.generate("a fox", model="02").wait(60)
    session.archive.keep_input(b"bytes", "image/png")
    session.log.call(session.log.backup)
    write_rescue(home / "rescue.jsonl", run.record, "task", at=NOW)
    for name, shape in {"x.csv": {}, "x.html": {}, "x.mp4": {"width": 64}, "x.png": {"frames": 2}, "x.tex": {}}.items():
        export(session, session.chosen(run.id), home / name, **shape)
    made = {str(p.relative_to(tmp_path)): stat.S_IMODE(p.lstat().st_mode) for p in tmp_path.rglob("*")}
    folders = {name for name in made if (tmp_path / name).is_dir()}
    ends = (".sqlite3", ".sqlite3-journal", ".mp4", ".jpg", ".png", ".jsonl", ".csv", ".html", ".tex", ".sqlite")
    assert [end for end in ends if not any(name.endswith(end) for name in made)] == []
    assert {name: oct(mode) for name, mode in made.items() if mode != (0o700 if name in folders else 0o600)} == {}


def test_a_file_that_is_replaced_keeps_its_mode(session: Session, tmp_path: Path) -> None:
    """Who lets others read an export lets them read the next one; a link in its place is replaced and not followed."""
    record = session.generate("a fox", model="02").wait(60).record
    shared, precious = tmp_path / "runs.csv", tmp_path / "precious"
    shared.touch()
    shared.chmod(0o644)
    precious.write_text("mine")
    (tmp_path / "runs.tex").symlink_to(precious)
    for name in ("runs.csv", "runs.tex"):
        export(session, [record], tmp_path / name)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o644
    assert (precious.read_text(), (tmp_path / "runs.tex").is_symlink()) == ("mine", False)


URLS = (
    f"postgresql://user:{PASSWORD}@127.0.0.1:1/runs",
    f"postgresql+psycopg://:{PASSWORD}@127.0.0.1:1/runs",
    f"postgresql://user:a@b/c#{PASSWORD}@127.0.0.1:1/runs",
    f"postgresql://user@127.0.0.1:1/runs?password={PASSWORD}",
    f"postgresql://user@127.0.0.1:1/runs?sslmode=require&sslpassword={PASSWORD}",
    f"mysql://user:{PASSWORD}@host/db",
)


@pytest.mark.parametrize("url", URLS)
def test_a_stores_password_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Not in the settings, however they are shown, nor in an error, a table, or what ``%config`` prints."""
    monkeypatch.setenv("HAILUO_STORE", url)
    settings = Settings.resolve({"home": tmp_path})
    assert settings.store == url
    shown = [repr(settings), str(settings), f"{settings}", pretty(settings), repr(vars(settings))]
    shown += [repr(asdict(settings)), repr(copy.deepcopy(settings))]
    shown += [repr(pickle.loads(pickle.dumps(settings)))]  # noqa: S301 - our own
    session = Session(home=tmp_path, notice=shown.append)
    with pytest.raises((StoreError, UsageError)) as refused:
        session.runs()
    shown += [str(refused.value), repr(refused.value), repr(session), repr(vars(session)), repr(vars(session.log))]
    if not url.startswith("mysql"):
        shown.append(report(session).to_string())
    session.close()
    assert [text for text in shown if PASSWORD in text] == []


def test_config_shows_no_password() -> None:
    """``%config Hailuo`` and ``%config Hailuo.store`` show the setting without its password."""
    shell = InteractiveShell()
    magics = Hailuo(shell)
    shell.configurables.append(magics)
    with capture_output() as told:
        shell.run_line_magic("config", f"Hailuo.store = {URLS[0]!r}")
        shell.run_line_magic("config", "Hailuo")
        shown = pretty(shell.run_line_magic("config", "Hailuo.store"))
    assert magics.given()["store"] == URLS[0]
    assert "user:***@" in told.stdout
    assert "user:***@" in shown
    assert PASSWORD not in told.stdout + told.stderr + shown


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{PASSWORD}@api.example",
        f"https://{PASSWORD}@api.example",
        f"ftp://user:{PASSWORD}@api.example",
        f"https://api.example?key={PASSWORD}",
        f"https://api.example#{PASSWORD}",
        f"https://u:x/{PASSWORD}@api.example",
        f"user:{PASSWORD}@api.example",
        f"{PASSWORD}@api.example",
        f"//user:{PASSWORD}@api.example",
        f"https:/user:{PASSWORD}@api.example",
        f"https:user:{PASSWORD}@api.example/v1",
        f"https:\\\\user:{PASSWORD}@api.example",
        f"https ://user:{PASSWORD}@api.example",
        f"user:a?b#{PASSWORD}@api.example",
        f"https://a?{PASSWORD}@api.example",
        f"user:a@b&key={PASSWORD}",
        f"user:a@{PASSWORD}@api.example",
        f"https://user:{PASSWORD}@[::1",
        f"https://user:{PASSWORD}@api.example:port",
        f"https://user@api.example:{PASSWORD}",
    ],
)
def test_a_refused_base_url_is_shown_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Nor is it in the table of keys."""
    monkeypatch.setenv("KIE_BASE_URL", url)
    with pytest.raises(UsageError, match="KIE_BASE_URL") as refused:
        base_url("kie", "https://api.kie.ai")
    session = Session(home=tmp_path, notice=lambda _: None)
    shown = [str(refused.value), repr(refused.value), keys_frame(session.accounts).to_string()]
    session.close()
    assert [text for text in shown if PASSWORD in text] == []


def test_other_urls_with_a_password(tmp_path: Path) -> None:
    """A folder that is a URL, a picture's URL, and any text of an error."""
    shown = []
    with pytest.raises(UsageError) as refused:
        Settings.resolve({"home": f"s3://key:{PASSWORD}@bucket/runs"})
    shown += [str(refused.value), load_image(f"https://u:{PASSWORD}@host/a.png", argument="first_frame").name]
    for text in (f"https://u:{PASSWORD}@h/x", f"see 'https://{PASSWORD}@h/x' and {tmp_path}"):
        error = HailuoError(text, hint=text, provider_message=text)
        shown += [str(error), repr(error), str(error.detail()), str(pickle.loads(pickle.dumps(error)))]  # noqa: S301
    assert [text for text in shown if PASSWORD in text] == []


@given(st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=20))
def test_any_password_is_hidden(password: str) -> None:
    """Whatever characters it has, quoted or not; the place stays."""
    url = f"postgresql://user:\N{BULLET}{password}\N{BULLET}@host/db"
    assert without_passwords(url) == "postgresql://user:***@host/db"
    assert repr(PrivateUrl(url)) == "'postgresql://user:***@host/db'"
    assert without_passwords(password.replace(":", "")) == password.replace(":", "")
