"""Write js/lib/messages.ts: the types of hailuo_widgets/widgets/messages.py in TypeScript.

``make bundles`` runs it; tests/unit/test_messages.py compares the file with :func:`typescript`.
"""

from __future__ import annotations

import inspect
import re
import types
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from hailuo_widgets.domain.run import Status
from hailuo_widgets.widgets import messages

TARGET = Path(__file__).parent.parent / "js" / "lib" / "messages.ts"
LINE_WIDTH = 110  # of js/biome.json, which checks the file
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "unknown"}
HEAD = "// Written by tools/messages_ts.py from hailuo_widgets/widgets/messages.py: change that, then `make bundles`.\n"


def typescript() -> str:
    """The text of the file."""
    found: dict[str, str] = {}
    for name in messages.__all__:
        _declare(getattr(messages, name), found)
    statuses = "".join(f'  "{status}",\n' for status in Status)
    found["STATUSES"] = f"/** The statuses of a run, in their order. */\nexport const STATUSES = [\n{statuses}];\n"
    return HEAD + "\n" + "\n".join(found.values())


def _declare(kind: Any, found: dict[str, str]) -> str:
    """Declare a class, and those that it uses before it; return its name."""
    name: str = kind.__name__
    if name in found:
        return name
    summary, attributes = _documented(kind)
    if issubclass(kind, StrEnum):
        found[name] = f"/** {summary} */\n{_union(f'export type {name} =', [str(member) for member in kind])}"
        return name
    found[name] = ""  # keeps its place if it is met again inside
    lines = [f"/** {summary} */", f"export interface {name} {{"]
    for field, hint in get_type_hints(kind, include_extras=True).items():
        optional = get_origin(hint) is NotRequired
        text = _type(get_args(hint)[0] if optional else hint, found)
        lines += [f"  /** {attributes[field]} */"] if field in attributes else []
        lines.append(f"  {field}{'?' * optional}: {text};")
    del found[name]
    found[name] = "\n".join(lines) + "\n}\n"
    return name


def _union(head: str, values: list[str]) -> str:
    quoted = [f'"{value}"' for value in values]
    line = f"{head} {' | '.join(quoted)};"
    return (line if len(line) <= LINE_WIDTH else head + "".join(f"\n  | {value}" for value in quoted) + ";") + "\n"


def _type(hint: Any, found: dict[str, str]) -> str:
    if hint in PLAIN:
        return PLAIN[hint]
    if is_typeddict(hint) or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        return _declare(hint, found)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " | ".join(f'"{arg}"' for arg in args)
    inner = [_type(arg, found) for arg in args]
    if origin in {Union, types.UnionType}:
        return " | ".join(inner)
    if origin in {list, tuple, dict}:
        return _container(origin, inner)
    raise TypeError(f"{hint!r} has no counterpart in TypeScript")


def _container(origin: type, inner: list[str]) -> str:
    if origin is list:
        return f"({inner[0]})[]" if " | " in inner[0] else f"{inner[0]}[]"
    return f"[{', '.join(inner)}]" if origin is tuple else f"Record<{', '.join(inner)}>"


def _documented(kind: Any) -> tuple[str, dict[str, str]]:
    """A class's summary, and what its docstring says of its attributes."""
    summary, _, rest = (inspect.getdoc(kind) or "").partition("\n")
    attributes = re.findall(r"^    (\w+): (.+(?:\n {6,}.+)*)", rest.partition("Attributes:\n")[2], re.MULTILINE)
    return summary, {name: " ".join(text.split()).replace("None", "null") for name, text in attributes}


if __name__ == "__main__":
    TARGET.write_text(typescript(), "utf-8")
