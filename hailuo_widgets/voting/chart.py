"""Chart of a ranking as static HTML.

It shows the sentence, the win rates with their intervals, and the notes. It has no scripts, and all text is escaped.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd

__all__ = ["chart_html"]

LINE: Final = "1px solid rgba(127,127,127,.35)"
CELL: Final = f"border-top:{LINE};padding:4px 10px 4px 0;text-align:left;vertical-align:middle"
HEAD: Final = "padding:2px 10px 2px 0;text-align:left;font-weight:600;opacity:.75;overflow-wrap:normal"
WIDE: Final = 180  # pixels from 0 to 1
HIGH: Final = 16
LONGEST_NAME: Final = 140
FEWEST_ITEMS: Final = 3  # two items have one share, which the table above has
GOOD: Final = "#2e8b57"


def chart_html(
    *,
    df: pd.DataFrame,
    winners: Collection[str],
    confidence: float,
    sentence: str,
    estimand: str = "",
    notes: Sequence[str] = (),
    matrix: pd.DataFrame | None = None,
) -> str:
    """Return a ranking as HTML.

    Args:
        df: One row an item, with the columns of ``RANK_COLUMNS``, in the order to show.
        winners: The items that are marked as the best, at most one of each group.
        confidence: Of the intervals.
        sentence: Stands above the chart.
        estimand: Stands below the sentence: what the figures are about.
        notes: Stand below it, a paragraph each.
        matrix: Of three items or more, the share in which the row's item was preferred to the column's.
    """
    rows, group = "", 1
    for row in df.to_dict("records"):
        if not _missing(row["group"]) and row["group"] != group:
            group = row["group"]
            rows += f'<tr><td colspan="6" style="{HEAD};padding-top:10px">Never compared with those above:</td></tr>'
        rows += _row(row, won=row["item"] in winners)
    below = "".join(f'<p style="margin:2px 0;opacity:.75">{html.escape(note)}</p>' for note in notes)
    about = f'<p style="margin:2px 0;opacity:.75">{html.escape(estimand)}</p>' if estimand else ""
    heads = "".join(
        f'<th scope="col" style="{HEAD}">{html.escape(name)}</th>'
        for name in ("", "preferred in", f"{100 * confidence:.6g}% interval", "judged", "rank", "chance to be best")
    )
    table = (
        f'<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:6px 0;background:none">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        if len(df)
        else ""
    )
    return (
        '<div class="hailuo-ranking mathjax_ignore" style="font-size:13px;line-height:1.45;overflow-wrap:anywhere">'
        f'<p style="margin:4px 0"><strong>{html.escape(sentence)}</strong></p>{about}{table}'
        f"{_two_by_two(matrix)}{below}</div>"
    )


def _row(row: dict[Any, Any], *, won: bool) -> str:
    shown = _short(row["item"])
    best = "–" if _missing(row["p_best"]) else f"{row['p_best']:.0%}"
    rate = "–" if _missing(row["win_rate"]) else f"{row['win_rate']:.0%}"
    mark = f' <span style="color:{GOOD}">✓ best</span>' if won else ""
    cells = [rate, _bar(row, won=won), str(row["judged"]), _ranks(row), best]
    return (
        f'<tr><th scope="row" style="{CELL};font-weight:normal;min-width:110px">{html.escape(shown)}{mark}</th>'
        + "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells)
        + "</tr>"
    )


def _ranks(row: dict[Any, Any]) -> str:
    """The ranks that are left open: ``1–2``."""
    if _missing(row["rank_low"]):
        return "–"
    low, high = row["rank_low"], row["rank_high"]
    return str(low) if low == high else f"{low}–{high}"


def _two_by_two(matrix: pd.DataFrame | None) -> str:
    """The shares of each two items, of three items or more; the columns are numbered as the rows are."""
    if matrix is None or len(matrix) < FEWEST_ITEMS:
        return ""
    names = [html.escape(_short(item)) for item in matrix.index]
    heads = "".join(f'<th scope="col" style="{HEAD}" title="{name}">{n}</th>' for n, name in enumerate(names, start=1))
    rows = ""
    for n, name in enumerate(names, start=1):
        shares = ["" if _missing(value) else f"{value:.0%}" for value in matrix.iloc[n - 1]]
        cells = "".join(f'<td style="{CELL}">{share}</td>' for share in shares)
        rows += f'<tr><th scope="row" style="{CELL};font-weight:normal">{n} {name}</th>{cells}</tr>'
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:6px 0;background:none">'
        f'<caption style="{HEAD};caption-side:top">Row preferred to column</caption>'
        f"<thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _bar(row: dict[Any, Any], *, won: bool) -> str:
    """The interval as a line with a dot on it, on a scale from 0 to 100 % with its middle marked."""
    if _missing(row["win_rate"]):
        return "–"
    bounded = not _missing(row["win_low"])
    low, high, at = (
        f"{8 + float(row[n]) * (WIDE - 16):.1f}"
        for n in (("win_low", "win_high", "win_rate") if bounded else ("win_rate",) * 3)
    )
    said = f"{row['win_low']:.0%} to {row['win_high']:.0%}" if bounded else "no interval: too few units"
    colour = GOOD if won else "currentColor"
    middle = HIGH / 2
    return (
        f'<svg width="{WIDE}" height="{HIGH}" role="img" aria-label="{said}"><title>{said}</title>'
        f'<line x1="8" x2="{WIDE - 8}" y1="{middle}" y2="{middle}" stroke="currentColor" stroke-opacity=".2"/>'
        f'<line x1="{WIDE / 2}" x2="{WIDE / 2}" y1="1" y2="{HIGH - 1}" stroke="currentColor" stroke-opacity=".35" '
        'stroke-dasharray="2 2"/>'
        f'<line x1="{low}" x2="{high}" y1="{middle}" y2="{middle}" stroke="{colour}" stroke-width="3"/>'
        f'<circle cx="{at}" cy="{middle}" r="4.5" fill="{colour}"/></svg>'
    )


def _short(item: object) -> str:
    name = " ".join(str(item).split())
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _missing(value: object) -> bool:
    return value is None or str(value) == "<NA>"
