"""Settings files: ``[tool.hailuo]`` of a project's ``pyproject.toml``, and the user's own file.

The nearest ``pyproject.toml`` is read.

It is searched from the working directory upwards. Its relative ``home`` and ``archive`` are relative to its folder, so
that all notebooks of a project write one run log. Keys do not belong in files: files are shared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import UsageError
from hailuo_widgets.settings.misspelled import one_slip

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ConfigFile", "project_file", "user_file"]

PLACES = ("home", "archive")  # settings that name a folder
_read: dict[tuple[Path, float], Mapping[str, Any]] = {}


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """The settings of a file; ``name`` is its name in errors."""

    name: str
    values: Mapping[str, Any] = field(default_factory=dict)


def project_file(start: Path | None = None) -> ConfigFile | None:
    """The nearest ``pyproject.toml`` with a ``[tool.hailuo]``, from a folder upwards; None if there is none.

    Raises:
        UsageError: It is not valid TOML or cannot be read, or its settings are not in a table of that name.
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
    """The user's file: ``HAILUO_CONFIG``, or ``hailuo-widgets/config.toml`` in the system's folder for them.

    Raises:
        UsageError: It is not valid TOML or cannot be read, or ``HAILUO_CONFIG`` names no file.
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
    """A relative folder, placed in the project's; URLs and absolute paths unchanged."""
    if not isinstance(value, str) or "://" in value or value.startswith("~"):
        return value
    return str(folder / value)


def _table(path: Path, *keys: str) -> Mapping[str, Any] | None:
    """A table of a TOML file; None if the file or the table does not exist."""
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
        if not isinstance(found, dict):
            return None  # [tool] itself, which is no table of ours
        if key not in found and key == keys[-1]:
            _refuse_near(path, keys, found)
        found = found.get(key)
    if found is not None and not isinstance(found, dict):
        table = ".".join(keys)
        raise UsageError(
            f"[{table}] of {path} must be a table of settings, not {found!r}",
            hint=f'write a line [{table}], and the settings below it: provider = "kie"',
        )
    return found


def _refuse_near(path: Path, keys: tuple[str, ...], tables: Mapping[str, Any]) -> None:
    """Refuse a table that is a slip of ours, or has the package's name: its settings would have no effect."""
    for name in tables:
        if name.replace("_", "-") == "hailuo-widgets" or one_slip(name, keys[-1:]):
            raise UsageError(
                f"[{'.'.join((*keys[:-1], name))}] of {path} is read by nothing: the table is [{'.'.join(keys)}]",
                hint=f"rename it to [{'.'.join(keys)}], or remove it",
            )
