"""Tests of Tab completion in a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Kernel, Shared, StartKernel

pytestmark = pytest.mark.kernel

# What is typed, with | at the cursor → what the line is with the first offers, how many there are (None: some).
TABLE: dict[str, tuple[list[str], int | None]] = {
    "%hailuo mod|": (["%hailuo models"], 1),
    "%hailuo c|": (["%hailuo cancel", "%hailuo cost", "%hailuo compare", "%hailuo camera"], None),
    "%hailuo models k|": (["%hailuo models kie", "%hailuo models kkiai"], 2),
    "%hailuo balance k|": (["%hailuo balance kie", "%hailuo balance kkiai"], 2),
    "x = %hailuo runs unc|": (["x = %hailuo runs unconfirmed"], 1),
    "%%hailuo --mo|": (["%%hailuo --model"], 1),
    "%%hailuo --|": (["%%hailuo --provider", "%%hailuo --model"], None),
    "%%hailuo --provider ki|": (["%%hailuo --provider kie"], 1),
    "%%hailuo --provider=ki|": (["%%hailuo --provider=kie"], 1),
    "%%hailuo --provider kie,ru|": (["%%hailuo --provider kie,runware"], 1),
    "%%hailuo --model 2.3-|": (["%%hailuo --model 2.3-fast"], 1),
    "%%hailuo --model 2.3 --resolution |": (
        ["%%hailuo --model 2.3 --resolution 768P", "%%hailuo --model 2.3 --resolution 1080P"],
        2,
    ),
    "%%hailuo --model 02 --duration |": (["%%hailuo --model 02 --duration 6", "%%hailuo --model 02 --duration 10"], 2),
    "%%hailuo --first-frame pict|": (["%%hailuo --first-frame pictures/"], 1),
    "%%hailuo --first-frame pictures/|": (["%%hailuo --first-frame pictures/fox.png"], 1),
    "%%hailuo --template Div|": (["%%hailuo --template Diving"], 1),
    "%%hailuo --seed 1..4 --model 02 --zip se|": (["%%hailuo --seed 1..4 --model 02 --zip seed"], 1),
    "%%hailuo --model 2.3\nA fox, [Pu|": (
        ["%%hailuo --model 2.3\nA fox, [Push in", "%%hailuo --model 2.3\nA fox, [Pull out"],
        2,
    ),
    "%%hailuo\nA fox, [Push in, ti|": (
        ["%%hailuo\nA fox, [Push in, Tilt up", "%%hailuo\nA fox, [Push in, Tilt down"],
        2,
    ),
    "%%hailuo\nA fox, [推|": (["%%hailuo\nA fox, [推进"], 1),
    "%%hailuo\nA fox in {{sty|": (["%%hailuo\nA fox in {{styles"], 1),
    "%%hailuo\nA fox in {{_hid|": (["%%hailuo\nA fox in {{_hid"], 1),
    "%%hailuo --seed |": (["%%hailuo --seed 7"], 1),
    "%%hailuo --name mod|": (["%%hailuo --name mod"], 1),
}
ONLY_ABOVE = "%%hailuo --model 2.3 --|"


@pytest.fixture(scope="module")
def typing(shared_by_module: Shared) -> Kernel:
    """A kernel with variables, pictures, and names that must not be offered."""
    kernel, _ = shared_by_module
    kernel.run("styles = ['ink', 'oil']; _hidden = 'x'; modest_module = 1; __import__('os').mkdir('pictures')")
    kernel.run("for name in ('fox.png', 'notes.txt', '.secret.png'): open(f'pictures/{name}', 'w').close()")
    return kernel


@pytest.mark.parametrize("typed", TABLE)
def test_what_is_offered(typing: Kernel, typed: str) -> None:
    """Each place has its own offers, in their order, and no other name of the notebook stands among them."""
    first, count = TABLE[typed]
    found = typing.completed(typed)
    assert found[: len(first)] == first
    assert count is None or len(found) == count


def test_nothing_but_ours_after_two_dashes(typing: Kernel) -> None:
    """After ``--`` there are the options that the line has not yet, each once, and nothing else."""
    found = typing.completed(ONLY_ABOVE)
    offered = [line.removeprefix("%%hailuo --model 2.3 ") for line in found]
    assert {"--provider", "--seed", "--dry-run", "--fresh"} <= set(offered)
    assert "--model" not in offered
    assert [word for word in offered if not word.startswith("--")] == []
    assert len(offered) == len(set(offered))


def test_runs_are_offered_by_their_ids(begin_kernel: StartKernel) -> None:
    """Before there is a run nothing is offered, and no store is made; then its id is, where it may be wanted."""
    kernel = begin_kernel()
    assert kernel.completed("%hailuo show |") == ["%hailuo show -h"]
    assert kernel.value("__import__('os').path.exists('hailuo_runs')") is False
    kernel.run("%%hailuo --name fox --model 02\na fox")
    run_id = kernel.value("fox.id")
    assert kernel.completed("%hailuo show r|") == [f"%hailuo show {run_id}"]
    assert kernel.completed("%hailuo cancel r|") == ["%hailuo cancel r"]
