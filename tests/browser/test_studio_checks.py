"""Tests of the order of a form's checks, in a page whose kernel answers when the test says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.widgets.catalog import catalog_of

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.browser

STUDIO = Path(__file__).parents[2] / "hailuo_widgets" / "static" / "studio.js"
SHOW = """async ([source, catalog]) => {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const { default: widget } = await import(url);
  const heard = new Set();
  window.asked = [];
  window.reply = (question, data) => heard.forEach(h => h({ id: question.id, ok: true, data }, []));
  const send = question => question.type === 'catalog'
    ? queueMicrotask(() => reply(question, catalog)) : window.asked.push(question);
  const model = { get: () => '', on: (_, h) => heard.add(h), off: (_, h) => heard.delete(h), send };
  widget.render({ model, el: document.body });
}"""
# A check of the first prompt is on its way; the second prompt is typed, and in this moment the reply comes.
CHANGED = """async () => {
  const plan = { runs: 1, sends: 1, cost: '$1', digest: 'd', sentence: '' };
  const verdict = { problems: [], checked: 1, cell: '', plan };
  const prompt = document.querySelector('textarea');
  const type = async (text, count) => {
    prompt.value = text;
    prompt.dispatchEvent(new Event('input', { bubbles: true }));
    while (count && window.asked.length < count) await new Promise(resolve => setTimeout(resolve));
  };
  const go = document.querySelector('.hailuo-go');
  await type('first', window.asked.length + 1);
  const late = window.asked.at(-1);
  await type('second', 0);
  reply(late, verdict);
  await new Promise(resolve => queueMicrotask(() => queueMicrotask(resolve)));
  const before = go.disabled;
  if (!before) return [late.data.body, before];
  go.click();
  while (window.asked.at(-1) === late) await new Promise(resolve => setTimeout(resolve));
  const next = window.asked.at(-1);
  reply(next, verdict);
  while (go.disabled) await new Promise(resolve => setTimeout(resolve));
  go.click();
  return [late.data.body, before, next.type, next.data.body, window.asked.at(-1).type, window.asked.at(-1).data.body];
}"""


def test_the_reply_of_an_earlier_check_sends_nothing(context: BrowserContext, tmp_path: Path) -> None:
    """A reply that comes after a change is about a form that is no longer shown: the button waits for the next."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    page = context.new_page()
    page.evaluate(SHOW, [STUDIO.read_text("utf-8"), catalog_of(session, None)])
    page.wait_for_function("() => window.asked.length > 0")
    late, waits, *rest = page.evaluate(CHANGED)
    assert (late, waits, rest) == ("first", True, ["check", "second", "generate", "second"])
    session.close()
