"""No test sees the keys and settings of whoever runs it."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("HAILUO_") or name.endswith(("_API_KEY", "_BASE_URL")) or name == "KIE_DIALECT":
            monkeypatch.delenv(name)
