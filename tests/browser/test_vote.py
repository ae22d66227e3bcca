"""Tests of the blind vote in JupyterLab: nothing reveals the sides, and each answer is in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

LOAD = "%load_ext hailuo_widgets\nimport hailuo_widgets as hw\n%config Hailuo.simulator_speed = 400"
SWEEP = """%%hailuo --provider kie --seed 1..4 --duration 6 --name foxes
--- snowy
A red fox trots through fresh snow
--- sandy
A red fox trots through wet sand"""
VOTE = 'hw.vote(foxes, between="variant", within="seed", rater="mara", repeats=0)'
BEST = 'hw.rank(foxes, between="variant")'


def judged(notebook: Notebook) -> list[list[str]]:
    """The votes of the log: rater, answer, unit."""
    found = notebook.python("hw.votes(foxes)[['rater', 'answer', 'unit', 'seconds']].astype(str).values.tolist()")
    return [list(map(str, row)) for row in found]


def ready(shown: Locator, votes: int) -> None:
    """Wait until a pair may be judged, after so many votes."""
    expect(shown.get_by_role("status")).to_contain_text(f"{votes} vote")
    expect(shown.get_by_role("button", name="The left one is better")).to_be_enabled()


def test_a_blind_vote(
    open_notebook: Callable[..., Notebook], accessible: Callable[[Locator], None], tmp_path: Path
) -> None:
    """By mouse and keyboard: four answers, undo, the end; identities are nowhere in the page's vote before that."""
    notebook = open_notebook(LOAD, SWEEP, VOTE)
    notebook.run_all()
    shown = notebook.cell(2).locator(".hailuo-vote")
    ready(shown, 0)
    expect(shown.locator("video")).to_have_count(2)
    accessible(shown)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        for width in (1000, 480):
            notebook.page.set_viewport_size({"width": width, "height": 900})
            shown.scroll_into_view_if_needed()
            notebook.page.screenshot(path=tmp_path / f"vote-{theme[11:].lower()}-{width}.png")
    notebook.page.set_viewport_size({"width": 1100, "height": 1000})
    page = notebook.page.keyboard
    shown.get_by_role("button", name="The left one is better").click()
    ready(shown, 1)
    page.press("ArrowRight")
    ready(shown, 2)
    assert [row[1] for row in judged(notebook)] == ["left", "right"]
    assert all(0 < float(row[3]) < 60 for row in judged(notebook))
    sources = shown.locator("video").evaluate_all("videos => videos.map(video => video.src)")
    page.press("z")
    ready(shown, 1)
    assert [row[1] for row in judged(notebook)] == ["left"]
    page.press("ArrowDown")
    ready(shown, 2)
    page.press("ArrowUp")
    ready(shown, 3)
    assert [row[1] for row in judged(notebook)] == ["left", "tie", "both bad"]
    assert shown.locator("video").evaluate_all("videos => videos.map(video => video.src)") != sources
    text = notebook.cell(2).locator(".jp-OutputArea").inner_html()
    assert "snowy" not in text
    assert "trots" not in text
    page.press("ArrowLeft")
    expect(shown.get_by_role("status")).to_contain_text("you have judged every pair")
    assert sorted(row[2] for row in judged(notebook)) == ["1", "2", "3", "4"]
    shown.get_by_role("button", name="End and show the result").click()
    expect(notebook.cell(2).locator(".hailuo-ranking")).to_contain_text("snowy")
    expect(notebook.cell(2).locator(".hailuo-ranking")).to_contain_text("Not enough votes")
    expect(shown.locator("video")).to_have_count(0)
    notebook.page.screenshot(path=tmp_path / "vote-end.png")
    saved = notebook.save()["cells"][2]["outputs"][0]
    assert "Not enough votes" in "".join(saved["data"]["text/html"])


def test_a_vote_is_taken_up_where_it_was_left(open_notebook: Callable[..., Notebook]) -> None:
    """A vote shown again asks the same rater for the pairs that are left, and another rater for all of them."""
    notebook = open_notebook(LOAD, SWEEP, VOTE, VOTE, VOTE.replace("mara", "lu"))
    notebook.run_all()
    shown = notebook.cell(2).locator(".hailuo-vote")
    ready(shown, 0)
    shown.get_by_role("button", name="The right one is better").click()
    ready(shown, 1)
    notebook.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 3; }")
    notebook.command("notebook:run-cell")
    again = notebook.cell(3).locator(".hailuo-vote")
    expect(again.get_by_role("status")).to_have_text("0 votes · 3 pairs left")
    other = notebook.cell(4).locator(".hailuo-vote")
    expect(other.get_by_role("status")).to_have_text("0 votes · 4 pairs left")
    notebook.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel().then(() => null)")
    notebook.run_all()  # Restart & Run All: the sweep's clips are taken from the archive, by runs of other ids
    for cell, left in ((2, 3), (3, 3), (4, 4)):
        status = notebook.cell(cell).locator(".hailuo-vote").get_by_role("status")
        expect(status).to_have_text(f"0 votes · {left} pairs left")
    assert [row[1] for row in judged(notebook)] == ["right"]
    assert notebook.python("int(hw.rank(foxes).df['judged'].sum())") == 2


def test_several_questions_about_each_pair(open_notebook: Callable[..., Notebook], tmp_path: Path) -> None:
    """By keyboard: the clips stay while the question changes, undo goes back one, and a reload asks what is left."""
    questions = '["Which moves better?", "Which is sharper?"]'
    notebook = open_notebook(LOAD, SWEEP, VOTE.replace("repeats=0", f"repeats=0, question={questions}"))
    notebook.run_all()
    shown = notebook.cell(2).locator(".hailuo-vote")
    ready(shown, 0)
    question = shown.locator(".hailuo-question")
    expect(question).to_have_text("Question 1 of 2: Which moves better?")
    sources = "videos => videos.map(video => video.src)"
    first = shown.locator("video").evaluate_all(sources)
    shown.get_by_role("button", name="The left one is better").click()
    ready(shown, 1)
    expect(question).to_have_text("Question 2 of 2: Which is sharper?")
    assert shown.locator("video").evaluate_all(sources) == first
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        notebook.page.set_viewport_size({"width": 480, "height": 900})
        shown.scroll_into_view_if_needed()
        notebook.page.screenshot(path=tmp_path / f"questions-{theme[11:].lower()}.png")
    shown.locator("video").first.click()
    notebook.page.keyboard.press("z")
    ready(shown, 0)
    expect(question).to_have_text("Question 1 of 2: Which moves better?")
    notebook.page.keyboard.press("ArrowRight")
    ready(shown, 1)
    notebook.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 2; }")
    notebook.command("notebook:run-cell")
    shown = notebook.cell(2).locator(".hailuo-vote")
    expect(shown.get_by_role("status")).to_have_text("0 votes · 4 pairs left")
    answers = "[[v.question, v.answer] for v in hw.votes(foxes).itertuples()]"
    assert notebook.python(answers) == [["Which moves better?", "right"]]
