"""Tests of a board of 1000 runs in Chromium without a notebook: what is in the page, what is asked for, what moves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STATIC = Path(__file__).parents[2] / "hailuo_widgets" / "static"
RUNS = 1000
MOST_TILES = 40
MOST_URLS = 160 + 4  # posters and clips that stay in memory
AT_ONCE = 4

HOST = """async ([source, count]) => {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const { default: widget } = await import(url);
  window.urls = new Set(); window.asked = []; window.open = 0; window.mostOpen = 0;
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = blob => { const made = createObjectURL.call(URL, blob); urls.add(made); return made; };
  URL.revokeObjectURL = made => { urls.delete(made); revokeObjectURL.call(URL, made); };
  const canvas = document.createElement('canvas');
  const jpeg = await new Promise(resolve => canvas.toBlob(resolve, 'image/jpeg'));
  const bytes = new Uint8Array(await jpeg.arrayBuffer());
  const heard = new Set();
  const now = () => Date.now() / 1000;
  const row = (n, status) => ({
    id: `r${n}`, status, word: status, live: status === 'running', here: true, simulated: true, provider: 'kie',
    model: '02', prompt: 'a fox', variant: null, values: { seed: String(n) }, since: now() - 5, elapsed: null,
    eta: 30, low: 20, high: 60, cost: '45 credits', amount: 45, kind: 'list', error: null, hint: null, note: null,
    sweep: 's1', clip: status === 'succeeded', reused: false, seconds: 6, rating: null, tags: [],
    can: status === 'running' ? ['cancel'] : [],
  });
  const news = rows => ({
    rows, now: now(), title: 'foxes', same: [], budgets: [], opens: true, code: '',
    totals: { runs: count, done: 0, reused: 0, statuses: {}, spent: [], reserved: [], unknown: 0, left: null,
      left_low: null, left_high: null, simulated: true },
  });
  const all = status => Array.from({ length: count }, (_, n) => row(n, status));
  const model = {
    get: name => ({ kind: 'sweep', css: '' })[name],
    on: (_, listener) => heard.add(listener),
    off: (_, listener) => heard.delete(listener),
    send: ({ id, type, data }) => {
      asked.push(type + ' ' + (data?.id ?? ''));
      const buffers = pieces => pieces ? [new DataView(bytes.buffer)] : [];
      const tell = (data, pieces) => heard.forEach(h => h({ id, ok: true, data, ...pieces }, buffers(pieces)));
      if (type === 'rows') queueMicrotask(() => tell(news(all('running'))));
      if (type === 'poster') {
        open += 1; mostOpen = Math.max(mostOpen, open);
        setTimeout(() => { open -= 1; tell(null, { mime: 'image/jpeg', part: 0, parts: 1, size: bytes.length }); });
      }
    },
  };
  window.arrive = status => heard.forEach(h => h({ type: 'rows', gone: [], ...news(all(status)) }, []));
  window.end = widget.render({ model, el: document.body });
}"""
PLACES = "Object.fromEntries([...document.querySelectorAll('.hw-run')].map(e => [e.title, e.style.cssText]))"
SHOWN = "[...document.querySelectorAll('.hw-run')].map(e => e.title)"
SCROLL = """async top => {
  const body = document.querySelector('.hw-body');
  body.scrollTop = top < 0 ? body.scrollHeight : top;
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
}"""
# All posters of the places that are on screen are there.
FILLED = """() => {
  const body = document.querySelector('.hw-body').getBoundingClientRect();
  const seen = [...document.querySelectorAll('.hw-thumb')].filter(thumb => {
    const place = thumb.getBoundingClientRect();
    return place.top >= body.top && place.bottom <= body.bottom;
  });
  return seen.length > 3 && seen.every(thumb => !thumb.querySelector('img').hidden);
}"""

# A timer that is set after another one, for longer, fires after it, however slow the machine is.
LATER = "new Promise(resolve => setTimeout(resolve, 200))"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page with the board, whose runs are all in progress."""
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.set_content(f"<style>{(STATIC / 'monitor.css').read_text('utf-8')}</style>")
    page.evaluate(HOST, [(STATIC / "monitor.js").read_text("utf-8"), RUNS])
    expect(page.locator(".hw-run").first).to_be_visible()
    yield page
    page.close()


@pytest.mark.parametrize("mode", ["Grid", "Rows"])
def test_only_what_is_near_is_in_the_page(page: Page, mode: str) -> None:
    """Of 1000 clips, those near the visible part are in the page, and few stay in memory after all were seen."""
    page.get_by_role("button", name=mode).click()
    assert page.evaluate("asked.filter(one => one.startsWith('poster')).length") == 0
    page.evaluate("arrive('succeeded')")
    page.wait_for_function(FILLED)
    first: list[Any] = page.evaluate(SHOWN)
    assert len(first) <= MOST_TILES
    assert page.evaluate("asked.filter(one => one.startsWith('poster')).length") <= MOST_TILES
    height: float = page.evaluate("document.querySelector('.hw-body').scrollHeight")
    for step in range(12):
        page.evaluate(SCROLL, height * step / 12)
        page.wait_for_function(FILLED)
        assert page.locator(".hw-run").count() <= MOST_TILES
    page.evaluate(SCROLL, -1)
    page.wait_for_function(FILLED)
    assert "run r999" in page.evaluate(SHOWN)
    assert page.evaluate("urls.size") <= MOST_URLS
    assert page.evaluate("mostOpen") <= AT_ONCE
    posters: list[str] = page.evaluate("asked.filter(one => one.startsWith('poster'))")
    assert len(posters) == len(set(posters))
    page.evaluate("end()")
    assert page.evaluate("urls.size") == 0


def test_nothing_moves_when_states_change(page: Page) -> None:
    """Clips arrive and runs fail: each run keeps its place, and the scroll area its height."""
    page.evaluate(SCROLL, 700)
    before, height = page.evaluate(PLACES), page.evaluate("document.querySelector('.hw-body').scrollHeight")
    for status in ("succeeded", "failed"):
        page.evaluate(f"arrive('{status}')")
        expect(page.locator(f".hw-run[data-status={status}]").first).to_be_attached()
        assert page.evaluate(PLACES) == before
        assert page.evaluate("document.querySelector('.hw-body').scrollHeight") == height
    assert page.evaluate("document.querySelector('.hw-body').scrollTop") == 700


def test_reduced_motion_plays_nothing_by_itself(page: Page) -> None:
    """Where motion is to be reduced, neither pointer nor focus asks for a clip; a click does."""
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("arrive('succeeded')")
    page.wait_for_function(FILLED)
    first = page.locator(".hw-thumb").first
    first.hover()
    first.focus()
    page.evaluate(LATER)
    assert page.evaluate("asked.filter(one => one.startsWith('video'))") == []
    first.click()
    page.wait_for_function("asked.some(one => one.startsWith('video'))")
    assert page.evaluate("asked.filter(one => one.startsWith('video'))") == ["video r0"]
    assert page.locator(".hw-thumb video").count() == 0
