"""Forest plot of a ranking: the share in which each item was preferred, with its interval.

Needs matplotlib, which the extra ``plots`` installs. The same ranking gives the same bytes. No figure of the user's is
opened or changed.
"""

from __future__ import annotations

import textwrap
import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hailuo_widgets.voting.ranking import Ranking

__all__ = ["PLOT_KINDS", "forest_plot"]

PLOT_KINDS: Final = (".png", ".svg", ".pdf")
# Two of Okabe and Ito's colours, which people with any colour vision tell apart, also in grey.
BEST: Final = "#0072B2"
OTHER: Final = "#000000"
WIDE: Final = 7.0  # inches
ROW: Final = 0.46
NAME: Final = 28  # characters of a name's line
MOST_LINES: Final = 3
HEADING: Final = 74
CAPTION: Final = 112
DOTS_PER_INCH: Final = 200


def forest_plot(ranking: Ranking, kind: str) -> bytes:
    """Return the plot as a file of one of :data:`PLOT_KINDS`.

    Raises:
        UsageError: Matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError(
            f"{kind} is drawn by matplotlib, which is not installed", hint="pip install 'hailuo-widgets[plots]'"
        ) from None
    rows = ranking.df.to_dict("records")
    above = _wrapped(ranking.sentence, HEADING)
    below = _wrapped(" ".join(filter(None, (ranking.estimand, _level(ranking)))), CAPTION)
    high = ROW * max(1, len(rows)) + 0.18 * len(above) + 0.16 * len(below) + 0.8
    # Text stays text in SVG, so that each reader's fonts have all characters, and IDs don't differ from file to file.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "hailuo-widgets", "pdf.fonttype": 42}):
        figure = Figure(figsize=(WIDE, high), layout=None)
        axes = figure.add_axes(
            (
                0.33,
                (0.16 * len(below) + 0.55) / high,
                0.42,
                ROW * max(1, len(rows)) / high,
            )
        )
        _draw(axes, rows, {group.winner for group in ranking.groups})
        plain: dict[str, Any] = {"parse_math": False, "ha": "left"}
        figure.text(0.02, 1 - 0.12 / high, "\n".join(above), va="top", fontsize=10, fontweight="bold", **plain)
        figure.text(0.02, 0.1 / high, "\n".join(below), va="bottom", fontsize=8, color="#444444", **plain)
        made = BytesIO()
        dated = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(kind)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            figure.savefig(made, format=kind[1:], dpi=DOTS_PER_INCH, metadata=dated)
    missing = [str(w.message) for w in told if str(w.message).startswith("Glyph ")]
    if missing and kind != ".svg":
        warnings.warn(
            f"no font of matplotlib has {len(set(missing))} of the characters, which are boxes in the plot: as .svg it "
            "leaves them to the reader's fonts",
            stacklevel=2,
        )
    return made.getvalue()


def _draw(axes: Axes, rows: list[dict[Any, Any]], winners: set[str | None]) -> None:
    """Draw one line for each item, the first at the top."""
    axes.set_xlim(0, 1)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(0.5, color="#888888", linewidth=0.8, linestyle=(0, (3, 3)), zorder=0)
    for at in (0, 1):
        axes.axvline(at, color="none").set_gid(f"share-{at}")
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"], fontsize=8)
    axes.set_xlabel("preferred in", fontsize=8)
    axes.tick_params(axis="y", length=0)
    names = ["\n".join(_wrapped(str(row["item"]), NAME)[:MOST_LINES]) for row in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=9, parse_math=False)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    previous = None
    for place, row in enumerate(rows):
        colour = BEST if row["item"] in winners else OTHER
        if not pd.isna(row["win_low"]):
            (line,) = axes.plot([row["win_low"], row["win_high"]], [place, place], color=colour, linewidth=2)
            line.set_gid(f"interval-{place}")
        if not pd.isna(row["win_rate"]):
            (dot,) = axes.plot([row["win_rate"]], [place], "o", color=colour, markersize=6)
            dot.set_gid(f"rate-{place}")
        axes.text(1.04, place, _figures(row), va="center", ha="left", fontsize=8, color=colour, parse_math=False)
        if previous not in {None, group := None if pd.isna(row["group"]) else row["group"]}:
            axes.axhline(place - 0.5, color="#888888", linewidth=0.6)  # never compared with those above
        previous = group


def _figures(row: dict[Any, Any]) -> str:
    """Return an item's figures in two lines."""
    if pd.isna(row["win_rate"]):
        return "not judged"
    interval = "no interval" if pd.isna(row["win_low"]) else f"{row['win_low']:.0%}–{row['win_high']:.0%}"
    ranks = "no rank"
    if not pd.isna(row["rank_low"]):
        low, high = row["rank_low"], row["rank_high"]
        ranks = f"rank {low}" if low == high else f"rank {low} to {high}"
    counted = plural(int(row["judged"] - row["both_bad"]), "judgement")
    return f"{row['win_rate']:.0%} ({interval})\n{ranks}, {counted}"


def _level(ranking: Ranking) -> str:
    """Return what the lines are."""
    if ranking.df["win_low"].isna().all():
        return ""
    return f"Lines are {100 * ranking.confidence:.6g}% intervals."


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), width) or [""]
