"""Tests of ``resume()``: it returns one handle for all resumed runs."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from patience import HANG_S

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import Unconfirmed
from hailuo_widgets.render.board import board_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Begin, Scene

    from hailuo_widgets.workspace.resumed import Resumed


def left(begin: Begin, number: int) -> tuple[Scene, Session, list[str]]:
    """So many runs that were sent and left, each of a sweep of its own; and the session that comes after."""
    scene = begin(simulator={"latency": 0.6})
    runs = [scene.session.generate(f"fox {n}", model="02") for n in range(number)]
    while any(run.status in {"planned", "submitting"} for run in runs):
        with pytest.raises(TimeoutError):
            runs[0].wait(0.1)
    scene.session.close()
    heir = Session(home=scene.session.settings.home, mode="live", poll_interval=0.05, notice=lambda _: None)
    return scene, heir, [run.id for run in runs]


async def _awaited(resumed: Resumed) -> Any:
    return await resumed


@pytest.mark.parametrize(
    "wait", [lambda r: r.wait(60), lambda r: asyncio.run(_awaited(r)), lambda r: [run.wait(60) for run in r] and r]
)
def test_a_script_drives_what_it_resumes(begin: Begin, wait: Callable[[Resumed], Resumed]) -> None:
    """By ``wait()``, by ``await``, or run by run: all clips come, without another create call."""
    scene, heir, ids = left(begin, 2)
    with closing(heir):
        resumed = heir.resume()
        assert wait(resumed) is resumed
        assert [run.status for run in resumed] == ["succeeded"] * 2
        frame = resumed.df
        assert (list(frame.run_id), list(frame.status)) == (ids, ["succeeded"] * 2)
        assert [r.run_id for r in heir.chosen(resumed)] == ids
        assert (resumed.failed, scene.creates) == ((), 2)


def test_it_is_the_list_that_it_was(begin: Begin) -> None:
    """Length, index, slice, unpacking, iteration and sum; it is true where it has runs, and equals a list."""
    _, heir, ids = left(begin, 2)
    with closing(heir):
        resumed = heir.resume()
        first, second = resumed
        assert (len(resumed), bool(resumed), [first.id, second.id]) == (2, True, ids)
        assert (resumed[0], resumed[-1], resumed[:1]) == (first, second, (first,))
        assert resumed == [first, second]
        assert resumed + [first] == [first, second, first]  # noqa: RUF005 - as earlier notebooks do
        assert first in resumed
        assert repr(resumed).startswith("<Resumed resumed-")
        assert [run.id for run in heir.resume()] == ids  # nobody has driven them yet
        resumed.wait(HANG_S)
        none = heir.resume()
        assert (len(none), bool(none), none == [], list(none.df.run_id)) == (0, False, True, [])
        assert none.wait(1) is none
        assert repr(none) == "<Resumed: nothing was unfinished>"


def test_it_is_shown_as_a_board(begin: Begin, capsys: pytest.CaptureFixture[str]) -> None:
    """IPython shows one line a run where there are no widgets, and says where there was nothing to take up."""
    from IPython.terminal.interactiveshell import TerminalInteractiveShell

    shell = TerminalInteractiveShell.instance()
    try:
        shell.extension_manager.load_extension("hailuo_widgets")
        _, heir, ids = left(begin, 2)
        with closing(heir):
            capsys.readouterr()
            shell.display_formatter.format(heir.resume())
            said = capsys.readouterr().out
            assert [run_id in said for run_id in ids] == [True, True]
            heir.resume().wait(HANG_S)
            shell.display_formatter.format(heir.resume())
            assert "Nothing was unfinished" in capsys.readouterr().out
    finally:
        shell.extension_manager.unload_extension("hailuo_widgets")
        TerminalInteractiveShell.clear_instance()


def test_what_is_unconfirmed_is_named(begin: Begin) -> None:
    """It isn't so that nothing was unfinished while a run may have been charged: it is counted, with the ways out."""
    said: list[str] = []
    scene = begin({"kind": "drop", "phase": "create"})
    run = scene.session.generate("a fox", model="02")
    with pytest.raises(Unconfirmed):
        run.wait(HANG_S)
    scene.session.close()
    heir = Session(home=scene.session.settings.home, mode="live", notice=said.append)
    with closing(heir):
        resumed = heir.resume()
        assert repr(resumed) == "<Resumed: nothing to follow; 1 run is unconfirmed>"
        (line,) = [line for line in said if "unconfirmed" in line]
        for way in ("1 run is unconfirmed", "adopt(task_id)", "write_off()", "resubmit()", "%hailuo runs unconfirmed"):
            assert way in line
        heir.run(run.id).write_off()
        assert repr(heir.resume()) == "<Resumed: nothing was unfinished>"


def test_a_run_at_another_address_is_not_left_unsaid(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key isn't sent there; the wait, the handle and the table of runs say so."""
    said: list[str] = []
    scene = begin(simulator={"latency": 0.6})
    run = scene.session.generate("a fox", model="02")
    while run.status in {"planned", "submitting"}:
        with pytest.raises(TimeoutError):
            run.wait(0.1)
    scene.session.close()
    monkeypatch.setenv("MINIMAX_BASE_URL", "http://127.0.0.1:9")
    heir = Session(home=scene.session.settings.home, mode="live", notice=said.append)
    with closing(heir):
        resumed = heir.resume()
        resumed.wait(HANG_S)
        (line,) = [line for line in said if "left unfinished" in line]
        assert scene.simulator.url in line
        assert "MINIMAX_BASE_URL" in line
        assert "not followed" in repr(resumed)
        assert "the key is not sent there" in board_text([one.card for one in resumed])
