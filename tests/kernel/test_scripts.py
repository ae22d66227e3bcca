"""Tests without a notebook: scripts, ``asyncio.run``, and IPython in a terminal and from the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Environment

    from hailuo_widgets.simulator import Simulator

    Ended = subprocess.CompletedProcess[str]
    Execute = Callable[..., Ended]

pytestmark = pytest.mark.kernel


@pytest.fixture
def execute(tmp_path: Path, fake_provider: Simulator, environment: Environment) -> Execute:
    """Runs Python with these arguments in the test's folder, as a live user of the provider."""

    def executed(*arguments: str, stdin: str = "", own_simulator: bool = False) -> Ended:
        env = environment(None if own_simulator else fake_provider, NO_COLOR="1")
        return subprocess.run(
            [sys.executable, *arguments],
            input=stdin,
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return executed


def test_a_script_waits(execute: Execute, fake_provider: Simulator) -> None:
    """``run.wait()`` drives the run where no loop is running, and the process ends by itself."""
    ended = execute(
        "-c", "import hailuo_widgets as hw\nrun = hw.generate('a fox', model='02').wait()\nprint(run.status, run.video)"
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.search(r"^succeeded .*\.mp4$", ended.stdout, re.MULTILINE)
    assert fake_provider.creates["minimax"] == 1


def test_a_script_without_a_key(execute: Execute) -> None:
    """The simulator that a script starts for itself says so, serves it, and does not keep the process alive."""
    code = "import hailuo_widgets as hw\nprint(hw.generate('a fox', model='02').wait().simulated)"
    ended = execute("-c", code, own_simulator=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "the bundled simulator makes the clips: nothing is sent out or billed" in ended.stdout
    assert ended.stdout.endswith("True\n")


def test_two_loops_in_one_script(execute: Execute, fake_provider: Simulator) -> None:
    """A run begun under one ``asyncio.run`` ends under the next, and a new one too; two creates are charged."""
    code = """
import asyncio
import hailuo_widgets as hw

async def begin():
    run = hw.generate("a fox", model="02")
    while run.task_id is None:
        await asyncio.sleep(0.02)
    return run

async def finish(run):
    await run
    return await hw.generate("a wolf", model="02")

first = asyncio.run(begin())
second = asyncio.run(finish(first))
print(first.status, second.status)
"""
    ended = execute("-c", code)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "succeeded succeeded\n")
    assert fake_provider.creates["minimax"] == 2


def test_an_error_ends_a_script(execute: Execute, fake_provider: Simulator) -> None:
    """A refusal is raised: the exit code says so, and the message stands last."""
    ended = execute("-c", "import hailuo_widgets as hw\nhw.generate('a forbidden fox', model='02').wait()")
    assert ended.returncode == 1
    assert ended.stderr.rstrip().endswith("→ reword it")
    assert fake_provider.creates["minimax"] == 0


def test_ipython_from_the_command_line(execute: Execute, fake_provider: Simulator) -> None:
    """``ipython -c``: a cell waits, and its value is the run."""
    code = (
        "get_ipython().run_line_magic('load_ext', 'hailuo_widgets')\n"
        "run = get_ipython().run_cell_magic('hailuo', '--model 02', 'a fox')\n"
        "print('ended', run.status)"
    )
    ended = execute("-m", "IPython", "--no-banner", "-c", code)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "ended succeeded" in ended.stdout
    assert fake_provider.creates["minimax"] == 1


TERMINAL = """
from IPython.terminal.interactiveshell import TerminalInteractiveShell
shell = TerminalInteractiveShell.instance()
for cell in {cells!r}:
    result = shell.run_cell(cell, store_history=True)
    error = result.error_in_exec or result.error_before_exec
    print("cell:", "ok" if error is None else type(error).__name__, flush=True)
"""


def test_ipythons_terminal(execute: Execute, fake_provider: Simulator) -> None:
    """At the terminal a cell waits with and without autoawait, shows the run as text, and a mistake is one message."""
    cells = [
        "%load_ext hailuo_widgets",
        "%%hailuo --model 02 --name fox\na fox",
        "print('then', fox.status)",
        "%autoawait off",
        "%%hailuo --model 02 --name wolf\na wolf",
        "print('then', wolf.status)",
        "%autoawait on",
        "%%hailuo --model 02 --background --name owl\nan owl",
        "print('then', (await owl).status)",
        "%%hailuo --modle 02\na fox",
    ]
    ended = execute("-c", TERMINAL.format(cells=cells))
    assert ended.returncode == 0, ended.stderr
    assert re.findall(r"^cell: (.*)$", ended.stdout, re.MULTILINE) == ["ok"] * 9 + ["UsageError"]
    assert re.findall(r"^then (.*)$", ended.stdout, re.MULTILINE) == ["succeeded"] * 3
    assert "did you mean --model?" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert fake_provider.creates["minimax"] == 3


def test_typed_at_the_prompt(execute: Execute, fake_provider: Simulator) -> None:
    """Lines typed at the prompt: the cell ends with empty lines, not before its prompt is there."""
    lines = "%load_ext hailuo_widgets\n%%hailuo --model 02 --name fox\na fox\n\n\nprint('ended', fox.status)\nexit\n"
    ended = execute("-m", "IPython", "--no-banner", "--simple-prompt", stdin=lines)
    assert ended.returncode == 0, ended.stderr
    assert "ended succeeded" in ended.stdout
    assert fake_provider.creates["minimax"] == 1
