"""The providers' tables agree with the stored facts, and a changed row is noticed."""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.catalog import Facts

TOOL = Path(__file__).parent.parent.parent / "tools" / "check_catalog.py"


def load() -> Any:
    """The tool as a module."""
    spec = importlib.util.spec_from_file_location("check_catalog", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = load()


def test_the_tables_agree_with_the_facts() -> None:
    """The command finds nothing; else it says what to compare with which document."""
    lines = tool.differences(tool.read(), tool.in_tables(tool.tables()))
    assert lines == [], "compare these with their documents, then run tools/check_catalog.py --write"


def test_every_fact_has_a_source_and_a_date() -> None:
    """A fact that nobody can look up is none."""
    facts = tool.read()["facts"]
    assert all(fact["source"] and re.fullmatch(r"20\d\d-\d\d(-\d\d)?", fact["date"]) for fact in facts)
    names = [fact["fact"] for fact in facts]
    assert len(names) == len(set(names))


# From the documents' own lines, written by hand: a provider's fact and its value.
LINES = [
    ("kie: price: minimax-hailuo-02 6 s", "45 credits"),  # | Hailuo 02 | 45 cr | 60 cr | 60 cr | $0.06/s |
    ("kie: also priced: minimax-hailuo-02", "0.06 USD/s"),
    ("kie: price: minimax-hailuo-2-3 8 s", "70 credits"),  # | Hailuo 2.3 | 52.5 cr | 70 cr | 70 cr | $0.07/s |
    ("kie: price: minimax-hailuo-2-3-fast 10 s", "50 credits"),  # | Hailuo 2.3 Fast | 37.5 cr | 50 cr | 50 cr |
    ("kie: storage", "14 days"),  # | Storage Duration | 14 days |
    ("kie: link_life", "20 minutes"),  # | Download TTL | 20 minutes |
    ("kie: output_format", "MP4"),  # | Output Format | MP4 |
    ("kie: max_concurrent", "10"),  # | Concurrent Tasks | 10 per account |
    ("kie: minimax-hailuo-02: recommended", "High-quality cinematic videos"),  # Best For
    ("minimax: T2V-01-Director: recommended", "Director control"),  # | T2V-01-Director | 720P | 6s | Director control |
    ("minimax: MiniMax-Hailuo-02: image_to_video 512P: durations", "6 10"),  # 512P, 768P, 1080P | 6/10s
    ("pixazo: price: MiniMax-Hailuo-2.3-Fast 6 s", "0.35 USD"),  # All Resolution6$0.35
    ("runware: prompt_min", "2"),  # positivePrompt: string required min: 2 max: 2000
    ("minimax: price: MiniMax-H3 text_to_video 2K global", "0.13 USD/s"),  # H3 768P / 2K | $0.08 / $0.13
]


@pytest.mark.parametrize(("name", "value"), LINES)
def test_a_line_of_a_document_is_stored(name: str, value: str) -> None:
    """What was stored is what the document says, and not only what the table says."""
    facts = {fact["fact"]: fact["value"] for fact in tool.read()["facts"]}
    assert facts[name] == value


def _dearer(facts: Facts) -> Facts:
    first, *others = facts.prices
    return replace(facts, prices=(replace(first, micros=first.micros + 1), *others))


CHANGES: list[tuple[str, Callable[[Facts], Facts], str]] = [
    ("price", _dearer, "kie: price: "),
    ("no price", lambda f: replace(f, prices=f.prices[1:]), "no row in the tables"),
    ("currency", lambda f: replace(f, also_priced=(replace(f.also_priced[0], currency="EUR"),)), "EUR/s in the tables"),
    ("length", lambda f: replace(f, offers=(replace(f.offers[0], durations=(6,)), *f.offers[1:])), "durations: 6 8 10"),
    ("new offer", lambda f: replace(f, offers=(*f.offers, replace(f.offers[0], mode="new"))), "no fact stored"),
    ("link", lambda f: replace(f, link_life="1 hour"), "kie: link_life: 20 minutes stored (KIE.ai Minimax API"),
    ("limit", lambda f: replace(f, max_concurrent=5), "kie: max_concurrent: 10 stored"),
    ("styles", lambda f: replace(f, models=(replace(f.models[0], styles=()), *f.models[1:])), "styles"),
]


@pytest.mark.parametrize(("change", "says"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_a_changed_row_is_noticed(change: Callable[[Facts], Facts], says: str) -> None:
    """It is named, with both values, and where the stored one is from."""
    tables = tool.tables()
    tables["kie"] = change(tables["kie"])
    lines = tool.differences(tool.read(), tool.in_tables(tables))
    assert lines
    assert any(says in line for line in lines), lines


def test_what_is_written_is_read_again() -> None:
    """Writing changes only what differs: a fact that is as it was keeps its source and date."""
    stored, found = tool.read(), tool.in_tables(tool.tables())
    text = tool.written(stored, found)
    assert json.loads(text) == stored
    tables = tool.tables()
    tables["kie"] = _dearer(tables["kie"])
    again = json.loads(tool.written(stored, tool.in_tables(tables)))
    assert sum(a != b for a, b in zip(again["facts"], stored["facts"], strict=True)) == 1


def test_a_fact_without_a_source_is_noticed() -> None:
    """Also if its value is right."""
    stored = tool.read()
    stored["facts"][0]["source"] = ""
    assert any("no source" in line for line in tool.differences(stored, tool.in_tables(tool.tables())))
