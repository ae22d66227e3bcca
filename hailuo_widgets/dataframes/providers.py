"""Providers, models, templates, camera instructions and keys as DataFrames."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pandas as pd

from hailuo_widgets.dataframes.runs import PLAIN_TEXT
from hailuo_widgets.domain.camera import INSTRUCTIONS
from hailuo_widgets.errors import UsageError
from hailuo_widgets.provider.registry import BUNDLED, CHECKED
from hailuo_widgets.redaction.passwords import shown_base
from hailuo_widgets.settings.credentials import look_up_first
from hailuo_widgets.settings.misspelled import misspelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.catalog import Facts, Offer, Price
    from hailuo_widgets.provider.accounts import Accounts

__all__ = [
    "camera_frame",
    "frame_of",
    "keys_frame",
    "models_frame",
    "providers_frame",
    "templates_frame",
]


LENGTHS = (6, 8, 10)  # seconds of the clips whose prices have columns of their own
MODEL_COLUMNS = (
    "provider", "model", "short_names", "mode", "resolution", "durations",
    "price", *(f"price_{n}s" for n in LENGTHS), "price_per_s", "currency", "region", "also_priced",
    "camera", "recommended", "styles", "note", "source", "checked", "price_source", "price_as_of",
)  # fmt: skip


def frame_of(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Return rows as a DataFrame with pandas' nullable dtypes; missing values are ``NA``."""
    frame = pd.DataFrame(list(rows), columns=list(columns)).convert_dtypes()
    frame.attrs[PLAIN_TEXT] = True
    empty = [name for name in frame.columns if frame[name].isna().all()]
    return frame.astype(dict.fromkeys(empty, "string"))


def _all_facts(accounts: Accounts, provider: str | None = None) -> list[Facts]:
    return [accounts.provider(name).facts for name in ([provider] if provider else accounts.usable())]


def providers_frame(accounts: Accounts) -> pd.DataFrame:
    """Return one row per provider."""
    rows = [
        {
            "provider": f.name,
            "title": f.title,
            "base_url": f.base_url,
            "models": len(f.models),
            "modes": ", ".join(dict.fromkeys(o.mode for o in f.offers)) + (", template" if f.templates else ""),
            "seeds": _seeds(f),
            "prompt_max": max([f.prompt_max, *(f.of(m.name).prompt_max for m in f.models)]),
            "max_concurrent": f.max_concurrent,
            "requests_per_minute": f.requests_per_minute,
            "output_format": f.output_format or None,
            "storage": f.storage or None,
            "link_life": f.link_life or None,
            "key": " or ".join(f.key_variables),
            "source": f.source,
            "checked": _checked(f),
        }
        for f in _all_facts(accounts)
    ]
    return frame_of(rows, list(rows[0]))


def _seeds(facts: Facts) -> str:
    """Return the seeds of a provider as text, with the models that take them if it isn't all."""
    ranges: dict[str, list[str]] = {}
    for model in facts.models:
        if (seeds := facts.seeds_of(model.name)) is not None:
            ranges.setdefault(f"{seeds.low} to {seeds.high}", []).append(model.name)
    if [len(facts.models)] == [len(names) for names in ranges.values()]:
        return next(iter(ranges))
    return "; ".join(f"{text} ({', '.join(names)})" for text, names in ranges.items()) or "none"


def _checked(facts: Facts) -> str | None:
    """Return the day when a bundled provider's facts were last compared with its documents."""
    return CHECKED if facts.name in BUNDLED else None


def models_frame(accounts: Accounts, provider: str | None = None) -> pd.DataFrame:
    """Return one row per model, mode and resolution, and per region where regions have their own price lists.

    ``price`` is that of a clip whose duration is not given: of the model's default duration, mostly 6 seconds, or of
    its shortest clip if it does not make that. ``price_6s``, ``price_8s`` and ``price_10s`` are those of clips of that
    length, ``price_per_s`` that of a second where the list has it so. They are ``NA`` if no source names a list price,
    or there is no such clip. ``also_priced`` is the same price in another currency, where the document has it.
    """
    rows = []
    for f in _all_facts(accounts, provider):
        for offer in f.offers:
            model = f.model(offer.model)
            for region in _regions(accounts, f, offer):
                price = _price(f, offer, region, _usual(f, offer))
                rows.append(
                    {
                        "provider": f.name,
                        "model": offer.model,
                        "short_names": ", ".join(model.short_names) if model and model.short_names else None,
                        "mode": offer.mode,
                        "resolution": offer.resolution,
                        "durations": ", ".join(map(str, offer.durations)) or None,
                        "price": _amount(price),
                        **{
                            f"price_{n}s": _amount(_price(f, offer, region, n)) for n in LENGTHS if n in offer.durations
                        },
                        "price_per_s": price[0].micros / 1_000_000 if price and price[0].per_second else None,
                        "currency": price[0].currency if price else None,
                        "region": region,
                        "also_priced": _also(f, offer, region),
                        "camera": bool(model and model.camera),
                        "recommended": (model.recommended if model else "") or None,
                        "styles": ", ".join(model.styles) if model and model.styles else None,
                        "note": offer.doubt or None,
                        "source": offer.source,
                        "checked": _checked(f),
                        "price_source": price[0].source if price else None,
                        "price_as_of": price[0].as_of if price else None,
                    }
                )
    return frame_of(rows, MODEL_COLUMNS)


def _regions(accounts: Accounts, facts: Facts, offer: Offer) -> list[str | None]:
    """Return the regions that have a price list of their own for an offer, that of the configured host first."""
    own = accounts.region(facts)
    listed = {p.region for p in facts.prices if p.model in {None, offer.model}}
    found: set[str | None] = {region for region in listed if region}
    if found and None in listed:  # the other prices are those of every other region
        found.add(own)
    return sorted(found, key=lambda region: (region != own, region or "")) or [None]


def _usual(facts: Facts, offer: Offer) -> int | None:
    """Return the seconds of a clip of an offer whose duration is not given; None if the provider chooses."""
    length = facts.of(offer.model).default_duration
    return length if length in offer.durations else next(iter(offer.durations), None)


def _price(facts: Facts, offer: Offer, region: str | None, seconds: int | None) -> tuple[Price, int] | None:
    """Return the row of the price list for a clip, and how many times it counts; None if there is none."""
    row = facts.price(offer.model, offer.resolution, seconds, mode=offer.mode, region=region)
    if row is None or (row.per_second and seconds is None):
        return None
    return row, (seconds or 1) if row.per_second else 1


def _amount(price: tuple[Price, int] | None) -> float | None:
    return None if price is None else price[0].micros * price[1] / 1_000_000


def _also(facts: Facts, offer: Offer, region: str | None) -> str | None:
    """Return the prices in another currency, as the document has them."""
    found = [
        f"{p.micros / 1_000_000:g} {p.currency}{'/s' if p.per_second else ''}"
        for p in facts.also_priced
        if p.model in {None, offer.model} and p.resolution in {None, offer.resolution} and p.region in {None, region}
    ]
    return ", ".join(dict.fromkeys(found)) or None


def templates_frame(accounts: Accounts) -> pd.DataFrame:
    """Return one row per template; IDs are text."""
    rows = [
        {
            "provider": f.name,
            "template": t.id,
            "name": t.english,
            "chinese": t.chinese,
            "picture": t.picture,
            "text": t.text,
        }
        for f in _all_facts(accounts)
        for t in f.templates
    ]
    return frame_of(rows, ("provider", "template", "name", "chinese", "picture", "text"))


def camera_frame() -> pd.DataFrame:
    """Return one row per camera instruction."""
    rows = [{"english": f"[{i.english}]", "chinese": f"[{i.chinese}]", "meaning": i.meaning} for i in INSTRUCTIONS]
    return frame_of(rows, ("english", "chinese", "meaning"))


def _without_key(facts: Facts) -> str:
    return "not set: runs are simulated" if facts.simulated else "not set: the simulator does not speak this provider"


def keys_frame(accounts: Accounts) -> pd.DataFrame:
    """Return which keys are set, and where. No key or part of a key is shown."""
    rows = []
    for f in _all_facts(accounts):
        name = f.key_variable
        try:
            found = look_up_first(f.key_variables, provider=f.name, anew=True)
            name = found.variable if found else name
            slip = None if found else misspelled(f.key_variables)
            unset = f"not set: {slip[0]} is read by nothing" if slip else _without_key(f)
            state = f"set: {found.place}" if found else unset
        except UsageError:
            state = "unusable: blanks or characters that no key has"
        base = f.base_url_variable
        rows.append(
            {
                "provider": f.name,
                "variable": name,
                "state": state,
                "base_url": shown_base(os.environ.get(base) or f.base_url),
                "where_to_get_one": f.key_page or None,
            }
        )
    return frame_of(rows, list(rows[0]))
