"""The public functions: methods of ``Session`` with the same signatures, on the session of the runs that they take."""

from __future__ import annotations

import inspect
import itertools
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import hailuo_widgets as hw
from hailuo_widgets.api import functions as api
from hailuo_widgets.api.session import Session
from hailuo_widgets.domain.request import Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.planning.axes import ARGUMENTS
from hailuo_widgets.planning.build_request import REQUEST_ARGUMENTS
from hailuo_widgets.widgets import display
from tests.unit.test_handles import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FUNCTIONS = sorted(name for name in hw.__all__ if inspect.isfunction(getattr(hw, name)))
PLANNED = {*REQUEST_ARGUMENTS, "provider"} - {"replicate"}


def parameters(function: Any) -> list[inspect.Parameter]:
    """A function's parameters, without ``self``."""
    return [p for p in inspect.signature(function).parameters.values() if p.name != "self"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_function_is_a_method_of_a_session(name: str) -> None:
    """Same name, parameters, types, defaults and docstring; its source is the method's, and it is pickled by name."""
    function, method = getattr(hw, name), getattr(Session, name)
    assert parameters(function) == parameters(method)
    assert inspect.signature(function).return_annotation == inspect.signature(method).return_annotation
    assert "self" not in inspect.signature(function).parameters
    assert function.__doc__ == method.__doc__
    assert (function.__name__, function.__qualname__, function.__module__) == (name, name, api.__name__)
    assert f"def {name}(" in inspect.getsource(function)
    assert pickle.loads(pickle.dumps(function)) is function  # noqa: S301 - what was just pickled
    assert all(p.annotation is not inspect.Parameter.empty for p in parameters(function))


@pytest.mark.parametrize("name", ["generate", "sweep", "estimate", "plan"])
def test_request_arguments_are_named_one_by_one(name: str) -> None:
    """Each argument of a request is a keyword with a type, and no function takes any keyword at all."""
    known = {p.name: p for p in parameters(getattr(Session, name))}
    assert set(known) >= {*PLANNED, *ARGUMENTS, "variables", "repeat", "zipped", "exclude", "sample", "sample_seed"}
    assert not any(p.kind in {p.VAR_KEYWORD, p.VAR_POSITIONAL} for p in known.values())
    assert known.keys() - PLANNED <= {
        "variables", "repeat", "zipped", "exclude", "sample", "sample_seed", "tags", "budget", "max_parallel", "reuse",
        "control", "yes", "name", "ask_log", "namespace",
        *({"currency", "rates"} if name == "estimate" else ()),
    }  # fmt: skip


@pytest.mark.parametrize("use_jedi", [True, False], ids=["jedi", "plain"])
@pytest.mark.parametrize(
    ("text", "offers"),
    [
        ('hw.sweep("a", mod', "model="),
        ('hw.generate("a", first', "first_frame="),
        ('hw.estimate("a", sample_', "sample_seed="),
        ("hw.compare(foxes, ro", "rows="),
        ('session.sweep("a", mod', "model="),
        ("hw.Session(daily", "daily_budget="),
    ],
)
def test_tab_completes_arguments(text: str, offers: str, use_jedi: bool) -> None:  # noqa: FBT001 - a parameter
    """IPython offers the keyword arguments of a call, with and without jedi."""
    from IPython.core.completer import IPCompleter, provisionalcompleter

    completer = IPCompleter(shell=None, namespace={"hw": hw, "session": Session}, use_jedi=use_jedi)
    completer.suppress_competing_matchers = False
    with provisionalcompleter():
        assert offers in [c.text for c in completer.completions(text, len(text))]


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Session, Session]]:
    """The default session, which has no runs, and another one, of another home, with a sweep of two runs."""
    monkeypatch.chdir(tmp_path)
    default = Session(home=tmp_path / "default", mode="simulated", notice=lambda _: None)
    other = Session(home=tmp_path / "other", mode="simulated", notice=lambda _: None)
    monkeypatch.setattr(api, "default_session", lambda: default)
    for session in (default, other):
        monkeypatch.setattr(session.engine.runs, "drive", lambda: None)
    requests = [Request(prompt=f"a {animal}", provider="kie", model="02") for animal in ("fox", "wolf")]
    records = [
        RunRecord(
            run_id=f"r{n}", created_at=NOW, request=request, request_hash=request.hash, status="failed",
            sweep_id="s1", sweep_index=n, variant=str(n),
        )
        for n, request in enumerate(requests)
    ]  # fmt: skip
    other.log.call(other.log.add, records)
    yield default, other
    default.close()
    other.close()


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("on", ["hw", "default"])
def test_an_unknown_argument_is_a_mistake_with_its_nearest_name(
    name: str, on: str, sessions: tuple[Session, Session]
) -> None:
    """It is the package's own error, and Python's; it names the function, the slip and the nearest, else all names."""
    function = getattr(hw if on == "hw" else sessions[0], name)
    slips = {p.name[:-1] + "x" + p.name[-1]: p.name for p in parameters(function) if p.kind is p.KEYWORD_ONLY}
    for slip, meant in (slips or {"colour": None}).items():
        with pytest.raises(hw.UsageError, match=rf"{name}\(\) has no argument '{slip}'") as caught:
            function(**{slip: 1})
        assert ("it takes" in str(caught.value)) == (meant is None)
        assert isinstance(caught.value, TypeError)
        assert meant is None or caught.value.hint == f"did you mean {meant!r}?"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_in_wrong_places_are_a_mistake(name: str, sessions: tuple[Session, Session]) -> None:
    """Too many, one given twice, one missing: each is the package's own error, and Python's, and says what is taken."""
    function = getattr(sessions[0], name)
    places = [p for p in parameters(function) if p.kind is p.POSITIONAL_OR_KEYWORD]
    names = [p.name for p in parameters(function) if p.kind is p.KEYWORD_ONLY]
    too_many = ["x"] * (len(places) + 1)
    with pytest.raises(hw.UsageError, match=rf"^{name}\(\) takes .* by (its|their) places?.*were given") as caught:
        function(*too_many)
    assert isinstance(caught.value, TypeError)
    assert all(named in str(caught.value) for named in [*(p.name for p in places), *names])
    if names:
        assert f"{names[0]}='x'" in str(caught.value.hint)
    if places:
        with pytest.raises(hw.UsageError, match=f"is given {places[0].name} twice"):
            function("x", **{places[0].name: "y"})
    if needed := [p.name for p in places if p.default is p.empty]:
        with pytest.raises(hw.UsageError, match=rf"{name}\(\) needs {needed[0]}"):
            function()


@pytest.mark.parametrize(
    "settings", [{"home": b"q"}, {"home": 3}, {"archive": b"q"}, {"notice": None}, {"notice": "x"}], ids=str
)
def test_a_session_takes_no_wrong_types(settings: dict[str, Any]) -> None:
    """A home that is no path, and a notice that can't be called, are refused with what is allowed."""
    with pytest.raises(hw.UsageError, match=next(iter(settings))):
        Session(**settings)


@pytest.mark.parametrize("argument", ["port", "keys", "public_url", "host"])
def test_a_webhook_takes_no_wrong_types(argument: str, sessions: tuple[Session, Session]) -> None:
    """Each is refused with its name before anything is opened."""
    for value in (b"q", object(), [1]):
        with pytest.raises(hw.UsageError, match=argument):
            sessions[0].webhook(**{argument: value})


def test_the_order_of_a_calls_arguments_is_the_order_of_the_runs(sessions: tuple[Session, Session]) -> None:
    """The argument that is given first changes slowest, however the arguments are ordered in the call."""
    axes: dict[str, Any] = {"duration": [6, 10], "model": ["02", "2.3"], "provider": ["minimax", "kie"]}
    for order in itertools.permutations(axes):
        plan = sessions[0].plan("a fox", ask_log=False, repeat=1, **{name: axes[name] for name in order})
        cells = [dict(run.cell.values) for run in plan.runs]
        seen = [tuple(cell[name] for name in order) for cell in cells]
        assert seen == list(itertools.product(*(axes[name] for name in order)))


# -- functions that take runs, with runs of another session ------------------------------------------------------------

HANDLES: dict[str, Callable[[Session], Any]] = {
    "sweep": lambda s: s.sweep_of("s1"),
    "run": lambda s: s.run("r0"),
    "runs": lambda s: list(s.sweep_of("s1")),
    "frame": lambda s: s.runs(),
    "rows": lambda s: s.runs().query("run_id == 'r0'").copy(),
    "ids": lambda s: s.runs()["run_id"],
    "df": lambda s: s.sweep_of("s1").df,
    "nested": lambda s: [s.sweep_of("s1"), [s.run("r0")]],
}
TAKES = ("what", "run_id", "sweep", "start")


def calls(name: str, handle: Any, folder: Path) -> Callable[[], Any]:
    """A call of a function about runs."""
    function = getattr(hw, name)
    (parameter,) = (p.name for p in parameters(function) if p.name in TAKES)
    if name == "export":
        return lambda: function(handle, folder / "runs.csv")
    if name == "ballot":
        return lambda: function(handle, folder / "vote.html")
    return lambda: function(**{parameter: handle})


OF_RUNS = (
    "ballot", "compare", "export", "preregister", "rank", "run", "runs", "seed_check", "studio", "sweep_of", "vote",
    "votes",
)  # fmt: skip


def test_every_function_that_takes_runs_is_known() -> None:
    """A function whose types name a run or a sweep takes them by one of the names that are looked for."""
    named = {n for n in FUNCTIONS if any("Run" in str(p.annotation) for p in parameters(getattr(hw, n)))}
    known = {n for n in FUNCTIONS if {p.name for p in parameters(getattr(hw, n))} & set(TAKES)}
    assert named == known == set(OF_RUNS)


@pytest.mark.parametrize("kind", HANDLES)
@pytest.mark.parametrize("name", OF_RUNS)
def test_a_function_works_on_the_session_of_its_runs(
    name: str, kind: str, sessions: tuple[Session, Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads the log of the session that the runs are of, and never opens or asks the default one."""
    default, other = sessions
    shown: list[Any] = []
    for view in ("show_compare", "show_studio", "show_vote"):
        monkeypatch.setattr(display, view, lambda session, *_, **__: shown.append(session))
    monkeypatch.setattr(api, "default_session", lambda: pytest.fail("the default session was asked"))
    call = calls(name, HANDLES[kind](other), tmp_path)
    one = kind in {"run", "rows"}
    refused = {"vote": "differ in nothing" if one else "no two of these 2 runs", "run": "holds 2", "studio": "holds 2"}
    refused["preregister"] = refused["ballot"] = refused["vote"]
    refused |= {"seed_check": f"no two of these {'1 run' if one else '2 runs'}"}
    if name in refused and not (one and name in {"run", "studio"}):  # what it says is what that session's log has
        with pytest.raises(hw.UsageError, match=refused[name]):
            call()
        return
    found = call()
    if name in {"run", "sweep_of"}:
        assert found._session is other
    elif name in {"compare", "studio"}:
        assert shown == [other]
    elif name == "runs":
        assert set(found["run_id"]) == ({"r0"} if one else {"r0", "r1"})
    elif name == "export":
        assert len(pd.read_csv(found)) == (1 if one else 2)
    assert len(default.runs()) == 0


def test_ids_and_runs_of_a_closed_session_are_looked_up_in_the_default_one(
    sessions: tuple[Session, Session], tmp_path: Path
) -> None:
    """An id names a run of the default session; so does a handle whose session is closed."""
    default, other = sessions
    with pytest.raises(hw.UsageError, match="r0"):
        hw.run("r0")
    twin = Session(home=tmp_path / "default", mode="simulated", notice=lambda _: None)
    request = Request(prompt="a hare", provider="kie", model="02")
    default.log.call(
        default.log.add,
        [RunRecord(run_id="r7", created_at=NOW, request=request, request_hash=request.hash, status="failed")],
    )
    run, frame = twin.run("r7"), twin.runs()
    assert hw.run(run)._session is twin
    twin.close()
    for handle in (run, frame):
        assert hw.run(handle)._session is default
    with pytest.raises(hw.UsageError, match="of several sessions"):
        hw.runs(sweep=[default.run("r7"), other.run("r0")])


@pytest.mark.parametrize("kind", HANDLES)
@pytest.mark.parametrize("name", OF_RUNS)
def test_runs_of_a_closed_session_with_another_log_are_refused_with_its_home(
    name: str, kind: str, sessions: tuple[Session, Session], tmp_path: Path
) -> None:
    """No function looks them up in a log that cannot have them: the error says which home to open again."""
    _, other = sessions
    call = calls(name, HANDLES[kind](other), tmp_path)
    other.close()
    with pytest.raises(hw.UsageError, match="of a session that was closed") as refused:
        call()
    assert refused.value.hint is not None
    assert f"hw.Session(home={str(other.settings.home)!r})" in refused.value.hint


def test_a_handle_of_a_closed_session_can_be_shown(sessions: tuple[Session, Session]) -> None:
    """Its ``repr`` says that the session was closed; a notebook shows no traceback."""
    _, other = sessions
    run, sweep = other.run("r0"), other.sweep_of("s1")
    other.close()
    assert repr(run) == "<Run r0: the session was closed, and its run log with it>"
    assert repr(sweep) == "<Sweep s1: 2 runs; the session was closed, and its run log with it>"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda _: Session("h3"), "Session(home='h3')"),
        (lambda _: Session(5), "by their names"),
        (lambda s: s.export("foxes.html", s.sweep_of("s1")), "the runs come first"),
        (lambda s: s.estimate("a fox", max_parallel=0), "max_parallel must be a whole number from 1 up"),
        (lambda s: s.estimate("a fox", max_parallel="x"), "max_parallel must be a whole number from 1 up"),
        (lambda s: s.estimate("a fox", name=""), "name must be a word"),
        (lambda s: s.estimate("a fox", tags=[None]), "tags"),
        (lambda s: s.estimate("a fox", provider="kie", seed="1-4"), "seed=range(1, 5), and in a cell --seed 1..4"),
        (lambda s: s.estimate("a fox", provider="kie", seed="1:4"), "seed=range(1, 5), and in a cell --seed 1..4"),
    ],
)
def test_a_misplaced_argument_is_explained(
    call: Callable[[Session], Any], says: str, sessions: tuple[Session, Session]
) -> None:
    """What Python itself would answer with a TypeError, or would let pass, is a mistake with its mend."""
    with pytest.raises(hw.UsageError) as refused:
        call(sessions[1])
    assert says in str(refused.value)


def test_a_closed_default_session_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing it, as a block of ``with`` does, leaves the package's functions in work: they open the home anew."""
    monkeypatch.setenv("HAILUO_HOME", str(tmp_path))
    monkeypatch.setitem(api._state, "session", None)
    with api.default_session() as first:
        assert api.default_session() is first
    assert len(hw.runs()) == 0
    assert api.default_session() is not first
    api.default_session().close()


def test_importing_every_submodule_replaces_no_public_name() -> None:
    """No room or module bears a public name: after all are imported, each name is what it was before."""
    code = """
import importlib, inspect, pkgutil, hailuo_widgets as hw
before = {name: getattr(hw, name) for name in hw.__all__}
for module in pkgutil.walk_packages(hw.__path__, hw.__name__ + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name, value in before.items():
    assert getattr(hw, name) is value, name
    assert name == "__version__" or (callable(value) and not inspect.ismodule(value)), name
fresh = {m for m in vars(hw) if inspect.ismodule(getattr(hw, m))}
assert not fresh & set(hw.__all__), fresh
print(len(before))
"""
    out = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert (out.returncode, out.stdout.strip()) == (0, str(len(hw.__all__))), out.stderr
