"""Tests of balances: who is asked, how often, what is told of them, and that nothing waits for them."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

import ipywidgets
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hailuo_widgets as hw
from hailuo_widgets.api.session import Session
from hailuo_widgets.engine.runtime import Runtime
from hailuo_widgets.errors import TransportError
from hailuo_widgets.magics.commands import command
from hailuo_widgets.planning.grammar import parse_line
from hailuo_widgets.provider.messages import HttpReply
from hailuo_widgets.system.clock import SystemClock
from hailuo_widgets.widgets.request_widget import Question
from hailuo_widgets.widgets.studio import Studio
from hailuo_widgets.workspace.cell import foretold, plan_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hailuo_widgets.domain.clock import Clock
    from hailuo_widgets.provider.messages import HttpCall

KEY = "sk-CANARY-of-balances"
# The answers of the providers' documents, by the host that gives them.
CREDIT = {"code": 200, "msg": "success", "data": 1284.5}
MONEY = {
    "available_amount": "12.50",
    "cash_balance": "10.00",
    "voucher_balance": "2.50",
    "base_resp": {"status_code": 0},
}
REMAINS = {
    "model_remains": [
        {
            "model_name": "MiniMax-Hailuo-2.3",
            "end_time": 1796000000000,
            "current_interval_total_count": 10,
            "current_interval_usage_count": 7,
            "current_interval_remaining_percent": 30,
        }
    ],
    "base_resp": {"status_code": 0},
}
DETAILS = {"data": [{"taskType": "accountManagement", "operation": "getDetails", "balance": 3.25}]}
REFUSED = {"base_resp": {"status_code": 2049, "status_msg": "invalid api key"}}


class Wire:
    """Answers the calls of every connection, counts them, and holds them until the gate is open."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answers: dict[str, Any] = {
            "/api/v1/chat/credit": CREDIT,
            "/account/query_balance": MONEY,
            "/v1/token_plan/remains": REFUSED,
            "/v1": DETAILS,
        }
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    async def call(self, origin: str, call: HttpCall, **more: Any) -> HttpReply:
        """As the real one's."""
        assert more["key"].reveal() == KEY
        self.asked.append((origin, call.path))
        self.entered.set()
        await asyncio.to_thread(self.gate.wait, 30)
        answer = self.answers.get(call.path, b"")
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, HttpReply):
            return answer
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return HttpReply(status=200, headers={"content-type": "application/json"}, body=body)

    async def close(self) -> None:
        """As the real one's."""


class Clocked(SystemClock):
    """A clock whose monotonic time the test sets."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        """The time that is set."""
        return self.at


@pytest.fixture
def wire() -> Wire:
    """The other side."""
    return Wire()


@pytest.fixture
def live(tmp_path: Path, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Session]]:
    """Opens a session with three keys on that wire; nothing drives its runs."""
    for name in ("KIE", "MINIMAX", "RUNWARE"):
        monkeypatch.setenv(f"{name}_API_KEY", KEY)
    opened: list[Session] = []

    def made(clock: Clock | None = None, **given: Any) -> Session:
        runtime = Runtime(http=lambda: wire, clock=clock or SystemClock())  # type: ignore[arg-type, return-value]
        session = Session(home=tmp_path, runtime=runtime, **{"mode": "live", "notice": lambda _: None, **given})
        session.engine.runs.drive = lambda: None  # type: ignore[method-assign]
        opened.append(session)
        return session

    yield made
    for session in opened:
        session.close()


def test_the_table_of_balances(live: Callable[..., Session], wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each sum as the document has it; a provider without such a call says so; one without a key is left out."""
    monkeypatch.setenv("PIXAZO_API_KEY", KEY)
    frame = live().balance()
    rows = [
        (r.provider, r.kind, r.amount, r.currency) for r in frame.fillna({"amount": -1, "currency": ""}).itertuples()
    ]
    assert sorted(rows) == [
        ("kie", "money", 1284.5, "credits"),
        ("minimax", "money", 2.5, "CNY"),
        ("minimax", "money", 10.0, "CNY"),
        ("minimax", "money", 12.5, "CNY"),
        ("pixazo", "not offered", -1, ""),
        ("runware", "money", 3.25, "USD"),
    ]
    assert frame[frame.provider == "minimax"].amount.iloc[0] == 12.5
    assert str(frame.as_of.dt.tz) == "UTC"
    assert frame.as_of.notna().all()
    assert ("https://api.minimaxi.com", "/account/query_balance") in wire.asked


def test_a_subscription_has_the_rows_of_its_plan(live: Callable[..., Session], wire: Wire) -> None:
    """A Token-Plan key is refused the sums, and told what is left of the plan."""
    wire.answers |= {"/account/query_balance": REFUSED, "/v1/token_plan/remains": REMAINS}
    row = live().balance("minimax").iloc[0]
    assert (row.kind, row["name"], row.left, row.total, row.unit) == ("plan", "MiniMax-Hailuo-2.3", 3.0, 10.0, "clips")
    assert row.until.year == 2026


@pytest.mark.parametrize(
    "trouble", [TransportError("down", sent=False), b"<html>", {"code": 401, "msg": "no"}, {"code": 200, "data": "x"}]
)
def test_one_broken_account_is_a_row(live: Callable[..., Session], wire: Wire, trouble: Any) -> None:
    """It says what is wrong, without the key; the others are there."""
    wire.answers["/api/v1/chat/credit"] = trouble
    frame = live().balance(["kie", "runware"]).set_index("provider")
    assert frame.kind.to_dict() == {"kie": "unknown", "runware": "money"}
    assert frame.note["kie"]
    assert KEY not in frame.to_string()


def test_a_wrong_key_is_a_row(live: Callable[..., Session], monkeypatch: pytest.MonkeyPatch) -> None:
    """Text that cannot be a key is not sent, and not shown."""
    monkeypatch.setenv("KIE_API_KEY", f"{KEY} with blanks")
    frame = live().balance().set_index("provider")
    assert frame.kind["kie"] == "unknown"
    assert frame.kind["runware"] == "money"
    assert KEY not in frame.to_string()


def test_an_answer_is_kept_for_a_minute(live: Callable[..., Session], wire: Wire) -> None:
    """One call an account and minute; an error is asked for again, and so is another key's account."""
    clock = Clocked()
    session = live(clock=clock)
    for _ in range(3):
        session.balance("kie")
    assert len(wire.asked) == 1
    clock.at = 59.9
    session.balance("kie")
    assert len(wire.asked) == 1
    clock.at = 60.1
    wire.answers["/api/v1/chat/credit"] = b"nothing"
    session.balance("kie")
    assert len(wire.asked) == 2
    wire.answers["/api/v1/chat/credit"] = CREDIT
    assert session.balance("kie").kind.tolist() == ["money"]
    assert len(wire.asked) == 3


def test_who_asks_together_asks_once(live: Callable[..., Session], wire: Wire) -> None:
    """A question that is on its way serves all who ask meanwhile."""
    session = live()
    wire.gate.clear()
    session.engine.balances.refresh(["kie"])
    assert wire.entered.wait(30)
    session.engine.balances.refresh(["kie"])
    threading.Timer(0, wire.gate.set).start()
    assert session.balance("kie").kind.tolist() == ["money"]
    assert len(wire.asked) == 1


def test_a_dry_run_and_an_estimate_ask_nobody(live: Callable[..., Session], wire: Wire) -> None:
    """Nor do they in a loop; and a simulated session has no account."""
    session = live()

    async def looked() -> None:
        session.estimate("a fox", provider=["kie", "minimax"], model="02", repeat=3)
        line = parse_line("--provider kie --repeat 3 --dry-run")
        foretold(session, line, plan_cell(session, line, "a fox", {}))

    session.estimate("a fox", provider="kie", repeat=3, budget=10, currency="USD")
    asyncio.run(looked())
    said: list[str] = []
    simulated = live(mode="simulated", notice=said.append)
    assert len(simulated.balance()) == 0
    assert ["mode is simulated" in text for text in said] == [True]
    assert wire.asked == []


def test_a_sweep_does_not_wait_for_a_balance(live: Callable[..., Session], wire: Wire) -> None:
    """Its runs are started while the account does not answer; once it does, what it cannot pay is said."""
    wire.gate.clear()
    wire.answers["/api/v1/chat/credit"] = {"code": 200, "data": 100}
    told = threading.Event()
    said: list[str] = []

    def notice(text: str) -> None:
        said.append(text)
        if "KIE.ai has 100 credits left" in text:
            told.set()

    session = live(notice=notice)

    async def begin() -> int:
        return len(session.sweep("a fox", provider="kie", repeat=3))

    assert asyncio.run(begin()) == 3
    assert not told.is_set()
    wire.gate.set()
    assert told.wait(30)
    assert any("the 3 runs to send" in text or "3 runs to send cost 157.5 credits" in text for text in said)
    assert wire.asked == [("https://api.kie.ai", "/api/v1/chat/credit")]


def test_a_sweep_that_a_known_balance_cannot_pay_is_said_before_it_starts(
    live: Callable[..., Session], wire: Wire
) -> None:
    """The sentence comes first; the runs are the user's to start. One that is paid for says nothing."""
    wire.answers["/api/v1/chat/credit"] = {"code": 200, "data": 100}
    said: list[tuple[str, int]] = []
    session = live(notice=lambda text: session.closed or said.append((text, len(session.runs()))))
    session.balance()
    session.sweep("a fox", provider="kie", repeat=3)
    found = [(text, runs) for text, runs in said if "left" in text]
    assert len(found) == 1
    assert "KIE.ai has 100 credits left" in found[0][0]
    assert "3 runs to send cost 157.5 credits" in found[0][0]
    assert found[0][1] == 0
    said.clear()
    session.sweep("a wolf", provider="kie", repeat=1)
    session.sweep("a bear", model="2.3", repeat=2)  # 4 of 12.50 yuan
    assert [text for text, _ in said if "left" in text] == []


def test_the_plan_shows_what_is_left(live: Callable[..., Session]) -> None:
    """Only of the accounts that are charged, and only what is known."""
    session = live()
    plan = session.plan("a fox", provider=["kie", "minimax"], model="02", repeat=2)
    assert session.balance_notes(plan.to_send) == ()
    session.balance()
    notes = session.balance_notes(plan.to_send)
    assert [note.split(" (")[0] for note in notes] == ["KIE.ai balance: 1284.5 credits", "MiniMax balance: ¥12.50"]


@given(status=st.sampled_from([200, 200, 200, 401, 404, 429, 500]), body=st.one_of(
    st.binary(max_size=200),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(["data", "code", "balance", "available_amount", "model_remains", "model_name"]),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
))  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_any_answer_is_a_table(live: Callable[..., Session], wire: Wire, status: int, body: bytes) -> None:
    """Whatever the bytes are: rows of known kinds, and amounts that are numbers, for every provider with a key."""
    reply = HttpReply(status=status, headers={"content-type": "application/json"}, body=body)
    wire.answers = dict.fromkeys(wire.answers, reply)
    session = live()
    frame = session.balance()
    session.close()
    assert set(frame.provider) == {"kie", "minimax", "runware"}
    assert set(frame.kind) <= {"money", "plan", "unknown"}
    assert frame[frame.kind == "money"].amount.notna().all()
    assert frame[frame.kind == "unknown"].note.notna().all()


def test_the_magic_and_the_function(live: Callable[..., Session], monkeypatch: pytest.MonkeyPatch) -> None:
    """``%hailuo balance kie`` is ``hw.balance("kie")``."""
    from hailuo_widgets.api import functions

    session = live()
    monkeypatch.setattr(functions, "default_session", lambda: session)
    assert command("balance kie", str).equals(hw.balance("kie"))
    assert hw.balance("kie").amount.tolist() == [1284.5]


def test_the_studio_shows_the_balance_beside_the_price(live: Callable[..., Session], wire: Wire) -> None:
    """A check never waits for it: the first one asks, and a later one has it, with a warning if it cannot pay."""
    session = live()
    wire.answers["/api/v1/chat/credit"] = {"code": 200, "data": 100}
    wire.gate.clear()
    loop = asyncio.new_event_loop()
    studio = Studio(session, loop=loop, namespace=dict, results=ipywidgets.VBox([]))
    told: list[dict[str, Any]] = []
    studio.send = lambda content, **_: told.append(content["data"])  # type: ignore[method-assign]
    asked = {"request": {"provider": "kie"}, "run": {"repeat": "3"}, "body": "a fox", "mode": "text_to_video"}

    def check() -> dict[str, Any]:
        question = Question(studio, {"id": str(len(told)), "type": "check", "data": asked}, [])
        loop.run_until_complete(studio._answer(question))
        return told[-1]

    assert check()["plan"]["balance"] == ""
    wire.gate.set()
    session.balance("kie")  # waits for the answer that the check has asked for
    verdict = check()
    assert verdict["plan"]["balance"].startswith("KIE.ai balance: 100 credits (")
    assert ["KIE.ai has 100 credits left" in p["message"] for p in verdict["problems"]] == [True]
    assert len(wire.asked) == 1
    studio.close()
    loop.close()
