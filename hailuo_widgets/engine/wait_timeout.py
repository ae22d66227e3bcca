"""Message of a wait that timed out.

It names the open runs, how far each has come, and what to do next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hailuo_widgets.engine.supervisor import Supervisor

__all__ = ["still_open"]

MOST_NAMED = 10
SHOWN_PROMPT = 40


def still_open(runs: Supervisor, run_ids: list[str], seconds: float | None) -> str:
    """Return a sentence on the runs that have not ended after so many seconds, without asking log or provider."""
    followed = [i for i in run_ids if runs.follows(i)]
    left = followed or [i for i in run_ids if runs.decided(i) is None]  # the others are another kernel's
    named = [_named(runs, run_id) for run_id in left[:MOST_NAMED]]
    more = [f"and {len(left) - MOST_NAMED} more"] if len(left) > MOST_NAMED else []
    whole = f"{len(left)} of {len(run_ids)} runs have" if len(run_ids) > 1 else "the run has"
    after = "" if seconds is None else f" after {seconds:g} s"
    told = "; ".join([*named, *more])
    return (
        f"{whole} not ended{after}: {told}.\n"
        "→ nothing is lost: wait() goes on waiting (nothing is paid by it), cancel() stops following; after a restart "
        "hw.resume() takes them up"
    )


def _named(runs: Supervisor, run_id: str) -> str:
    try:
        record = runs.known(run_id)
    except KeyError:
        return f"{run_id} (another kernel follows it)"
    prompt = " ".join(record.request.prompt.split())
    short = prompt if len(prompt) <= SHOWN_PROMPT else prompt[: SHOWN_PROMPT - 1] + "…"
    name = repr(short) if short else str(record.request.template or record.request.model)
    seed = "" if record.request.seed is None else f", seed {record.request.seed}"
    return f"{run_id} ({name}{seed}) is {record.status}"
