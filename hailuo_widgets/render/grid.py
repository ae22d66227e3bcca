"""Grid of runs: as a static HTML table, and as data for the JavaScript view."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, NotRequired, TypedDict

from hailuo_widgets.domain import differences, money
from hailuo_widgets.domain.run import Status
from hailuo_widgets.render.card import poster_url, safe_video_src, status_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.archive import Archive
    from hailuo_widgets.domain.grid import Grid
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.render.card import Card

__all__ = ["MOST_POSTERS", "GridCell", "Layout", "grid_html", "layout_of"]

MOST_POSTERS = 24  # in a saved notebook; each has some kilobytes


class GridCell(TypedDict):
    """A run in its place of the grid.

    Attributes:
        sound: Whether its clip has a sound track; None if that is unknown.
        tags: The words that were said of its clip.
        given: The words that the run was started with; they stay with it.
    """

    id: str
    row: int
    col: int
    page: int
    word: str
    status: str
    error: str | None
    clip: bool
    poster: bool
    sound: bool | None
    simulated: bool
    label: list[tuple[str, str]]
    prompt: str
    cost: str
    rating: int | None
    note: str
    tags: list[str]
    given: list[str]


class Layout(TypedDict):
    """A grid: the labels of its rows, columns and pages, and its runs.

    Attributes:
        names: What the rows, the columns and the pages are.
        frozen: Whether nobody is there who could rate, tag or note: a report.
    """

    names: tuple[str, str, str]
    rows: list[str]
    cols: list[str]
    pages: list[str]
    cells: list[GridCell]
    frozen: NotRequired[bool]


def layout_of(records: Sequence[RunRecord], grid: Grid, archive: Archive) -> Layout:
    """Return the data for ``js/compare``: the labels of rows, columns and pages, and each run with its place."""
    return {
        "names": grid.names,
        "rows": list(grid.rows),
        "cols": list(grid.cols),
        "pages": list(grid.pages),
        "cells": [_cell(record, grid, archive) for record in records],
    }


def _cell(record: RunRecord, grid: Grid, archive: Archive) -> GridCell:
    path = archive.video_of(record)
    row, col, page = grid.places[record.run_id]
    error = record.error or {}
    return {
        "id": record.run_id,
        "row": row,
        "col": col,
        "page": page,
        "word": status_word(record.status, reused=record.reused_from is not None),
        "status": record.status.value,
        "error": error.get("message") if record.status != Status.SUCCEEDED else None,
        "clip": path is not None,
        "poster": path is not None and archive.poster_path_of(record) is not None,
        "sound": record.video_sound,
        "simulated": record.simulated,
        "label": [(name, differences.value(record, name)) for name in grid.differ],
        "prompt": record.request.prompt,
        "cost": money.cost_of(record),
        "rating": record.rating,
        "note": record.note or "",
        "tags": list(record.clip_tags),
        "given": list(record.tags),
    }


def grid_html(grid: Grid, cards: Sequence[Card], css: str, *, posters: int = MOST_POSTERS) -> str:
    """Return the grid as static HTML tables, one per page, with at most ``posters`` posters; all text is escaped."""
    line = "1px solid rgba(127,127,127,.35)"
    cell = f"border-top:{line};padding:4px 8px 4px 0;text-align:left;vertical-align:top"
    shown = 0
    table: dict[tuple[int, int, int], list[str]] = {}
    for card in cards:
        src = safe_video_src(card.video_src)
        status = html.escape(status_word(card.status, reused=card.reused)) + (" · SIMULATED" if card.simulated else "")
        poster = poster_url(card.poster) if shown < posters else None
        shown += poster is not None
        picture = f'<img src="{poster}" alt="" style="max-width:170px;height:auto;display:block">' if poster else ""
        name = html.escape(card.run_id)
        link = f'<a href="{html.escape(src, quote=True)}">{name}</a>' if src else name
        table.setdefault(grid.places[card.run_id], []).append(f"<div>{picture}{link}<br>{status}</div>")
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
