"""Self-contained HTML report: the clips in sync, a table of the runs, and the ranking.

The page makes no network requests: its content security policy allows no address. Each clip is stored as base64 in a
data element, and decoded when it becomes visible. Without scripts, the page still shows posters, prompts, the table and
the ranking. It contains no signed links and no paths of this machine.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Final, TextIO

from hailuo_widgets.archive import read_regular
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.atomic_file import replacing
from hailuo_widgets.exports.report_sections import facts_html, runs_html, votes_html
from hailuo_widgets.render.grid import Layout, grid_html, layout_of
from hailuo_widgets.workspace.votes import ranking

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hailuo_widgets.domain.grid import Grid
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.voting.aspects import AspectRankings
    from hailuo_widgets.voting.ranking import Ranking
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["LARGEST_MB", "report_bytes", "write_report"]

LARGEST_MB: Final = 200  # a browser opens such a file easily; a mail server may refuse it
_RUN_BYTES: Final = 2500  # estimated size of a run's table row and grid cell


def report_bytes(session: Workspace, records: Sequence[RunRecord]) -> int:
    """Estimate the report's size in bytes from the sizes of the clips' files."""
    total = len(_static("report.js")) + len(_static("report.css"))
    for record in records:
        path = session.archive.whole_video_of(record)
        poster = session.archive.poster_path_of(record) if path else None
        total += _RUN_BYTES + 2 * len(record.request.prompt)
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
    """Print the report's size, then write it; an existing file is replaced once the new one is complete.

    Args:
        session: The session with the run log, the archive and the votes.
        records: The runs.
        target: The file to write.
        rows: The column whose values are the grid's rows, as for :func:`hailuo_widgets.compare`.
        cols: The column whose values are the grid's columns.
        pages: The column whose values are the grid's pages.
        largest: The largest allowed size in megabytes.

    Raises:
        UsageError: A column is unknown, ``largest`` is not a positive number, or the report would be larger.
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
    clips = sum(session.archive.whole_video_of(r) is not None for r in records)
    session.say(f"{target.name}: {plural(len(records), 'run')}, {plural(clips, 'clip')}, about {size:.1f} MB")
    with replacing(target) as part, part.open("w", encoding="utf-8", newline="\n") as out:
        layout: Layout = {**layout_of(records, grid, session.archive), "frozen": True}
        _write(out, session, records, layout, still=_still(session, records, grid))


def _still(session: Workspace, records: Sequence[RunRecord], grid: Grid) -> str:
    """Return the grid as static HTML, without the links into this machine's archive."""
    cards = [replace(session.card(r.run_id), video_src=None) for r in records]
    return grid_html(grid, cards, "", posters=len(cards))


def _rankings(session: Workspace, records: Sequence[RunRecord]) -> dict[str, Ranking | AspectRankings]:
    """Return the ranking of each column that was voted on, as ``hw.rank()`` gives it."""
    votes = session.log.call(session.log.votes, [r.run_id for r in records])
    columns = dict.fromkeys(v.between for v in votes if not v.control) or dict.fromkeys(v.between for v in votes)
    return {name: ranking(session, records, name) for name in columns}


def _write(out: TextIO, session: Workspace, records: Sequence[RunRecord], layout: Layout, *, still: str) -> None:
    script, style = _static("report.js"), _static("report.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; media-src blob:; base-uri 'none'; form-action 'none'"
    )
    votes = votes_html(_rankings(session, records))
    title = f"{len(records)} {'clip' if len(records) == 1 else 'clips'} by MiniMax Hailuo"
    out.write(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n"
        f'<body>\n<main class="hailuo-widget hailuo-report">\n<h1>{title}</h1>\n{facts_html(records)}\n'
        '<section><h2>Clips</h2><div id="hailuo-live"></div>'
        f'<div id="hailuo-still" class="hailuo-wide" role="region" aria-label="Clips" tabindex="0">{still}</div>'
        f"</section>\n{votes}<section><h2>Runs</h2>{runs_html(records)}</section>\n</main>\n"
    )
    _data(out, "layout", "application/json", json.dumps(layout, ensure_ascii=True).replace("<", "\\u003c"))
    for record in records:
        poster, path = session.archive.poster_of(record), session.archive.whole_video_of(record)
        if poster:
            _data(out, f"poster-{record.run_id}", "image/jpeg", base64.b64encode(poster).decode())
        if path:
            _data(out, f"video-{record.run_id}", "video/mp4", base64.b64encode(read_regular(path)).decode())
    out.write(f'<script type="module">{script}</script>\n</body>\n</html>\n')


def _data(out: TextIO, name: str, kind: str, text: str) -> None:
    """Write a data element: browsers keep it and don't run it."""
    out.write(f'<script type="{kind}" id="hailuo-{html.escape(name, quote=True)}">{text}</script>\n')


def _as_base64(count: int) -> int:
    return -(-count // 3) * 4


def _static(name: str) -> str:
    return (resources.files("hailuo_widgets") / "static" / name).read_text("utf-8")
