"""Tests of a saved notebook without its kernel, trusted and untrusted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

CELLS = ("%load_ext hailuo_widgets", "%%hailuo\nA lighthouse at night, [Tilt up]")
OUTPUTS = ".jp-OutputArea-output:visible"  # of that cell: the sentence on the simulator, and the card


def test_reopened_without_its_kernel(open_notebook: Callable[..., Notebook], plays: Callable[[Locator], float]) -> None:
    """With the kernel gone the card shows its poster and plays the file beside the notebook, trusted or not."""
    notebook = open_notebook(*CELLS)
    notebook.run_all()
    saved = notebook.save()
    notebook.command("kernelmenu:shutdown")
    # A changed source is a notebook that nobody here has signed.
    saved["cells"][0]["source"] = "%load_ext hailuo_widgets  # from a colleague"
    foreign = notebook.path.with_name("foreign.ipynb")
    foreign.write_text(json.dumps(saved), "utf-8")
    for path, trusted in ((notebook.path, True), (foreign, False)):
        notebook.reopen(path)
        assert notebook.trusted() is trusted
        cell = notebook.cell(1)
        expect(cell.locator(".hailuo-player")).to_have_count(0)
        card = cell.locator(".hailuo-card")
        expect(card).to_be_visible()
        expect(card).to_contain_text("Succeeded")
        video = card.locator("video")
        assert (video.get_attribute("poster") or "").startswith("data:image/jpeg;base64,")
        assert "/files/" in video.evaluate("video => video.src")
        assert video.evaluate("video => video.play().then(() => true)")
        assert plays(video) > 0
        if trusted:  # the player that is gone leaves an error of ipywidgets' in the page, which is hidden
            expect(cell.get_by_text("model not found")).to_be_attached()
        expect(cell.locator(OUTPUTS)).to_have_count(2)
        notebook.command("kernelmenu:shutdown")
