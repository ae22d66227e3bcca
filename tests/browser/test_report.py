"""A report in Chromium, with the network off and no kernel: it plays in sync, and asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

from hailuo_widgets.exports import export
from hailuo_widgets.session import Session
from hailuo_widgets.simulator import read_frame_counter
from hailuo_widgets.simulator.render.counter import CELLS, strip_box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STRIP = """(video, [left, top, width, height]) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  return Array.from(context.getImageData(left, top, width, height).data);
}"""
STILL = "() => [...document.querySelectorAll('video')].every(video => video.readyState >= 2 && !video.seeking)"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of two prompts by two seeds."""
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HAILUO_SIMULATOR_SPEED", "400")
        session = Session(home=folder / "home", mode="simulated", poll_interval=0.05, notice=lambda _: None)
        sweep = session.sweep({"snow": "a fox in snow", "sand": "a fox in sand"}, provider="kie", seed=[1, 2]).wait(120)
        written = export(session, session.chosen(sweep), folder / "report.html")
        session.close()
    return written


@pytest.fixture
def offline(browser: Browser, report: Path) -> Iterator[Page]:
    """The report's page, in a browser without a network. Nothing is asked for, nothing fails."""
    context = browser.new_context(viewport={"width": 1100, "height": 900}, offline=True)
    page = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(report.as_uri())
    yield page
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    assert wrong == []
    context.close()


def numbers(page: Page) -> list[int | None]:
    """The number burnt into the frame that each video shows."""
    page.wait_for_function(STILL)
    found = []
    for video in page.locator("video").all():
        width, height = video.evaluate("video => [video.videoWidth, video.videoHeight]")
        left, top, cell = strip_box(width, height)
        strip = video.evaluate(STRIP, [left, top, CELLS * cell, cell])
        frame = np.zeros((height, width, 3), np.uint8)
        frame[top : top + cell, left : left + CELLS * cell] = np.array(strip, np.uint8).reshape(cell, -1, 4)[..., :3]
        found.append(read_frame_counter(frame))
    return found


def test_it_plays_in_sync(offline: Page, accessible: Callable[[Locator], None], tmp_path: Path) -> None:
    """All clips play on one clock and stand on one frame after it; nothing can be said of them; it is legible."""
    main = offline.locator("main")
    expect(main.locator("video")).to_have_count(4)
    assert numbers(offline) == [0] * 4
    main.get_by_role("button", name="Play", exact=True).focus()
    offline.keyboard.press("k")
    offline.wait_for_function("() => [...document.querySelectorAll('video')].every(video => video.currentTime > 1)")
    offline.keyboard.press("k")
    shown = numbers(offline)
    assert shown[0] is not None
    assert shown[0] > 20
    assert len(set(shown)) == 1
    offline.keyboard.press(".")
    assert numbers(offline) == [shown[0] + 1] * 4
    expect(main.locator(".hailuo-stars:visible")).to_have_count(0)
    expect(main.locator("#hailuo-still")).to_have_count(0)
    expect(main).to_contain_text("nothing was paid for them")
    for scheme in ("dark", "light"):
        offline.emulate_media(color_scheme=scheme)
        accessible(main)
        for width in (1100, 480):
            offline.set_viewport_size({"width": width, "height": 900})
            offline.screenshot(path=tmp_path / f"report-{scheme}-{width}.png", full_page=True)


def test_it_is_readable_without_scripts(browser: Browser, report: Path) -> None:
    """Where scripts do not run there are posters, prompts and the table of runs."""
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(report.as_uri())
    expect(page.locator("#hailuo-still img")).to_have_count(4)
    expect(page.locator(".hailuo-runs")).to_contain_text("a fox in sand")
    context.close()
