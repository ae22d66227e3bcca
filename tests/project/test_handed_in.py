"""Tests hand values in: what they patch in the package's modules is named here, with its reason."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

TESTS = Path(__file__).parents[1]
PATCHES = {"setattr", "setitem", "object", "patch"}
EXCEPTIONS = {
    "conftest.py: hailuo_widgets.redaction.secret._used": "as in a new process: no key was used",
    "conftest.py: hailuo_widgets.settings.credentials._asked": "as in a new process: no key was asked for",
    "conftest.py: hailuo_widgets.settings.credentials._kept": "as in a new process: no key is kept",
    "engine/test_account_balances.py: hailuo_widgets.api.functions.default_session": "the process's default session",
    "engine/test_clips.py: hailuo_widgets.api.functions.default_session": "the process's one default session",
    "engine/test_judging.py: hailuo_widgets.api.functions.default_session": "the process's one default session",
    "exports/test_report.py: hailuo_widgets.exports.report.base64.b64encode": "the memory ends",
    "faults/test_download.py: hailuo_widgets.archive.file_operations.free_bytes": "the disk",
    "faults/test_echoes.py: hailuo_widgets.redaction.redact.used_keys": "a key that any text may hold by chance",
    "faults/test_homes.py: hailuo_widgets.engine.reuse.brought": "the order of two steps that no provider can delay",
    "faults/test_kernels.py: hailuo_widgets.engine.submit.has_place": "counts the looks for a place",
    "faults/test_said_and_paid.py: hailuo_widgets.engine.run_task.bring": "a mistake in a step",
    "model/kernels.py: hailuo_widgets.store.run_changes.change": "watches every change within its transaction",
    "model/storm.py: hailuo_widgets.engine.poll.follow": "a storm of create calls alone",
    "model/storm.py: hailuo_widgets.engine.rate_limit.RateLimiter._wait_s": "a storm without a limit for each minute",
    "model/test_schedules.py: hailuo_widgets.engine.reconcile.unconfirmed": "a planted mistake, to be seen",
    "model/test_schedules.py: hailuo_widgets.engine.submit._doubtful": "a planted mistake, to be seen",
    "model/test_schedules.py: hailuo_widgets.provider.interface.no_such_task": "a planted mistake, to be seen",
    "model/test_schedules.py: hailuo_widgets.provider.interface.unknown_route": "a planted mistake, to be seen",
    "security/test_origins.py: hailuo_widgets.transport.http.Http.call": "the network",
    "simulator/test_faults.py: hailuo_widgets.simulator.station.asyncio": "the stand-in's own sleep",
    "store/test_backup.py: hailuo_widgets.store.backup._copy": "the disk",
    "store/test_filesystem.py: filesystem.note_of": "the system's table of disks",
    "store/test_locks.py: hailuo_widgets.store.database.locks_refused": "the disk",
    "unit/archive/test_files.py: hailuo_widgets.archive.file_operations.create": "the disk",
    "unit/archive/test_files.py: hailuo_widgets.archive.file_operations.free_bytes": "the disk",
    "unit/archive/test_part.py: hailuo_widgets.archive.file_operations.create": "the disk",
    "unit/test_accounts.py: hailuo_widgets.provider.registry.entry_points": "what is installed beside us",
    "unit/test_axes.py: hailuo_widgets.api.functions.default_session": "the process's one default session",
    "unit/test_cell_names.py: hailuo_widgets.api.functions.default_session": "the process's one default session",
    "unit/test_front_door.py: hailuo_widgets.api.functions.default_session": "the process's one default session",
    "unit/test_front_door.py: hailuo_widgets.widgets.display.view": "a widget that is not to be shown",
    "unit/test_keys.py: hailuo_widgets.settings.credentials._kept": "as in a new process: no key is kept",
    "unit/test_plan_notes.py: hailuo_widgets.api.functions.default_session": "the process's one default session",
    "unit/test_references.py: hailuo_widgets.planning.load_references.probe": "a decoder that must not be called",
    "unit/test_selection.py: hailuo_widgets.api.functions.default_session": "the process's one default session",
    "unit/test_wrong_types.py: hailuo_widgets.api.functions.default_session": "the process's one default session",
    "unit/test_wrong_types.py: hailuo_widgets.widgets.display.show_studio": "a widget that is not to be shown",
}


def _package_names(tree: ast.Module) -> dict[str, str]:
    """Names in a file that are bound to modules of the package."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hailuo_widgets"):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if find_spec(str(node.module)).submodule_search_locations and find_spec(name) is not None:  # type: ignore[union-attr]
                    found[alias.asname or alias.name] = name
    return found


def _patched(path: Path) -> set[str]:
    """What a file patches in modules of the package, in defaults of functions, and in the table of modules."""
    tree = ast.parse(path.read_text("utf-8"))
    modules, found = _package_names(tree), set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        first = node.args[0]
        if node.func.attr not in PATCHES:
            continue
        if isinstance(first, ast.Constant) and str(first.value).startswith("hailuo_widgets"):
            found.add(str(first.value))
        elif isinstance(first, ast.Name) and first.id in modules and len(node.args) > 1:
            found.add(f"{modules[first.id]}.{getattr(node.args[1], 'value', ast.unparse(node.args[1]))}")
        elif "__kwdefaults__" in ast.unparse(first) or "__defaults__" in ast.unparse(node):
            found.add(ast.unparse(first))
    return found


def test_no_other_module_of_the_package_is_patched() -> None:
    """A test that wants another time, time-out, id or connection gives a session another ``Runtime``."""
    found = {f"{path.relative_to(TESTS).as_posix()}: {name}" for path in TESTS.rglob("*.py") for name in _patched(path)}
    assert found - set(EXCEPTIONS) == set()
    assert set(EXCEPTIONS) - found == set()
