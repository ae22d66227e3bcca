"""Tests of a notebook with a live kernel: the clip plays, IDs are right, and a run can be cancelled."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

FIRST, TABLE, SECOND = 3, 4, 7  # cells of the quickstart: a clip, the run log, another clip
MOST_GROWTH = 40_000
TEMPLATE = "393857704283172856"  # MiniMax's "Diving"
TASK = "9223372036854775783"
DIGEST = """async video => {
  const bytes = await (await fetch(video.src)).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
}"""
PLAYER_OF_IDS = f"""
import asyncio
from datetime import UTC, datetime
from hailuo_widgets.render.card import Card
from hailuo_widgets.widgets.player import Player

class Source:
    def card(self):
        return Card(run_id="r1", status="running", provider="MiniMax", model="a template", mode="template",
                    prompt="a word " * 120, simulated=True, created_at=datetime.now(UTC), task_id="{TASK}",
                    parameters=(("template", "{TEMPLATE}"), ("seed", "{TASK} (sent)")))
    def subscribe(self, callback):
        return lambda: None

source = Source()
player = Player(source, loop=asyncio.get_running_loop())
player
"""
SLOW = """%%hailuo --name slow
A snail crosses a garden path, [Static shot]"""


def the_player(cell: Locator) -> Locator:
    """The cell's player, the only thing in it that shows the run."""
    expect(cell.locator(".hailuo-player:visible")).to_have_count(1)
    expect(cell.locator(".hailuo-card:visible")).to_have_count(0)
    return cell.locator(".hailuo-player")


def test_run_all_of_the_quickstart(open_notebook: Callable[..., Notebook], plays: Callable[[Locator], float]) -> None:
    """Run All of the quickstart shows one player a run; it plays the archived file, saves small, outlives a reload."""
    notebook = open_notebook(copy="quickstart.ipynb")
    empty = len(notebook.path.read_bytes())
    notebook.run_all()
    notebook.save()
    assert (len(notebook.path.read_bytes()) - empty) / 2 < MOST_GROWTH
    archived = {
        hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (Path(path) for path in notebook.python("[str(path) for path in hw.runs().video]"))
    }
    shown = set()
    for index in (FIRST, SECOND):
        video = the_player(notebook.cell(index)).locator("video")
        assert plays(video) > 0
        shown.add(video.evaluate(DIGEST))
    assert shown == archived
    assert len(shown) == 2
    expect(notebook.cell(TABLE).locator("table tbody tr")).to_have_count(1)

    notebook.reopen()
    video = the_player(notebook.cell(FIRST)).locator("video")
    assert plays(video) > 0
    assert video.evaluate(DIGEST) in archived


def test_cancel_while_the_cell_waits(open_notebook: Callable[..., Notebook]) -> None:
    """Cancel, asked and confirmed in the player, reaches the kernel while its cell waits, and the cell ends."""
    notebook = open_notebook("%load_ext hailuo_widgets\n%config Hailuo.simulator_speed = 1", SLOW)
    ran = notebook.begin("notebook:run-all-cells")
    player = the_player(notebook.cell(1))
    expect(player.locator(".hailuo-steps .hailuo-present")).to_be_visible()  # the provider has it
    player.get_by_role("button", name="Cancel").click()
    player.get_by_role("button", name="Stop following").click()
    expect(player.locator(".hailuo-word")).to_have_text("Cancelled")
    ran()
    assert notebook.python("slow.status") == "cancelled"
    expect(notebook.cell(1).locator(".hailuo-card:visible")).to_have_count(0)
    page = notebook.save()
    [card] = [o["data"]["text/html"] for o in page["cells"][1]["outputs"] if "text/html" in o.get("data", {})]
    assert "Cancelled" in "".join(card)


def test_ids_of_nineteen_digits(open_notebook: Callable[..., Notebook]) -> None:
    """Ids beyond 2**53 are the same text in Python, in the widget, in its answers to messages, and read back."""
    notebook = open_notebook(PLAYER_OF_IDS)
    notebook.run_all()
    player = notebook.cell(0).locator(".hailuo-player")
    for asked in (False, True):
        if asked:
            player.get_by_role("button", name="Show all of it").click()
            expect(player.get_by_role("button", name="Show all of it")).to_have_count(0)
        expect(player.locator(".hailuo-ids")).to_have_text(f"run r1 · task {TASK}")
        expect(player.locator(".hailuo-parameters dd").first).to_have_text(TEMPLATE)
        expect(player.locator(".hailuo-parameters dd").last).to_have_text(f"{TASK} (sent)")
    read = player.locator(".hailuo-ids").inner_text().rsplit(" ", 1)[-1]
    assert notebook.python(f"{read!r} == source.card().task_id == player.card['task']") is True
    assert str(int(float(TASK))) != TASK  # a number of JavaScript would have shown another one
    assert str(int(float(TEMPLATE))) != TEMPLATE
