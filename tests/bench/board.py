"""Benchmark of a board of 300 rows that change twice a second, in Chromium: ``python tests/bench/board.py [SECONDS]``.

What is counted are the times between two frames of the page, with the board and, in the same run, of the empty page.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).parents[2] / "hailuo_widgets" / "static"
ROWS = 300
FRAMES = """seconds => new Promise(resolve => {
  const gaps = [];
  let last = performance.now();
  const end = last + seconds * 1000;
  const frame = now => {
    gaps.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(frame); else resolve(gaps.slice(1));
  };
  requestAnimationFrame(frame);
})"""
BOARD = """async ([source, count]) => {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const { default: widget } = await import(url);
  const heard = new Set();
  const now = () => Date.now() / 1000;
  const stages = ['queued', 'running', 'downloading'];
  const row = (n, tick) => ({
    id: `r${n}`, status: stages[(n + tick) % 3], word: stages[(n + tick) % 3].toUpperCase(), live: true, here: true,
    simulated: true, provider: 'kie', model: '02', prompt: `a fox ${n} at ${tick}`, variant: null,
    values: { seed: String(n), model: '02' }, since: now() - n, elapsed: null, eta: 120, low: 90, high: 200,
    cost: '$0.28', kind: 'list', error: null, hint: null, sweep: 's1', can: ['cancel'], note: null,
    clip: false, reused: false, seconds: null, rating: null, tags: [],
  });
  const statuses = { running: count };
  const totals = { runs: count, done: 0, statuses, reused: 0, spent: [], reserved: [], unknown: 0, left: 60,
    left_low: 40, left_high: 90, simulated: true };
  const news = tick => ({ rows: Array.from({ length: count }, (_, n) => row(n, tick)), now: now(), totals,
    title: '', same: [], budgets: [] });
  const model = {
    get: name => ({ kind: 'sweep', css: 'hailuo-sweep-1' })[name],
    on: (_, listener) => heard.add(listener),
    off: (_, listener) => heard.delete(listener),
    send: question => queueMicrotask(() => heard.forEach(h => h({ id: question.id, ok: true, data: news(0) }, []))),
  };
  widget.render({ model, el: document.body });
  let tick = 0;
  setInterval(() => { tick += 1; heard.forEach(h => h({ type: 'rows', gone: [], ...news(tick) }, [])); }, 500);
  await new Promise(resolve => setTimeout(resolve, 1500));
  return document.querySelectorAll('.hw-run').length;
}"""


def told(name: str, gaps: list[float]) -> str:
    """A line of figures in milliseconds."""
    ordered = sorted(gaps)
    p95, p99 = (ordered[int(len(ordered) * share)] for share in (0.95, 0.99))
    return f"{name}: median {statistics.median(gaps):.1f}, p95 {p95:.1f}, p99 {p99:.1f}, longest {ordered[-1]:.1f} ms"


def main() -> None:
    """The empty page first, then the board."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 800})
        page.set_content(f"<style>{(STATIC / 'monitor.css').read_text('utf-8')}</style>")
        empty = page.evaluate(FRAMES, seconds)
        rows = page.evaluate(BOARD, [(STATIC / "monitor.js").read_text("utf-8"), ROWS])
        full = page.evaluate(FRAMES, seconds)
        browser.close()
    sys.stdout.write(f"{told('empty page', empty)}\n{told(f'{rows} rows', full)}\n")


if __name__ == "__main__":
    main()
