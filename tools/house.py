"""Measurements of the package's structure, and the bounds that it must keep.

``python tools/house.py`` prints a Markdown table for this checkout and exits with 1 if a bound is broken.
``--against PATH`` prints a second column for another checkout, which breaks no bound.

A room is a folder or a module directly in the package. An arrow is one room that imports another one; imports inside
functions and for type checkers count. An arrow runs back if it leads to the same or a higher floor; the floors are the
layers contract of ``pyproject.toml``. A circle is a set of modules that import each other, directly or through others.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent
PACKAGE = "hailuo_widgets"
MOST_LOOSE = 6
LOOKED_INTO = ("engine", "store")
TOP = ("__init__", "__main__")  # above every floor
NOT_OURS = {"node_modules", "__pycache__", "static", "dist", "build"}
JS = {".css", ".js", ".mjs", ".ts"}

# File names that may stand in more than one folder, each with the reason.
_PROVIDER = "one for each provider, and the simulator's own of the same provider"
TWICE: Mapping[str, str] = {
    "app": "the ASGI application of the simulator, and that of the webhooks",
    "camera": "camera moves in a prompt, and the simulator's drawing of them",
    "catalog": "the providers' facts, and the part of them that the studio shows",
    "clock": "the interface of clocks, and the clock of this machine",
    "clips": "the values of a run's clips, and their rows in the run log",
    "equal_runs": "which runs are equal, and the query for them in the run log",
    "errors": "the tree of errors, and the simulator's refusals",
    "fal": _PROVIDER,
    "grid": "the cells of a grid, and the grid as HTML",
    "images": "an image as a value, how it is read from what a user gives, and the simulator's reading of it",
    "kie": _PROVIDER,
    "kie_jobs": _PROVIDER,
    "kkiai": _PROVIDER,
    "messages": "what passes between a provider and the engine, and between a widget and its JavaScript",
    "minimax": _PROVIDER,
    "pixazo": _PROVIDER,
    "pixazo_h3": _PROVIDER,
    "plan": "the plan of a sweep, and the plan as HTML",
    "relay": _PROVIDER,
    "replicate": _PROVIDER,
    "run": "the record of a run, and the handle by which a user reaches it",
    "runware": _PROVIDER,
    "settings": "the settings, and the simulator's own",
    "sweep": "the axes and cells of a sweep, and the handle by which a user reaches its runs",
    "text": "redaction of text, text as the run log stores it, and the simulator's drawing of it",
    "vote": "a vote as a value, and the widget that asks for it",
    "votes": "the rows of votes in the run log, and votes as a DataFrame",
}


@dataclass(frozen=True, kw_only=True)
class House:
    """The structure of one package.

    Attributes:
        modules: Dotted name in the package → its file; a folder's ``__init__`` has the folder's name.
        imports: Module → the modules of the package that it imports.
        floors: The rooms of each floor, from the top.
        lines: Lines of the package, of ``tests/`` and of ``js/``.
    """

    modules: Mapping[str, Path]
    imports: Mapping[str, frozenset[str]]
    floors: tuple[frozenset[str], ...]
    lines: tuple[int, int, int]

    @property
    def rooms(self) -> set[str]:
        """All rooms, loose modules among them."""
        return {room_of(module) for module in self.modules}

    @property
    def loose(self) -> set[str]:
        """The modules that stand directly in the package, ``__init__`` among them."""
        return {module for module, path in self.modules.items() if path.stem == module}

    @property
    def arrows(self) -> set[tuple[str, str]]:
        """Each pair of rooms of which the first imports the second."""
        pairs = {(room_of(module), room_of(other)) for module, others in self.imports.items() for other in others}
        return {(room, other) for room, other in pairs if room != other}

    @property
    def back_arrows(self) -> set[tuple[str, str]]:
        """The arrows that lead to the same or a higher floor."""
        number = {room: n for n, floor in enumerate(self.floors) for room in floor} | dict.fromkeys(TOP, -1)
        known = {(room, other) for room, other in self.arrows if room in number and other in number}
        return {(room, other) for room, other in known if number[other] <= number[room]}

    @property
    def homeless(self) -> set[str]:
        """The rooms that stand on no floor."""
        return self.rooms - {room for floor in self.floors for room in floor} - set(TOP)

    @property
    def circles(self) -> list[list[str]]:
        """The sets of modules that import each other, the largest first."""
        return circles(self.imports)

    @property
    def twice(self) -> dict[str, list[str]]:
        """File name → its modules, for every name that stands in more than one folder."""
        found = defaultdict(list)
        for module, path in sorted(self.modules.items()):
            if path.name != "__init__.py":
                found[path.stem].append(module)
        return {name: modules for name, modules in found.items() if len(modules) > 1}

    def inside(self, room: str) -> tuple[int, int, int]:
        """Files, arrows between them, and circles of them, in one room."""
        own = {m: frozenset(o for o in others if room_of(o) == room and o != m) for m, others in self.imports.items()}
        own = {module: others for module, others in own.items() if room_of(module) == room}
        return len(own), sum(map(len, own.values())), len(circles(own))


def measure(root: Path) -> House:
    """Read a checkout's package, floors and lines."""
    package = root / PACKAGE
    files = [p for p in sorted(package.rglob("*.py")) if not NOT_OURS & set(p.relative_to(package).parts)]
    modules = {_name_of(path.relative_to(package)): path for path in files}
    return House(
        modules=modules,
        imports={module: frozenset(_imports(module, package, modules)) for module in modules},
        floors=floors_of(root / "pyproject.toml"),
        lines=(_lines(package, {".py"}), _lines(root / "tests", {".py"}), _lines(root / "js", JS)),
    )


def floors_of(pyproject: Path) -> tuple[frozenset[str], ...]:
    """The rooms of each layer of the package's layers contract."""
    contracts = tomllib.loads(pyproject.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["type"] == "layers" and PACKAGE in c.get("containers", ()))
    return tuple(frozenset(re.findall(r"\w+", layer)) for layer in layers)


def room_of(module: str) -> str:
    """The room that a module stands in."""
    return module.split(".", 1)[0]


def circles(imports: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """The strongly connected components of more than one module, the largest first (R. Tarjan, 1972)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = low[module] = len(number)
        path.append(module)
        for other in sorted(imports.get(module, ())):
            if other not in number:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in path:
                low[module] = min(low[module], number[other])
        if low[module] == number[module]:
            start = path.index(module)
            if len(path) - start > 1:
                found.append(sorted(path[start:]))
            del path[start:]

    for module in sorted(imports):
        if module not in number:
            visit(module)
    return sorted(found, key=lambda circle: (-len(circle), circle))


def broken(house: House, allowed: Mapping[str, str]) -> list[str]:
    """One line for each bound that a house breaks."""
    lines = []
    if len(house.loose) > MOST_LOOSE:
        lines.append(f"{len(house.loose)} loose modules, at most {MOST_LOOSE}: {', '.join(sorted(house.loose))}")
    lines += [f"{room} stands on no floor: give it one in pyproject.toml" for room in sorted(house.homeless)]
    lines += [f"{room} imports {other}, which is no lower floor" for room, other in sorted(house.back_arrows)]
    lines += [f"import circle: {', '.join(circle)}" for circle in house.circles]
    lines += [
        f"{name}.py stands in more than one folder: {', '.join(modules)}"
        for name, modules in house.twice.items()
        if name not in allowed
    ]
    lines += [
        f"{name}.py no longer stands twice: take it off the list" for name in sorted(set(allowed) - set(house.twice))
    ]
    return lines


def rows(house: House, allowed: Mapping[str, str]) -> dict[str, str]:
    """The table's rows: what is measured → the figure."""
    found = house.circles
    named = f"{len(house.twice)} ({len(set(house.twice) - set(allowed))} not on the list)"
    inside = {f"inside `{room}/`: files, arrows, circles": house.inside(room) for room in LOOKED_INTO}
    return {
        "rooms": str(len(house.rooms)),
        f"of these loose modules (at most {MOST_LOOSE})": str(len(house.loose)),
        "floors": str(len(house.floors)),
        "arrows between rooms": str(len(house.arrows)),
        "arrows that run back (0)": str(len(house.back_arrows)),
        "import circles (0)": str(len(found)),
        "files in the largest circle": str(len(found[0]) if found else 0),
        "file names used twice": named,
        **{name: ", ".join(map(str, figures)) for name, figures in inside.items()},
        "lines of the package, tests, js": ", ".join(f"{count:,}" for count in house.lines),
    }


def main(arguments: Sequence[str] | None = None, *, allowed: Mapping[str, str] = TWICE) -> int:
    """Print the table and the broken bounds; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to measure (default: this one)")
    parser.add_argument("--against", type=Path, help="another checkout, for a second column")
    given = parser.parse_args(arguments)
    house = measure(given.root)
    columns = {"here": rows(house, allowed)}
    if given.against is not None:
        columns[given.against.name] = rows(measure(given.against), allowed)
    sys.stdout.write(f"| measured | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}\n")
    for name in columns["here"]:
        sys.stdout.write(f"| {name} | {' | '.join(column[name] for column in columns.values())} |\n")
    faults = broken(house, allowed)
    sys.stderr.writelines(f"{line}\n" for line in faults)
    return 1 if faults else 0


def _name_of(path: Path) -> str:
    """The dotted name, in the package, of the module in a file."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _imports(module: str, package: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    """The modules of the package that a module imports, wherever in it the import stands."""
    folder = [PACKAGE, *modules[module].relative_to(package).parts[:-1]]
    for node in ast.walk(ast.parse(modules[module].read_bytes())):
        named: list[str] = []
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else []
            named = [".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names]
        found = (_module_of(name, modules) for name in named)
        yield from (other for other in found if other is not None and other != module)


def _module_of(name: str, modules: Mapping[str, Path]) -> str | None:
    """The module of the package that an imported name is, or comes from."""
    top, _, inner = name.partition(".")
    if top != PACKAGE:
        return None
    while inner and inner not in modules:
        inner = inner.rpartition(".")[0]
    return inner or "__init__"


def _lines(folder: Path, kinds: set[str]) -> int:
    files = (p for p in folder.rglob("*") if p.suffix in kinds and not NOT_OURS & set(p.relative_to(folder).parts))
    return sum(len(path.read_bytes().splitlines()) for path in files)


if __name__ == "__main__":
    sys.exit(main())
