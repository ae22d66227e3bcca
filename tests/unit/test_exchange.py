"""Tests of costs and budgets in the user's own currency: rates, totals, and refusals without a rate."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain import money
from hailuo_widgets.domain.budget import Budget
from hailuo_widgets.domain.exchange import DOCUMENTED, Rates, sum_of
from hailuo_widgets.errors import BudgetExceeded, UsageError
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.provider import kie_h3
from hailuo_widgets.render.plan import plan_html, plan_text
from hailuo_widgets.settings.settings import SETTINGS
from hailuo_widgets.workspace.cell import foretold, plan_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MICROS = st.integers(0, 10**12)
RATE = st.decimals("0.000001", "10000", allow_nan=False, allow_infinity=False, places=6).map(float)
PRICES = st.lists(st.tuples(MICROS, st.sampled_from(["USD", "CNY", "credits"])), max_size=40)


@given(prices=PRICES, cny=RATE, credit=RATE)
def test_a_sum_is_exact(prices: list[tuple[int, str]], cny: float, credit: float) -> None:
    """No float drifts: each price is its rate's digits times its micros, rounded up to a micro, and sums are whole.

    The expected value is made with fractions of whole numbers, and not as the code makes it.
    """
    rates = Rates(currency="USD", worth={"CNY": (cny, None), "credits": (credit, None)})
    worth = {"USD": Decimal(1), "CNY": Decimal(str(cny)), "credits": Decimal(str(credit))}
    exact = 0
    for micros, currency in prices:
        top, bottom = (micros * worth[currency]).as_integer_ratio() if micros else (0, 1)
        exact += -(-top // bottom)
    total = sum_of([(micros, currency, {}) for micros, currency in prices], rates)
    assert (total.micros, total.missing, total.unpriced) == (exact, (), 0)


@given(prices=PRICES, cny=RATE, credit=RATE)
def test_a_budget_of_the_estimated_total_is_enough(prices: list[tuple[int, str]], cny: float, credit: float) -> None:
    """What an estimate says is what a budget asks for: run by run, none is refused for a rounded micro."""
    rates = Rates(currency="USD", worth={"CNY": (cny, None), "credits": (credit, None)})
    total = sum_of([(micros, currency, {}) for micros, currency in prices], rates).micros
    assert total is not None
    budget = Budget(name="budget", micros=total, rates=rates)
    spent: dict[str, int] = {}
    for micros, currency in prices:
        _, left = budget.left(spent, currency)
        assert budget.counted(micros, currency) <= left
        spent[currency] = spent.get(currency, 0) + micros


def test_a_missing_rate_is_named_and_nothing_is_guessed() -> None:
    """One price without a rate, or without a price, leaves no total at all."""
    rates = Rates(currency="USD", worth={"CNY": (0.14, None)})
    total = sum_of([(2_000_000, "CNY", {}), (45_000_000, "credits", {}), (1, "EUR", {})], rates)
    assert (total.micros, total.missing) == (None, ("credits", "EUR"))
    assert sum_of([(2_000_000, "CNY", {}), (None, None, {})], rates).micros is None
    assert sum_of([(100_000_000, "CNY", {})], rates).micros == 14_000_000


# What is given, and what is read.
RATES: list[tuple[Any, dict[str, tuple[float, str | None]]]] = [
    ({"CNY": 0.14}, {"CNY": (0.14, None)}),
    ({"cny": "0.14", "credit": 1}, {"CNY": (0.14, None), "credits": (1.0, None)}),
    ({"CNY": {"rate": 0.14, "as_of": "2026-11-30"}}, {"CNY": (0.14, "2026-11-30")}),
    ({"CNY": {"rate": 0.14}}, {"CNY": (0.14, None)}),
    ("CNY=0.14@2026-11-30,", {"CNY": (0.14, "2026-11-30")}),
    ({"CNY": (0.14, "2026-11-30")}, {"CNY": (0.14, "2026-11-30")}),
    ({}, {}),
]


@pytest.mark.parametrize(("value", "read"), RATES)
def test_rates_are_read(value: Any, read: dict[str, tuple[float, str | None]]) -> None:
    """A number, a number with its day, a table or text."""
    assert SETTINGS["rates"].parse(value) == read


@pytest.mark.parametrize(
    "value",
    [
        "CNY", "CNY=", "CNY=0", "CNY=-1", "CNY=nan", "CNY=inf", "CNY=0.14@yesterday", "yuan=0.14", "CNY=1,cny=2",
        {"CNY": None}, {"CNY": True}, {"CNY": [0.14]}, {"CNY": {"rate": 0.14, "date": "2026-11-30"}}, {1: 2},
        {"CNY": 1e308}, {"CNY": 1.1e9}, {"CNY": 5e-324}, {"CNY": 10**400}, "CNY=1e308", "CNY=1,CNY=2", "CNY=1,CNY=1",
        {"CNY": {"rate": 0.14, "as_of": "2999-01-01"}}, "CNY=0.14@2999-01-01",
        {"CNY": {"as_of": "2026-11-30"}}, {"CNY": {"rate": 1, "as_of": 20261130}}, [0.14], 0.14,
    ],
)  # fmt: skip
def test_what_is_no_rate_is_refused(value: Any) -> None:
    """With its name, and an example of one."""
    with pytest.raises(UsageError, match="rates=") as caught:
        SETTINGS["rates"].parse(value)
    assert "CNY=0.14" in str(caught.value)


@given(micros=MICROS, rate=st.floats(1e-9, 1e9))
def test_no_rate_that_is_taken_overflows(micros: int, rate: float) -> None:
    """The least and the largest rate make whole micros, which are shown as an amount."""
    rates = Rates(currency="USD", worth=SETTINGS["rates"].parse({"CNY": rate}))
    converted = rates.convert(micros, "CNY")
    assert converted is not None
    assert converted >= 0
    assert "inf" not in money.exact(converted, "USD")


@pytest.mark.parametrize("rates", [{"USD": 2}, {"USD": 0.5, "CNY": 0.14}, "USD=1.01"])
def test_a_currency_is_worth_one_of_itself(live: Callable[..., Session], rates: Any) -> None:
    """A rate of the currency into which all rates are is refused, if it is not 1."""
    session = live()
    with pytest.raises(UsageError, match="one USD is worth 1 USD"):
        session.estimate("a fox", currency="USD", rates=rates)
    assert len(session.estimate("a fox", currency="USD", rates={"USD": 1, "CNY": 0.14})) == 1


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Session]]:
    """Opens a session in which runs would be live; nothing drives them, so nothing is sent."""
    for name in ("MINIMAX", "KIE", "RUNWARE"):
        monkeypatch.setenv(f"{name}_API_KEY", "sk-CANARY-exchanging")
    opened: list[Session] = []

    def made(**settings: Any) -> Session:
        session = Session(home=tmp_path, **{"mode": "live", "notice": lambda _: None, **settings})
        session.engine.runs.drive = lambda: None  # type: ignore[method-assign]
        opened.append(session)
        return session

    yield made
    for session in opened:
        session.close()


def test_an_estimate_has_one_total_beside_the_native_costs(live: Callable[..., Session]) -> None:
    """MiniMax's 2.3 is in yuan, 02 in dollars; each row keeps its own, and all have the total."""
    said: list[str] = []
    session = live(notice=said.append)
    frame = session.estimate("a fox", model=["02", "2.3"], repeat=3, currency="USD", rates="CNY=0.14@2026-11-30")
    by = frame.set_index("currency")
    assert by.cost.to_dict() == pytest.approx({"USD": 0.84, "CNY": 6.0})
    assert by.converted.to_dict() == pytest.approx({"USD": 0.84, "CNY": 0.84})
    assert frame.total.tolist() == [1.68, 1.68]
    assert set(frame.total_currency) == {"USD"}
    assert said == ["hailuo: The total in USD is by 1 CNY = 0.14 USD (2026-11-30)."]
    assert "total" not in session.estimate("a fox").columns


def test_a_missing_rate_leaves_the_total_out_and_is_said(live: Callable[..., Session]) -> None:
    """The row that can be converted is; the total is missing, never less than it is."""
    said: list[str] = []
    session = live(notice=said.append)
    frame = session.estimate("a fox", model=["02", "2.3"], currency="USD")
    assert frame.set_index("currency").converted.isna().to_dict() == {"USD": False, "CNY": True}
    assert frame.total.isna().all()
    assert ["no rate for CNY" in text for text in said] == [True]
    said.clear()
    frame = session.estimate("a fox", provider=["minimax", "runware"], model="02", currency="USD", yes=True)
    assert frame.total.isna().all()
    assert ["price of 1 call is not known" in text for text in said] == [True]


# Model, seconds, and the dollars of the document's own line: "Hailuo 02 | 45 cr | 60 cr | 60 cr | $0.06/s" and so on.
DOLLARS = [("02", 6, 0.36), ("02", 8, 0.48), ("02", 10, 0.60), ("2.3", 6, 0.42), ("2.3", 8, 0.56), ("2.3", 10, 0.70)]


@pytest.mark.parametrize(("model", "seconds", "dollars"), DOLLARS)
def test_kie_has_the_dollars_of_its_document(
    model: str, seconds: int, dollars: float, live: Callable[..., Session]
) -> None:
    """They are the document's where the user gave no rate of credits; the user's rate goes before it."""
    said: list[str] = []
    session = live(notice=said.append)
    asked = {"provider": "kie", "model": model, "duration": seconds, "currency": "USD"}
    frame = session.estimate("a fox", **asked)
    assert frame.total.tolist() == pytest.approx([dollars])
    assert said == ["hailuo: The total in USD is by the prices in USD of the provider's document for credits."]
    said.clear()
    euros = session.estimate("a fox", **{**asked, "currency": "EUR"}, rates={"USD": 0.5})
    assert euros.total.tolist() == pytest.approx([dollars / 2])
    assert ["for credits, 1 USD = 0.5 EUR" in text for text in said] == [True]
    mine = session.estimate("a fox", **asked, rates={"credits": 0.005})
    assert mine.total.tolist() == pytest.approx([float(frame.cost.iloc[0]) * 0.005])


# KIE's H3: "16 credits/s at 768P, 26 at 2K, input video seconds counted; 1 credit = $0.005 → $0.08/$0.13".
H3_DOLLARS = [("768P", 6, 0.48), ("2K", 6, 0.78), ("768P", 4, 0.32), ("2K", 15, 1.95)]


@pytest.mark.parametrize(("resolution", "seconds", "dollars"), H3_DOLLARS)
def test_kies_h3_has_the_dollars_of_its_document(
    resolution: str, seconds: int, dollars: float, live: Callable[..., Session]
) -> None:
    """As its other models have them; the charge stays in credits."""
    said: list[str] = []
    asked = {"provider": "kie", "model": "h3", "resolution": resolution, "duration": seconds, "currency": "USD"}
    frame = live(notice=said.append).estimate("a fox", **asked)
    assert frame.total.tolist() == pytest.approx([dollars])
    assert frame.currency.tolist() == ["credits"]
    assert said == ["hailuo: The total in USD is by the prices in USD of the provider's document for credits."]


def test_kies_reference_clips_count_in_dollars_too() -> None:
    """Each surcharge in credits has its equal in dollars, so that no estimate leaves one out."""
    for row in (r for r in kie_h3.H3_SURCHARGES if r.currency == "credits"):
        alike = {"model": row.model, "what": row.what, "resolution": row.resolution, "free": row.free}
        twins = [
            r.micros
            for r in kie_h3.H3_SURCHARGES
            if r.currency == "USD" and {name: getattr(r, name) for name in alike} == alike
        ]
        assert twins == [row.micros * 5 // 1000]
    assert {float(worth) for (name, _), worth in DOCUMENTED.items() if name == "credits"} == {kie_h3.CREDIT / 1e6}


# Settings, the budget, what the hint has, and what it must not have.
HINTS: list[tuple[dict[str, Any], Any, str, str]] = [
    ({"currency": "USD"}, 5, "setting currency='USD' makes it a budget in USD", "budget without a currency"),
    ({"currency": "USD"}, "5 USD", "rates={'credits': 0.005}", "budget without a currency"),
    ({}, "5 USD", "or a budget without a currency", "setting currency"),
]


@pytest.mark.parametrize(("settings", "budget", "says", "never"), HINTS)
def test_the_hint_names_the_rate_and_why_one_is_needed(
    settings: dict[str, Any], budget: Any, says: str, never: str, live: Callable[..., Session]
) -> None:
    """A budget needs the user's own rate, also where a document names one; following the hint is enough."""
    asked: dict[str, Any] = {"provider": "kie", "model": "h3", "budget": budget}
    with pytest.raises(BudgetExceeded, match="no rate from credits to USD") as caught:
        live(**settings).generate("a fox", **asked)
    hint = str(caught.value.hint)
    assert says in hint
    assert "rates={'credits': 0.005}" in hint
    assert never not in hint
    assert live(**settings, rates={"credits": 0.005}).generate("a fox", **asked).status == "planned"


def test_a_rate_that_no_document_names_is_left_open(live: Callable[..., Session]) -> None:
    """Only a documented worth stands in a hint."""
    with pytest.raises(BudgetExceeded) as caught:
        live(currency="EUR").generate("a fox", provider="kie", model="h3", budget=5)
    assert "rates={'credits': …}" in str(caught.value.hint)


def test_the_plan_shows_the_total_if_a_currency_is_set(live: Callable[..., Session]) -> None:
    """The line, the panel and the form's figures have it; without the setting nothing changes."""
    session = live(currency="USD", rates="CNY=0.14,credits=0.005")
    plan = plan_cell(session, parse_line("--model 02,2.3 --repeat 2"), "a fox", {})
    for shown in (plan_text(plan, dry=True), plan_html(plan, dry=True), plan.parts().cost):
        assert "$0.56 + ¥4.00 (together $1.12)" in shown
    assert "together" not in plan_cell(session, parse_line("--model 02"), "a fox", {}).sentence()
    plain = live()
    assert plan_cell(plain, parse_line("--model 02,2.3"), "a fox", {}).parts().cost == "$0.28 + ¥2.00"
    half = live(currency="EUR", rates="CNY=0.13")
    line = parse_line("--model 02,2.3")
    made = plan_cell(half, line, "a fox", {})
    assert made.parts().cost == "$0.28 + ¥2.00"
    assert ["no rate for USD" in note for note in foretold(half, line, made)] == [True]


def test_rates_are_not_taken_for_another_currency(live: Callable[..., Session]) -> None:
    """Rates of the settings are into its currency (USD without one), and convert into no other."""
    for settings in ({"rates": "CNY=0.14"}, {"rates": "CNY=0.14", "currency": "USD"}):
        session = live(**settings)
        assert session.estimate("a fox", model="2.3", currency="EUR").total.isna().all()
        assert session.estimate("a fox", model="2.3", currency="USD").total.tolist() == [0.28]
        more = session.estimate("a fox", model="2.3", currency="EUR", rates={"CNY": 0.5})
        assert more.total.tolist() == [1.0]
    with pytest.raises(UsageError, match="currency='USD'"):
        live().estimate("a fox", model="2.3", rates={"CNY": 0.14})


# Settings, the budget, and why one run of MiniMax 2.3 (2 yuan) is refused; None: it is not.
BUDGETS: list[tuple[dict[str, Any], Any, str | None]] = [
    ({"rates": "CNY=0.14"}, "5 USD", None),
    ({"rates": "CNY=0.14"}, "$0.28", None),
    ({"rates": "CNY=0.14"}, "0.27 USD", r"¥2\.00 \(\$0\.28\), over the budget of \$0\.27"),
    ({}, "2 CNY", None),
    ({}, "1.99 CNY", r"¥2\.00, over the budget of ¥1\.99"),
    ({}, "5 USD", "no rate from CNY to USD"),
    ({"rates": "credits=0.005"}, "5 USD", "no rate from CNY to USD"),
    ({"rates": "CNY=0.14"}, "5 EUR", "no rate from CNY to EUR"),
    ({"rates": "CNY=0.14", "currency": "USD"}, 0.28, None),
    ({"rates": "CNY=0.14", "currency": "USD"}, 0.27, r"over the budget of \$0\.27"),
    ({"rates": "CNY=0.14"}, 2, None),  # without a currency a number is the provider's own
    ({"currency": "USD"}, 5, "no rate from CNY to USD"),
]


@pytest.mark.parametrize(("settings", "budget", "refused"), BUDGETS)
@pytest.mark.parametrize("place", ["argument", "session", "cell"])
def test_a_budget_in_the_users_currency(
    settings: dict[str, Any], budget: Any, refused: str | None, place: str, live: Callable[..., Session]
) -> None:
    """The same from each place: in Python, in the settings, and in a cell; refused, no run is made."""
    session = live(**settings, **({"budget": budget} if place == "session" else {}))

    def begin() -> object:
        if place == "cell":
            from hailuo_widgets.workspace.cell import begin_cell

            line = parse_line(f"--model 2.3 --budget '{budget}'")
            return begin_cell(session, line, plan_cell(session, line, "a fox", {}))
        return session.generate("a fox", model="2.3", **({"budget": budget} if place == "argument" else {}))

    if refused is None:
        begin()
        assert len(session.runs()) == 1
        return
    with pytest.raises(BudgetExceeded, match=refused):
        begin()
    assert len(session.runs()) == 0


@pytest.mark.parametrize("budget", ["5 dollars", "USD", "-5 USD", "5 USD CNY", "$5 USD", "1e3 USD", "", "five"])
def test_what_is_no_budget_is_refused(budget: str, live: Callable[..., Session]) -> None:
    """Nothing is sent without the bound that was meant."""
    session = live()
    with pytest.raises(UsageError, match="budget"):
        session.generate("a fox", model="02", budget=budget)
    assert len(session.runs()) == 0


def test_a_run_without_a_rate_is_skipped_with_the_reason(tmp_path: Path) -> None:
    """The sweep's other runs are sent; this one never is."""
    session = Session(home=tmp_path, mode="simulated", simulator_speed=400, poll_interval=0.05, notice=lambda _: None)
    sweep = session.sweep("a fox", model=["02", "2.3"], budget="5 USD")
    sweep.wait(60)
    frame = sweep.df.set_index("model")
    session.close()
    assert frame.status.to_dict() == {"MiniMax-Hailuo-02": "succeeded", "MiniMax-Hailuo-2.3": "skipped"}
    assert "no rate from CNY to USD" in frame.error["MiniMax-Hailuo-2.3"]
    assert pd.isna(frame.task_id["MiniMax-Hailuo-2.3"])
