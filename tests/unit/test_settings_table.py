"""Each row of the settings table is a setting in every place: argument, ``%config``, environment, files, documents."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import warnings
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.magics.config import ConfigMagics
from traitlets.config import Configurable

import hailuo_widgets as hw
from hailuo_widgets.errors import UsageError
from hailuo_widgets.magics.magic import Hailuo
from hailuo_widgets.settings.settings import SETTINGS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

# Two values of each setting, neither of them its default: as Python, JSON and TOML write them, and as they are read.
VALUES: dict[str, list[tuple[Any, Any]]] = {
    "provider": [("kie", "kie"), ("runware", "runware")],
    "mode": [("live", "live"), ("simulated", "simulated")],
    "home": [("/a/runs", Path("/a/runs")), ("/b", Path("/b"))],
    "store": [("sqlite:////a/x.sqlite3", "sqlite:////a/x.sqlite3"), ("sqlite:////b.sqlite3", "sqlite:////b.sqlite3")],
    "archive": [("/a/clips", Path("/a/clips")), ("/b", Path("/b"))],
    "poll_interval": [(0.5, 0.5), (3, 3.0)],
    "timeout": [(60, 60.0), (0.5, 0.5)],
    "max_parallel": [(3, 3), (1, 1)],
    "budget": [(5, 5.0), ("5usd", "5 USD")],
    "daily_budget": [("$0.50", "0.50 USD"), (0.5, 0.5)],
    "currency": [("usd", "USD"), ("EUR", "EUR")],
    "rates": [
        ("cny=0.14, credits=0.005@2026-11-30", {"CNY": (0.14, None), "credits": (0.005, "2026-11-30")}),
        ("CNY=0.13", {"CNY": (0.13, None)}),
    ],
    "ask_above": [(3, 3), (0, 0)],
    "ask_above_cost": [
        (1.5, {"USD": 1.5, "CNY": 1.5, "credits": 1.5}),
        ("usd=1,CNY=2", {"USD": 1.0, "CNY": 2.0, "credits": 600.0}),
    ],
    "simulator_speed": [(100, 100.0), (0.5, 0.5)],
    "kie_dialect": [("jobs", "jobs"), (" jobs ", "jobs")],
}
WRONG: dict[str, Any] = {  # a value of the right type that is not allowed
    "mode": "simulte",
    "home": "s3://runs",
    "archive": "s3://clips",
    "poll_interval": 0.0,
    "timeout": -1.0,
    "max_parallel": 0,
    "budget": -1.0,
    "daily_budget": "0.5 dollars",
    "currency": "dollars",
    "rates": "CNY=0",
    "ask_above": -1,
    "ask_above_cost": "EUR=3",
    "simulator_speed": 0.0,
    "kie_dialect": "job",
}
EVERY = [(name, given, read) for name, values in VALUES.items() for given, read in values]


class Places:
    """The places that a setting can be given in, from the first that decides to the last."""

    def __init__(self, folder: Path) -> None:
        self.arguments: dict[str, Any] = {}
        self.environ: dict[str, str] = {"HAILUO_CONFIG": str(folder / "mine.toml")}
        self.magics = Hailuo(None)
        self._folder = folder
        (folder / "mine.toml").touch()

    def argument(self, name: str, value: Any) -> None:
        """Give it as an argument of ``Session``."""
        self.arguments[name] = value

    def config(self, name: str, value: Any) -> None:
        """Give it by the ``%config`` magic itself, as a cell would; a warning is an error."""
        lazy = SimpleNamespace(load_all_lazy_magics=lambda: None)
        shell = SimpleNamespace(configurables=[self.magics], user_ns={}, magics_manager=lazy)
        magic = SimpleNamespace(shell=shell)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ConfigMagics.config(magic, f"Hailuo.{name} = {value!r}")

    def environment(self, name: str, value: Any) -> None:
        """Give it by its variable."""
        self.environ[SETTINGS[name].env] = str(value)

    def project(self, name: str, value: Any) -> None:
        """Give it in the project's file, by the key that its row names."""
        table, key = SETTINGS[name].pyproject.rsplit(".", 1)
        (self._folder / "pyproject.toml").write_text(f"[{table}]\n{key} = {json.dumps(value)}\n")

    def user(self, name: str, value: Any) -> None:
        """Give it in the user's file."""
        (self._folder / "mine.toml").write_text(f"{name} = {json.dumps(value)}\n")

    def read(self, name: str) -> Any:
        """The value that decides."""
        return getattr(Settings.resolve(self.arguments, self.magics.given(), self.environ), name)


ORDER: list[Callable[[Places, str, Any], None]] = [
    Places.argument, Places.config, Places.environment, Places.project, Places.user,
]  # fmt: skip


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """All places, empty; the working directory is a project's."""
    monkeypatch.chdir(tmp_path)
    return Places(tmp_path)


def test_every_setting_has_values_here() -> None:
    """A new row is tested in every place too: two values, and neither is the default."""
    assert list(VALUES) == list(SETTINGS)
    for name, given, read in EVERY:
        assert read != SETTINGS[name].parse(SETTINGS[name].default), (name, given)


@pytest.mark.parametrize("place", ORDER, ids=lambda place: place.__name__)
@pytest.mark.parametrize(("name", "given", "read"), EVERY)
def test_each_setting_is_taken_from_each_place(
    name: str, given: Any, read: Any, place: Callable[[Places, str, Any], None], places: Places
) -> None:
    """The same value, wherever it is given; every other setting keeps its default."""
    place(places, name, given)
    assert places.read(name) == read
    for other, row in SETTINGS.items():
        if other != name:
            assert places.read(other) == row.parse(row.default)


@pytest.mark.parametrize("name", VALUES)
def test_the_first_place_decides(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument, then ``%config``, environment, the project's file, the user's file: for every two of them."""
    monkeypatch.chdir(tmp_path)
    (first, read), (second, _) = VALUES[name]
    if name == "kie_dialect":
        second = "minimax"
    for n, (early, late) in enumerate(combinations(ORDER, 2)):
        (folder := tmp_path / str(n)).mkdir()
        monkeypatch.chdir(folder)
        places = Places(folder)
        late(places, name, second)
        early(places, name, first)
        assert places.read(name) == read, (early.__name__, late.__name__)


@pytest.mark.parametrize("place", ORDER, ids=lambda place: place.__name__)
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_refused_with_its_place(
    name: str, place: Callable[[Places, str, Any], None], places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    """The error names the setting, the value and where it was given; ``%config`` refuses it at once, and keeps none."""
    place(places, name, WRONG[name])
    if place is Places.config:
        assert f"{name}=" in caplog.text
        assert re.split(r"\W", str(WRONG[name]))[0] in caplog.text
        assert getattr(places.magics, name) is None
        return
    with pytest.raises(UsageError) as refused:
        places.read(name)
    beginning = {
        "argument": f"{name}=",
        "environment": f"{SETTINGS[name].env} (environment): {name}=",
        "project": f"[tool.hailuo] of {Path.cwd() / 'pyproject.toml'}: {name}=",
        "user": f"{places.environ['HAILUO_CONFIG']}: {name}=",
    }
    assert str(refused.value).startswith(beginning[place.__name__])


def test_config_has_exactly_the_rows() -> None:
    """``%config Hailuo`` lists every setting with its row's words, and nothing else of ours."""
    traits = Hailuo.class_traits(config=True)
    assert set(SETTINGS) == set(traits) - set(Configurable.class_traits(config=True))
    assert {name: traits[name].help for name in SETTINGS} == {name: row.doc for name, row in SETTINGS.items()}
    assert all(getattr(Hailuo(None), name) is None for name in SETTINGS)


def test_a_session_names_its_settings() -> None:
    """``help(hw.Session)`` and Tab know each setting by its name and type."""
    named = inspect.signature(hw.Session).parameters
    assert list(named)[-len(SETTINGS) :] == list(SETTINGS)
    assert all(named[name].annotation == f"{row.kind.python} | None" for name, row in SETTINGS.items())


def test_each_row_is_whole() -> None:
    """A row has a variable and a key of its own, and a sentence; its example can be given in a shell and is allowed."""
    assert (
        len({row.env for row in SETTINGS.values()})
        == len({row.pyproject for row in SETTINGS.values()})
        == len(SETTINGS)
    )
    for name, row in SETTINGS.items():
        assert row.name == name
        assert row.pyproject == f"tool.hailuo.{name}"
        assert row.doc.endswith(".")
        assert shlex.split(row.env) == [row.env]
