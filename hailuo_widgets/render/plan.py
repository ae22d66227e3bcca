"""Plan panel: a plan's runs, cost and duration as static HTML and as plain text.

The HTML has no scripts or ids, like that of ``card.py``, so saved notebooks show it whether they are trusted or not.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from hailuo_widgets.domain.run import SIMULATOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.planning.plan import Plan

__all__ = ["plan_html", "plan_text"]

SHOWN_VALUES = 12  # of an axis; the others are only counted
SHOWN_CHARACTERS = 60
MOST_WARNINGS = 4
_LINE = "rgba(127,127,127,.35)"
_LABEL = "opacity:.75;padding:1px 14px 1px 0;text-align:left;vertical-align:top;font-weight:normal;white-space:nowrap"
_VALUE = "padding:1px 0;text-align:left;vertical-align:top;overflow-wrap:anywhere"


def plan_text(plan: Plan, *, dry: bool = False, notes: Sequence[str] = ()) -> str:
    """Return the plan as lines of text; ``notes`` are further sentences about it."""
    lines = [f"hailuo: {plan.sentence()}" + ("; nothing was sent" if dry else "")]
    lines += [f"  makes: {made}"] if (made := plan.parts().makes) else []
    lines += [f"  control: {control}"] if (control := plan.parts().control) else []
    lines += [f"  note: {w}" for w in (*notes, *_warnings(plan))]
    return "\n".join(lines)


def plan_html(plan: Plan, *, dry: bool = False, notes: Sequence[str] = ()) -> str:
    """Return the plan as HTML; all text is escaped. For ``notes`` see :func:`plan_text`."""
    badge = (
        '<span style="border:1px solid;border-radius:4px;padding:0 5px;margin-left:8px;font-size:11px;'
        'font-weight:600">SIMULATED</span>'
        if any(p.origin == SIMULATOR for p in plan.to_send)
        else ""
    )
    dry_note = '<span style="opacity:.75;margin-left:8px">dry run: nothing was sent</span>' if dry else ""
    parts = plan.parts()
    rows = [
        ("To send", parts.sends),
        ("There already", parts.there),
        ("Shared", parts.shared and f"{parts.shared} with an equal run"),
        ("Held back", parts.held and f"{parts.held}: an equal run is unconfirmed, or its task lacks this result"),
        ("Makes", parts.makes),
        ("Control", parts.control),
        ("Cost", parts.cost),
        ("Time", parts.time),
    ]
    rows += [(_axis(name), _values(values)) for name, values in plan.axis_values().items()]
    table = "".join(
        f'<tr><th scope="row" style="{_LABEL}">{html.escape(label)}</th>'
        f'<td style="{_VALUE}">{html.escape(value)}</td></tr>'
        for label, value in rows
        if value
    )
    items = "".join(f'<li style="margin:0">{html.escape(w)}</li>' for w in (*notes, *_warnings(plan)))
    listed = f'<ul style="margin:6px 0 0;padding-left:18px">{items}</ul>' if items else ""
    style = (
        "box-sizing:border-box;max-width:640px;margin:4px 0;padding:8px 12px;font-size:13px;line-height:1.45;"
        f"border:1px solid {_LINE};border-radius:8px"
    )
    return (
        f'<div class="hailuo-plan mathjax_ignore" style="{style}"><div><strong>{html.escape(parts.count)}</strong>'
        f'{badge}{dry_note}</div><table style="border-collapse:collapse;margin:6px 0 0;background:none">'
        f"<tbody>{table}</tbody></table>{listed}</div>"
    )


def _axis(name: str) -> str:
    return name.removeprefix("var_").replace("_", " ").capitalize()


def _values(values: tuple[str, ...]) -> str:
    shown = [v if len(v) <= SHOWN_CHARACTERS else v[: SHOWN_CHARACTERS - 1] + "…" for v in values[:SHOWN_VALUES]]
    more = f" and {len(values) - SHOWN_VALUES} more" if len(values) > SHOWN_VALUES else ""
    return " · ".join(shown) + more


def _warnings(plan: Plan) -> list[str]:
    found = [f"{w.message} → {w.hint}" if w.hint else w.message for w in plan.warnings]
    if len(found) > MOST_WARNINGS:
        found[MOST_WARNINGS:] = [f"and {len(found) - MOST_WARNINGS} more"]
    return found
