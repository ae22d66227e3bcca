"""The name that a cell gives to what it made: one that a notebook can use, and that hides nothing."""

from __future__ import annotations

import builtins
import keyword
import re
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_name"]


def check_name(name: str, namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> None:
    """Refuse a name before anything is sent.

    Args:
        name: What ``--name`` says.
        namespace: The notebook's variables.
        hidden: Those of them that IPython made, such as ``In`` and ``exit``.

    Raises:
        UsageError: It is no name of Python's, or what it names would be lost: a module, a function, a class, a
            builtin, or IPython's own.
    """
    if not re.fullmatch(r"[^\W\d]\w*", name):
        raise UsageError(f"--name {name!r} is no Python name", hint="for example --name foxes")
    what = _taken(name, namespace, hidden)
    if what is not None:
        raise UsageError(
            f"--name {name} would replace {what}. Nothing was sent.", hint="Choose another name, for example foxes."
        )


def _taken(name: str, namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> str | None:
    """What the name stands for already, where it is more than a value."""
    if keyword.iskeyword(name):
        return f"the Python keyword {name}"
    bound = namespace.get(name)
    if isinstance(bound, ModuleType):
        return f"the module {bound.__name__}"
    if hasattr(builtins, name):
        return f"the Python builtin {name}"
    if name in hidden and hidden[name] is bound:
        return f"IPython's own {name}"
    if isinstance(bound, type):
        return f"the class {name}"
    return f"the function {name}" if callable(bound) else None
