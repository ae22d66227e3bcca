"""What the answer of a create call means for its run: it was accepted, or it may have been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hailuo_widgets.errors import ProviderError, Unconfirmed

if TYPE_CHECKING:
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.engine.client import Gateway
    from hailuo_widgets.engine.engine import Engine
    from hailuo_widgets.errors import HailuoError
    from hailuo_widgets.provider.base import Accepted

__all__ = ["WAYS_OUT", "Outcome", "accepted", "accepted_changes", "unconfirmed"]

WAYS_OUT = (
    "look at the provider's console; then run.adopt(task_id) if the task is there, run.write_off() if it is not, "
    "or run.resubmit() to pay for another try"
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A run after a create call.

    Args:
        record: The run as the log has it. One that is still ``submitting`` may have been accepted.
        pause_s: Seconds to wait before the call may be sent again, where the run is ``planned`` again.
        doubt: Why nobody knows whether the call was accepted.
    """

    record: RunRecord
    pause_s: float = 0.0
    doubt: HailuoError | None = None


async def accepted(engine: Engine, gateway: Gateway, record: RunRecord, answer: Accepted) -> Outcome:
    """Write that the call was accepted."""
    data = {"task_id": answer.task_id, "trace_id": answer.trace_id, "warning": answer.warning}
    told = {k: v for k, v in data.items() if v}
    record = await engine.accept(record, answer.task_id, told, simulated=gateway.simulated, channel=answer.channel)
    return Outcome(record=record)


def accepted_changes(record: RunRecord, task_id: str, *, simulated: bool, channel: str | None = None) -> dict[str, Any]:
    """What an accepted create call changes in a record; ``channel``: where the answer says that it is asked for."""
    return ({} if channel is None else {"channel": channel}) | {
        "status": "queued",
        "task_id": task_id,
        "simulated": simulated or record.simulated,
        "submitted_at": record.submitted_at or datetime.now(UTC),
        "error": None,
    }


async def unconfirmed(engine: Engine, gateway: Gateway, record: RunRecord, why: HailuoError) -> RunRecord:
    """End the run as one that may have been billed, with the ways out."""
    how = "does not say whether it was accepted" if isinstance(why, ProviderError) else "was lost"
    error = Unconfirmed(
        f"the create call's answer {how}, so it may have been billed: {why.message}",
        provider=gateway.provider.facts.name,
        code=why.code,
        provider_message=why.provider_message,
        trace_id=why.trace_id,
        hint=f"{WAYS_OUT}; {why.hint}" if why.hint else WAYS_OUT,
    )
    return await engine.fail(record, error, status="unconfirmed")
