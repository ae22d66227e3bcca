"""Tests of sound in the comparison, the vote and a report: it is measured, not read off the controls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from hailuo_widgets.api.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

LOAD = "%load_ext hailuo_widgets\nimport hailuo_widgets as hw\n%config Hailuo.simulator_speed = 400"
SWEEP = """%%hailuo --provider minimax --model h3 --duration 4 --resolution 768P --name foxes
--- snow
A red fox trots through fresh snow
--- sand
A red fox trots through wet sand"""
MUTE = "%%hailuo --provider minimax --model 2.3 --duration 6 --name mute\nA red fox sleeps"
COMPARE = 'hw.compare(foxes, cols="variant")'
VOTE = 'hw.vote(foxes, between="variant", rater="mara", repeats=0)'
# Taps the sound of each clip of a board, as it would be played.
TAP = """async board => {
  const context = new AudioContext();
  await context.resume();
  window.taps = [...board.querySelectorAll('video')].map(video => {
    const tap = context.createAnalyser();
    context.createMediaElementSource(video).connect(tap).connect(context.destination);
    return tap;
  });
  window.loudness = () => taps.map(tap => {
    const samples = new Float32Array(tap.fftSize);
    tap.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  });
}"""
# Of the taps, only these are loud, and the others are silent to the last sample: for ten frames on end, because a clip
# that seeks or starts again is silent for a moment.
HEARD = """wanted => {
  const loud = loudness();
  const so = loud.every((level, n) => wanted.includes(n) ? level > 0.001 : level === 0) && loud.length === 2;
  window.frames_so = so ? window.frames_so + 1 : 0;
  return frames_so === 10;
}"""


def heard(page: Page, *which: int) -> None:
    """Wait until these clips of the two, and no others, are heard."""
    page.evaluate("() => { window.frames_so = 0; }")
    page.wait_for_function(HEARD, arg=list(which))


def looks(notebook: Notebook, board: Locator, path: Path) -> None:
    """Take pictures of a board in both themes, wide and narrow."""
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        for width in (1000, 480):
            notebook.page.set_viewport_size({"width": width, "height": 900})
            board.scroll_into_view_if_needed()
            notebook.page.screenshot(path=path.with_name(f"{path.name}-{theme[11:].lower()}-{width}.png"))
    notebook.page.set_viewport_size({"width": 1100, "height": 1000})


def test_sound_of_the_chosen_clip_alone(
    open_notebook: Callable[..., Notebook], accessible: Callable[[Locator], None], tmp_path: Path
) -> None:
    """Clips are silent at first; the chosen one is heard at the shared volume, by mouse and keyboard."""
    notebook = open_notebook(LOAD, SWEEP, COMPARE, VOTE)
    notebook.run_all()
    board = notebook.cell(2).locator(".hailuo-compare")
    expect(board.locator("video")).to_have_count(2)
    notebook.page.wait_for_function(
        "() => [...document.querySelectorAll('.hailuo-compare video')].every(video => video.readyState >= 2)"
    )
    assert board.locator("video").evaluate_all("all => all.map(video => video.muted)") == [True, True]
    board.get_by_role("button", name="Play", exact=True).click()
    board.evaluate(TAP)
    ears = board.get_by_role("button", name="Hear run")
    sound = board.get_by_role("button", name="Sound", exact=True)
    ears.nth(0).click()
    heard(notebook.page, 0)
    ears.nth(1).click()
    heard(notebook.page, 1)
    expect(ears.nth(0)).to_have_attribute("aria-pressed", "false")
    expect(ears.nth(1)).to_have_attribute("aria-pressed", "true")
    sound.click()
    heard(notebook.page)
    sound.focus()
    notebook.page.keyboard.press("m")
    heard(notebook.page, 1)
    slider = board.get_by_role("slider", name="Volume")
    slider.focus()
    notebook.page.keyboard.press("Home")
    expect(slider).to_have_value("0")
    heard(notebook.page)
    ears.nth(0).click()
    heard(notebook.page)
    slider.focus()
    notebook.page.keyboard.press("End")
    expect(slider).to_have_value("1")
    heard(notebook.page, 0)
    accessible(board)
    looks(notebook, board, tmp_path / "compare")
    assert notebook.python("hw.runs().video_sound.tolist()") == [True, True]
    assert notebook.python("[round(s) for s in hw.runs().video_seconds]") == [4, 4]

    vote = notebook.cell(3).locator(".hailuo-vote")
    expect(vote.get_by_role("button", name="The left one is better")).to_be_enabled()
    vote.evaluate(TAP)
    assert vote.locator("video").evaluate_all("all => all.map(video => video.muted)") == [True, True]
    vote.get_by_role("button", name="Hear the right clip").click()
    heard(notebook.page, 1)
    notebook.page.keyboard.press("m")
    heard(notebook.page)
    notebook.page.keyboard.press("m")
    heard(notebook.page, 0)
    accessible(vote)
    looks(notebook, vote, tmp_path / "vote")


def test_no_control_without_sound(open_notebook: Callable[..., Notebook]) -> None:
    """Clips that have no sound show no volume."""
    notebook = open_notebook(LOAD, MUTE, "hw.compare(mute)")
    notebook.run_all()
    board = notebook.cell(2).locator(".hailuo-compare")
    expect(board.locator("video")).to_have_count(1)
    expect(board.get_by_role("slider", name="Volume")).to_be_hidden()
    expect(board.get_by_role("button", name="Hear run")).to_be_hidden()
    assert notebook.python("hw.runs().video_sound.tolist()") == [False]


def reported(folder: Path) -> Path:
    """The report of two clips with sound."""
    session = Session(home=folder, mode="simulated", poll_interval=0.05, notice=lambda _: None)
    asked = {"provider": "minimax", "model": "h3", "duration": 4, "resolution": "768P"}
    sweep = session.sweep(["a fox in snow", "a fox in sand"], **asked).wait(120)
    path = session.export(sweep, folder / "report.html", cols="prompt")
    session.close()
    return path


def test_a_report_is_silent_until_a_clip_is_chosen(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a network and a kernel the clips play muted, and the chosen one is heard at the chosen volume."""
    monkeypatch.setenv("HAILUO_SIMULATOR_SPEED", "400")
    with ThreadPoolExecutor(1) as pool:  # Playwright's loop runs in this thread: a wait in it patches asyncio
        path = pool.submit(reported, tmp_path).result()
    context = browser.new_context(viewport={"width": 1000, "height": 900}, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    main = page.locator("main")
    page.wait_for_function(
        "() => { const all = [...document.querySelectorAll('video')]; "
        "return all.length === 2 && all.every(video => video.muted && video.readyState >= 2); }"
    )
    main.get_by_role("button", name="Play", exact=True).click()
    main.evaluate(TAP)
    heard(page)
    main.get_by_role("button", name="Hear run").nth(1).click()
    heard(page, 1)
    slider = main.get_by_role("slider", name="Volume")
    slider.focus()
    page.keyboard.press("Home")
    expect(slider).to_have_value("0")
    heard(page)
    page.screenshot(path=tmp_path / "report.png")
    context.close()
