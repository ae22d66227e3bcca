"""Reading typed arguments out of a JSON object: a wrong type is a refusal that names the argument."""

from __future__ import annotations

from typing import Any

from hailuo_widgets.simulator.errors import RefusalError


def text(body: dict[str, Any], name: str, *, required: bool = False, longest: int | None = None) -> str:
    """Return a string argument, empty where it is absent.

    Raises:
        RefusalError: It is no string, missing although required, or too long.
    """
    value = body.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise RefusalError("params", f"{name} must be a string, got {type(value).__name__}", parameter=name)
    if required and not value.strip():
        raise RefusalError("prompt" if "rompt" in name else "params", f"{name} is required", parameter=name)
    if longest is not None and len(value) > longest:
        message = f"{name} must not exceed {longest} characters, got {len(value)}"
        raise RefusalError("prompt", message, parameter=name)
    return value


def flag(body: dict[str, Any], name: str, *, default: bool) -> bool:
    """Return a boolean argument.

    Raises:
        RefusalError: It is something else.
    """
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise RefusalError("params", f"{name} must be a boolean, got {value!r}", parameter=name)
    return value


def whole(body: dict[str, Any], name: str) -> int | None:
    """Return an integer argument, ``None`` where it is absent.

    Raises:
        RefusalError: It is something else; ``true`` and ``"6"`` are.
    """
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise RefusalError("params", f"{name} must be an integer, got {value!r}", parameter=name)
    return value


def number(body: dict[str, Any], name: str) -> float | None:
    """Return a JSON number, ``None`` where it is absent.

    Raises:
        RefusalError: It is something else.
    """
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusalError("params", f"{name} must be a number, got {value!r}", parameter=name)
    return value


def known(body: dict[str, Any], allowed: frozenset[str], where: str = "") -> None:
    """Refuse arguments that a document does not list.

    Raises:
        RefusalError: There is one.
    """
    unknown = sorted(set(body) - allowed)
    if unknown:
        name = f"{where}{unknown[0]}"
        raise RefusalError("params", f"unknown parameter {name!r}; known: {', '.join(sorted(allowed))}", parameter=name)
