"""Runs whose task the provider has denied: to ask for it again is free, so ``lost`` is an end that can be left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import StoreError
from hailuo_widgets.store.words import FOLLOWED_AGAIN

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.core import Engine

__all__ = ["ask_again", "ask_again_for_lost", "asked_anew"]

KEPT = timedelta(days=30)  # no provider keeps a task, or a clip, for longer


def asked_anew(engine: Engine, record: RunRecord) -> dict[str, Any]:
    """What changes in a lost run that is asked for again; its list price was taken from it when it was lost."""
    price = engine.accounts.list_price(record.request) if record.cost_micros is None else {}
    return {"status": "queued", "error": None, "finished_at": None, **price}


def ask_again(engine: Engine, record: RunRecord) -> None:
    """Let a lost run be followed again; blocks for the log.

    Raises:
        StoreError: The log cannot be written, or somebody else has taken the run up.
    """
    engine.learn(engine.log.call(engine.log.change, record.run_id, FOLLOWED_AGAIN, **asked_anew(engine, record)))


def ask_again_for_lost(engine: Engine) -> list[str]:
    """Let every lost run that a provider may still have be followed again; their ids. Blocks for the log."""
    since = datetime.now(UTC) - KEPT
    again = []
    for record in engine.log.call(engine.log.find, status="lost", since=since):
        if record.task_id is None:
            continue
        try:
            ask_again(engine, record)
        except StoreError:
            continue  # another kernel was first
        again.append(record.run_id)
    return again
