"""Files of a ranking and of votes for a paper."""

from __future__ import annotations

import html
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.errors import UsageError
from hailuo_widgets.exports.atomic_file import replacing
from hailuo_widgets.exports.forest_plot import PLOT_KINDS, forest_plot
from hailuo_widgets.exports.tables import booktabs, write_frame
from hailuo_widgets.voting.ranking import Ranking
from hailuo_widgets.voting.units import FEWEST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hailuo_widgets.voting.aspects import AspectRankings

__all__ = ["RANKING_KINDS", "VOTE_KINDS", "methods_of", "write_ranking", "write_votes"]

RANKING_KINDS: Final = (".tex", ".md", ".csv", ".html", *PLOT_KINDS)
VOTE_KINDS: Final = (".csv", ".parquet")
SOURCES: Final = (
    "I. Waudby-Smith and A. Ramdas, Estimating means of bounded random variables by betting, JRSS B 86 (2024)",
    "N. Dean and M. Pagano, Evaluating confidence interval methods for binomial proportions, JSSAM 3 (2015)",
    "R. A. Bradley and M. E. Terry, Rank analysis of incomplete block designs I, Biometrika 39 (1952)",
    (
        "N. Gaffke, Three test statistics for a nonparametric one-sided hypothesis on the mean of a nonnegative "
        "variable, Math. Methods Statist. 14 (2005)"
    ),
    "S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979)",
    "K. Krippendorff, Content Analysis (2004)",
)
LOOKS_SOURCE: Final = "K. Lan and D. DeMets, Discrete sequential boundaries for clinical trials, Biometrika 70 (1983)"


def write_ranking(ranking: Ranking | AspectRankings, target: Path, kind: str) -> None:
    """Write a ranking: LaTeX tables, the Methods paragraph (Markdown), its table (CSV), a notebook's view, or a plot.

    Of several questions, a file has all, one after another; a plot has one.

    Raises:
        UsageError: The kind is another one, matplotlib is not installed, which draws the plot, or it is asked for a
            plot of several questions.
    """
    if kind not in RANKING_KINDS:
        raise UsageError(
            f"path={str(target)!r}: a ranking is written as {', '.join(RANKING_KINDS)}",
            hint="for example 'ranking.tex'",
        )
    if kind == ".csv":
        write_frame(ranking.df, target, kind)
        return
    if kind in PLOT_KINDS:
        if not isinstance(ranking, Ranking):
            first = next(iter(ranking))
            raise UsageError(f"a plot shows one question, and there are {len(ranking)}", hint=f"hw.rank(…)[{first!r}]")
        content = forest_plot(ranking, kind)
    else:
        text = _page(ranking) if kind == ".html" else _text(ranking, {".tex": _latex, ".md": methods_of}[kind])
        content = text.encode("utf-8", "replace")
    with replacing(target) as part:
        part.write_bytes(content)


def write_votes(votes: pd.DataFrame, target: Path, kind: str) -> None:
    """Write votes with pseudonyms of the raters, ``rater 1``, ``rater 2``, …, in the order of their first votes.

    Raises:
        UsageError: The kind is another one.
    """
    if kind not in VOTE_KINDS:
        raise UsageError(f"path={str(target)!r}: votes are written as {' or '.join(VOTE_KINDS)}", hint="'votes.csv'")
    anonymous = votes.copy()
    if "rater" in votes.columns:
        known = [column for column in ("at", "vote_id") if column in votes.columns]
        ordered = votes.sort_values(known, kind="stable") if known else votes
        names = {rater: f"rater {n}" for n, rater in enumerate(ordered["rater"].dropna().unique(), start=1)}
        anonymous["rater"] = votes["rater"].map(names).astype("string")
    write_frame(anonymous, target, kind)


def methods_of(ranking: Ranking) -> str:
    """Return a paragraph on how the figures of a ranking were computed, with the counts of this ranking."""
    df, units, sides = ranking.df, ranking.units, ranking.side_bias
    judged = int(ranking.pairs["judged"].sum())
    if not judged:
        return f"{ranking.sentence}\n"
    bad = int(df["both_bad"].sum()) // 2
    pairs = f"pairs of clips of {plural(len(df), 'variant')}{', matched by their seed' if units.seeded else ''}"
    given = f"{plural(len(ranking.raters), 'rater')} gave {plural(judged, 'judgement')}"
    said = [f"{given} on {pairs}; a tie counts as half a win."]
    if bad:
        said.append(f"{plural(bad, 'further judgement')} found both clips bad and count for neither.")
    if sides.repeated:
        said.append(
            f"{plural(sides.repeated, 'pair')} came again with sides swapped, of which {sides.consistent} were judged "
            "alike."
        )
    said.append(
        f"The units of the analysis are the {plural(units.count, units.called)}: all judgements of two variants on one "
        f"{units.called} are one observation. {ranking.estimand}"
    )
    alpha = 1 - ranking.confidence
    shared = f"at an error of at most {alpha:.2g} in all, which is divided among the {len(df)} variants"
    test = f"by an anytime-valid test by betting on the scores of the units [1], {shared}"
    if ranking.looks:
        numbers = ", ".join(map(str, ranking.looks))
        test = (
            f"at registered looks alone, after {numbers} {units.called}s, by Gaffke's test of the mean score [4], "
            f"{shared} and spent over the looks as by O'Brien and Fleming's boundary [1]"
        )
    said.append(
        f"The best variant is named {test}; all judgements together must bear it out: it must be preferred in more "
        "than half of its own, with an interval above one half, rank first, and be the likeliest to be the best. Win "
        "rates have Wilson "
        "intervals with the effective number of judgements and Student's quantile for the number of units [2], and "
        "strengths are those of the Bradley-Terry model [3] with intervals of a score test, both at "
        f"{100 * ranking.confidence:.6g}%; with fewer than {FEWEST} units there are none. Each two variants are "
        f"compared by Gaffke's test of the mean score of the units [4], corrected for "
        f"{plural(len(ranking.pairs), 'comparison')} by Holm's procedure [5]."
    )
    if ranking.agreement.alpha is not None:
        said.append(
            f"Agreement of raters is Krippendorff's alpha [6] with chance computed for each two variants: "
            f"{ranking.agreement.alpha:.2f} in {plural(ranking.agreement.pairs, 'comparison')}."
        )
    said.append(f"Computed with hailuo-widgets {version('hailuo-widgets')}.")
    cited = [LOOKS_SOURCE if ranking.looks else SOURCES[0], *SOURCES[1:]]
    cited = cited if ranking.agreement.alpha is not None else cited[:-1]
    sources = "\n".join(f"[{n}] {source}." for n, source in enumerate(cited, start=1))
    return "\n\n".join([" ".join(said), " ".join([ranking.sentence, *ranking.notes]), sources]) + "\n"


def _latex(ranking: Ranking) -> str:
    heads = ("variant", "preferred", "interval", "judged", "rank", "chance to be best")
    rows = [
        (
            row["item"], _percent(row["win_rate"]), _range(row["win_low"], row["win_high"]), str(row["judged"]),
            _ranks(row["rank_low"], row["rank_high"]), _percent(row["p_best"]),
        )
        for row in ranking.df.to_dict("records")
    ]  # fmt: skip
    names = ranking.df["item"].tolist()
    matrix = ranking.matrix
    shares = [
        (f"{n} {name}", *(_percent(share) for share in matrix.iloc[n - 1])) for n, name in enumerate(names, start=1)
    ]
    notes = f"% {_line(ranking.sentence)}\n% {_line(ranking.estimand)}\n"
    numbered = booktabs(("", *map(str, range(1, len(names) + 1))), shares)
    tests = [
        (
            row["first"], row["second"], _percent(row["first_rate"]), str(row["units"]), str(row["judged"]),
            _p_value(row["p"]), _p_value(row["p_holm"]),
        )
        for row in ranking.pairs.to_dict("records")
    ]  # fmt: skip
    compared = booktabs(("first", "second", "first preferred", "units", "judged", "p", "p (Holm)"), tests)
    return (
        f"{notes}{booktabs(heads, rows)}\n% Row preferred to column.\n{numbered}\n"
        "% Each two variants: a test of the mean score of the units; p (Holm) is corrected for their number.\n"
        f"{compared}"
    )


def _text(ranking: Ranking | AspectRankings, one: Callable[[Ranking], str]) -> str:
    """Return the text of a ranking; of several questions, each after a line with its question."""
    if isinstance(ranking, Ranking):
        return one(ranking)
    mark = "%" if one is _latex else "##"
    return "\n".join(f"{mark} {_line(question)}\n\n{one(found)}" for question, found in ranking.items())


def _page(ranking: Ranking | AspectRankings) -> str:
    title = html.escape(ranking.sentence)
    return f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n{ranking.html()}\n</html>\n'


def _line(text: str) -> str:
    return " ".join(text.split())


def _percent(value: Any) -> str:
    return "–" if pd.isna(value) else f"{value:.0%}"


def _p_value(value: Any) -> str:
    return "–" if pd.isna(value) else "< 0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004


def _range(low: Any, high: Any) -> str:
    return "–" if pd.isna(low) else f"{low:.0%}–{high:.0%}"


def _ranks(low: Any, high: Any) -> str:
    return "–" if pd.isna(low) else str(low) if low == high else f"{low}–{high}"
