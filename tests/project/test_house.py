"""Tests of the package's structure: its measurements, class sizes, module docstrings, and the word for a provider.

Each rule has planted examples that it must find, so that a rule that finds nothing is known to work.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "hailuo_widgets"
MOST_METHODS = 25
MOST_CHARACTERS = 100
QUESTIONS = ("how", "what", "when", "where", "whether", "which", "who", "whom", "whose", "why")

# Classes that may have more public methods than others, each with the reason.
HANDLES = {"Run", "Session"}  # of any size: a method for each thing that a user may do with them
LARGE = {"Provider": "what a provider may override; each method but the four that it must write has a default"}
PLANTED_FLOORS = """
[[tool.importlinter.contracts]]
id = "floors"
type = "layers"
containers = ["hailuo_widgets"]
layers = ["upper", "middle | beside", "lower"]
"""
PLANTED = {
    "__init__.py": "from hailuo_widgets.upper import roof\n",
    "upper/__init__.py": "",
    "upper/roof.py": "from hailuo_widgets.middle import wall\n\nimport os\n",
    "middle/__init__.py": "",
    "middle/wall.py": "def f():\n    from ..lower.stone import hard\n",
    "beside/__init__.py": "",
    "lower/__init__.py": "",
    "lower/stone.py": "hard = 1\n",
    "lower/sand.py": "",
}


def load_tool() -> ModuleType:
    """``tools/house.py`` as a module."""
    spec = importlib.util.spec_from_file_location("house", ROOT / "tools" / "house.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where a dataclass looks for its own module
    spec.loader.exec_module(module)
    return module


house = load_tool()


def plant(root: Path, files: dict[str, str]) -> Path:
    """Write a small checkout: its floors, and these files of its package."""
    for name, text in files.items():
        path = root / "hailuo_widgets" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (root / "pyproject.toml").write_text(PLANTED_FLOORS, "utf-8")
    return root


def test_a_sound_tree_is_measured(tmp_path: Path) -> None:
    """A tree without faults: every figure of the table is right, and the status is 0."""
    root = plant(tmp_path, PLANTED)
    for name, text in {"tests/test_a.py": "1\n2\n", "js/a.ts": "1\n", "js/node_modules/b.js": "1\n"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    measured = house.measure(root)
    assert measured.arrows == {("__init__", "upper"), ("upper", "middle"), ("middle", "lower")}
    assert measured.lines == (7, 2, 1)
    assert house.rows(measured, {}) == {
        "rooms": "5",
        "of these loose modules (at most 6)": "1",
        "floors": "3",
        "arrows between rooms": "3",
        "arrows that run back (0)": "0",
        "import circles (0)": "0",
        "files in the largest circle": "0",
        "file names used twice": "0 (0 not on the list)",
        "inside `engine/`: files, arrows, circles": "0, 0, 0",
        "inside `store/`: files, arrows, circles": "0, 0, 0",
        "lines of the package, tests, js": "7, 2, 1",
    }
    assert house.broken(measured, {}) == []


TYPE_IMPORT = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from hailuo_widgets.lower.{} import x\n"
FAULTS: dict[str, tuple[dict[str, str], list[str]]] = {
    "a circle of three, closed by a type import": (
        {
            "lower/sand.py": "from hailuo_widgets.lower import stone\n",
            "lower/stone.py": "from .clay import soft\n",
            "lower/clay.py": TYPE_IMPORT.format("sand"),
        },
        ["import circle: lower.clay, lower.sand, lower.stone"],
    ),
    "a circle through a folder's own file": (
        {"lower/__init__.py": "from hailuo_widgets.lower.sand import x\n", "lower/sand.py": "from . import y\n"},
        ["import circle: lower, lower.sand"],
    ),
    "an arrow back": (
        {"lower/sand.py": "def f():\n    import hailuo_widgets.upper.door\n", "upper/door.py": ""},
        ["lower imports upper, which is no lower floor"],
    ),
    "an arrow sideways": (
        {"beside/fence.py": "from hailuo_widgets.middle import wall\n"},
        ["beside imports middle, which is no lower floor"],
    ),
    "an arrow to the public names": (
        {"lower/sand.py": "from hailuo_widgets import __version__\n"},
        ["lower imports __init__, which is no lower floor"],
    ),
    "a double name": (
        {"upper/stone.py": ""},
        ["stone.py stands in more than one folder: lower.stone, upper.stone"],
    ),
    "a room on no floor": ({"attic/__init__.py": ""}, ["attic stands on no floor: give it one in pyproject.toml"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, tmp_path: Path) -> None:
    """Each bound that is broken is named by one line, and nothing else is."""
    files, lines = FAULTS[fault]
    assert house.broken(house.measure(plant(tmp_path, PLANTED | files)), {}) == lines


def test_loose_modules_are_counted(tmp_path: Path) -> None:
    """More than six modules directly in the package break a bound; ``__init__`` is one of them."""
    loose = [f"loose{n}" for n in range(6)]
    measured = house.measure(plant(tmp_path, PLANTED | {f"{name}.py": "" for name in loose}))
    assert house.broken(measured, {})[0] == f"7 loose modules, at most 6: {', '.join(['__init__', *loose])}"


def test_the_list_of_double_names_is_kept_short(tmp_path: Path) -> None:
    """A double name on the list is allowed; one on the list that no longer stands twice is a fault."""
    measured = house.measure(plant(tmp_path, PLANTED | {"upper/stone.py": ""}))
    assert house.broken(measured, {"stone": "two of them"}) == []
    assert house.broken(measured, {"stone": "two of them", "sand": "gone"}) == [
        "sand.py no longer stands twice: take it off the list"
    ]


def test_two_checkouts_stand_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--against`` adds a column; only faults of the first checkout are named and make the status 1."""
    sound = plant(tmp_path / "sound", PLANTED)
    faulty = plant(tmp_path / "faulty", PLANTED | FAULTS["a circle of three, closed by a type import"][0])
    assert house.main(["--root", str(sound), "--against", str(faulty)], allowed={}) == 0
    shown = capsys.readouterr()
    assert "| measured | here | faulty |\n|---|---|---|\n| rooms | 5 | 5 |\n" in shown.out
    assert "| files in the largest circle | 0 | 3 |\n" in shown.out
    assert shown.err == ""
    assert house.main(["--root", str(faulty), "--against", str(sound)], allowed={}) == 1
    assert capsys.readouterr().err == "import circle: lower.clay, lower.sand, lower.stone\n"


def test_this_package_keeps_its_bounds() -> None:
    """No loose module too many, no arrow back, no circle, no double name without a reason, no reason without a name."""
    assert house.broken(house.measure(ROOT), house.TWICE) == []


# -- the rules of the package ----------------------------------------------------------------------------------------


def sources(folder: Path = PACKAGE) -> dict[str, str]:
    """Path in the package → text, of each of its modules."""
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.py"))}


def large_classes(source: str) -> dict[str, int]:
    """Class → the number of its public methods and properties, for every class that has more than 25."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            functions = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
            found[node.name] = len({f.name for f in functions if not f.name.startswith("_")})
    return {name: count for name, count in found.items() if count > MOST_METHODS}


def fault_of_docstring(source: str) -> str | None:
    """What is wrong with the first line of a module's docstring; None if it is one short noun phrase."""
    first = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    if not first:
        return "no docstring"
    if len(first) > MOST_CHARACTERS:
        return f"{len(first)} characters, at most {MOST_CHARACTERS} are allowed"
    if not first.endswith("."):
        return "no period at the end"
    if re.search(r"[.;!?] ", first):
        return "more than one phrase"
    return "a question" if re.findall(r"\w+", first)[0].lower() in QUESTIONS else None


def test_classes_are_small() -> None:
    """A class has at most 25 public methods, a handle or one on the list aside; the list holds no small class."""
    found = {name for text in sources().values() for name in large_classes(text)}
    assert found - HANDLES == set(LARGE)


@pytest.mark.parametrize(
    ("count", "found"), [(MOST_METHODS, {}), (MOST_METHODS + 1, {"Large": MOST_METHODS + 1})], ids=["25", "26"]
)
def test_a_large_class_is_found(count: int, found: dict[str, int]) -> None:
    """Private methods do not count, properties and coroutines do, and both halves of a property are one."""
    methods = [f"    async def f{n}(self): ..." for n in range(count - 1)]
    prop = ["    @property", "    def p(self): ...", "    @p.setter", "    def p(self, value): ..."]
    private = ["    def _g(self): ...", "    def __len__(self): ..."]
    assert large_classes("\n".join(["class Large:", *methods, *prop, *private])) == found


def test_a_module_docstring_names_its_subject() -> None:
    """The first line of a module's docstring is one noun phrase of at most 100 characters, ended by a period."""
    found = {name: fault_of_docstring(text) for name, text in sources().items()}
    assert {name: fault for name, fault in found.items() if fault is not None} == {}


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        ("Rate limiter, one for each provider account.", None),
        ("Retry-After header.\n\nWhat else there is. And more", None),
        ("", "no docstring"),
        ("Rate limiter", "no period at the end"),
        ("Rate limiter. It is shared.", "more than one phrase"),
        ("Rate limiter; it is shared.", "more than one phrase"),
        ("What limits the rate.", "a question"),
        ("whether a call may be sent.", "a question"),
        (f"{'x' * 100}.", "101 characters, at most 100 are allowed"),
    ],
)
def test_a_bad_docstring_is_found(first: str, fault: str | None) -> None:
    """A docstring's first line that is long, open-ended, doubled or a question is told from a noun phrase."""
    assert fault_of_docstring(f'"""{first}"""\n') == fault


EVERY_MODULE = """
import importlib, pkgutil
import hailuo_widgets as hw

for module in pkgutil.walk_packages(hw.__path__, "hailuo_widgets."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print([name for name in hw.__all__ if name != "__version__" and not callable(getattr(hw, name))])
"""


def test_no_room_takes_a_public_name() -> None:
    """After every module has been imported, each public name is still the function or class: no room bears its name."""
    out = subprocess.run([sys.executable, "-c", EVERY_MODULE], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout == "[]\n"


def test_contributing_shows_the_floors() -> None:
    """CONTRIBUTING's table of floors names the rooms of ``pyproject.toml``, floor by floor."""
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    part = page.split("| floor, from the top |", 1)[1].split("\n\n", 1)[0]
    shown = [re.findall(r"`(\w+)(?:/|\.py)`", row.split("|")[1]) for row in part.splitlines()[2:]]
    stated = house.floors_of(ROOT / "pyproject.toml")
    assert [set(rooms) for rooms in shown] == [set(floor) for floor in stated]


OLD_WORD = re.compile("gate" + r"way(?!\.pixazo\.ai)", re.IGNORECASE)  # Pixazo's host has it in its name
OLD_PLACES = (
    "gateways.py",  # the former import path of the providers of other packages
    "simulator/",  # it stands in for what a provider calls its gateway
    "store/migration_events.py",  # the sentences of earlier logs, as they stand there
)


def old_words(own: Mapping[str, str]) -> list[str]:
    """Where the old word for a provider stands: in a file's name, or on a line of its text."""
    lines = ((name, number, line) for name, text in own.items() for number, line in enumerate(text.splitlines(), 1))
    return [name for name in own if OLD_WORD.search(name)] + [
        f"{name}:{number}" for name, number, line in lines if OLD_WORD.search(line)
    ]


def test_a_provider_is_called_provider() -> None:
    """No other word for a provider stands in the package, the simulator and the old import path aside."""
    own = {name: text for name, text in sources().items() if not name.startswith(OLD_PLACES)}
    assert old_words(own) == []


def test_the_old_word_is_found() -> None:
    """It is found in a file's name, in an identifier and in a string, and not in the name of Pixazo's host."""
    old = "gate" + "way"
    planted = {
        f"engine/{old}.py": "",
        "a.py": f"x = 1\nclass {old.title()}Error: ...\n",
        "b.py": f"'https://{old}.pixazo.ai'",
    }
    assert old_words(planted) == [f"engine/{old}.py", "a.py:2"]
