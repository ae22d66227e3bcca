"""Tests of models that no table has: what passes, what is refused, and their price in plans and budgets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.domain.user_price import as_price, micros_of
from hailuo_widgets.errors import BudgetExceeded, ProblemCode, Severity, UsageError
from hailuo_widgets.planning.axes import axes_of
from hailuo_widgets.planning.build_request import Built, build_request
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.planning.not_sent import not_sent
from hailuo_widgets.provider import HttpCall, Provider, Request, names, open_provider
from hailuo_widgets.provider.minimax import MiniMax
from hailuo_widgets.settings.settings import Settings
from hailuo_widgets.store.schema import from_row, to_row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PROVIDERS = ["minimax", "kie", "kkiai", "pixazo", "runware"]
PICTURE = "https://pictures.example/fox.png"


def built(provider: str = "minimax", **arguments: Any) -> Built:
    """The request of an unlisted model."""
    facts = open_provider(provider, Settings.resolve()).facts
    return build_request(facts, {"prompt": "a fox", "model": "MiniMax-H9", "unlisted": True, **arguments})


PASSES: dict[str, dict[str, Any]] = {
    "nothing else": {},
    "a length and a resolution": {"duration": 37, "resolution": "8K"},
    "a ratio and a size": {"aspect_ratio": "5:4", "width": 1, "height": 2},
    "a width alone": {"width": 640},
    "a seed": {"seed": -7},
    "switches": {"prompt_optimizer": True, "watermark": False, "fast_pretreatment": True},
    "frames": {"first_frame": PICTURE, "last_frame": PICTURE},
    "a last frame alone": {"last_frame": PICTURE},
    "a subject": {"subject": PICTURE},
    "references": {"references": [PICTURE] * 20},
    "fields of its own": {"options": {"new_field": {"a": [1, None]}, "ttl": "x"}},
    "a long prompt": {"prompt": "a" * 50_000},
    "a callback": {"callback_url": "https://a.example/done"},
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("case", PASSES)
def test_no_table_refuses_anything(case: str, provider: str) -> None:
    """What is given is in the request as it was typed, what is not given stays out, and one warning says so."""
    found = built(provider, **PASSES[case])
    request = found.request
    assert (request.model, request.unlisted) == ("MiniMax-H9", True)
    for name, value in PASSES[case].items():
        if name not in {"first_frame", "last_frame", "subject", "references"}:
            assert getattr(request, name) == value, name
    for name in {"duration", "resolution", "aspect_ratio", "seed", "width"} - set(PASSES[case]):
        assert getattr(request, name) is None, name
    assert [(p.argument, p.severity) for p in found.warnings] == [("unlisted", Severity.WARNING)]
    assert "its price is not known" in found.warnings[0].message


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no model": ({"model": None}, "unlisted needs a model's name"),
    "a blank model": ({"model": "  "}, "unlisted needs a model's name"),
    "a NUL in the model": ({"model": "a\0"}, "model holds a NUL character"),
    "half a character": ({"options": {"a": "\ud800"}}, "option a holds half of a surrogate pair"),
    "nothing at all": ({"prompt": " "}, "no prompt, no picture and no option"),
    "a template": ({"template": "Diving"}, "template and an unlisted model"),
    "a template's words": ({"text": "Lion"}, "text and an unlisted model"),
    "a subject and a frame": ({"subject": PICTURE, "first_frame": PICTURE}, "subject goes with neither"),
    "no address": ({"first_frame": "http://"}, "first_frame='http://': a URL begins with"),
    "no callback address": ({"callback_url": "example.org"}, "is no URL"),
    "a length that is no number": ({"duration": "long"}, "duration must be a whole number"),
    "a price that is none": ({"price": "cheap"}, "price must be an amount per clip"),
    "a price below 0": ({"price": -1}, "price must be an amount per clip"),
    "a price of 0, which no budget would stop": ({"price": "0"}, "every budget would be kept"),
    "a price of 0 with a currency": ({"price": "0.000 USD"}, "every budget would be kept"),
    "a price that is rounded to 0": ({"price": 1e-7}, "every budget would be kept"),
    "a decimal comma": ({"price": "0,5 CNY"}, r"above 0.*\n.*price='0.5 CNY' \(--price 0.5CNY\)"),
    "a decimal comma without a currency": ({"price": "0,05"}, r"above 0.*\n.*price='0.05 USD' \(--price 0.05USD\)"),
    "text without a currency": ({"price": "0.5"}, r"CNY and USD\n.*price='0.5 USD' \(--price 0.5USD\)"),
    "two currencies": ({"price": "$1 CNY"}, "price must be an amount per clip"),
    "a price without a currency": ({"price": 0.5}, "the provider's list has CNY and USD"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_provider_could_read_is_refused(case: str) -> None:
    """Only what rests on no table is refused."""
    arguments, why = REFUSED[case]
    with pytest.raises(UsageError, match=why):
        built(**arguments)


@pytest.mark.parametrize("price", [["0", "5"], [0, 5], (0.5, 0.7), ["0", "50USD"], []])
@pytest.mark.parametrize("model", ["MiniMax-H9", ["MiniMax-H9", "MiniMax-H10"]])
def test_a_price_is_no_axis(price: Any, model: Any) -> None:
    """A list of prices, as a decimal comma makes it in a cell, is refused: each would price the same request."""
    with pytest.raises(UsageError, match=r"price is one amount per clip, not \d.*\n.*--price 0\.50USD"):
        axes_of("a fox", {"model": model, "unlisted": True, "price": price})


def test_a_decimal_comma_in_a_cell_is_refused() -> None:
    """``--price 0,5`` is no pair of runs."""
    line = parse_line("--model new --unlisted --price 0,5")
    with pytest.raises(UsageError, match="price is one amount per clip, not 2"):
        axes_of("a fox", line.request)


def test_each_row_of_a_table_has_its_own_price() -> None:
    """Models of different prices are compared by a table of cases."""
    table = pd.DataFrame({"prompt": ["a fox"] * 2, "model": ["a", "b"], "price": ["1 USD", "2 USD"]})
    axes = axes_of(table, {"unlisted": True})
    assert len(axes.variants) == 2


@pytest.mark.parametrize("given_number", [4, "4", 4.0, " 4 ", np.int64(4)])
def test_the_number_of_clips_is_a_whole_number_before_it_is_sent(given_number: Any) -> None:
    """However 4 is typed, 4 clips are planned, priced, sent and hashed as the same request."""
    request = built("runware", options={"numberResults": given_number}).request
    runware = open_provider("runware", Settings.resolve())
    call = runware.encode_create(request, "00000000-0000-4000-8000-000000000000")
    assert runware.results(request) == 4
    assert repr(call.json[0]["numberResults"]) == "4"
    assert request.hash == built("runware", options={"numberResults": 4}).request.hash


@pytest.mark.parametrize(
    "given_number", [0, -1, 21, "4.0", "four", 1.5, True, None, [4], {"n": 4}, 10**30, float("nan")]
)
def test_a_number_of_clips_that_can_not_be_counted_is_refused(given_number: Any) -> None:
    """It decides how many runs are paid for."""
    with pytest.raises(UsageError, match="option numberResults="):
        built("runware", options={"numberResults": given_number})


@pytest.mark.parametrize("provider", names())
@pytest.mark.parametrize(
    "name",
    [
        "n",
        "num_videos",
        "num_outputs",
        "number",
        "numberOfVideos",
        "sampleCount",
        "batch_size",
        "input.n",
        "NumberResults",
    ],
)
def test_another_field_asks_for_no_further_clips(provider: str, name: str) -> None:
    """A provider may bill each clip of a call, and one alone would be counted and downloaded."""
    for several in ({name: 4}, {name: "4"}, {"input": {name: 2}}, {name: [4]}):
        with pytest.raises(UsageError, match="may make several clips of one call"):
            built(provider, options=several)
    for single in ({name: 1}, {name: "1"}, {name: None}, {"num_frames": 81, "num_inference_steps": 30}):
        assert built(provider, options=single).request.options


def test_a_price_needs_an_unlisted_model() -> None:
    """A listed model's price is the table's."""
    with pytest.raises(UsageError, match="the price of a listed model is in the table"):
        built(model="2.3", unlisted=None, price="0.5 USD")


@pytest.mark.parametrize("model", ["MiniMax-H4", "of another kind"])
def test_an_unknown_model_says_how_it_is_sent(model: str) -> None:
    """On the day of a launch the error tells the way, beside the nearest name or the list."""
    with pytest.raises(UsageError, match=r"is not known at MiniMax") as refused:
        built(model=model, unlisted=None)
    assert "unlisted=True (--unlisted)" in str(refused.value)


def test_a_listed_model_is_named() -> None:
    """Whoever says unlisted of a model that the table has is told that it would be checked and priced."""
    assert "lists '2.3' (MiniMax-Hailuo-2.3)" in built(model="2.3").warnings[0].message
    assert built(model="2.3").request.model == "2.3"
    assert "lists MiniMax-Hailuo-02," in built(model="MiniMax-Hailuo-02", duration=7).warnings[0].message


@pytest.mark.parametrize(
    ("given_price", "own", "text", "micros"),
    [
        (0.5, {"USD"}, "0.5 USD", (500_000, "USD")),
        (1, {"credits"}, "1 credits", (1_000_000, "credits")),
        ("0.5 usd", set(), "0.5 USD", (500_000, "USD")),
        (" $0.50 ", set(), "0.5 USD", (500_000, "USD")),
        ("¥3", {"USD"}, "3 CNY", (3_000_000, "CNY")),
        ("90credits", set(), "90 credits", (90_000_000, "credits")),
        ("0.000001 USD", set(), "0.000001 USD", (1, "USD")),
        (1e-6, {"USD"}, "0.000001 USD", (1, "USD")),
    ],
)
def test_a_price_as_it_is_typed(given_price: Any, own: set[str], text: str, micros: tuple[int, str]) -> None:
    """An amount with its currency, or a number in the provider's only one."""
    assert as_price(given_price, own) == text
    assert micros_of(text) == micros


@given(st.text(max_size=20) | st.floats() | st.integers() | st.none() | st.booleans())
def test_any_value_is_a_price_or_an_error(value: Any) -> None:
    """Whatever is given, a price reads back as itself."""
    try:
        found = as_price(value, {"USD"})
    except UsageError:
        return
    assert as_price(found, set()) == found
    assert micros_of(found) is not None


@given(st.text(max_size=20))
def test_any_text_of_the_log_is_read(text: str) -> None:
    """A price that the log holds is an amount of a known currency, or unknown."""
    found = micros_of(text)
    assert found is None or found[1] in {"USD", "CNY", "credits"}


def test_the_log_keeps_it() -> None:
    """A retry sends the same request, at the same price."""
    request = built(price="0.5 USD", options={"new": 1}).request
    record = RunRecord(run_id="r", created_at=NOW, request=request, request_hash=request.hash)
    assert from_row(to_row(record)).request == request
    assert request.hash == built(price="9 USD", options={"new": 1}).request.hash
    assert request.hash != built(options={"new": 2}).request.hash


# -- plans and budgets ------------------------------------------------------------------------------------------------


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session that sends nothing."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    yield session
    session.close()


NEW: dict[str, Any] = {"model": "MiniMax-H9", "unlisted": True}


def test_a_plan_says_what_it_costs(session: Session) -> None:
    """Without a price it is unknown; with one it is the user's."""
    assert session.plan("a fox", ask_log=False, **NEW).sentence() == "1 run; 1 to send: 1 at an unknown price"
    plan = session.plan("a fox", ask_log=False, price="0.5 USD", repeat=3, **NEW)
    assert plan.sentence() == "3 runs = 3 replicates; 3 to send: $1.50"


def test_a_budget_refuses_what_has_no_price(session: Session) -> None:
    """Every budget refuses, and says so; a price lets it through, and counts."""
    with pytest.raises(BudgetExceeded, match=r"price of MiniMax-H9 is not known.*\n.*price="):
        session.generate("a fox", budget=5, **NEW)
    with pytest.raises(BudgetExceeded, match=r"\$0.50, over the budget of 0.4"):
        session.generate("a fox", budget=0.4, price="0.5 USD", **NEW)


def test_the_setting_budget_refuses_too(tmp_path: Path) -> None:
    """The session's and the day's budget do as the call's."""
    for name in ("budget", "daily_budget"):
        said: list[str] = []
        with Session(home=tmp_path / name, mode="simulated", notice=said.append, **{name: 5.0}) as session:
            assert session.estimate("a fox", **NEW)["without_price"].item() == 1
            run = session.generate("a fox", **NEW) if name == "daily_budget" else None
            if run is None:
                with pytest.raises(BudgetExceeded, match="is not known"):
                    session.generate("a fox", **NEW)
            else:
                with pytest.raises(BudgetExceeded, match="price"):
                    run.wait(30)
                assert run.task_id is None


def test_an_options_line_says_it() -> None:
    """``--unlisted``, ``--price`` and ``--reference`` are options of a cell."""
    line = parse_line("--model new --unlisted --price 0.5USD --reference a.png --reference video:https://a.example/7")
    assert line.request == {
        "model": "new",
        "unlisted": True,
        "price": "0.5USD",
        "references": ["a.png", "video:https://a.example/7"],
    }


def test_listed_and_unlisted_models_side_by_side(session: Session) -> None:
    """Zipped with the models, unlisted holds for the new one alone; its seed is sent."""
    plan = session.plan(
        "a fox",
        provider=["runware", "minimax"],
        model=["minimax:9@1", "2.3"],
        unlisted=[True, False],
        zipped=["provider", "model", "unlisted"],
        seed=[5],
        ask_log=False,
    )
    assert [(p.request.model, p.request.unlisted, p.request.seed) for p in plan.runs] == [
        ("minimax:9@1", True, 5),
        ("MiniMax-Hailuo-2.3", False, None),
    ]


# -- what is sent -----------------------------------------------------------------------------------------------------

EVERYTHING: dict[str, Any] = {
    "duration": 37,
    "resolution": "9K",
    "aspect_ratio": "5:4",
    "seed": 77,
    "callback_url": "https://callback.example/x",
    "first_frame": "https://pictures.example/first.png",
    "options": {"new_field": "new value"},
}


class Forgetful(MiniMax):
    """A provider that forgets these fields of the body."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """A call without them."""
        del client_uuid
        body = {
            **EVERYTHING,
            "prompt": request.prompt,
            "first_frame": request.first_frame and request.first_frame.wire(),
        }
        body |= body.pop("options")
        return HttpCall(method="POST", path="/x", json={k: [v] for k, v in body.items() if k not in self.names})


def _missing(provider: Provider) -> list[str]:
    facts = provider.facts
    request = build_request(facts, {"prompt": "a fox", **NEW, **EVERYTHING}).request
    problems = not_sent(request, provider)
    assert all(p.severity == Severity.WARNING for p in problems)
    return [p.message.partition(":")[0] for p in problems]


def test_nothing_is_said_of_what_is_sent() -> None:
    """All of it is in the call, however deep."""
    assert _missing(Forgetful()) == []


@pytest.mark.parametrize("name", ["prompt", *(name for name in EVERYTHING if name != "options"), "new_field"])
def test_what_a_provider_leaves_out_is_said(name: str) -> None:
    """A field that the provider's code does not know is named; options are read by their own names."""
    shown = "options['new_field']" if name == "new_field" else name
    assert _missing(Forgetful(name)) == [shown]


def test_a_listed_model_and_a_broken_provider_say_nothing() -> None:
    """A listed model's fields are checked by the tables; a provider that raises is met when the run is sent."""
    request = build_request(MiniMax.facts, {"prompt": "a fox"}).request
    assert not_sent(request, Forgetful("prompt")) == ()

    class Broken(MiniMax):
        def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
            raise RuntimeError(request.model, client_uuid)

    unlisted = build_request(MiniMax.facts, {"prompt": "a fox", **NEW}).request
    assert not_sent(unlisted, Broken()) == ()


@pytest.mark.parametrize("name", names())
def test_a_plan_says_what_is_left_out(session: Session, name: str) -> None:
    """Every provider sends a new model's name, prompt and options; what else it leaves out, the plan says."""
    plan = session.plan("a fox", provider=name, ask_log=False, **NEW, **EVERYTHING, references=[PICTURE])
    said = [p for p in plan.warnings if p.code == ProblemCode.NOT_SENT]
    assert {p.message.partition(":")[0] for p in said}.isdisjoint({"prompt", "options['new_field']"})
    call = session.accounts.provider(name).encode_create(plan.runs[0].request, "00000000-0000-4000-8000-000000000000")
    assert "MiniMax-H9" in json.dumps(call.json) + call.path or name == "pixazo"  # its path names the model
    assert ("first.png" in json.dumps(call.json)) != ("first_frame" in {p.argument for p in said})
    assert ("fox.png" in json.dumps(call.json)) != ("references" in {p.argument for p in said})


@pytest.mark.parametrize("route", ["x", "", "minimax ", "V1/VIDEOS", 7])
def test_an_option_that_chooses_an_address_is_checked(route: object) -> None:
    """A relay's route is ours, and is never sent: a wrong one is refused for a model in no table too."""
    with pytest.raises(UsageError, match=r"option route=.*(allowed is video/generations|is to be str)"):
        built("relay", model="new", options={"route": route})
