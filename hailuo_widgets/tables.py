"""The providers' facts as DataFrames: gateways, models, templates, camera instructions, keys, and a plan."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pandas as pd

from hailuo_widgets.domain.camera import INSTRUCTIONS
from hailuo_widgets.errors import UsageError
from hailuo_widgets.frames import PLAIN_TEXT, since_moment
from hailuo_widgets.gateways import names
from hailuo_widgets.keys import look_up, variable
from hailuo_widgets.passwords import shown_base
from hailuo_widgets.planning import wall_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.planning import Plan, Planned
    from hailuo_widgets.session import Session

__all__ = [
    "camera_frame",
    "cost_frame",
    "estimate_frame",
    "keys_frame",
    "models_frame",
    "plan_frame",
    "providers_frame",
    "templates_frame",
]


def _frame(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows with ``NA`` for what is missing, in pandas' own nullable dtypes."""
    frame = pd.DataFrame(list(rows), columns=list(columns)).convert_dtypes()
    frame.attrs[PLAIN_TEXT] = True
    empty = [name for name in frame.columns if frame[name].isna().all()]
    return frame.astype(dict.fromkeys(empty, "string"))


def _all_facts(session: Session, provider: str | None = None) -> list[Facts]:
    return [session.engine.accounts.provider(name).facts for name in ([provider] if provider else names())]


def providers_frame(session: Session) -> pd.DataFrame:
    """One row a gateway."""
    rows = [
        {
            "provider": f.name,
            "title": f.title,
            "base_url": f.base_url,
            "models": len(f.models),
            "modes": ", ".join(dict.fromkeys(o.mode for o in f.offers)) + (", template" if f.templates else ""),
            "seeds": f"{f.seeds.low} to {f.seeds.high}" if f.seeds else "none",
            "prompt_max": f.prompt_max,
            "max_concurrent": f.max_concurrent,
            "requests_per_minute": f.requests_per_minute,
            "key": f"{f.name.upper()}_API_KEY",
            "source": f.source,
        }
        for f in _all_facts(session)
    ]
    return _frame(rows, list(rows[0]))


def models_frame(session: Session, provider: str | None = None) -> pd.DataFrame:
    """One row for each model, mode and resolution, with the prices that a source names (``NA`` where none does)."""
    rows = []
    for f in _all_facts(session, provider):
        for offer in f.offers:
            model = f.model(offer.model)
            shortest = offer.durations[0] if offer.durations else None
            price = f.price(offer.model, offer.resolution, shortest)
            rows.append(
                {
                    "provider": f.name,
                    "model": offer.model,
                    "short_names": ", ".join(model.short_names) if model and model.short_names else None,
                    "mode": offer.mode,
                    "resolution": offer.resolution,
                    "durations": ", ".join(map(str, offer.durations)) or None,
                    "price": price.micros / 1_000_000 if price else None,
                    "currency": price.currency if price else None,
                    "camera": bool(model and model.camera),
                    "doubt": offer.doubt or None,
                    "source": offer.source,
                }
            )
    return _frame(rows, list(rows[0]))


def templates_frame(session: Session) -> pd.DataFrame:
    """One row a template; ids are text."""
    rows = [
        {
            "provider": f.name,
            "template": t.id,
            "name": t.english,
            "chinese": t.chinese,
            "picture": t.picture,
            "text": t.text,
        }
        for f in _all_facts(session)
        for t in f.templates
    ]
    return _frame(rows, ("provider", "template", "name", "chinese", "picture", "text"))


def camera_frame() -> pd.DataFrame:
    """One row a camera instruction."""
    rows = [{"english": f"[{i.english}]", "chinese": f"[{i.chinese}]", "meaning": i.meaning} for i in INSTRUCTIONS]
    return _frame(rows, ("english", "chinese", "meaning"))


def keys_frame(session: Session) -> pd.DataFrame:
    """Which keys are found, and where. No key is shown, and no part of one."""
    rows = []
    for f in _all_facts(session):
        name = variable(f.name)
        try:
            found = look_up(name, provider=f.name, anew=True)
            state = f"set: {found.place}" if found else "not set: runs are simulated"
        except UsageError:
            state = "unusable: blanks or characters that no key has"
        base = f"{f.name.upper()}_BASE_URL"
        rows.append(
            {
                "provider": f.name,
                "variable": name,
                "state": state,
                "base_url": shown_base(os.environ.get(base) or f.base_url),
                "where_to_get_one": f.key_page or None,
            }
        )
    return _frame(rows, list(rows[0]))


def cost_frame(session: Session, since: str | None = None) -> pd.DataFrame:
    """What the runs of the log cost: one row for each gateway and currency, simulated runs apart.

    ``runs`` and ``succeeded`` count the runs that were sent, ``reused`` those that took an earlier run's clip instead.
    ``cost`` is the sum of what is known of the runs that were sent, ``unknown`` counts those of which it is not.
    """
    found = session.log.call(session.log.find, since=since_moment(since))
    groups: dict[tuple[str, bool, str | None], list[RunRecord]] = {}
    for r in found:
        if r.status not in {"planned", "skipped"}:
            groups.setdefault((r.request.provider, r.simulated, r.currency), []).append(r)
    rows = []
    for (provider, simulated, currency), records in sorted(groups.items(), key=lambda kv: str(kv[0])):
        sent = [r for r in records if r.reused_from is None]
        known = [r for r in sent if r.cost_micros is not None]
        rows.append(
            {
                "provider": provider,
                "simulated": simulated,
                "currency": currency,
                "runs": len(sent),
                "succeeded": sum(r.status == "succeeded" for r in sent),
                "reused": len(records) - len(sent),
                "cost": sum(r.cost_micros or 0 for r in known) / 1_000_000 if known else None,
                "reported": sum(r.cost_kind == "reported" for r in sent),
                "unknown": len(sent) - len(known),
            }
        )
    columns = ("provider", "simulated", "currency", "runs", "succeeded", "reused", "cost", "reported", "unknown")
    return _frame(rows, columns)


def plan_frame(plan: Plan) -> pd.DataFrame:
    """What would be sent: one row a run, with its price, and whether an equal run's clip is there already."""
    rows = [
        {
            "provider": p.request.provider,
            "model": p.request.model or None,
            "mode": p.request.mode,
            "prompt": p.request.prompt or None,
            "variant": p.cell.variant.label,
            "seed": p.request.seed,
            "replicate": p.request.replicate,
            "duration": p.request.duration,
            "resolution": p.request.resolution,
            "there_already": outlook.fate in {"reused", "shared"},
            "cost": None if p.micros is None else p.micros / 1_000_000,
            "currency": p.currency,
            "seconds": p.seconds,
        }
        for p in plan.runs
        for outlook in p.outlooks
    ]
    return _frame(rows, list(rows[0]))


def estimate_frame(session: Session, plan: Plan) -> pd.DataFrame:
    """A plan's sums: one row for each provider and currency."""
    groups: dict[tuple[str, str | None], list[Planned]] = {}
    for p in plan.runs:
        groups.setdefault((p.request.provider, p.currency), []).append(p)
    rows = []
    for (provider, currency), planned in groups.items():
        sending = [p for p in planned if p.sent]
        known = [p for p in sending if p.micros is not None]
        runs, to_send = (sum(p.results for p in some) for some in (planned, sending))
        priced = sum(p.results for p in known)
        micros = sum(p.micros * p.results for p in known if p.micros is not None)
        rows.append(
            {
                "provider": provider,
                "runs": runs,
                "there_already": sum(o.fate in {"reused", "shared"} for p in planned for o in p.outlooks),
                "to_send": to_send,
                "cost": micros / 1_000_000 if priced == to_send and currency else None,
                "currency": currency,
                "unpriced": to_send - priced,
                "wall_s": wall_s(session, planned),
            }
        )
    return _frame(rows, list(rows[0]))
