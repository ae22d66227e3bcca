"""Candidates for a lost create call: the provider's tasks that could be the run's own.

The list says too little to decide by: prompts are not in it, and an equal request may have been sent elsewhere. So the
user chooses, and ``run.adopt`` takes the task.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hailuo_widgets.domain.events import RunEvent
from hailuo_widgets.engine.aside import ask_aside
from hailuo_widgets.engine.create_answer import WAYS_OUT
from hailuo_widgets.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.context import Context
    from hailuo_widgets.engine.provider_client import ProviderClient
    from hailuo_widgets.provider.messages import Candidate

__all__ = ["candidates"]

MOST_PAGES = 10
CLOCKS_APART = timedelta(minutes=5)  # so much the provider's clock may differ from ours
SENT = frozenset({RunEvent.CREATE_SENT, RunEvent.CREATE_SENT_AGAIN})


def candidates(ctx: Context, record: RunRecord) -> list[Candidate]:
    """Return the provider's tasks that could be a run's, the newest first. Free; blocks for the provider and the log.

    They have the run's model, resolution and length as far as the list names them, were created about when the create
    call was on its way, and belong to no run of the log.

    Raises:
        UsageError: The provider has no list of tasks.
        ProviderError: The list could not be read.
        TransportError: The provider could not be reached.
    """
    provider = ctx.accounts.provider(record.request.provider)
    if provider.encode_list(record.request, 1) is None:
        raise UsageError(
            f"{provider.facts.title} has no list of tasks for this run", run_id=record.run_id, hint=WAYS_OUT
        )
    first, last = _window(ctx, record)
    listed = ask_aside(ctx.clients, record, lambda client: _listed(client, record.request))
    fitting = [task for task in listed if _fits(task, record.request, first - CLOCKS_APART, last + CLOCKS_APART)]
    known = ctx.log.call(ctx.log.known_tasks, record.request.provider, [task.task_id for task in fitting])
    unknown = {task.task_id: task for task in fitting if task.task_id not in known}
    return sorted(unknown.values(), key=lambda task: (task.created_at is None, task.created_at or first), reverse=True)


def _window(ctx: Context, record: RunRecord) -> tuple[datetime, datetime]:
    """Return when the create call was sent, and when its answer was given up."""
    sent = [e["at"] for e in ctx.log.call(ctx.log.events, record.run_id) if e["what"] in SENT]
    first = min(sent, default=record.created_at)
    last = max(sent, default=record.created_at) + timedelta(seconds=ctx.timing.create_s)
    return first, max(last, record.finished_at or last)


async def _listed(client: ProviderClient, request: Request) -> list[Candidate]:
    found: list[Candidate] = []
    for page in range(1, MOST_PAGES + 1):
        listed = await client.listed(request, page)
        if listed is None:
            break
        found += listed.tasks
        if not listed.more:
            break
    return found


def _fits(task: Candidate, request: Request, first: datetime, last: datetime) -> bool:
    return (
        task.model in {None, request.model}
        and (task.resolution is None or task.resolution.casefold() == (request.resolution or "").casefold())
        and task.duration in {None, request.duration}
        and (task.created_at is None or first <= task.created_at <= last)
    )
