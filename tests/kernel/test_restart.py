"""Tests of a killed kernel with a run in progress: the next kernel gets the clip, and pays nothing again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from patience import HANG_S

if TYPE_CHECKING:
    from conftest import Finish, Note, StartFakeProvider, StartKernel, Until

pytestmark = pytest.mark.kernel

LOAD = "%load_ext hailuo_widgets"
HOUR = 3600.0  # so long a task takes that ends when the test says so
WAYS_OUT = ("run.adopt(task_id)", "run.write_off()", "run.resubmit()")


def test_a_killed_kernels_run_is_taken_up_at_once(
    begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider, finish: Finish
) -> None:
    """After ``kill -9`` a new kernel names the run; ``hw.resume()`` brings its clip at once; one create was charged."""
    fake_provider = begin_fake_provider(latency=HOUR)
    first = begin_kernel(fake_provider)
    cell = first.send("%%hailuo --model 02\na fox")
    first.until_card(cell, "Queued")
    first.kill()
    second = begin_kernel(fake_provider, load=False)
    assert "1 run is unfinished and not followed: %hailuo resume" in second.run(LOAD).text
    finish(fake_provider)
    reply = second.run(  # at once: a run whose lease had to run out first would not be among them
        "import hailuo_widgets as hw\n(fox,) = hw.resume()\nawait fox\n(fox.status, fox.video.is_file())"
    )
    assert (reply.status, reply.evalue, reply.result) == ("ok", "", "('succeeded', True)")
    assert fake_provider.creates["minimax"] == 1
    assert second.value("[r.id for r in hw.resume()]") == []


def test_a_living_kernels_run_is_left_to_it(
    begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider, finish: Finish
) -> None:
    """``hw.resume()`` in a second kernel takes nothing from one that lives; both see the run succeed."""
    fake_provider = begin_fake_provider(latency=HOUR)
    first = begin_kernel(fake_provider)
    cell = first.send("%%hailuo --model 02 --name fox\na fox")
    first.until_card(cell, "Queued")
    second = begin_kernel(fake_provider)
    assert second.value("[r.id for r in __import__('hailuo_widgets').resume()]") == []
    finish(fake_provider)
    assert first.reply(cell).status == "ok"
    run_id = first.value("fox.id")
    reply = second.run(f"import hailuo_widgets as hw\n(await hw.run({run_id!r})).status")
    assert (reply.status, reply.result, fake_provider.creates["minimax"]) == ("ok", "'succeeded'", 1)


def test_killed_while_the_create_call_is_on_its_way(
    begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider, until: Until, note: Note
) -> None:
    """Nobody knows whether it was billed: unconfirmed, never sent again, three ways out; the task's id completes it."""
    fake_provider = begin_fake_provider({"kind": "delay_after", "phase": "create", "seconds": HANG_S})
    first = begin_kernel(fake_provider)
    first.send("%%hailuo --model 02\na fox")
    until(lambda: fake_provider.tasks != [])
    (task,) = fake_provider.tasks
    first.kill()
    second = begin_kernel(fake_provider)
    reply = second.run("import hailuo_widgets as hw\n(fox,) = hw.resume()\nawait fox")
    note("message", reply.traceback)
    assert (reply.status, reply.ename) == ("error", "Unconfirmed")
    assert "may have been billed" in reply.evalue
    assert [way for way in WAYS_OUT if way not in reply.evalue] == []
    told = second.run("[(r.id, r.status) for r in hw.resume()]")
    assert told.result == "[]"
    assert "1 run is unconfirmed, and may have been billed" in told.text
    assert second.value("fox.status") == "unconfirmed"
    assert len([r for r in fake_provider.requests if r["phase"] == "create"]) == 1
    adopted = second.run(f"await fox.adopt({task['task_id']!r})\n(fox.status, fox.task_id, fox.video.is_file())")
    assert adopted.result == f"('succeeded', {task['task_id']!r}, True)"
    assert len([r for r in fake_provider.requests if r["phase"] == "create"]) == 1


FOXES = """%%hailuo --provider kie --model 02 --seed {seeds} --name foxes
--- snowy
A fox in snow
--- sandy
A fox in sand"""
VOTE = """
import hailuo_widgets as hw
from datetime import UTC, datetime
from hailuo_widgets.domain.vote import Vote
from hailuo_widgets.voting.pairs import pair_up
session = foxes.session
for c in pair_up(session.chosen(foxes)).candidates:
    session.log.call(session.log.vote, Vote(
        vote_id=f"v{c.unit}", at=datetime.now(UTC), rater="mara", between="variant", left=c.first, right=c.second,
        left_run=c.first_run, right_run=c.second_run, answer="left", within="seed", unit=c.unit))
foxes[0].rating = 5
"""
TOLD = "[hw.rank(foxes).df[['item', 'judged', 'wins']].values.tolist(), [run.rating for run in foxes]]"


def test_votes_outlive_restart_and_run_all(begin_kernel: StartKernel, begin_fake_provider: StartFakeProvider) -> None:
    """After Restart & Run All, and after one more seed, the same votes and stars are there, each clip once."""
    fake_provider = begin_fake_provider(latency=0.1)
    kie = {"KIE_BASE_URL": fake_provider.url, "KIE_API_KEY": "test-key"}
    first = begin_kernel(fake_provider, **kie)
    for cell in (FOXES.format(seeds="1..2"), VOTE):
        assert first.run(cell).status == "ok"
    ranking = [["snowy", 2, 2], ["sandy", 2, 0]]
    first.kill()
    second = begin_kernel(fake_provider, **kie)
    second.run("import hailuo_widgets as hw")
    for seeds, runs in (("1..2", 4), ("1..3", 6)):
        assert second.run(FOXES.format(seeds=seeds)).status == "ok"
        assert second.value(TOLD) == [ranking, [5] + [None] * (runs - 1)]
        assert second.value("foxes.df['reused_from'].notna().sum().item()") == 4
    assert fake_provider.creates["kie"] == 6
