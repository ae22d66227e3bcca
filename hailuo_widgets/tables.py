"""The providers' facts as DataFrames: gateways, models, templates, camera instructions, keys, and a plan."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pandas as pd

from hailuo_widgets.api import default_session
from hailuo_widgets.domain.camera import INSTRUCTIONS
from hailuo_widgets.errors import UsageError
from hailuo_widgets.providers import names
from hailuo_widgets.settings import find_key
from hailuo_widgets.view import money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.build import Built
    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.session import Session

__all__ = ["camera_frame", "keys_frame", "models_frame", "plan_frame", "providers_frame", "templates_frame"]


def _frame(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows with ``NA`` for what is missing, in pandas' own nullable dtypes."""
    frame = pd.DataFrame(list(rows), columns=list(columns)).convert_dtypes()
    empty = [name for name in frame.columns if frame[name].isna().all()]
    return frame.astype(dict.fromkeys(empty, "string"))


def _all_facts(provider: str | None = None) -> list[Facts]:
    accounts = default_session().engine.accounts
    return [accounts.provider(name).facts for name in ([provider] if provider else names())]


def providers_frame() -> pd.DataFrame:
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
        for f in _all_facts()
    ]
    return _frame(rows, list(rows[0]))


def models_frame(provider: str | None = None) -> pd.DataFrame:
    """One row for each model, mode and resolution, with the prices that a source names (``NA`` where none does)."""
    rows = []
    for f in _all_facts(provider):
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


def templates_frame() -> pd.DataFrame:
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
        for f in _all_facts()
        for t in f.templates
    ]
    return _frame(rows, ("provider", "template", "name", "chinese", "picture", "text"))


def camera_frame() -> pd.DataFrame:
    """One row a camera instruction."""
    rows = [{"english": f"[{i.english}]", "chinese": f"[{i.chinese}]", "meaning": i.meaning} for i in INSTRUCTIONS]
    return _frame(rows, ("english", "chinese", "meaning"))


def keys_frame() -> pd.DataFrame:
    """Which keys are found. No key is shown, and no part of one."""
    rows = []
    for f in _all_facts():
        name = f"{f.name.upper()}_API_KEY"
        try:
            state = "set" if find_key(f.name) else "not set: runs are simulated"
        except UsageError:
            state = "unusable: blanks or characters that no key has"
        base = f"{f.name.upper()}_BASE_URL"
        rows.append(
            {
                "provider": f.name,
                "variable": name,
                "state": state,
                "base_url": os.environ.get(base) or f.base_url,
                "where_to_get_one": f.key_page or None,
            }
        )
    return _frame(rows, list(rows[0]))


def plan_frame(session: Session, built: Built) -> pd.DataFrame:
    """What would be sent: one row a run, with its price. Nothing is sent by it."""
    request = built.request
    accounts = session.engine.accounts
    price = accounts.list_price(request)
    there = session.log.call(session.log.reusable, request.hash, accounts.origin(accounts.provider(request.provider)))
    row = {
        "provider": request.provider,
        "model": request.model or None,
        "mode": request.mode,
        "prompt": request.prompt or None,
        "seed": request.seed,
        "duration": request.duration,
        "resolution": request.resolution,
        "there_already": there is not None,
        "cost": price["cost_micros"] / 1_000_000 if price else None,
        "currency": price["currency"] if price else None,
        "price": money(price.get("cost_micros"), price.get("currency")),
        "warnings": "; ".join(p.message for p in built.warnings) or None,
        "request_hash": request.hash,
    }
    return _frame([row], list(row))
