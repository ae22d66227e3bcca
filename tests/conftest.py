"""No test sees the keys and settings of whoever runs it; and which tests may run side by side."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.redaction import secret
from hailuo_widgets.settings import credentials as keys

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.append(str(Path(__file__).parent))  # so that all tests find the helpers beside this file

os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"  # of the kernels that tests start, too
BROWSER = "tests/browser/"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if (
            name.startswith(("HAILUO_", "FAL_", "REPLICATE_"))
            or name.endswith(("_API_KEY", "_BASE_URL", "_WEBHOOK_KEY"))
            or name == "KIE_DIALECT"
        ):
            monkeypatch.delenv(name)
    monkeypatch.setattr(keys, "_kept", {})
    monkeypatch.setattr(keys, "_asked", {})
    monkeypatch.setattr(secret, "_used", [])


@pytest.fixture(autouse=True)
def _asyncio_as_it_is() -> Iterator[None]:
    """A wait inside a running loop patches asyncio for good: each later test of this process would run on that."""
    before = hasattr(asyncio, "_nest_patched")
    yield
    assert before or not hasattr(asyncio, "_nest_patched"), "asyncio was patched: wait in another thread or process"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's tests come first: they take the longest, and mostly wait, so that others fit in beside them."""
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Side by side (``-n 2``) run files, whose tests share what is made once; and the browser's, in one process.

    Theirs is one JupyterLab and one Chromium: two of each are more than two cores can take.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else nodeid.partition("::")[0]

    config.option.loadscopereorder = False  # in the order of collection, not the file of most tests first
    return ByFile(config, log)
