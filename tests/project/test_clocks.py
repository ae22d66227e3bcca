"""Test that no test depends on the machine's speed: outside ``tests/bench``, none asserts a measured time.

A name is a clock's when it comes from one, however far: through a calculation, a function's value, a list that it was
put into, an attribute that it was stored in, or a program in a string (Python or JavaScript) that reads a clock. What
is compared for its order (``<``, ``>=``, `approx`) may not come from one.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CLOCKS = re.compile(
    r"\btime\.(?:time|monotonic|perf_counter|process_time|thread_time)(?:_ns)?\("
    r"|\b(?:perf_counter|monotonic|process_time|thread_time)(?:_ns)?\("
    r"|\bloop\.time\(|get_(?:running|event)_loop\(\)\.time\("
    r"|\bdatetime\.(?:now|utcnow|today)\("
)
IN_STRINGS = re.compile(CLOCKS.pattern + r"|\bperformance\.now\(|\bDate\.now\(|\bgetrusage\(")
ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def names_in(node: ast.AST) -> set[str]:
    """The names and attributes that an expression reads."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} | {
        n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)
    }


def reads(node: ast.AST, known: set[str]) -> bool:
    """Whether an expression reads a clock, a program that does, or a name that comes from one."""
    if CLOCKS.search(ast.unparse(node)) or names_in(node) & known:
        return True
    return any(
        isinstance(n, ast.Constant) and isinstance(n.value, str) and IN_STRINGS.search(n.value) for n in ast.walk(node)
    )


def targets(node: ast.AST) -> set[str]:
    """What a statement gives a value to: names, and attributes by their own name."""
    if isinstance(node, ast.Assign):
        places: list[ast.expr] = list(node.targets)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr | ast.For | ast.AsyncFor | ast.comprehension):
        places = [node.target]
    else:
        return set()
    found = set()
    for place in places:
        for n in ast.walk(place):
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store):
                found.add(n.id)
            elif isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store):
                found.add(n.attr)
            elif isinstance(n, ast.Subscript) and isinstance(n.value, ast.Name | ast.Attribute):
                found |= {n.value.id} if isinstance(n.value, ast.Name) else {n.value.attr}
    return found


def value_of(node: ast.AST) -> ast.AST | None:
    """What a statement gives to its targets."""
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        return node.iter
    return getattr(node, "value", None) if targets(node) else None


def learned(scope: ast.AST, known: set[str]) -> set[str]:
    """One round: the known names, and those that come from them within a scope."""
    found = set(known)
    for node in ast.walk(scope):
        value = value_of(node)
        if value is not None and reads(value, found):
            found |= targets(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"append", "add"}:
            held = node.func.value
            if isinstance(held, ast.Name) and any(reads(a, found) for a in node.args):
                found.add(held.id)
        if isinstance(node, ast.Call):
            found |= {k.arg for k in node.keywords if k.arg in {"seconds", "elapsed", "took"} and reads(k.value, found)}
        if isinstance(node, FUNCTIONS) and any(
            isinstance(n, ast.Return) and n.value is not None and reads(n.value, found) for n in ast.walk(node)
        ):
            found.add(node.name)
    return found


def settle(scope: ast.AST, known: set[str]) -> set[str]:
    """All names of a scope that come from a clock."""
    while (more := learned(scope, known)) != known:
        known = more
    return known


def measured(source: str) -> list[int]:
    """The lines of a Python file's text on which an assertion compares what a clock said."""
    tree = ast.parse(source)
    scopes: list[tuple[ast.AST, set[str]]] = []
    outside = ast.Module(body=[n for n in tree.body if not isinstance(n, FUNCTIONS)], type_ignores=[])
    functions = [n for n in ast.walk(tree) if isinstance(n, FUNCTIONS)]
    shared = settle(outside, set())
    told: set[str] = set()
    while True:  # a function's value may come from another's
        now = {f.name for f in functions if f.name in settle(f, shared | told)}
        if now <= told:
            break
        told |= now
    scopes = [(outside, shared | told)] + [(f, settle(f, shared | told)) for f in functions]
    return sorted({line for scope, names in scopes for line in _compared(scope, names)})


def _compared(scope: ast.AST, names: set[str]) -> list[int]:
    lines = []
    for node in ast.walk(scope):
        if not isinstance(node, ast.Assert):
            continue
        for n in ast.walk(node.test):
            if not isinstance(n, ast.Compare):
                continue
            ordered = any(isinstance(op, ORDER) for op in n.ops) or "approx(" in ast.unparse(n)
            if ordered and any(reads(side, names) for side in (n.left, *n.comparators)):
                lines.append(n.lineno)
    return lines


def test_no_assertion_measures_the_machine() -> None:
    """Durations are measured in tests/bench; the tests count, wait for an event, or have a clock of their own."""
    found = []
    for path in sorted(TESTS.rglob("*.py")):
        if "bench" not in path.parts and "__pycache__" not in path.parts:
            found += [f"{path.relative_to(TESTS)}:{line}" for line in measured(path.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("began = time.monotonic()\nwork()\nassert time.monotonic() - began < 1", [3]),
        ("def test():\n    began = perf_counter()\n    took = perf_counter() - began\n    assert took < 1", [4]),
        ("def test():\n    t = datetime.now(UTC)\n    assert (x, datetime.now(UTC) - t < second) == (1, True)", [3]),
        ("def took():\n    return time.time() - BEGAN\ndef test():\n    assert 1 <= took()", [4]),
        ("def a():\n    return time.time()\ndef b():\n    return a() - 1\ndef test():\n    assert b() > 1", [6]),
        ("times = []\ndef test():\n    times.append(time.thread_time())\n    assert max(times) < 2", [4]),
        ("def test():\n    took = [time.time() - x for x in y]\n    assert min(took) == approx(1)", [3]),
        ("CODE = 'print(time.process_time())'\ndef test():\n    out = run(CODE)\n    assert float(out) < 1", [4]),
        ("JS = 'performance.now()'\ndef test():\n    assert max(page.evaluate(JS)) < 200", [3]),
        ("class A:\n    def f(self):\n        self.at = time.time()\ndef test():\n    assert a.at > 3", [5]),
        ("def test():\n    for n in (time.time(), 1):\n        assert n < 3", [3]),
        ("def test():\n    assert loop.time() - began >= 0.05", [2]),
        ("def test():\n    assert len(provider.calls) < 5", []),
        (
            "def test():\n    end = time.monotonic() + HANG_S\n    while time.monotonic() < end:\n        go()",
            [],
        ),
        ("def test():\n    row = record(at=datetime.now(UTC))\n    assert row.cost == 3", []),
        ("def other():\n    took = time.time()\ndef test():\n    took = count()\n    assert took < 5", []),
    ],
)
def test_measured_times_are_found(source: str, lines: list[int]) -> None:
    """A comparison of a clock's word is found by whatever way it came, and a count is none."""
    assert measured(source) == lines
