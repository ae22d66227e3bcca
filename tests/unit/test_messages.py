"""The types of the widgets' messages: those of the browser are those of Python, and what is sent conforms to them."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import types
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import ipywidgets
import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.grid import arrange
from hailuo_widgets.render.grid import layout_of
from hailuo_widgets.widgets import messages
from hailuo_widgets.widgets.card_state import card_state
from hailuo_widgets.widgets.compare import Compare
from hailuo_widgets.widgets.monitor import SweepBoard
from hailuo_widgets.widgets.player import Player, RunSource
from hailuo_widgets.widgets.request_widget import Question, RequestWidget
from hailuo_widgets.widgets.run_rows import row_of, totals
from hailuo_widgets.widgets.studio import Studio
from hailuo_widgets.widgets.vote import Vote

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
REPLIES = get_type_hints(messages.Replies)


def faults(value: Any, hint: Any, place: str = "") -> list[str]:
    """Where JSON is not of a type."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return min((faults(value, arg, place) for arg in args), key=len)
    if is_typeddict(hint) and isinstance(value, dict):
        return names_wrong(value, hint, place)
    if (origin is list or origin is tuple) and isinstance(value, list):
        hints = args * len(value) if origin is list else args
        wrong = [] if len(hints) == len(value) else [f"{place} has {len(value)} values"]
        return [
            *wrong,
            *(f for n, (v, h) in enumerate(zip(value, hints, strict=False)) for f in faults(v, h, f"{place}[{n}]")),
        ]
    if origin is dict and isinstance(value, dict):
        return [f for name, v in value.items() for f in faults(v, args[1], f"{place}.{name}")]
    fits = (
        hint is Any
        or (origin is Literal and value in args)
        or (hint is float and type(value) in {int, float})
        or (isinstance(hint, type) and issubclass(hint, StrEnum) and value in {str(member) for member in hint})
        or (hint in {str, int, bool, type(None)} and type(value) is hint)
    )
    return [] if fits else [f"{place} is {value!r}, not {hint}"]


def names_wrong(value: dict[str, Any], hint: Any, place: str) -> list[str]:
    """Where an object is not of a typed dictionary."""
    hints = get_type_hints(hint)
    optional = {name for name, h in get_type_hints(hint, include_extras=True).items() if get_origin(h) is NotRequired}
    wrong = [f"{place}.{name} is missing" for name in set(hints) - optional - set(value)]
    wrong += [f"{place}.{name} is unknown" for name in set(value) - set(hints)]
    return wrong + [f for name in set(value) & set(hints) for f in faults(value[name], hints[name], f"{place}.{name}")]


def sent(value: Any) -> Any:
    """A message as the browser gets it."""
    return json.loads(json.dumps(value))


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A form on a session that leaves the machine alone; nothing drives its runs."""
    session = Session(home=tmp_path_factory.mktemp("home"), mode="simulated", notice=lambda _: None)
    session.engine.drive = lambda: None  # type: ignore[method-assign]
    loop = asyncio.new_event_loop()
    found = Studio(session, loop=loop, namespace=dict, results=ipywidgets.VBox([]))
    yield found
    found.close()
    session.close()
    loop.close()


def ask(widget: RequestWidget, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """The answer to one question, as the browser gets it."""
    told: list[dict[str, Any]] = []
    widget.send = lambda content, **_: told.append(content)  # type: ignore[method-assign]
    question = Question(widget, {"id": kind, "type": kind, "data": data}, [])
    widget._loop.run_until_complete(widget._answer(question))
    answer = next(content for content in told if "id" in content)
    found: dict[str, Any] = sent(answer)
    return found


def test_the_browser_has_the_same_types() -> None:
    """js/lib/messages.ts is what the types of today are written as; else run `make bundles`."""
    spec = importlib.util.spec_from_file_location("messages_ts", ROOT / "tools" / "messages_ts.py")
    assert spec is not None
    assert spec.loader is not None
    messages_ts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(messages_ts)
    assert messages_ts.TARGET.read_text("utf-8") == messages_ts.typescript()


def test_every_type_of_the_messages_is_written() -> None:
    """What is defined among the messages is in ``__all__``, of which the browser's types are made."""
    defined = {name for name, kind in vars(messages).items() if is_typeddict(kind)}
    assert defined == set(messages.__all__)


FORM = {"request": {"provider": "kie"}, "run": {}, "body": "a fox", "mode": "text_to_video"}
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("catalog", {}),
    ("check", FORM),
    ("check", FORM | {"mode": "image_to_video"}),
    ("check", FORM | {"request": {"provider": "kie", "seed": "-7", "watermark": True}}),
    ("check", FORM | {"request": {"provider": "kie", "seed": "1..3"}, "run": {"budget": "0.3"}}),
    ("load", {"text": "%%hailuo --provider kie --seed 1..3 --tag fox\na fox"}),
    ("generate", FORM),
]


@pytest.mark.parametrize(("kind", "data"), REQUESTS, ids=lambda value: value if isinstance(value, str) else "")
def test_replies_of_the_studio_conform(studio: Studio, kind: str, data: dict[str, Any]) -> None:
    """The form's replies have all names of their types, no other one, and the types' values."""
    answer = ask(studio, kind, data)
    assert answer["ok"]
    assert faults(answer["data"], REPLIES[kind], kind) == []


@pytest.mark.parametrize("data", [FORM | {"mode": "template"}, FORM | {"shown": {}}, FORM | {"body": "a {{fox"}])
def test_failures_conform(studio: Studio, data: dict[str, Any]) -> None:
    """An exception's reply has its words, its reason and its problems."""
    answer = ask(studio, "generate", data)
    assert not answer["ok"]
    assert faults(answer["error"], messages.Failure, "error") == []


def test_runs_conform(studio: Studio) -> None:
    """A run as a card, a row, and a cell of a grid; what is not known is null."""
    run = studio._session.generate("a den", provider="kie")
    record = run.record
    assert faults(sent(card_state(run.card, now=1.0)), messages.CardState, "card") == []
    assert faults(sent(row_of(record, here=False)), messages.Row, "row") == []
    assert faults(sent(totals([record], expected={})), messages.Totals, "totals") == []
    layout = layout_of([record], arrange([record]), studio._session.archive)
    assert faults(sent(layout), messages.Layout, "layout") == []
    long = replace(run.card, prompt=900 * "x", error_text="no", parameters=(("seed", "7"),))
    assert faults(sent(card_state(long, now=1.0)), messages.CardState, "card") == []


def test_replies_of_the_boards_conform(studio: Studio) -> None:
    """Those of the grid, of a sweep's board and of a player."""
    sweep = studio._session.sweep("a snail", provider="kie", seed=[1, 2])
    loop, records = studio._loop, [run.record for run in sweep]
    widgets: list[tuple[RequestWidget, dict[str, dict[str, Any]]]] = [
        (
            Compare(studio._session, records, arrange(records), loop=loop),
            {
                "layout": {},
                "run": {"id": records[0].run_id},
                "rate": {"id": records[0].run_id, "rating": 3},
                "tag": {"id": records[0].run_id, "tags": ["slow"]},
                "note": {"id": records[0].run_id, "note": "slow"},
            },
        ),
        (
            SweepBoard(sweep, loop=loop),
            {
                "rows": {},
                "resume": {"ids": []},
                "cancel": {"ids": []},
                "rate": {"id": records[0].run_id, "rating": 3},
                "tag": {"id": records[0].run_id, "tags": ["slow"]},
            },
        ),
        (Player(RunSource(sweep[0]), loop=loop), {"details": {}}),
    ]
    for widget, requests in widgets:
        for kind, data in requests.items():
            answer = ask(widget, kind, data)
            assert answer["ok"], answer
            assert faults(answer.get("data"), REPLIES[kind], kind) == []
        widget.close()


def test_every_question_has_a_type() -> None:
    """What the widgets answer is what the browser can ask for by name."""
    kinds = (Compare, Player, SweepBoard, Studio, Vote)
    assert {name for kind in kinds for name in kind.__new__(kind).handlers()} == set(REPLIES)


def test_the_types_are_told_apart() -> None:
    """A name too few, one too many, and a value of another type are found."""
    resumed = {"note": "all"}
    assert faults(resumed, messages.Resumed) == []
    assert faults({}, messages.Resumed)
    assert faults({**resumed, "more": 1}, messages.Resumed)
    assert faults({"note": 1}, messages.Resumed)
    assert faults({"name": "a", "title": True}, messages.ModeOffer)
