"""Tests of what is shown while code waits: cards and boards in a notebook, one line in a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbclient import NotebookClient

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.kernel

OPEN = (
    "import hailuo_widgets as hw\ns = hw.Session(home={home!r}, mode='simulated', simulator_speed=1000, notice=print)\n"
)
ONE = "s.generate('a fox', provider='kie', model='02')"
FOUR = "s.sweep(['a fox', 'a wolf'], seed=[1, 2], provider='kie', model='02')"


def outputs(folder: Path, *cells: str) -> list[list[str]]:
    """The HTML of each cell's outputs, after Run All of cells below one that opens a session."""
    notebook: Any = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]  # nbformat has no types
    first = "%load_ext hailuo_widgets\n" + OPEN.format(home=str(folder / "home"))
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in (first, *cells)]  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    found = [[str(o.get("data", {}).get("text/html", "")) for o in cell.outputs] for cell in notebook.cells[1:]]
    return [[html for html in cell if html] for cell in found]


def test_a_wait_in_a_notebook_shows_what_it_waits_for(tmp_path: Path) -> None:
    """Wherever in the cell it stands, each once, with its end; what has ended is not shown again."""
    one, two, four, again, ended = outputs(
        tmp_path,
        f"run = {ONE}\nawait run\nx = 1",
        f"other = {ONE.replace('fox', 'hare')}.wait(60)\nawait other",
        f"sweep = {FOUR}.wait(60)",
        "sweep",
        "for r in sweep:\n    await r\nrun.wait()\nNone",
    )
    for html in (one, two):
        assert len([h for h in html if "hailuo-card" in h]) == 1
        assert "Succeeded" in html[0]
    for html in (four, again):
        assert len([h for h in html if "hailuo-board" in h]) == 1
        assert "4 succeeded" in html[0]
    assert ended == []


def test_many_waits_of_a_cell_do_not_flood_it(tmp_path: Path) -> None:
    """Of fourteen runs that a cell waits for one by one, at most twelve cards are shown."""
    cell = "runs = [s.generate(f'a fox {n}', provider='kie', model='02') for n in range(14)]\n"
    (html,) = outputs(tmp_path, f"{cell}for r in runs:\n    await r")
    assert 1 <= len([h for h in html if "hailuo-card" in h]) <= 12


def script(folder: Path, code: str) -> list[str]:
    """A command that runs code with a session."""
    return [sys.executable, "-c", OPEN.format(home=str(folder)) + code]


def test_a_wait_in_a_terminal_is_one_line(tmp_path: Path) -> None:
    """It counts what has ended, and is gone at the end; it makes no forecast of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    with subprocess.Popen(script(tmp_path, f"{FOUR}.wait(90)"), stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        told = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how a terminal's end of file is told on Linux
                break
            if not piece:
                break
            told += piece
        assert process.wait(90) == 0
    os.close(ours)
    lines = told.decode("utf-8", "replace").split("\r")
    shown = [line for line in lines if "in progress" in line]
    assert shown
    assert "/4 [" in shown[0]
    assert not any("s/run" in line or "run/s" in line for line in lines)
    assert lines[-1].strip() == ""


def test_a_script_that_is_piped_shows_no_line(tmp_path: Path) -> None:
    """Its outputs are its own."""
    done = subprocess.run(script(tmp_path, f"{ONE}.wait(90)"), capture_output=True, text=True, check=True, timeout=150)
    assert done.stderr == ""
    assert "\r" not in done.stdout
