"""Tests of hostile prompts: nothing in them is run, fetched, typeset or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

LINES = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "</div></style><svg onload=alert(3)>",
    '"><iframe srcdoc="<script>parent.alert(4)</script>"></iframe>',
    '<button data-commandlinker-command="terminal:create-new">x</button>',
    "<a href=javascript:alert(5)>{x}</a> &lt;b&gt; &amp;amp;",
    "שלום עולם, [Pan left]",
    "狐狸在雪地里奔跑, [推进]",
    "🦊👩‍🚀🏳️‍🌈",
)
FORMULAS = "from $0.28 to $0.49, $$x^2$$, \\(y\\)"
TABLE = """import pandas as pd
with pd.option_context("display.max_colwidth", None):
    display(hw.runs()[["prompt", "status"]])"""
NO_TEXT = "img, script, svg, iframe, button[data-commandlinker-command], a[href^='javascript']"
STRANGERS = f"{NO_TEXT}, mjx-container, .MathJax"


def test_prompts_are_text(open_notebook: Callable[..., Notebook]) -> None:
    """A prompt of tags, formulas and scripts is shown letter by letter in player, table and card, and does nothing."""
    prompt = "\n".join([*LINES, FORMULAS])
    notebook = open_notebook(
        "%load_ext hailuo_widgets\nimport hailuo_widgets as hw", f"%%hailuo --name run\n{prompt}", TABLE
    )
    notebook.run_all()
    shown = notebook.cell(1)
    assert shown.locator(".hailuo-player .hailuo-prompt").text_content() == prompt
    expect(shown.locator(".jp-OutputArea-output").locator(STRANGERS)).to_have_count(0)
    table = notebook.cell(2).locator(".jp-OutputArea-output")
    assert str(table.locator("td").first.text_content()).startswith("\\n".join(LINES))
    expect(table.locator(NO_TEXT)).to_have_count(0)
    notebook.save()

    notebook.command("kernelmenu:shutdown")
    notebook.reopen()
    shown = notebook.cell(1)
    expect(shown.locator(".hailuo-card")).to_be_visible()
    assert prompt in str(shown.locator(".hailuo-card").text_content())
    expect(shown.locator(".jp-OutputArea-output").locator(STRANGERS)).to_have_count(0)


def test_prices_in_the_table_are_no_formulas(open_notebook: Callable[..., Notebook]) -> None:
    """A prompt with two dollar signs is text in the run log's table."""
    table = "display(hw.runs()[['prompt', 'status']])"
    notebook = open_notebook(
        f"%load_ext hailuo_widgets\nimport hailuo_widgets as hw\nawait hw.generate({FORMULAS!r})\n{table}"
    )
    notebook.run_all()
    expect(notebook.cell(0).locator("td").first).to_have_text(FORMULAS)
