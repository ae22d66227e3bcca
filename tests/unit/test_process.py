"""Tests of process liveness: an owner is dead only if its process certainly ended on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.system import process
from hailuo_widgets.system.process import Owner, is_dead, is_this_process, let_go_of, name_for, this_process

if TYPE_CHECKING:
    from collections.abc import Callable

linux = pytest.mark.skipif(sys.platform != "linux", reason="boot id, pid namespace and start time are read from /proc")
SAY = "import sys; from hailuo_widgets.system.process import *; "
HOST, *_ = this_process().machine.split(" ")

NO_NAMES = (
    *(None, 7, b"x", "", "|", "|||", "a|1", "a|x|1|b", "a|-1|1|b", "a|1|x|b", "a|1|1|b|c"),
    *(f"{HOST}|\u0661|\u0661|x", f"{HOST}|{'9' * 5000}|1|0", "a" * 5000),
)


class Engine:
    """Something that can have a name."""


def ended() -> int:
    """The number of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def named(machine: Callable[[str, str, str], str] | None = None, **fields: Any) -> str:
    """A name as this process would give it, with another host, boot id or pid namespace, or other fields."""
    me = this_process()
    host, boot, namespace = me.machine.split(" ")
    place = machine(host, boot, namespace) if machine else me.machine
    return Owner(machine=place, **{"pid": me.pid, "began": me.began, **fields}).name("0123abcd")


CASES: dict[str, tuple[Callable[[int], str], bool]] = {
    "ended": (lambda gone: named(pid=gone, began="1"), True),
    "ended, start unknown": (lambda gone: named(pid=gone, began=None), True),
    "number given out again": (lambda _: named(pid=os.getppid(), began="1"), True),
    "parent, start unknown": (lambda _: named(pid=os.getppid(), began=None), False),
    "other host": (lambda gone: named(lambda _, b, n: f"elsewhere {b} {n}", pid=gone), False),
    "same host name, other boot": (lambda gone: named(lambda h, _, n: f"{h} another-boot {n}", pid=gone), False),
    "same host name, other pid namespace": (lambda gone: named(lambda h, b, _: f"{h} {b} pid:[1]", pid=gone), False),
    "same host name, nothing known": (lambda gone: named(lambda h, *_: f"{h}  ", pid=gone), False),
    "no number that a process can have": (lambda _: named(pid=10**18), False),
    "number zero": (lambda _: named(pid=0), False),
    "old form": (lambda gone: f"{HOST}|{gone}|0123abcd", False),
    "old form of this process": (lambda _: f"{HOST}|{os.getpid()}|0123abcd", False),
}


@linux
@pytest.mark.parametrize("case", CASES)
def test_which_owner_is_dead(case: str) -> None:
    """Same host name is not the same machine: two containers have numbers of their own, and one may run the log's."""
    name, dead = CASES[case]
    assert is_dead(name(ended())) is dead


@pytest.mark.parametrize("name", NO_NAMES, ids=lambda name: repr(name)[:20])
def test_a_name_that_is_none_of_ours_is_nobody_known(name: object) -> None:
    """A row of the log may hold anything: its lease alone decides."""
    assert not is_dead(name)
    assert not is_this_process(name)


def test_an_engine_lives_until_it_is_let_go_of() -> None:
    """A name that this process gave is dead as soon as its engine follows nothing any more, or is collected."""
    one, other = Engine(), Engine()
    names = [name_for(one), name_for(other)]
    assert [is_dead(n) for n in names] == [False, False]
    assert all(is_this_process(n) for n in names)
    let_go_of(names[0])
    del other
    assert [is_dead(n) for n in names] == [True, True]
    assert process.living(Engine) == []


def test_two_processes_see_each_other_live_and_die() -> None:
    """A process that lives keeps its runs; ended, its name is dead at once, well before its lease ends."""
    code = f"{SAY}name = name_for(sys); print(name, is_dead(sys.argv[1]), flush=True); input()"
    me = Engine()
    with subprocess.Popen(
        [sys.executable, "-c", code, name_for(me)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        name, _, mine_is_dead = child.stdout.readline().strip().rpartition(" ")
        assert mine_is_dead == "False"
        assert not is_dead(name)
        child.communicate("\n")
    assert is_dead(name)


@linux
def test_a_container_of_the_same_host_name_takes_no_run_of_ours() -> None:
    """In another pid namespace our number is nobody's, or another process's: it says nothing of us."""
    unshare = shutil.which("unshare")
    inside = [str(unshare), "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if unshare is None or subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody make a pid namespace")
    me = Engine()
    code = f"{SAY}import os; print(is_dead(sys.argv[1]), os.path.exists('/proc/{os.getpid()}'))"
    told = subprocess.run(
        [*inside, sys.executable, "-c", code, name_for(me)], capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["False", "False"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks on this system")
def test_a_forked_child_is_another_process() -> None:
    """A child gives other names, has no engine of its parent's, and sees its parent live."""
    me = Engine()
    mine = name_for(me)
    reader, writer = os.pipe()
    if not (child := os.fork()):
        told = [is_this_process(mine), is_dead(mine), process.living(Engine), is_this_process(name_for(me))]
        os.write(writer, repr(told).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 1000) == b"[False, False, [], True]"
    os.close(reader)
    os.close(writer)
