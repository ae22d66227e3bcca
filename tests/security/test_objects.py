"""Tests of objects, log and tables: none contains a key, and objects with a key can't be copied."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import pickle
from collections import deque
from dataclasses import asdict, replace
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import hailuo_widgets as hw
from hailuo_widgets.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Begin

    from hailuo_widgets.api.session import Session

SKIPPED = (ModuleType, FunctionType, BuiltinFunctionType, MethodType, type)
MOST = 300_000


def within(root: Any) -> list[str]:
    """Each text that is reached from an object by attributes, slots and items, and has the canary in it."""
    seen, hits, queue = {id(root)}, [], deque([root])
    keep = [root]  # so that no id is used twice
    while queue and len(keep) < MOST:
        item = queue.popleft()
        if isinstance(item, str | bytes | bytearray):
            text = item if isinstance(item, str) else bytes(item).decode("utf-8", "replace")
            if "CANARY" in text:
                hits.append(text)
            continue
        inner: list[Any] = []
        if isinstance(item, dict):
            inner += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple | set | frozenset | deque):
            inner += list(item)
        inner += list(getattr(item, "__dict__", {}).values())
        for kind in type(item).__mro__:
            slots = getattr(kind, "__slots__", ())
            with contextlib.suppress(TypeError):  # a slot that computes its value, and cannot
                inner += [getattr(item, name, None) for name in ((slots,) if isinstance(slots, str) else slots)]
        for value in inner:
            if id(value) not in seen and not isinstance(value, SKIPPED) and value is not os.environ:
                seen.add(id(value))
                keep.append(value)
                queue.append(value)
    assert len(keep) < MOST, "the walk did not come to its end"
    return hits


@pytest.fixture
def ended(begin: Begin) -> tuple[Session, list[hw.Run]]:
    """A session with a run that succeeded, one that was refused and one whose answer was lost."""
    session, fake_provider = begin()
    runs = [session.generate("a fox").wait(timeout=60)]
    for fault in ({"kind": "code", "provider": "minimax", "code": 1026}, {"kind": "drop_after"}):
        fake_provider.fault(**fault, phase="create")
        run = session.generate(f"a wolf: {fault['kind']}")
        with pytest.raises(hw.HailuoError):
            run.wait(timeout=60)
        runs.append(run)
    assert [run.status for run in runs] == ["succeeded", "failed", "unconfirmed"]
    return session, runs


def test_the_walk_finds_what_is_there() -> None:
    """A key in an attribute of an item of an attribute is found; one in a closure, where a Secret has it, is not."""

    class Thing:
        __slots__ = ("inner",)

        def __init__(self, inner: Any) -> None:
            self.inner = inner

    assert within(Thing([{"x": Thing("sk-CANARY")}])) == ["sk-CANARY"]
    assert within(Thing(lambda: "sk-CANARY")) == []


def test_objects(ended: tuple[Session, list[hw.Run]]) -> None:
    """No public object shows the key, has it in any attribute, or can be pickled or copied with it."""
    session, runs = ended
    sweep = session.sweep(["a fox"])
    things: list[Any] = [session, session.settings, session.engine, session.plan("a fox"), sweep, *runs]
    things += [thing for run in runs for thing in (run.request, run.record, run.card, run.error, run.events)]
    for thing in things:
        shown = f"{thing!r} {thing!s}"
        assert "CANARY" not in shown
        assert within(thing) == []
        for copied in (pickle.dumps, copy.copy, copy.deepcopy):
            try:
                made = copied(thing)
            except (TypeError, pickle.PicklingError, AttributeError):
                continue
            assert b"CANARY" not in made if isinstance(made, bytes) else within(made) == []
    assert "CANARY" not in json.dumps([asdict(run.record) for run in runs], default=str)
    sweep.wait(timeout=60)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_holds_a_key_is_not_pickled(ended: tuple[Session, list[hw.Run]], protocol: int) -> None:
    """A session and its runs refuse, whatever the protocol."""
    session, runs = ended
    for thing in (session, runs[0]):
        with pytest.raises(TypeError):
            pickle.dumps(thing, protocol)


def test_files(ended: tuple[Session, list[hw.Run]], monkeypatch: pytest.MonkeyPatch) -> None:
    """No byte of the home folder is the key's: store, journal, rescue file, clips and all the rest."""
    session, _ = ended
    home = session.settings.home

    async def full(*_: Any) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(session.engine.recorder, "write_accepted", full)
        once = replace(session.runtime, timing=replace(session.runtime.timing, accept_tries=1))
        broken.setattr(session.engine, "context", replace(session.engine.context, runtime=once))
        with pytest.raises(hw.HailuoError, match="accepted as task"):
            session.generate("a hare").wait(timeout=60)
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {"runs.sqlite3", "rescue.jsonl"} <= {path.name for path in files}
    assert [path.name for path in files if b"CANARY" in path.read_bytes()] == []


def test_tables(ended: tuple[Session, list[hw.Run]], tmp_path: Path) -> None:
    """The run log as a DataFrame, CSV, JSON and HTML has no key; nor has any table of the front page."""
    session, runs = ended
    from hailuo_widgets.dataframes import costs
    from hailuo_widgets.dataframes import providers as tables

    frames = [session.runs(), tables.keys_frame(session.accounts), tables.providers_frame(session.accounts)]
    frames += [costs.plan_frame(session.plan("a fox")), costs.estimate_frame(session.plan("a fox"), session.accounts)]
    for frame in frames:
        frame.to_csv(tmp_path / "frame.csv")
        texts = [
            frame.to_html(),
            frame.to_json(date_format="iso"),
            repr(frame),
            (tmp_path / "frame.csv").read_text("utf-8"),
        ]
        assert not [text for text in texts if "CANARY" in text]
    assert len(session.runs()) == len(runs)


def test_a_card_shows_no_signed_link(ended: tuple[Session, list[hw.Run]]) -> None:
    """A link that is signed in its query is worth a clip to whoever has it: no card has one."""
    _, runs = ended
    assert "Signature=" in str(runs[0].video_url)
    assert [
        run.id
        for run in runs
        if "Signature=" in f"{run.card!r}{vars(run.card) if hasattr(run.card, '__dict__') else ''}"
    ] == []
