"""Comparison of the providers' tables with stored facts, each with its source and date.

``python tools/check_catalog.py`` prints each difference and exits with 1 if there is one: a row that was changed, a row
without a fact, a fact without a row. ``--write`` takes the tables as the facts: only after the rows that differ were
compared with the documents that they name. A fact that is unchanged keeps its source and its date.
"""

from __future__ import annotations

import argparse
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hailuo_widgets.provider.registry import BUNDLED, CHECKED, open_provider
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hailuo_widgets.domain.catalog import Facts, Model, Price

FACTS = Path(__file__).parent / "catalog_facts.json"
DIALECTS = {"kie": ({"kie_dialect": "minimax"}, "kie"), "kie jobs": ({"kie_dialect": "jobs"}, "kie")}
FIELDS = (
    "base_url",
    "prompt_max",
    "prompt_min",
    "max_concurrent",
    "requests_per_minute",
    "output_format",
    "storage",
    "link_life",
)

Row = dict[str, str]  # name, value, source, date


def tables() -> dict[str, Facts]:
    """The facts of every bundled provider, and of both dialects of KIE."""
    found = {}
    for name in BUNDLED:
        for called, (given, own) in DIALECTS.items() if name == "kie" else {name: ({}, name)}.items():
            found[called] = open_provider(own, Settings.resolve({"mode": "simulated", **given}, environ={})).facts
    return found


def rows_of(called: str, facts: Facts) -> Iterator[Row]:
    """Each row of a provider's tables as a fact."""
    for field in FIELDS:
        value = getattr(facts, field)
        if value not in (None, ""):
            yield _row(f"{called}: {field}", value, facts.source)
    for model in facts.models:
        yield from _rows_of_model(f"{called}: {model.name}", model, facts)
    for offer in facts.offers:
        name = f"{called}: {offer.model}: {offer.mode} {offer.resolution or 'any size'}: durations"
        yield _row(name, " ".join(map(str, offer.durations)) or "the provider's", offer.source)
    for kind, prices in (("price", facts.prices), ("also priced", facts.also_priced)):
        for price in prices:
            yield _row(_price_name(called, kind, price), _amount(price), price.source, price.as_of)
    for one in facts.surcharges:
        keys = " ".join(filter(None, (one.model, one.what, one.resolution, one.region, one.currency)))
        value = f"{_exact(one.micros)} {one.currency} each after {one.free}"
        yield _row(f"{called}: surcharge: {keys}", value, one.source, one.as_of)


def _rows_of_model(about: str, model: Model, facts: Facts) -> Iterator[Row]:
    own = facts.of(model.name)
    yield _row(f"{about}: prompt_max", own.prompt_max, model.source)
    if own.seeds is not None:
        yield _row(f"{about}: seeds", f"{own.seeds.low} to {own.seeds.high}", own.seeds.source)
    if model.recommended:
        yield _row(f"{about}: recommended", model.recommended, model.source)
    if model.styles:
        yield _row(f"{about}: styles", "; ".join(model.styles), model.source)


def _row(name: str, value: object, source: str, date: str = CHECKED) -> Row:
    return {"fact": name, "value": str(value), "source": source, "date": date}


def _price_name(called: str, kind: str, price: Price) -> str:
    seconds = None if price.duration is None else f"{price.duration} s"
    keys = (price.model or "any model", price.mode, price.resolution, seconds, price.region)
    return f"{called}: {kind}: {' '.join(filter(None, keys))}"


def _amount(price: Price) -> str:
    return f"{_exact(price.micros)} {price.currency}{'/s' if price.per_second else ''}"


def _exact(micros: int) -> str:
    """An amount with all of its digits, and no others."""
    text = f"{Decimal(micros) / 1_000_000:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def in_tables(found: Mapping[str, Facts]) -> dict[str, Row]:
    """The facts that the tables state, by name; rows of one name are numbered."""
    rows: dict[str, Row] = {}
    for called, facts in found.items():
        for row in rows_of(called, facts):
            name, count = row["fact"], 2
            while row["fact"] in rows:
                row["fact"] = f"{name} ({count})"
                count += 1
            rows[row["fact"]] = row
    return rows


def differences(stored: Mapping[str, Any], found: Mapping[str, Row]) -> list[str]:
    """One line for each difference between the stored facts and the tables."""
    facts = {fact["fact"]: fact for fact in stored["facts"]}
    lines = [] if stored["checked"] == CHECKED else [f"checked: {stored['checked']} stored, {CHECKED} in the package"]
    for name in sorted({*facts, *found}):
        if name not in found:
            lines.append(f"{name}: {facts[name]['value']} stored, no row in the tables")
        elif name not in facts:
            lines.append(f"{name}: {found[name]['value']} in the tables, no fact stored")
        else:
            fact, row = facts[name], found[name]
            if not (fact.get("source") and fact.get("date")):
                lines.append(f"{name}: the stored fact has no source or no date")
            if fact["value"] != row["value"]:
                lines.append(
                    f"{name}: {fact['value']} stored ({fact['source']}, {fact['date']}), {row['value']} in the tables"
                )
    return lines


def written(stored: Mapping[str, Any], found: Mapping[str, Row]) -> str:
    """The file with the tables' facts; an unchanged one keeps its source and date."""
    facts = {fact["fact"]: fact for fact in stored["facts"]}
    kept = [facts[name] if facts.get(name, {}).get("value") == row["value"] else row for name, row in found.items()]
    lines = ",\n".join(f"    {json.dumps(fact, ensure_ascii=False)}" for fact in sorted(kept, key=lambda f: f["fact"]))
    return f'{{\n  "checked": "{CHECKED}",\n  "facts": [\n{lines}\n  ]\n}}\n'


def read() -> Any:
    """The stored facts."""
    return json.loads(FACTS.read_text(encoding="utf-8")) if FACTS.exists() else {"checked": "", "facts": []}


def main() -> int:
    """Compare, or write."""
    parser = argparse.ArgumentParser(description="Compare the providers' tables with the stored facts.")
    parser.add_argument("--write", action="store_true", help="store what the tables state, after it was checked")
    write = parser.parse_args().write
    stored, found = read(), in_tables(tables())
    if write:
        FACTS.write_text(written(stored, found), encoding="utf-8")
        return 0
    lines = differences(stored, found)
    if lines:
        lines.append(f"{len(lines)} differences. Compare each with its document; then correct the row, or --write it")
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
