"""No test sees the keys and settings of whoever runs it."""

from __future__ import annotations

import os

import pytest

from hailuo_widgets import keys

os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"  # of the kernels that tests start, too


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if (
            name.startswith("HAILUO_")
            or name.endswith(("_API_KEY", "_BASE_URL", "_WEBHOOK_KEY"))
            or name == "KIE_DIALECT"
        ):
            monkeypatch.delenv(name)
    monkeypatch.setattr(keys, "_kept", {})
    monkeypatch.setattr(keys, "_asked", {})
