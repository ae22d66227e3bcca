"""Tests of the widgets in Jupyter Notebook 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

ONE = "%%hailuo --model 02\nA fox in the snow"
TWO = "%%hailuo --model 02 --repeat 2\nA wolf in the snow"


def test_player_board_and_studio(open_notebook: Callable[..., Notebook], plays: Callable[[Locator], float]) -> None:
    """A clip plays, a sweep has its board and no table beside it, and the studio knows what there is to choose."""
    notebook = open_notebook("%load_ext hailuo_widgets", ONE, TWO, "%hailuo studio")
    notebook.reopen(app="notebooks")
    notebook.run_all()
    assert plays(notebook.cell(1).locator(".hailuo-player video")) > 0
    expect(notebook.cell(1).locator(".hailuo-card:visible")).to_have_count(0)
    expect(notebook.cell(2).locator(".hailuo-monitor .hailuo-word")).to_have_text(["Succeeded"] * 2)
    expect(notebook.cell(2).locator(".hailuo-board:visible")).to_have_count(0)
    form = notebook.cell(3).locator(".hailuo-studio")
    form.get_by_role("textbox", name="Prompt").fill("A hare")
    expect(form.locator(".hailuo-go")).to_contain_text("Generate · ")
