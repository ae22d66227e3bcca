"""Benchmark of the comparison in Chromium: ``python tests/bench/compare.py [SECONDS]``.

Nine clips playing: how far apart the frames are that any two of them show (`requestVideoFrameCallback`). Two hundred
clips: when the first posters and the first frames are there, how many clips are alive, and the heap before and after
the board was scrolled through twice. The kernel's half is played by the page, which answers at once.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from hailuo_widgets.api.session import Session

if TYPE_CHECKING:
    from playwright.sync_api import Page

STATIC = Path(__file__).parents[2] / "hailuo_widgets" / "static"
FEW, MANY, COLUMNS, MOST_LIVE = 9, 200, 4, 16
FLAGS = ["--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc", "--enable-precise-memory-info"]
SHOW = """async ([source, clips, posters, layout]) => {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const { default: widget } = await import(url);
  const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const data = { video: clips.map(bytes), poster: posters.map(bytes) };
  const mimes = { video: 'video/mp4', poster: 'image/jpeg' };
  const heard = new Set();
  const tell = (content, buffers) => heard.forEach(h => h(content, buffers));
  window.asked = { video: 0, poster: 0 };
  const answer = ({ id, type, data: what }) => {
    if (type === 'layout') return tell({ id, ok: true, data: layout }, []);
    if (!(type in data)) return;
    window.asked[type] += 1;
    const copy = data[type][Number(what.id.slice(1)) % data[type].length].slice();
    tell({ id, ok: true, mime: mimes[type], part: 0, parts: 1, size: copy.length }, [new DataView(copy.buffer)]);
  };
  const model = {
    get: () => '', on: (_, h) => heard.add(h), off: (_, h) => heard.delete(h),
    send: question => setTimeout(() => answer(question)),
  };
  window.began = performance.now();
  window.leave = widget.render({ model, el: document.body });
}"""
DRIFT = """seconds => new Promise(resolve => {
  const videos = [...document.querySelectorAll('video')];
  const shown = new Map();
  const [pairs, widest] = [[], []];
  let over = false;
  setTimeout(() => { over = true; resolve([pairs, widest]); }, seconds * 1000);
  const watch = video => video.requestVideoFrameCallback((_, frame) => {
    shown.set(video, frame.mediaTime);
    if (!over) watch(video);
  });
  videos.forEach(watch);
  // An animation frame comes after the callbacks of all the videos that show a new frame in it.
  const look = () => {
    const times = videos.map(video => shown.get(video) ?? 0);
    const spread = Math.max(...times) - Math.min(...times);
    if (shown.size === videos.length && spread < 2) {  // not the moment in which some have begun again
      widest.push(spread * 1000);
      times.forEach((one, n) => times.slice(n + 1).forEach(other => pairs.push(Math.abs(one - other) * 1000)));
    }
    if (!over) requestAnimationFrame(look);
  };
  look();
})"""
SEEN = """video => { const box = video.getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight; }"""
POSTERS = f"""() => {{
  const seen = [...document.querySelectorAll('video')].filter({SEEN});
  return seen.length > 0 && seen.every(video => video.poster || video.readyState >= 2) && performance.now() - began;
}}"""
FRAMES = f"""() => {{
  const seen = [...document.querySelectorAll('video')].filter({SEEN});
  const ready = seen.filter(video => video.readyState >= 2).length;
  return seen.length > 0 && ready >= Math.min(seen.length, {MOST_LIVE}) && performance.now() - began;
}}"""
LIVE = "() => [...document.querySelectorAll('video')].filter(video => video.src).length"
HEAP = "async () => { for (let n = 0; n < 3; n++) gc(); return performance.memory.usedJSHeapSize / 1e6; }"
SCROLL = """async step => {
  const frame = () => new Promise(requestAnimationFrame);
  let most = 0;
  for (let y = 0; y < document.body.scrollHeight; y += step) {
    scrollTo(0, y);
    for (let n = 0; n < 12; n++) await frame();
    most = Math.max(most, [...document.querySelectorAll('video')].filter(video => video.src).length);
  }
  scrollTo(0, 0);
  for (let n = 0; n < 30; n++) await frame();
  return most;
}"""


def made(folder: Path) -> tuple[list[str], list[str]]:
    """Nine clips and their posters, in base64."""
    session = Session(home=folder, mode="simulated", poll_interval=0.05, notice=lambda _: None)
    sweep = session.sweep("a fox in snow", provider="kie", model="2.3", seed=range(1, FEW + 1)).wait(300)
    clips = [run.video for run in sweep if run.video]
    found = [
        [base64.b64encode(p.read_bytes()).decode() for p in paths]
        for paths in (clips, [c.with_suffix(".jpg") for c in clips])
    ]
    session.close()
    return found[0], found[1]


def layout(count: int, columns: int) -> dict[str, Any]:
    """The grid of so many runs."""
    cell = {"page": 0, "word": "SUCCEEDED", "status": "succeeded", "error": None, "clip": True, "poster": True}
    cell |= {
        "simulated": True,
        "label": [],
        "prompt": "a fox",
        "cost": "$0.28",
        "rating": None,
        "note": "",
        "tags": [],
        "given": [],
    }
    cells = [cell | {"id": f"r{n}", "row": n // columns, "col": n % columns} for n in range(count)]
    rows = [f"row {n}" for n in range(-(-count // columns))]
    return {
        "names": ["variant", "seed", ""],
        "rows": rows,
        "cols": list(map(str, range(columns))),
        "pages": ["all"],
        "cells": cells,
    }


def told(values: list[float]) -> str:
    """The quantiles of times in milliseconds."""
    ordered = sorted(values)
    return (
        ", ".join(f"p{100 * share:.0f} {ordered[int(len(ordered) * share)]:.0f}" for share in (0.5, 0.95, 0.99)) + " ms"
    )


def opened(page: Page, clips: list[str], posters: list[str], count: int, columns: int) -> None:
    """Show so many runs."""
    page.set_content(f"<style>{(STATIC / 'compare.css').read_text('utf-8')}</style>")
    page.evaluate(SHOW, [(STATIC / "compare.js").read_text("utf-8"), clips, posters, layout(count, columns)])


def main() -> None:
    """Nine clips first, then two hundred."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    with tempfile.TemporaryDirectory() as folder:
        clips, posters = made(Path(folder))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        opened(page, clips, posters, FEW, 3)
        page.wait_for_function("() => [...document.querySelectorAll('video')].every(video => video.readyState >= 2)")
        page.get_by_role("button", name="Play", exact=True).click()
        pairs, widest = page.evaluate(DRIFT, seconds)
        sys.stdout.write(
            f"nine clips, {seconds:g} s, {len(widest)} frames of the page; between any two: {told(pairs)}; "
        )
        sys.stdout.write(f"between the first and the last of all nine: {told(widest)}\n")
        page.close()
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        opened(page, clips, posters, MANY, COLUMNS)
        first = page.wait_for_function(POSTERS).json_value()
        frames = page.wait_for_function(FRAMES).json_value()
        before = page.evaluate(HEAP)
        live = page.evaluate(LIVE)
        most = max(page.evaluate(SCROLL, 400) for _ in range(2))
        after = page.evaluate(HEAP)
        asked = page.evaluate("() => JSON.stringify(window.asked)")
        lines = [
            f"{MANY} clips: posters in view after {first:.0f} ms, first frames there after {frames:.0f} ms",
            f"alive {live}, while scrolling at most {most}; asked for {asked}",
            f"heap {before:.1f} MB, after scrolling through twice {after:.1f} MB",
        ]
        sys.stdout.write("\n".join(lines) + "\n")
        browser.close()


if __name__ == "__main__":
    main()
