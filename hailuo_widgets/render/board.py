"""Board of a sweep: its runs as an HTML table and as lines of text."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.render.card import format_seconds, safe_video_src, status_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.render.card import Card

__all__ = ["board_class", "board_text", "render_board"]

SHOWN_TEXT = 80  # characters of a value
_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top"


def board_class(sweep_id: str) -> str:
    """The CSS class by which a sweep's live board finds its static table, to hide it."""
    return f"hailuo-sweep-{sweep_id}"


def render_board(cards: list[Card], css: str = "", values: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """A sweep's runs as an HTML table without scripts; all texts are escaped.

    Args:
        cards: The runs.
        css: The table's CSS class.
        values: For each run its values in the columns in which the runs differ.
    """
    counts: dict[str, int] = {}
    for card in cards:
        word = status_word(card.status, reused=card.reused).lower()
        counts[word] = counts.get(word, 0) + 1
    counted = ", ".join(f"{n} {word}" for word, n in counts.items())
    simulated = " · SIMULATED" if any(card.simulated for card in cards) else ""
    rows = [_row_values(card, values or {}) for card in cards]
    every = dict.fromkeys(name for row in rows for name in row)
    results = {name for card in cards for name, _ in card.results}
    names = [n for n in every if n not in results or len({row.get(n) for row in rows}) > 1]
    head = "".join(
        f'<th style="{_CELL}">{html.escape(name)}</th>' for name in ("run", "status", *names, "time", "cost")
    )
    body = "".join(_row(card, [row.get(n, "") for n in names]) for card, row in zip(cards, rows, strict=True))
    return (
        f'<div class="hailuo-board {html.escape(css, quote=True)} mathjax_ignore" '
        'style="font-size:13px;line-height:1.45">'
        f'<p style="margin:4px 0"><b>{plural(len(cards), "run")}</b> · {html.escape(counted)}{simulated}</p>'
        f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _row_values(card: Card, values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    differing = values.get(card.run_id, {}).items()
    return {name.replace("_", " "): _short(value) for name, value in differing} | dict(card.results)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT else text[: SHOWN_TEXT - 1] + "…"


def _row(card: Card, values: Sequence[str]) -> str:
    status = status_word(card.status, reused=card.reused)
    if card.error_text:
        status += f": {card.error_text}"
    src = safe_video_src(card.video_src)
    name = html.escape(card.run_id)
    link = f'<a href="{html.escape(src, quote=True)}">{name}</a>' if src else name
    elapsed = format_seconds(card.elapsed_s) if card.elapsed_s is not None else ""
    cells = [html.escape(t) for t in (status, *values, elapsed, card.cost)]
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in (link, *cells)) + "</tr>"


def board_text(cards: list[Card]) -> str:
    """A sweep's runs for a terminal: one line per run."""
    lines = [
        f"{card.run_id}  {'reused' if card.reused else card.status:<12} {card.provider} {card.model}  {card.cost}"
        + (f"  {card.error_text}" if card.error_text else "")
        for card in cards
    ]
    return "\n".join([plural(len(cards), "run"), *lines])
