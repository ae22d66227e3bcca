"""Settings files: ``[tool.hailuo]`` of a project's ``pyproject.toml``, and the user's own file.

The nearest ``pyproject.toml`` is read.

A project's folder is found from the working directory upwards. Its relative ``home`` and ``archive`` are relative to
that folder, so that all notebooks of a project write one run log. Keys belong into no file: files are shared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ConfigFile", "project_file", "user_file"]

PLACES = ("home", "archive")  # settings that name a folder
_read: dict[tuple[Path, float], Mapping[str, Any]] = {}


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """A file's settings; ``name`` is how an error calls it."""

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)


def project_file(start: Path | None = None) -> ConfigFile | None:
    """The nearest ``pyproject.toml`` that has a ``[tool.hailuo]``, from a folder upwards.

    Raises:
        UsageError: It is there, and no TOML.
    """
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        path = folder / "pyproject.toml"
        table = _table(path, "tool", "hailuo")
        if table is not None:
            values = {k: _placed(folder, v) if k in PLACES else v for k, v in table.items()}
            return ConfigFile(name=f"[tool.hailuo] of {path}", values=values)
    return None


def user_file(environ: Mapping[str, str]) -> ConfigFile | None:
    """The user's file: ``HAILUO_CONFIG``, or ``hailuo-widgets/config.toml`` where this system keeps such files.

    Raises:
        UsageError: It is there, and no TOML; or ``HAILUO_CONFIG`` names none.
    """
    named = environ.get("HAILUO_CONFIG")
    if named:
        path = Path(named).expanduser()
        if not path.is_file():
            raise UsageError(f"HAILUO_CONFIG={named!r}: there is no such file", hint="correct it, or remove it")
    else:
        from platformdirs import user_config_path

        path = user_config_path("hailuo-widgets", appauthor=False) / "config.toml"
    table = _table(path)
    return None if table is None else ConfigFile(name=str(path), values=table)


def _placed(folder: Path, value: Any) -> Any:
    """A relative folder as one of the project's; URLs and absolute paths as they are."""
    if not isinstance(value, str) or "://" in value or value.startswith("~"):
        return value
    return str(folder / value)


def _table(path: Path, *keys: str) -> Mapping[str, Any] | None:
    """A table of a TOML file; None where the file or the table is not there."""
    try:
        changed = path.stat().st_mtime
    except OSError:
        return None
    if (path, changed) not in _read:
        import tomllib

        try:
            _read[path, changed] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as e:
            raise UsageError(f"{path} cannot be read: {e}", hint="see to its permissions and its encoding") from None
        except tomllib.TOMLDecodeError as e:
            raise UsageError(f"{path} is no TOML: {e}", hint="correct it; nothing of it was taken") from None
    found: Any = _read[path, changed]
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None
