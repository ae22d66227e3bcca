"""Check of ``--name``: a Python name that replaces nothing but a value."""

from __future__ import annotations

import builtins
import keyword
import re
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_name", "refuse_other_meaning"]


def refuse_other_meaning(line: str, name: str) -> None:
    """Refuse a name before the options that means something else: a sub-command, or a provider.

    Raises:
        UsageError: It does; nothing was sent.
    """
    from hailuo_widgets.magics.commands import COMMANDS
    from hailuo_widgets.provider.registry import names

    if line.split()[:1] != [name]:
        return
    if name in COMMANDS:
        raise UsageError(f"%%hailuo {name}: {name} is a sub-command", hint=f"%hailuo {name}; or --name {name}")
    if name in names():
        raise UsageError(f"%%hailuo {name}: {name} is a provider", hint=f"--provider {name}; or --name {name}")


def check_name(name: str, namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> None:
    """Refuse a name before anything is sent.

    Args:
        name: The value of ``--name``.
        namespace: The notebook's variables.
        hidden: The variables that IPython made, such as ``In`` and ``exit``.

    Raises:
        UsageError: It is not a Python name, or it would replace a module, a function, a class, a builtin, or one of
            IPython's own variables.
    """
    if not re.fullmatch(r"[^\W\d]\w*", name):
        raise UsageError(f"--name {name!r} is no Python name", hint="for example --name foxes")
    what = _taken(name, namespace, hidden)
    if what is not None:
        raise UsageError(
            f"--name {name} would replace {what}. Nothing was sent.", hint="Choose another name, for example foxes."
        )


def _taken(name: str, namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> str | None:
    """A description of the object that the name would replace; None for a plain value or a new name."""
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
