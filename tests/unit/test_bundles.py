"""Test that the committed bundles are built from the committed sources; it needs no Node."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "hailuo_widgets" / "static"
JS = ROOT / "js"
ENDINGS = {".ts", ".css", ".mjs"}
NAMES = {"package.json", "package-lock.json", "tsconfig.json"}
BUNDLES = sorted(path.name for path in STATIC.iterdir() if path.suffix in {".js", ".css"})
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://|import\("
)


def digest(paths: list[str], folder: Path) -> str:
    """The digest that js/build.mjs makes."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.encode() + b"\0" + (folder / path).read_bytes() + b"\0")
    return total.hexdigest()


def sources() -> list[str]:
    """Every file that a bundle depends on."""
    found = (path for path in JS.rglob("*") if path.is_file() and (path.suffix in ENDINGS or path.name in NAMES))
    relative = (path.relative_to(JS) for path in found)
    return sorted(path.as_posix() for path in relative if not {"node_modules", "tests"} & set(path.parts))


def test_bundles_are_fresh() -> None:
    """The sources have not changed since the build; else run `npm run build` in js/."""
    manifest = json.loads((STATIC / "manifest.json").read_text("utf-8"))
    assert manifest["sources"] == digest(sources(), JS), "run `npm ci && npm run build` in js/"


def test_bundles_are_untouched() -> None:
    """Each bundle is what the build wrote, and none is missing or left over."""
    manifest = json.loads((STATIC / "manifest.json").read_text("utf-8"))
    assert manifest["bundles"] == {name: digest([name], STATIC) for name in BUNDLES}


@pytest.mark.parametrize("name", BUNDLES)
def test_bundles_neither_load_nor_interpret(name: str) -> None:
    """No HTML from strings, no evaluation, no address of another host: it works on a strict, air-gapped hub."""
    assert not FORBIDDEN.findall((STATIC / name).read_text("utf-8"))


def test_the_lock_names_no_registry() -> None:
    """The lock pins digests, not the host that one machine installed from."""
    assert "resolved" not in (JS / "package-lock.json").read_text("utf-8")
