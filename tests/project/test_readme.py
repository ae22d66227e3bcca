"""The README's table of providers and the documents' table of settings are what the code goes by."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(("tool", "page"), [("readme_providers", "README.md"), ("settings_page", "docs/settings.md")])
def test_a_table_is_made_from_the_rows(tool: str, page: str) -> None:
    """The tool that writes the page's table would change nothing."""
    spec = importlib.util.spec_from_file_location(tool, ROOT / "tools" / f"{tool}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / page).read_text(encoding="utf-8")
    assert module.BEGIN in text
    assert module.written(text) == text, f"run: .venv/bin/python tools/{tool}.py"
