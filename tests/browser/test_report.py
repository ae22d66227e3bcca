"""Tests of a report in Chromium without network and kernel."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from counters import counted
from patience import until
from playwright.sync_api import expect

from hailuo_widgets.api.session import Session
from hailuo_widgets.exports import export

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of two prompts by two seeds."""
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HAILUO_SIMULATOR_SPEED", "400")
        with ThreadPoolExecutor(1) as pool:  # Playwright's loop runs in this thread: a wait in it patches asyncio
            return pool.submit(written, folder).result()


def written(folder: Path) -> Path:
    """The file."""
    session = Session(home=folder / "home", mode="simulated", poll_interval=0.05, notice=lambda _: None)
    sweep = session.sweep({"snow": "a fox in snow", "sand": "a fox in sand"}, provider="kie", seed=[1, 2]).wait(120)
    for run in sweep:
        session.change(run.id, "as in an older log", video_sound=None)  # whether it has sound is not known
    path = export(session, session.chosen(sweep), folder / "report.html")
    session.close()
    return path


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


def test_it_plays_in_sync(offline: Page, accessible: Callable[[Locator], None], tmp_path: Path) -> None:
    """All clips play on one clock and stand on one frame after it; nothing can be said of them; it is legible."""
    main = offline.locator("main")
    expect(main.locator("video")).to_have_count(4)
    assert counted(main) == [0] * 4
    main.get_by_role("button", name="Play", exact=True).focus()
    offline.keyboard.press("k")
    offline.wait_for_function("() => [...document.querySelectorAll('video')].every(video => video.currentTime > 1)")
    offline.keyboard.press("k")
    shown = counted(main)
    assert shown[0] is not None
    assert shown[0] > 20
    assert len(set(shown)) == 1
    offline.keyboard.press(".")
    until(lambda: counted(main) == [shown[0] + 1] * 4, what="all clips are a frame further")
    expect(main.locator(".hailuo-stars:visible")).to_have_count(0)
    expect(main.locator("#hailuo-still")).to_have_count(0)
    expect(main).to_contain_text("nothing was paid for them")
    for scheme in ("dark", "light"):
        offline.emulate_media(color_scheme=scheme)
        accessible(main)
        for width in (1100, 480):
            offline.set_viewport_size({"width": width, "height": 900})
            offline.screenshot(path=tmp_path / f"report-{scheme}-{width}.png", full_page=True)


def test_a_clip_that_the_browser_cannot_play(browser: Browser, report: Path, tmp_path: Path) -> None:
    """HEVC, with and without sound: the report names the codec; a still picture would look like a frozen model."""
    session = Session(home=report.parent / "home", mode="simulated", notice=lambda _: None)
    records = session.chosen(session.runs())
    for record, sound in zip(records[:2], (False, True), strict=True):
        clip = session.archive.video_of(record)
        assert clip is not None
        hevc(clip, sound=sound)
        data = clip.read_bytes()
        kept = {"sha256": hashlib.sha256(data).hexdigest(), "video_bytes": len(data)}
        session.change(record.run_id, "another codec", **kept)
    records = session.chosen(session.runs())
    written = export(session, records, tmp_path / "report.html")
    session.close()
    page = browser.new_page(viewport={"width": 1100, "height": 3000})  # all cells are seen
    page.goto(written.as_uri())
    said = page.locator(".hailuo-cell").filter(has_text="This browser can't play HEVC (H.265) video.")
    expect(said).to_have_count(2)
    page.get_by_role("button", name="Play", exact=True).click()
    playing = "() => [...document.querySelectorAll('video')].filter(video => video.currentTime > 0.2).length === 2"
    page.wait_for_function(playing)
    expect(page.locator(".hailuo-problem:visible")).to_have_count(2)
    page.close()


def hevc(path: Path, *, sound: bool) -> None:
    """Put a clip of another codec in the place of one."""
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx265", rate=25, options={"tag": "hvc1", "x265-params": "log-level=none"})
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 192, 108, "yuv420p"
        audio = container.add_stream("aac", rate=44100) if sound else None
        for n in range(25):
            pixels = np.full((108, 192, 3), 10 * n % 255, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(video.encode())
        if isinstance(audio, av.AudioStream):
            frame = av.AudioFrame.from_ndarray(np.zeros((2, 44100), np.float32), format="fltp", layout="stereo")
            frame.sample_rate = 44100
            container.mux(audio.encode(frame))
            container.mux(audio.encode())


def all_videos(page: Page, expression: str) -> list[object]:
    """A value of each video, in their order."""
    return list(page.locator("video").evaluate_all(f"videos => videos.map(video => {expression})"))


def test_every_control_by_mouse(offline: Page) -> None:
    """Speed, end, zoom, pan, sound, delay, and the stage's own: each does in all clips, or in its own, what it says."""
    main = offline.locator("main")
    expect(main.locator("video")).to_have_count(4)
    counted(main)
    main.get_by_label("Speed").select_option("2")
    assert all_videos(offline, "video.playbackRate") == [2] * 4
    main.get_by_label("At the end").select_option("once")
    slider = main.get_by_role("slider", name="Time")
    box = slider.bounding_box()
    assert box is not None
    offline.mouse.click(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    assert min(n or 0 for n in counted(main)) > 130
    main.get_by_role("button", name="Play", exact=True).click()
    expect(main.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert counted(main) == [149] * 4, "played once, it stands on its last frame"
    main.get_by_role("button", name="Hear").nth(1).click()
    assert all_videos(offline, "video.muted") == [True, False, True, True]
    main.get_by_role("button", name="Hear").nth(1).click()
    assert all_videos(offline, "video.muted") == [True] * 4
    main.get_by_role("slider", name="Zoom").fill("2")
    picture = main.locator(".hailuo-frame").first.bounding_box()
    assert picture is not None
    offline.mouse.move(picture["x"] + 200, picture["y"] + 200)
    offline.mouse.down()
    offline.mouse.move(picture["x"] + 230, picture["y"] + 210)
    offline.mouse.up()
    assert set(all_videos(offline, "getComputedStyle(video).transform")) == {"matrix(2, 0, 0, 2, 30, 10)"}
    main.locator("summary").first.click()
    main.get_by_role("spinbutton").first.fill("1")
    main.get_by_role("slider", name="Time").fill("2")
    later = counted(main)
    assert (later[0], later[1:]) == (25, [50] * 3), "a second later than the others"
    main.get_by_role("button", name="by itself").nth(0).click()
    main.get_by_role("button", name="by itself").nth(2).click()
    stage = main.locator(".hailuo-stage video")
    expect(stage).to_have_count(2)
    main.get_by_role("slider", name="How much of B").fill("25")
    assert stage.nth(1).evaluate("video => video.style.clipPath") == "inset(0px 0px 0px 75%)"
    main.get_by_role("button", name="flip", exact=True).click()
    main.get_by_role("button", name="Show B").click()
    assert stage.nth(1).evaluate("video => video.style.visibility") == "visible"
    main.get_by_role("button", name="Back to the grid").click()
    expect(stage).to_have_count(0)


def test_every_control_by_keyboard(offline: Page) -> None:
    """The same without a mouse: everything can be reached by Tab, and does what it says by its keys."""
    main = offline.locator("main")
    expect(main.locator("video")).to_have_count(4)
    counted(main)
    offline.keyboard.press("Tab")
    reached = []
    for _ in range(60):
        name = "e => e.getAttribute('aria-label') || e.closest('label')?.textContent || e.textContent"
        reached.append(str(offline.evaluate(f"() => ({name})(document.activeElement)")).strip())
        offline.keyboard.press("Tab")
    for control in ("Play", "One frame back", "One frame on", "Time", "Speed", "At the end", "Zoom", "more", "Runs"):
        assert control in reached
    assert sum("by itself" in name for name in reached) >= 4
    assert sum(name.startswith("Hear") for name in reached) >= 4
    main.get_by_label("Speed").focus()
    offline.keyboard.press("ArrowUp")
    assert all_videos(offline, "video.playbackRate") == [0.5] * 4
    main.get_by_label("At the end").focus()
    offline.keyboard.press("ArrowDown")
    assert main.get_by_label("At the end").input_value() == "once"
    main.get_by_role("slider", name="Time").focus()
    offline.keyboard.press("End")
    assert counted(main) == [149] * 4
    main.get_by_role("slider", name="Zoom").focus()
    offline.keyboard.press("ArrowRight")
    assert all_videos(offline, "getComputedStyle(video).transform")[0] == "matrix(1.1, 0, 0, 1.1, 0, 0)"
    main.get_by_role("button", name="Hear").first.focus()
    offline.keyboard.press("Enter")
    assert all_videos(offline, "video.muted")[0] is False
    for n in (0, 1):
        main.get_by_role("button", name="by itself").nth(n).focus()
        offline.keyboard.press("Space")
    for way in ("onion skin", "difference", "flip", "wipe"):
        main.get_by_role("button", name=way, exact=True).focus()
        offline.keyboard.press("Enter")
        expect(main.get_by_role("button", name=way, exact=True)).to_have_attribute("aria-pressed", "true")
    main.get_by_role("slider", name="How much of B").focus()
    offline.keyboard.press("ArrowRight")
    assert "49%" in main.locator(".hailuo-stage video").nth(1).evaluate("video => video.style.clipPath")
    offline.keyboard.press("Escape")
    expect(main.locator(".hailuo-stage video")).to_have_count(0)
    offline.keyboard.press("Home")


def test_it_is_readable_without_scripts(browser: Browser, report: Path) -> None:
    """Where scripts do not run there are posters, prompts and the table of runs."""
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(report.as_uri())
    expect(page.locator("#hailuo-still img")).to_have_count(4)
    expect(page.locator(".hailuo-runs")).to_contain_text("a fox in sand")
    context.close()
