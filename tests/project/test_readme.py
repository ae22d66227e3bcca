"""What the README says of the gateways is what the code goes by."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_table_of_gateways_is_made_from_the_rows() -> None:
    """``tools/readme_providers.py`` would change nothing."""
    spec = importlib.util.spec_from_file_location("readme_providers", ROOT / "tools" / "readme_providers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert module.BEGIN in readme
    assert module.written(readme) == readme, "run: .venv/bin/python tools/readme_providers.py"
