"""Tests of ``%%hailuo`` inside other magics, in loops and without autoawait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Shared

pytestmark = pytest.mark.kernel


def test_under_time(shared: Shared) -> None:
    """``%%time`` measures a ``%%hailuo`` cell; its value is the run, which an await brings to its end."""
    kernel, fake_provider = shared
    reply = kernel.run("%%time\n%%hailuo --model 02 --name fox\na fox")
    assert reply.status == "ok", reply
    assert "Wall time" in reply.text
    assert kernel.run("await fox").status == "ok"
    assert (kernel.value("fox.status"), fake_provider.creates["minimax"]) == ("succeeded", 1)


def test_under_capture(shared: Shared) -> None:
    """``%%capture`` takes what a ``%%hailuo`` cell shows; the run goes on and can be awaited."""
    kernel, fake_provider = shared
    reply = kernel.run("%%capture kept\n%%hailuo --model 02 --name fox\na fox")
    assert (reply.status, reply.cards) == ("ok", [])
    assert kernel.run("await fox").status == "ok"
    assert (kernel.value("fox.status"), fake_provider.creates["minimax"]) == ("succeeded", 1)


def test_in_a_loop(shared: Shared) -> None:
    """``run_cell_magic`` in a for loop gives a run each time; prompts with braces and dollars arrive as they are."""
    kernel, fake_provider = shared
    code = "runs = [get_ipython().run_cell_magic('hailuo', '--model 02', p) for p in ('a {fox}', 'a $wolf', 'an owl')]"
    assert kernel.run(code).status == "ok"
    assert kernel.run("for run in runs:\n    await run").status == "ok"
    assert kernel.value("[r.status for r in runs]") == ["succeeded"] * 3
    sent = [r["body"]["prompt"] for r in fake_provider.requests if r["path"] == "/v1/video_generation"]
    assert sorted(sent) == ["a $wolf", "a {fox}", "an owl"]


def test_in_an_async_function(shared: Shared) -> None:
    """The value of the magic can be awaited inside ``async def``."""
    kernel, fake_provider = shared
    code = (
        "async def one(prompt):\n"
        "    return await get_ipython().run_cell_magic('hailuo', '--model 02', prompt)\n"
        "fox = await one('a fox')"
    )
    assert kernel.run(code).status == "ok"
    assert (kernel.value("fox.status"), fake_provider.creates["minimax"]) == ("succeeded", 1)


def test_a_line_gives_its_value(shared: Shared) -> None:
    """``r = %hailuo runs`` assigns the table."""
    kernel, _ = shared
    kernel.run("%%hailuo --model 02\na fox")
    assert kernel.run("r = %hailuo runs").status == "ok"
    assert kernel.value("(type(r).__name__, r['status'].tolist())") == ("DataFrame", ["succeeded"])


def test_without_autoawait(shared: Shared) -> None:
    """With ``%autoawait off`` the cell still gives the run, once; ``wait()`` brings it to its end."""
    kernel, fake_provider = shared
    kernel.run("%autoawait off")
    reply = kernel.run("%%hailuo --model 02 --name fox\na fox")
    kernel.run("%autoawait on")
    assert reply.status == "ok", reply
    assert kernel.run("_ = fox.wait()").status == "ok"
    assert (kernel.value("fox.status"), fake_provider.creates["minimax"]) == ("succeeded", 1)
