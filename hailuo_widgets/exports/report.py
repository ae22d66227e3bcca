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
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, TextIO

from hailuo_widgets.cards import STATUS_WORDS
from hailuo_widgets.errors import UsageError
from hailuo_widgets.grids import arrange
from hailuo_widgets.gridview import grid_html, layout_of
from hailuo_widgets.view import money, poster_of, video_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.session import Session

__all__ = ["LARGEST_MB", "report_bytes", "write_report"]

LARGEST_MB: Final = 200  # what a browser opens without trouble, and a mail server may not
_OF_A_RUN: Final = 2500  # bytes of a run's row and cell, roughly
_FIELDS: Final = ("provider", "model", "variant", "seed", "replicate", "duration", "resolution", "prompt_optimizer")


def report_bytes(session: Session, records: Sequence[RunRecord]) -> int:
    """About how large the report will be, in bytes; nothing is read but the sizes of the clips."""
    total = len(_static("report.js")) + len(_static("report.css"))
    for record in records:
        path = video_path(record, session.archive)
        poster = path.with_suffix(".jpg") if path else None
        total += _OF_A_RUN + 2 * len(record.request.prompt)
        total += _as_base64(path.stat().st_size) if path else 0
        total += 2 * _as_base64(poster.stat().st_size) if poster and poster.is_file() else 0
    return total


def write_report(
    session: Session,
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
    session.say(f"{target.name}: {len(records)} runs, {clips} clips, about {size:.1f} MB")
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as out:
            layout = layout_of(records, grid, session.archive) | {"frozen": True}
            _write(out, session, records, layout, still=_still(session, records, grid))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _still(session: Session, records: Sequence[RunRecord], grid: Any) -> str:
    """The grid without scripts. Its links would lead into this machine's archive: they are left out."""
    cards = [session.card(r.run_id, link=False) for r in records]
    return grid_html(grid, cards, "", posters=len(cards))


def _write(out: TextIO, session: Session, records: Sequence[RunRecord], layout: dict[str, Any], *, still: str) -> None:
    script, style = _static("report.js"), _static("report.css")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:; media-src blob:; base-uri 'none'; form-action 'none'"
    )
    title = f"{len(records)} {'clip' if len(records) == 1 else 'clips'} by MiniMax Hailuo"
    out.write(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n"
        f'<body>\n<main class="hailuo-widget hailuo-report">\n<h1>{title}</h1>\n{_facts(records)}\n'
        f'<section aria-label="Clips"><h2>Clips</h2><div id="hailuo-live"></div>'
        f'<div id="hailuo-still" class="hailuo-wide" role="region" aria-label="Clips" tabindex="0">{still}</div></section>\n'
        f"{_votes(session, records)}"
        f"<section><h2>Runs</h2>{_table(records)}</section>\n</main>\n"
    )
    _data(out, "layout", "application/json", json.dumps(layout, ensure_ascii=True).replace("<", "\\u003c"))
    for record in records:
        poster, path = poster_of(record, session.archive), video_path(record, session.archive)
        if poster:
            _data(out, f"poster-{record.run_id}", "image/jpeg", base64.b64encode(poster).decode())
        if path:
            _data(out, f"video-{record.run_id}", "video/mp4", base64.b64encode(path.read_bytes()).decode())
    out.write(f'<script type="module">{script}</script>\n</body>\n</html>\n')


def _data(out: TextIO, name: str, kind: str, text: str) -> None:
    """An element that browsers keep and do not run."""
    out.write(f'<script type="{kind}" id="hailuo-{html.escape(name, quote=True)}">{text}</script>\n')


def _facts(records: Sequence[RunRecord]) -> str:
    """What a reader must know first: when, where, what it cost as far as that is known, and what is simulated."""
    counts: dict[str, int] = {}
    costs: dict[str, int] = {}
    unknown = 0
    for r in records:
        counts[STATUS_WORDS[r.status].lower()] = counts.get(STATUS_WORDS[r.status].lower(), 0) + 1
        if r.cost_micros is not None and r.currency is not None:
            costs[r.currency] = costs.get(r.currency, 0) + r.cost_micros
        elif r.submitted_at is not None:
            unknown += 1
    spent = [money(micros, currency) for currency, micros in sorted(costs.items())]
    spent += [f"{unknown} of unknown cost"] if unknown else []
    simulated = sum(r.simulated for r in records)
    lines = [
        ", ".join(f"{n} {word}" for word, n in counts.items()) + (f" · cost {' + '.join(spent)}" if spent else ""),
        f"Gateways: {', '.join(sorted({r.request.provider for r in records}))} · written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    ]
    if simulated:
        lines.insert(0, f"SIMULATED: {simulated} of {len(records)} runs were made by the bundled simulator, unpaid.")
    if all(r.request.seed is None for r in records):
        lines.append("No seeds were sent: runs of one prompt are replicates.")
    return "\n".join(f'<p class="hailuo-facts">{html.escape(line)}</p>' for line in lines)


def _table(records: Sequence[RunRecord]) -> str:
    names = [n for n in _FIELDS if any(_text(r, n) for r in records)]
    variables = list(dict.fromkeys(name for r in records for name in r.variables))
    heads = [
        "run",
        "status",
        "prompt",
        *(n.replace("_", " ") for n in (*names, *variables)),
        "cost",
        "rating",
        "note",
        "sha256",
    ]
    rows = []
    for r in records:
        why = f": {(r.error or {}).get('message', '')}" if r.status != "succeeded" and r.error else ""
        status = STATUS_WORDS[r.status] + why + (" (simulated)" if r.simulated else "")
        values = [r.run_id, status]
        values += [_text(r, n) for n in names] + [str(r.variables.get(n, "")) for n in variables]
        values += [money(r.cost_micros, r.currency), "" if r.rating is None else str(r.rating), r.note or ""]
        cells = [f"<td>{html.escape(v)}</td>" for v in values]
        cells.insert(2, f'<td class="hailuo-prompt" dir="auto">{html.escape(r.request.prompt)}</td>')
        cells.append(f'<td class="hailuo-hash">{html.escape(r.sha256 or "")}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f'<th scope="col">{html.escape(h)}</th>' for h in heads)
    return (
        '<div class="hailuo-wide" role="region" aria-label="Runs" tabindex="0"><table class="hailuo-runs">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _text(record: RunRecord, name: str) -> str:
    value = record.variant if name == "variant" else getattr(record.request, name)
    return "" if value is None else str(value)


def _votes(session: Session, records: Sequence[RunRecord]) -> str:
    """What votes on these runs amount to, for each column that was judged; nothing where there are none."""
    given = session.log.call(session.log.votes, [r.run_id for r in records])
    if not given:
        return ""
    from hailuo_widgets.analysis.ranking import rank

    judged = list(dict.fromkeys(v.between for v in given))
    parts = "".join(
        f"<h3>{html.escape(b.replace('_', ' '))}</h3>{rank([v for v in given if v.between == b]).html()}"
        for b in judged
    )
    return f"<section><h2>Votes</h2>{parts}</section>\n"


def _as_base64(count: int) -> int:
    return -(-count // 3) * 4


def _static(name: str) -> str:
    return (resources.files("hailuo_widgets") / "static" / name).read_text("utf-8")
