"""Runs as one HTML file that needs nothing else: the clips in sync, a table of the runs, what the votes amount to.

The page asks nobody for anything: its policy allows no address at all. A clip stands in it as base64 in an element that
is no script, and is decoded when it is seen. Without scripts the page still shows posters, prompts, table and votes.
Signed links and paths of this machine are not in it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, TextIO

from hailuo_widgets.archive import read_regular
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.atomic_file import written
from hailuo_widgets.exports.report_sections import facts_html, runs_html, votes_html
from hailuo_widgets.render.grid import grid_html, layout_of
from hailuo_widgets.render.run_card import poster_of, video_path
from hailuo_widgets.voting.reused_clips import in_words_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hailuo_widgets.domain.grid import Grid
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["LARGEST_MB", "report_bytes", "write_report"]

LARGEST_MB: Final = 200  # what a browser opens without trouble, and a mail server may not
_OF_A_RUN: Final = 2500  # bytes of a run's row and cell, roughly


def report_bytes(session: Workspace, records: Sequence[RunRecord]) -> int:
    """About how large the report will be, in bytes; nothing is read but the sizes of the clips."""
    total = len(_static("report.js")) + len(_static("report.css"))
    for record in records:
        path = video_path(record, session.archive)
        poster = session.archive.still(record.video) if path else None
        total += _OF_A_RUN + 2 * len(record.request.prompt)
        total += _as_base64(path.stat().st_size) if path else 0
        total += 2 * _as_base64(poster.stat().st_size) if poster else 0
    return total


def write_report(
    session: Workspace,
    records: Sequence[RunRecord],
    target: Path,
    *,
    rows: str | None = None,
    cols: str | None = None,
    pages: str | None = None,
    largest: float = LARGEST_MB,
) -> None:
    """Write the report; the file is replaced when the new one is whole. Its size is said before.

    Args:
        session: Whose log, archive and votes.
        records: The runs.
        target: The file.
        rows: A column whose values are the grid's rows, as for :func:`hailuo_widgets.compare`.
        cols: Likewise for its columns.
        pages: Likewise for its pages.
        largest: Megabytes that it may have.

    Raises:
        UsageError: A name that is no column, a size that is none, or a report larger than ``largest``.
    """
    if isinstance(largest, bool) or not isinstance(largest, int | float) or largest <= 0:
        raise UsageError(f"largest={largest!r}: a number of megabytes", hint=f"largest={LARGEST_MB}")
    grid = arrange(records, rows=rows, cols=cols, pages=pages)
    size = report_bytes(session, records) / 1e6
    if size > largest:
        raise UsageError(
            f"the report would have about {size:.0f} MB, and largest={largest:g} is allowed",
            hint=f"choose fewer runs, or largest={size * 1.1:.0f}",
        )
    clips = sum(video_path(r, session.archive) is not None for r in records)
    session.say(f"{target.name}: {plural(len(records), 'run')}, {plural(clips, 'clip')}, about {size:.1f} MB")
    with written(target) as part, part.open("w", encoding="utf-8", newline="\n") as out:
        layout = layout_of(records, grid, session.archive) | {"frozen": True}
        _write(out, session, records, layout, still=_still(session, records, grid))


def _still(session: Workspace, records: Sequence[RunRecord], grid: Grid) -> str:
    """The grid without scripts. Its links would lead into this machine's archive: they are left out."""
    cards = [replace(session.card(r.run_id), video_src=None) for r in records]
    return grid_html(grid, cards, "", posters=len(cards))


def _write(
    out: TextIO, session: Workspace, records: Sequence[RunRecord], layout: dict[str, Any], *, still: str
) -> None:
    script, style = _static("report.js"), _static("report.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; media-src blob:; base-uri 'none'; form-action 'none'"
    )
    votes = in_words_of(records, session.log.call(session.log.votes, [r.run_id for r in records]))
    title = f"{len(records)} {'clip' if len(records) == 1 else 'clips'} by MiniMax Hailuo"
    out.write(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n"
        f'<body>\n<main class="hailuo-widget hailuo-report">\n<h1>{title}</h1>\n{facts_html(records)}\n'
        '<section><h2>Clips</h2><div id="hailuo-live"></div>'
        f'<div id="hailuo-still" class="hailuo-wide" role="region" aria-label="Clips" tabindex="0">{still}</div>'
        f"</section>\n{votes_html(votes)}<section><h2>Runs</h2>{runs_html(records)}</section>\n</main>\n"
    )
    _data(out, "layout", "application/json", json.dumps(layout, ensure_ascii=True).replace("<", "\\u003c"))
    for record in records:
        poster, path = poster_of(record, session.archive), video_path(record, session.archive)
        if poster:
            _data(out, f"poster-{record.run_id}", "image/jpeg", base64.b64encode(poster).decode())
        if path:
            _data(out, f"video-{record.run_id}", "video/mp4", base64.b64encode(read_regular(path)).decode())
    out.write(f'<script type="module">{script}</script>\n</body>\n</html>\n')


def _data(out: TextIO, name: str, kind: str, text: str) -> None:
    """An element that browsers keep and do not run."""
    out.write(f'<script type="{kind}" id="hailuo-{html.escape(name, quote=True)}">{text}</script>\n')


def _as_base64(count: int) -> int:
    return -(-count // 3) * 4


def _static(name: str) -> str:
    return (resources.files("hailuo_widgets") / "static" / name).read_text("utf-8")
