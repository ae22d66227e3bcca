"""Static HTML sections of a report: facts, table of runs, and rankings, all text escaped."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from hailuo_widgets.domain import differences, money
from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.run import Status
from hailuo_widgets.render.card import status_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.voting.aspects import AspectRankings
    from hailuo_widgets.voting.ranking import Ranking

__all__ = ["facts_html", "runs_html", "votes_html"]

_FIELDS: Final = ("provider", "model", "variant", "seed", "replicate", "duration", "resolution", "prompt_optimizer")


def facts_html(records: Sequence[RunRecord]) -> str:
    """Return the summary: counts by status, total cost, providers, date, and how many runs were simulated."""
    counts: dict[str, int] = {}
    for r in records:
        word = _word(r).lower()
        counts[word] = counts.get(word, 0) + 1
    simulated = [r for r in records if r.simulated]
    spent, providers = (
        _sums([r for r in records if not r.simulated]),
        ", ".join(sorted({r.request.provider for r in records})),
    )
    lines = [
        ", ".join(f"{n} {word}" for word, n in counts.items()) + (f" · cost {spent}" if spent else ""),
        f"Providers: {providers} · written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    ]
    if simulated:
        price = f" (at list prices: {_sums(simulated)})" if _sums(simulated) else ""
        whole = f"SIMULATED: {len(simulated)} of {plural(len(records), 'run')} were made by the bundled simulator"
        lines.insert(0, f"{whole}; nothing was paid for them{price}.")
    if all(r.request.seed is None for r in records):
        lines.append("No seeds were sent: runs of one prompt are replicates.")
    return "\n".join(f'<p class="hailuo-facts">{html.escape(line)}</p>' for line in lines)


def _sums(records: Sequence[RunRecord]) -> str:
    """What runs cost, by currency, and how many of them have an unknown cost."""
    total = money.total(records)
    return " + ".join([*total.amounts, *([f"{total.unknown} of unknown cost"] if total.unknown else [])])


def runs_html(records: Sequence[RunRecord]) -> str:
    """Return the table of runs: request, status, cost, rating and note."""
    names = [n for n in _FIELDS if any(differences.value(r, n) for r in records)]
    names += [n for n in differences.of(records) if n not in {*_FIELDS, "prompt"} and not n.startswith("var_")]
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
        why = f": {(r.error or {}).get('message', '')}" if r.status != Status.SUCCEEDED and r.error else ""
        status = _word(r) + why + (" (simulated)" if r.simulated else "")
        values = [r.run_id, status]
        values += [differences.value(r, n) for n in names] + [str(r.variables.get(n, "")) for n in variables]
        values += [money.cost_of(r), "" if r.rating is None else str(r.rating), r.note or ""]
        cells = [f"<td>{html.escape(v)}</td>" for v in values]
        cells.insert(2, f'<td class="hailuo-prompt" dir="auto">{html.escape(r.request.prompt)}</td>')
        cells.append(f'<td class="hailuo-hash">{html.escape(r.sha256 or "")}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f'<th scope="col">{html.escape(h)}</th>' for h in heads)
    return (
        '<div class="hailuo-wide" role="region" aria-label="Runs" tabindex="0"><table class="hailuo-runs">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _word(record: RunRecord) -> str:
    return status_word(record.status, reused=record.reused_from is not None)


def votes_html(rankings: Mapping[str, Ranking | AspectRankings]) -> str:
    """Return the ranking of each column that was voted on; "" if there are no votes."""
    parts = [
        f"<h3>{html.escape(between.replace('_', ' '))}</h3>{ranking.html()}" for between, ranking in rankings.items()
    ]
    return f"<section><h2>Votes</h2>{''.join(parts)}</section>\n" if parts else ""
