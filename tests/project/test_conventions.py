"""Tests of the conventions of the whole tree: what no file may contain, and what must agree.

Each rule is a pattern and a planted example that it must find, so that a rule that finds nothing is known to work.
Examples are put together from pieces: this file is searched like any other.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNTRACKED = {
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
    ".git",
    ".venv",
    "build",
    "demo-notebooks",
    "dist",
    "hailuo_runs",
    "node_modules",
}
BINARY = {".gif", ".ico", ".jpeg", ".jpg", ".mp4", ".png", ".webp", ".woff2"}

# Name → (what it finds, an example of it in two pieces).
RULES: dict[str, tuple[re.Pattern[str], tuple[str, str]]] = {
    "a provider's or a cloud's key": (
        re.compile(
            r"\b(?:sk|rk|pk)-(?:[a-z]+-)?[A-Za-z0-9]{24,}|\bAKIA[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
            r"|\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.|-----BEGIN [A-Z ]*PRIVATE KEY"
        ),
        ("key = 'sk-", "Zk3vQ9mT1xW7bN5cR2yL8dF6'"),
    ),
    "a long secret given to a name that says so": (
        re.compile(
            r"""(?i)(?:api_?key|secret|token|authorization)["']?\s*[:=]\s*["'](?:Bearer )?[A-Za-z0-9+/_-]{32,}"""
        ),
        ("MINIMAX_API_KEY = ", "'9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c'"),
    ),
    "a package registry's host": (
        re.compile(r"\bnpmjs\.(?:org|com)|\bpypi\.org|\bpythonhosted\.org|\b(?:deb|ftp|security)\.debian\.org"),
        ("https://registry.npm", "js.org/esbuild"),
    ),
    "a path of somebody's machine": (
        re.compile(r"(?<![\w.~:/-])/(?:work|farm[\w-]*|root|home|Users)/[\w.-]"),
        ("see /wo", "rk/main/x.py"),
    ),
    "a left-over mark": (re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b"), ("# TO", "DO: later")),
}


def tracked() -> list[Path]:
    """Every file that is in git or would be; without git, every file outside the folders that git ignores."""
    if shutil.which("git") and (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
        found = [ROOT / name for name in listed if name]
    else:
        found = [path for path in ROOT.rglob("*") if not UNTRACKED & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in found if path.is_file())


def texts() -> list[tuple[str, str]]:
    """Path in the repository and text of each tracked file that is one."""
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in tracked() if path.suffix not in BINARY
    ]


def hits(pattern: re.Pattern[str], text: str) -> list[int]:
    """The lines on which a pattern is found."""
    return [number for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


def bare_skips(source: str) -> list[int]:
    """The lines of a Python test that skip, or expect to fail, without a reason in words."""
    tree = ast.parse(source)
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    lines = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.attr not in {"skip", "skipif", "xfail"}:
            continue
        if not ast.unparse(node.value).startswith("pytest"):
            continue
        call = called.get(id(node))
        given = [] if call is None else [word.value for word in call.keywords if word.arg == "reason"]
        if call is not None and node.attr == "skip":
            given += call.args
        if not any(len(ast.unparse(reason).split()) > 1 for reason in given):
            lines.append(node.lineno)
    return lines


def table(name: str) -> dict[str, str]:
    """Package → reason, of one table in CONTRIBUTING.md."""
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    part = page.split(f"<!-- {name} -->\n", 1)[1].split("\n\n", 1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", part, re.MULTILINE))


def stated(name: str) -> set[str]:
    """The packages that pyproject.toml or package.json states for that table."""
    if name == "js":
        return set(json.loads((ROOT / "js" / "package.json").read_text("utf-8"))["devDependencies"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    listed = project["dependencies"] if name == "core" else project["optional-dependencies"][name]
    return {re.split(r"[<>=!~;\[ ]", line, maxsplit=1)[0] for line in listed}


@pytest.mark.parametrize("rule", RULES)
def test_no_tracked_file_holds(rule: str) -> None:
    """No tracked file holds a key, a registry's host, a machine's path or a left-over mark."""
    pattern, _ = RULES[rule]
    assert [f"{name}:{line}: {rule}" for name, text in texts() for line in hits(pattern, text)] == []


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_finds_its_example(rule: str) -> None:
    """A rule finds a planted example of what it forbids."""
    pattern, pieces = RULES[rule]
    assert hits(pattern, "\n" + "".join(pieces)) == [2]


def test_every_skip_has_a_reason() -> None:
    """No test is skipped, or expected to fail, without a reason in words; none in JavaScript at all."""
    python = [
        f"{name}:{line}"
        for name, text in texts()
        if name.startswith("tests/") and name.endswith(".py")
        for line in bare_skips(text)
    ]
    script = [
        f"{name}:{line}"
        for name, text in texts()
        if name.startswith("js/tests/")
        for line in hits(re.compile(r"\b(?:test|it|describe)\.(?:skip|only|todo)\b|\bskip: true"), text)
    ]
    assert python + script == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import pytest\n@pytest.mark.skip\ndef test_a(): ...\n", [2]),
        ("import pytest\n@pytest.mark.skipif(True)\ndef test_a(): ...\n", [2]),
        ("import pytest\npytest.skip()\n", [2]),
        ("import pytest\n@pytest.mark.xfail(reason='')\ndef test_a(): ...\n", [2]),
        ("import pytest\npytest.skip('needs a Linux')\n", []),
        ("import pytest\n@pytest.mark.skipif(True, reason='no strace here')\ndef test_a(): ...\n", []),
    ],
)
def test_bare_skips_are_found(source: str, lines: list[int]) -> None:
    """A skip without words is found, one with words is not."""
    assert bare_skips(source) == lines


@pytest.mark.parametrize("name", ["core", "demo", "dev", "js"])
def test_every_dependency_has_its_reason(name: str) -> None:
    """CONTRIBUTING's tables name exactly the stated dependencies, each with a reason of some words."""
    reasons = table(name)
    assert set(reasons) == stated(name)
    assert [package for package, reason in reasons.items() if len(reason.split()) < 2] == []


def test_every_test_folder_is_explained() -> None:
    """CONTRIBUTING says of every folder of tests what it asks."""
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    folders = {name.split("/")[1] for name, _ in texts() if name.startswith("tests/") and name.count("/") > 1}
    assert sorted(folder for folder in folders if f"| `tests/{folder}/` |" not in page) == []


def test_licence_is_mit() -> None:
    """LICENSE is the MIT licence, and pyproject.toml and package.json say so."""
    words = " ".join((ROOT / "LICENSE").read_text("utf-8").split())
    assert words.startswith("MIT License Copyright (c) 2026 The hailuo-widgets developers")
    assert "without restriction, including without limitation the rights to use, copy, modify, merge" in words
    assert 'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND' in words
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["license"] == "MIT"
    assert json.loads((ROOT / "js" / "package.json").read_text("utf-8"))["license"] == "MIT"


def test_a_library_commits_no_lock() -> None:
    """No lock of Python packages is tracked: users resolve the stated ranges."""
    names = {path.name for path in tracked()}
    assert names & {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock"} == set()


def test_lock_of_the_build_tools_is_in_step() -> None:
    """package-lock.json was made from today's package.json, each tool pinned to one version and checked by its hash."""
    stated = json.loads((ROOT / "js" / "package.json").read_text("utf-8"))["devDependencies"]
    packages = json.loads((ROOT / "js" / "package-lock.json").read_text("utf-8"))["packages"]
    assert packages[""]["devDependencies"] == stated
    assert {name: packages[f"node_modules/{name}"]["version"] for name in stated} == stated
    assert [name for name, facts in packages.items() if name and "integrity" not in facts] == []


def test_versions_agree() -> None:
    """pyproject.toml and package.json state one version."""
    python = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert json.loads((ROOT / "js" / "package.json").read_text("utf-8"))["version"] == python
