"""A sweep's static table: all its runs in one output, updated in place, that a saved notebook keeps as it stood last.

While the kernel lives, `monitor.py` shows the same runs beside it, and hides it.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.render.card import LIVE, format_seconds, safe_video_src, status_word
from hailuo_widgets.widgets.throttle import Pulse

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from hailuo_widgets.render.card import Card
    from hailuo_widgets.workspace.sweep import Sweep

__all__ = ["Board", "board_class", "board_text", "render_board"]

PUSH_S = 0.5  # a board is sent at most so often
SHOWN_PROMPT = 80
_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top"


def board_class(sweep_id: str) -> str:
    """The CSS class by which a sweep's live board finds its static table."""
    return f"hailuo-sweep-{sweep_id}"


def render_board(cards: list[Card], css: str = "") -> str:
    """A sweep's runs as one HTML table, without scripts; everything in it is escaped."""
    counts: dict[str, int] = {}
    for card in cards:
        word = status_word(card.status, reused=card.reused).lower()
        counts[word] = counts.get(word, 0) + 1
    told = ", ".join(f"{n} {word}" for word, n in counts.items())
    simulated = " · SIMULATED" if any(card.simulated for card in cards) else ""
    varying = _varying(cards)
    head = "".join(
        f'<th style="{_CELL}">{html.escape(name)}</th>' for name in ("run", "status", *varying, "time", "cost")
    )
    rows = "".join(_row(card, varying) for card in cards)
    return (
        f'<div class="hailuo-board {html.escape(css, quote=True)} mathjax_ignore" '
        'style="font-size:13px;line-height:1.45">'
        f'<p style="margin:4px 0"><b>{plural(len(cards), "run")}</b> · {html.escape(told)}{simulated}</p>'
        f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _varying(cards: list[Card]) -> tuple[str, ...]:
    """The columns in which the runs differ."""
    names = dict.fromkeys(name for card in cards for name in _values(card))
    return tuple(name for name in names if len({_values(card).get(name) for card in cards}) > 1)


def _values(card: Card) -> dict[str, str]:
    prompt = card.prompt if len(card.prompt) <= SHOWN_PROMPT else card.prompt[: SHOWN_PROMPT - 1] + "…"
    return {"provider": card.provider, "model": card.model, "prompt": prompt, **dict(card.parameters)}


def _row(card: Card, varying: tuple[str, ...]) -> str:
    values = _values(card)
    status = status_word(card.status, reused=card.reused)
    if card.error_text and card.status not in LIVE:
        status += f": {card.error_text}"
    src = safe_video_src(card.video_src)
    name = html.escape(card.run_id)
    link = f'<a href="{html.escape(src, quote=True)}">{name}</a>' if src else name
    elapsed = format_seconds(card.elapsed_s) if card.elapsed_s is not None else ""
    cells = [html.escape(t) for t in (status, *(values.get(n, "") for n in varying), elapsed, card.cost)]
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in (link, *cells)) + "</tr>"


def board_text(cards: list[Card]) -> str:
    """The same for a terminal: one line a run."""
    lines = [
        f"{card.run_id}  {'reused' if card.reused else card.status:<12} {card.provider} {card.model}  {card.cost}"
        for card in cards
    ]
    return "\n".join([plural(len(cards), "run"), *lines])


class Board:
    """A sweep's static table in the cell that made it.

    Args:
        sweep: Whose runs.
        loop: The event loop that they are followed on.
    """

    def __init__(self, sweep: Sweep, loop: AbstractEventLoop) -> None:
        from IPython.display import display

        self._sweep = sweep
        self._pulse = Pulse(loop, self._send, interval_s=PUSH_S)
        self._handle: Any = display(self._bundle(), raw=True, display_id=True)
        self._unsubscribe = [run.subscribe(lambda _: self._pulse.soon()) for run in sweep]

    def stop(self) -> None:
        """The table stays as it stands."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._pulse.stop()

    def push(self) -> None:
        """Send the table as it is now."""
        self._pulse.now()

    def _send(self) -> None:
        self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        cards = [run.card for run in self._sweep]
        html_ = render_board(cards, board_class(self._sweep.id))
        return {"text/html": html_, "text/plain": board_text(cards)}
