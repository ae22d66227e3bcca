"""Tests of user input: every value of every argument gives a plan or a UsageError."""

from __future__ import annotations

import array
import datetime as dt
import enum
import json
import math
import sys
from collections import deque
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import MagicMock

import numpy as np
import pandas as pd
import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.annotation import tags_of
from hailuo_widgets.domain.user_values import as_json, as_value, as_values, as_whole
from hailuo_widgets.errors import BudgetExceeded, UsageError
from hailuo_widgets.planning.axes import ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterator


class Ink(enum.StrEnum):
    """A text of one's own kind."""

    A = "ink"


class Hostile:
    """Raises whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        """Nothing."""
        raise RuntimeError(name)

    def __repr__(self) -> str:
        """Nothing."""
        raise RuntimeError("repr")

    __str__ = __len__ = __iter__ = __eq__ = __hash__ = __float__ = __bool__ = __repr__  # type: ignore[assignment]


class Endless(list):  # type: ignore[type-arg]
    """A list that raises while it is read."""

    def __len__(self) -> int:
        """One."""
        return 1

    def __iter__(self) -> Iterator[Any]:
        """Nothing."""
        raise RuntimeError("iter")


VALUES: list[tuple[Any, Any]] = [
    ("fox", "fox"),
    (np.str_("fox"), "fox"),
    (Ink.A, "ink"),
    (7, 7),
    (np.int64(7), 7),
    (np.uint8(7), 7),
    (0.5, 0.5),
    (np.float32(0.1), 0.1),
    (np.float64(0.5), 0.5),
    (Decimal("1.50"), "1.50"),
    (Fraction(1, 2), "1/2"),
    (np.array(7), 7),
    (dt.date(2026, 11, 1), "2026-11-01"),
    (dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC), "2026-11-01T12:00:00+00:00"),
    (pd.Timestamp("2026-11-01T12:00"), "2026-11-01T12:00:00"),
    (np.datetime64("2026-11-01"), "2026-11-01"),
]
MISSING = [None, math.nan, np.nan, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"), Decimal("NaN"), np.ma.masked]
OTHERS = [
    {1},
    frozenset(),
    {"a": 1},
    b"x",
    bytearray(b"x"),
    (i for i in "ab"),
    iter([1]),
    map(str, [1]),
    print,
    lambda: 1,
    sys,
    object,
    object(),
    Path("fox.png"),
    True,
    np.True_,
    1j,
    math.inf,
    10**5000,
    Decimal("Infinity"),
    dt.timedelta(1),
    pd.DataFrame({"a": [1]}),
    [[1]],
    [None],
    [{1}],
    np.eye(2),
    np.array([{}], dtype=object),
    Hostile(),
    Endless(),
    MagicMock(),
    range(10**20),
]
AXES: list[tuple[Any, list[Any]]] = [
    ([1, "a"], [1, "a"]),
    ((1, 2), [1, 2]),
    (range(1, 3), [1, 2]),
    (np.arange(3), [0, 1, 2]),
    (np.array(["a", "b"]), ["a", "b"]),
    (pd.Series([1, 2], index=[7, 8]), [1, 2]),
    (pd.Series(["2026-11-01"], dtype="datetime64[ns]"), ["2026-11-01T00:00:00"]),
    (pd.Index(["a"]), ["a"]),
    (pd.array([1, 2]), [1, 2]),
    (pd.Categorical(["b", "a"]), ["b", "a"]),
    (deque([1]), [1]),
    (array.array("i", [1]), [1]),
]
ZOO = [v for v, _ in VALUES] + MISSING + OTHERS + [v for v, _ in AXES] + ["", " ", "\ud800", "\0", "x" * 10_000, -1, 0]


def kind(value: Any) -> str:
    """A test's id."""
    return type(value).__name__


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session that sends nothing."""
    session = Session(home=tmp_path_factory.mktemp("home"), mode="simulated", notice=lambda _: None)
    yield session
    session.close()


def prompts(plan: Any) -> list[str]:
    """What would be sent."""
    return [p.request.prompt for p in plan.runs]


@pytest.mark.parametrize(("value", "plain"), VALUES, ids=kind)
def test_a_value_is_plain_python(value: Any, plain: Any, session: Session) -> None:
    """Text, numbers and dates, of whichever library, become what JSON holds, in variables, prompts and tags alike."""
    found = as_value("x", value)
    assert (found, type(found)) == (plain, type(plain))
    assert json.loads(json.dumps(found)) == plain
    plan = session.plan("a {{x}}", provider="kie", variables={"x": value})
    assert prompts(plan) == [f"a {plain}"]
    assert dict(plan.runs[0].cell.variant.variables) == {"x": plain}
    assert prompts(session.plan([value], provider="kie")) == [str(plain)]
    assert tags_of([value]) == (str(plain),)


@pytest.mark.parametrize(("value", "values"), AXES, ids=kind)
def test_a_sequence_is_an_axis_wherever_one_may_stand(value: Any, values: list[Any], session: Session) -> None:
    """Lists, arrays, Series and the like are axes as variables, as prompts and as arguments."""
    assert as_values("x", value) == values
    told = [f"a {v}" for v in values]
    assert prompts(session.plan("a {{x}}", provider="kie", variables={"x": value})) == told
    assert prompts(session.plan(value, provider="kie")) == [str(v) for v in values]
    assert tags_of(value) == tuple(str(v) for v in values)  # never an axis: all of them
    if all(isinstance(v, int) for v in values):
        assert [p.request.seed for p in session.plan("a", provider="kie", seed=value).runs] == values


@pytest.mark.parametrize("value", [*MISSING, *OTHERS], ids=kind)
def test_whatever_else_is_a_mistake(value: Any, session: Session) -> None:
    """What is missing or no value never becomes words of a prompt: the variable is named, and what is allowed."""
    with pytest.raises(UsageError, match="x") as caught:
        session.plan("a {{x}}", provider="kie", variables={"x": value})
    assert caught.value.hint
    assert len(str(caught.value)) < 400
    if value is not None and not isinstance(value, list):  # in a list, None is a run without the argument
        with pytest.raises(UsageError):
            tags_of(value)
        with pytest.raises(UsageError):
            session.plan("a", provider="kie", seed=value)


@pytest.mark.parametrize("name", [*ARGUMENTS, "variables", "repeat", "zipped", "exclude", "sample", "sample_seed"])
def test_any_object_in_any_argument(name: str, session: Session) -> None:
    """A plan or a UsageError, never another exception; and a plan's requests are JSON."""
    for value in ZOO:
        for given in (value, [value]):
            try:
                plan = session.plan("a fox", ask_log=False, **{"provider": "runware", "seed": [1, 2], name: given})
            except UsageError:
                continue
            json.dumps([p.request.to_json() for p in plan.runs], allow_nan=False)
            assert plan.sentence()


@pytest.mark.parametrize("name", ["prompt", "tags", "budget", "max_parallel", "reuse", "yes", "name"])
def test_any_object_in_a_call_keeps_the_log_readable(name: str, tmp_path: Path) -> None:
    """Whatever is given to a call, it is refused before anything starts, or its rows can be read."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    begun: list[Any] = []
    session.engine.start = lambda records, **_: begun.extend(records)  # type: ignore[assignment,misc]
    for value in ZOO:
        count = len(begun)
        try:
            session.sweep(**{"prompt": "a fox", "provider": "minimax", "model": "02", name: value})
        except UsageError:
            assert len(begun) == count
        except BudgetExceeded:
            assert name == "budget"
    for record in begun:
        with suppress(UsageError):  # a NUL, a lone surrogate: refused before anything is sent
            session.log.call(session.log.add, [record])
    frame = session.runs()
    assert len(frame)
    frame.to_csv()
    session.close()


def test_any_object_said_of_a_clip_keeps_the_log_readable(tmp_path: Path) -> None:
    """Tags, a note and stars, set by hand: refused, or read again."""
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    session.engine.start = lambda records, **_: session.log.call(session.log.add, records)  # type: ignore[assignment,misc]
    session.sweep("a fox", provider="kie")
    run = session.run(session.runs()["run_id"].iloc[0])
    for name in ("tags", "note", "rating"):
        for value in ZOO:
            with suppress(UsageError):
                setattr(run, name, value)
    run.tags = [2026, np.int64(7), "keep", "keep"]
    assert session.runs()["tags"].tolist() == ["2026, 7, keep"]
    for name in ("status", "provider", "model", "tag"):
        for value in ZOO:
            with suppress(UsageError):
                session.runs(**{name: value})
    session.close()


WHOLE = [6, 6.0, "6", " 6 ", "+6", np.int8(6), np.float32(6), Decimal("6.0"), Fraction(6), np.array(6)]
NOT_WHOLE = [6.9, "6.9", "6s", "6.0", "", "1_0", "٦", True, np.True_, math.nan, math.inf, None, np.float32(6.9), 10**30]


@pytest.mark.parametrize("value", WHOLE, ids=repr)
def test_whole_numbers(value: Any, session: Session) -> None:
    """However a whole number is written, it is that number."""
    assert as_whole("duration", value) == 6
    assert session.plan("a", provider="kie", duration=value).runs[0].request.duration == 6


@pytest.mark.parametrize("value", [*NOT_WHOLE, Decimal("6.9"), Decimal("1E+999999"), dt.date(2026, 1, 1)], ids=repr)
def test_nothing_is_cut_off(value: Any, session: Session) -> None:
    """Half a second, a unit, True: refused wherever a whole number is wanted, and never cut short."""
    with pytest.raises(UsageError):
        as_whole("duration", value)
    for name in ("duration", "seed", "width", "height", "repeat", "sample", "sample_seed"):
        if value is None:
            continue
        with pytest.raises(UsageError, match=name):
            session.plan("a", provider="runware", **{name: value})


def test_a_providers_own_fields_are_json() -> None:
    """NumPy's numbers and arrays become JSON's; what is none, or holds itself, is refused."""
    given = {"a": np.int64(3), "b": np.arange(2), "c": {"d": (True, None)}, "e": pd.Series([0.5])}
    assert as_json("options", given) == {"a": 3, "b": [0, 1], "c": {"d": [True, None]}, "e": [0.5]}
    loop: dict[str, Any] = {}
    loop["a"] = loop
    for wrong in (loop, {"a": {1}}, {1: 2}, {"a": math.nan}, {"a": b"x"}):
        with pytest.raises(UsageError, match="options"):
            as_json("options", wrong)


# -- tables of cases ---------------------------------------------------------------------------------------------------


def test_a_table_is_read_row_by_row(session: Session) -> None:
    """Each row is one case: its arguments and variables, its prompt with them; an empty cell is not given."""
    table = pd.DataFrame(
        {
            "prompt": ["a {{style}} fox", "a wolf", "a {{style}} fox"],
            "style": ["ink", None, "oil"],
            "seed": [1, None, 3],
            "model": ["02", "2.3", ""],
            "shot": ["x", "y", "z"],
        }
    )
    plan = session.plan(table, provider="kie", repeat=2)
    told = [(p.request.prompt, p.request.seed, p.request.model, p.cell.variant.label) for p in plan.runs[::2]]
    default = session.plan("a", provider="kie").runs[0].request.model
    other = session.plan("a", provider="kie", model="02").runs[0].request.model
    assert told == [("a ink fox", 1, other, "1"), ("a wolf", None, default, "2"), ("a oil fox", 3, default, "1")]
    assert [dict(p.cell.variant.variables) for p in plan.runs[::2]] == [
        {"style": "ink", "shot": "x"},
        {"shot": "y"},
        {"style": "oil", "shot": "z"},
    ]
    assert plan.sentence().startswith("6 runs = 3 cases × 2 replicates")


def test_a_column_may_have_any_name_that_a_prompt_takes(session: Session) -> None:
    """A variable called like an option of the whole call is a variable, where a prompt has its place."""
    table = pd.DataFrame({"prompt": ["a portrait of {{name}}"] * 2, "name": ["Ada", "Grace"]})
    assert prompts(session.plan(table, provider="kie")) == ["a portrait of Ada", "a portrait of Grace"]


def test_a_table_of_variables_and_axes_beside_a_table(session: Session) -> None:
    """A table may stand in ``variables``, crossed with the prompts; further arguments are axes beside it."""
    table = pd.DataFrame({"style": ["ink", "oil"], "duration": [6, 10]})
    plan = session.plan(["a {{style}} fox", "a {{style}} wolf"], provider="kie", variables=table, seed=[1, 2])
    assert [(p.request.prompt, p.request.duration, p.request.seed) for p in plan.runs[:4]] == [
        ("a ink fox", 6, 1),
        ("a ink fox", 6, 2),
        ("a oil fox", 10, 1),
        ("a oil fox", 10, 2),
    ]
    assert len(plan.runs) == 8


@pytest.mark.parametrize(
    ("table", "more", "says"),
    [
        (pd.DataFrame({"prompt": ["a"], "sed": [1]}), {}, "did you mean 'seed'"),
        (pd.DataFrame({"prompt": ["a"], 7: [1]}), {}, "is no name"),
        (pd.DataFrame([["a", "b"]], columns=["prompt", "prompt"]), {}, "two columns"),
        (pd.DataFrame({"prompt": ["a"], "budget": [1]}), {}, "an option of the whole call"),
        (pd.DataFrame({"prompt": []}), {}, "0 rows"),
        (pd.DataFrame({"prompt": ["a"], "seed": [1]}), {"seed": 2}, "a column of the table, and an argument"),
        (pd.DataFrame({"prompt": ["a {{style}}", "a {{style}}"], "style": ["ink", None]}), {}, "row 2"),
        (pd.DataFrame({"prompt": ["a"], "seed": [{1}]}), {}, "seed in row 1"),
        (pd.DataFrame({"prompt": ["a"], "duration": [6.5]}), {}, "duration must be a whole number"),
        (pd.DataFrame({"prompt": ["a"]}), {"variables": pd.DataFrame({"b": [1]})}, "two tables"),
    ],
)
def test_mistakes_in_a_table(table: Any, more: dict[str, Any], says: str, session: Session) -> None:
    """Each is a sentence that names the column or the row."""
    with pytest.raises(UsageError, match=says):
        session.plan(table, provider="kie", **more)


def test_an_array_as_an_image_is_one_image(session: Session) -> None:
    """A picture as an array is one picture, and a list of them is an axis; tags are never one."""
    picture = np.full((400, 600, 3), 0.5)
    plan = session.plan("a", provider="minimax", first_frame=picture)
    assert (len(plan.runs), plan.runs[0].request.mode) == (1, "image_to_video")
    assert len(session.plan("a", provider="minimax", first_frame=[picture, picture / 2, None]).runs) == 3
    with pytest.raises(UsageError, match="first_frame"):
        session.plan("a", provider="minimax", first_frame=math.nan)
