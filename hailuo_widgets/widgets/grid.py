"""A comparison as a static table: what a saved notebook keeps of it, without scripts; everything in it is escaped."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from hailuo_widgets.cards import STATUS_WORDS, poster_url, safe_video_src

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.cards import Card
    from hailuo_widgets.grids import Grid

__all__ = ["grid_html"]

MOST_POSTERS = 24  # in a saved notebook: each is some kilobytes


def grid_html(grid: Grid, cards: Sequence[Card], css: str) -> str:
    """The grid as a static table, without scripts; everything in it is escaped."""
    line = "1px solid rgba(127,127,127,.35)"
    cell = f"border-top:{line};padding:4px 8px 4px 0;text-align:left;vertical-align:top"
    shown = 0
    table: dict[tuple[int, int, int], list[str]] = {}
    for card in cards:
        src = safe_video_src(card.video_src)
        said = html.escape(STATUS_WORDS[card.status]) + (" · SIMULATED" if card.simulated else "")
        poster = poster_url(card.poster) if shown < MOST_POSTERS else None
        shown += poster is not None
        picture = f'<img src="{poster}" alt="" style="max-width:170px;height:auto;display:block">' if poster else ""
        link = f'<a href="{html.escape(src, quote=True)}">{html.escape(card.run_id)}</a>' if src else card.run_id
        table.setdefault(grid.places[card.run_id], []).append(f"<div>{picture}{link}<br>{said}</div>")
    parts = []
    for page, title in enumerate(grid.pages):
        head = "".join(f'<th style="{cell}">{html.escape(c) if grid.names[1] else ""}</th>' for c in grid.cols)
        body = "".join(
            f'<tr><th scope="row" style="{cell}">{html.escape(name) if grid.names[0] else ""}</th>'
            + "".join(f'<td style="{cell}">{"".join(table.get((n, m, page), []))}</td>' for m in range(len(grid.cols)))
            + "</tr>"
            for n, name in enumerate(grid.rows)
        )
        caption = f"<p><b>{html.escape(grid.names[2])}: {html.escape(title)}</b></p>" if grid.names[2] else ""
        parts.append(f'{caption}<table style="border-collapse:collapse"><tr><th></th>{head}</tr>{body}</table>')
    classes = f"hailuo-grid {html.escape(css, quote=True)} mathjax_ignore"
    return f'<div class="{classes}" style="font-size:13px">{"".join(parts)}</div>'
