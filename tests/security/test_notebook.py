"""Tests of a notebook that was run with a key, saved, and shown as HTML: it doesn't contain the key."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

CANARY = "sk-CANARY-notebook"
HOOK = "hook-CANARY-notebook"
CELLS = (
    "%load_ext hailuo_widgets",
    "import logging; logging.basicConfig(level=logging.DEBUG)",
    "%xmode Verbose",
    "%%hailuo --model 02 --name fox\na fox",
    "fox, fox.request, fox.card, vars(fox)",
    "%%hailuo --model 02\na wolf that is refused",
    "%%hailuo --model 02\na hare whose answer is lost",
    "%hailuo keys",
    "%hailuo doctor",
    "%hailuo",
    "import hailuo_widgets as hw\nhw.runs().drop(columns='video_url')",
    "hw.set_key('minimax')",
    "hook = hw.webhook(); hook, vars(hook)",
    "hw.generate('an owl', model='02', seed=7).wait()",
    "1 / len([] if fox else [fox])",
)


class Overheard(NotebookClient):
    """Keeps every message that the kernel sends."""

    heard: list[str]

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Keep it, and go on."""
        self.heard.append(json.dumps(msg, default=str))
        return super().process_message(msg, cell, cell_index)


def test_a_saved_notebook(tmp_path: Path) -> None:
    """Outputs, widget state, HTML, messages, and what the kernel wrote to its streams: clips, cards, errors, no key."""
    faults = [
        {"kind": "code", "provider": "minimax", "phase": "create", "code": 1026, "after": 1},
        {"kind": "drop_after", "phase": "create", "after": 1},
    ]
    ours = ("HAILUO_", "MINIMAX_", "KIE_", "KKIAI_", "PIXAZO_", "RUNWARE_", "JPY_", "PYTEST_")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environ |= {"IPYTHONDIR": str(tmp_path / "ipython"), "MINIMAX_API_KEY": CANARY, "KIE_WEBHOOK_KEY": HOOK}
    code: Any = nbformat.v4.new_code_cell
    notebook: Any = nbformat.v4.new_notebook(cells=[code(source) for source in CELLS])  # type: ignore[no-untyped-call]  # nbformat has no types
    client = Overheard(notebook, timeout=90, kernel_name="python3", allow_errors=True, store_widget_state=True)
    client.resources = {"metadata": {"path": str(tmp_path)}}
    client.heard = []
    with (
        Simulator(tmp_path / "provider", faults=faults, latency=0.3, draft=True) as fake_provider,
        (tmp_path / "streams.txt").open("w") as streams,
    ):
        environ |= {"MINIMAX_BASE_URL": fake_provider.url, "HAILUO_POLL_INTERVAL": "0.1"}
        client.execute(env=environ, stdout=streams, stderr=streams)
    saved = nbformat.writes(notebook)  # type: ignore[no-untyped-call]  # nbformat has no types
    exporter: Any = HTMLExporter
    html = exporter().from_notebook_node(notebook)[0]
    heard = "\n".join(client.heard)
    assert "Succeeded" in saved
    assert "1026" in saved
    assert "unconfirmed" in saved
    assert "ZeroDivisionError" in saved
    assert "set: environment" in saved
    assert notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert "comm_open" in heard
    for name, text in {"saved": saved, "html": html, "heard": heard, "streams": streams_of(tmp_path)}.items():
        assert CANARY not in text, name
        assert HOOK not in text, name
        assert "Signature=" not in text, name


def streams_of(folder: Path) -> str:
    """What the kernel wrote to its standard streams, and IPython to its history."""
    history = [path.read_bytes().decode("utf-8", "replace") for path in (folder / "ipython").rglob("*.sqlite*")]
    return "\n".join([(folder / "streams.txt").read_text("utf-8"), *history])
