"""Tests of settings files: pyproject.toml and the user's file, their order, places and errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from hailuo_widgets.errors import UsageError
from hailuo_widgets.settings.settings import Settings


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder; the working directory is two folders below it."""
    inside = tmp_path / "notebooks" / "drafts"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    return tmp_path


def write(folder: Path, text: str) -> None:
    """The project's file."""
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def test_the_order_of_places(project: Path) -> None:
    """Argument, config, environment, project, user, default: the first that has a setting decides."""
    write(project, '[tool.hailuo]\nprovider = "kie"\ntimeout = 60\nmax_parallel = 3\n')
    (project / "mine.toml").write_text('provider = "pixazo"\ntimeout = 70\nbudget = 5.0\nask_above = 2\n')
    environ = {"HAILUO_CONFIG": str(project / "mine.toml"), "HAILUO_ASK_ABOVE": "4"}
    s = Settings.resolve({"max_parallel": 7}, {"timeout": 50}, environ)
    assert (s.max_parallel, s.timeout, s.ask_above, s.provider, s.budget, s.mode) == (7, 50.0, 4, "kie", 5.0, "auto")


def test_a_projects_folders_are_its_own(project: Path) -> None:
    """A relative home belongs to the project's folder, so all its notebooks write one log; an absolute one stays."""
    write(project, '[tool.hailuo]\nhome = "runs"\narchive = "/clips/hailuo"\n')
    s = Settings.resolve(environ={})
    assert s.home == project / "runs"
    assert s.archive_folder == Path("/clips/hailuo")


def test_other_projects_files_are_passed_over(project: Path) -> None:
    """A pyproject.toml without our table does not hide one further up."""
    write(project, '[tool.hailuo]\nprovider = "kie"\n')
    write(project / "notebooks", '[project]\nname = "x"\n')
    assert Settings.resolve(environ={}).provider == "kie"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('provder = "kie"', "'provder' is no setting.*did you mean 'provider'"),
        ('mode = "liv"', "did you mean 'live'"),
        ("timeout = [1]", "timeout="),
        ('minimax_api_key = "x"', "belongs into the environment or the keyring"),
        ('archive = "s3://clips"', "archive='s3://clips' is a URL"),
        ("provider = ", "is no TOML"),
    ],
)
def test_a_mistake_names_the_file(project: Path, text: str, says: str) -> None:
    """What is wrong in a file is refused with the file's name, also where another place would decide."""
    write(project, f"[tool.hailuo]\n{text}\n")
    with pytest.raises(UsageError, match=f"(?s){says}") as caught:
        Settings.resolve({"provider": "minimax", "mode": "auto", "timeout": 5}, environ={})
    assert "pyproject.toml" in str(caught.value)


def test_a_named_file_must_be_there(project: Path) -> None:
    """``HAILUO_CONFIG`` that names no file is an error, not silence."""
    with pytest.raises(UsageError, match="there is no such file"):
        Settings.resolve(environ={"HAILUO_CONFIG": str(project / "nowhere.toml")})


def test_a_file_that_changes_is_read_again(project: Path) -> None:
    """What is written now holds for the next call."""
    import os

    write(project, '[tool.hailuo]\nprovider = "kie"\n')
    assert Settings.resolve(environ={}).provider == "kie"
    write(project, '[tool.hailuo]\nprovider = "runware"\n')
    os.utime(project / "pyproject.toml", (1, 1))
    assert Settings.resolve(environ={}).provider == "runware"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[tool]\nhailuo = "kie"', r"\[tool.hailuo\] of .* must be a table of settings, not 'kie'"),
        ("[tool]\nhailuo = false", "must be a table"),
        ('[[tool.hailuo]]\nprovider = "kie"', "must be a table"),
        ('[tool.hailou]\nprovider = "kie"', r"\[tool.hailou\] of .* is read by nothing: the table is \[tool.hailuo\]"),
        ("[tool.hailuo-widgets]\nbudget = 5", "is read by nothing"),
        ("[tool.hailuo_widgets]\nbudget = 5", "is read by nothing"),
    ],
)
def test_settings_outside_our_table_are_an_error(text: str, says: str, project: Path) -> None:
    """What was meant as settings is never passed over in silence."""
    write(project, text)
    with pytest.raises(UsageError, match=says):
        Settings.resolve(environ={})


@pytest.mark.parametrize("text", ["[tool.ruff]\nx = 1", 'tool = "x"', "[hailuo]\nx = 1", "[tool.hatch]\nx = 1"])
def test_other_tables_are_passed_over(text: str, project: Path) -> None:
    """A project's file is mostly of other tools."""
    write(project, text)
    assert Settings.resolve(environ={}).provider == "minimax"
