"""Tests of the task of a create call that is ended before it begins."""

from __future__ import annotations

import asyncio
import gc
import warnings

from hailuo_widgets.engine.paid_task import abort, paid_task


def test_a_task_that_is_ended_before_it_begins_leaves_no_coroutine() -> None:
    """Its call was never made, and Python does not warn of a coroutine that nobody awaited."""
    made: list[str] = []

    async def call() -> None:
        made.append("sent")

    async def end_at_once() -> None:
        abort(paid_task(call(), answer_s=1.0))
        await asyncio.sleep(0)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        asyncio.run(end_at_once())
        gc.collect()
    assert (made, [str(one.message) for one in told]) == ([], [])
