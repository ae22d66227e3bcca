"""Context of the steps of a run: all that a step may use, handed in by the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hailuo_widgets.archive import Archive
    from hailuo_widgets.domain.clock import Clock
    from hailuo_widgets.engine.client_pool import Clients
    from hailuo_widgets.engine.recorder import Recorder
    from hailuo_widgets.engine.runtime import Runtime, Timing
    from hailuo_widgets.engine.supervisor import Supervisor
    from hailuo_widgets.provider.accounts import Accounts
    from hailuo_widgets.settings.settings import Settings
    from hailuo_widgets.store import RunLog

__all__ = ["Context"]


@dataclass(frozen=True, kw_only=True)
class Context:
    """The collaborators of the steps.

    Attributes:
        runtime: The clock, the timing, and where ids come from.
        settings: The session's settings.
        log: The run log.
        archive: Where clips are kept.
        accounts: The providers, with prices and limits.
        clients: The clients of the providers, open on the running loop.
        runs: The supervisor: which runs are followed here, and their latest records.
        recorder: Writes the steps of runs to the log.
    """

    runtime: Runtime
    settings: Settings
    log: RunLog
    archive: Archive
    accounts: Accounts
    clients: Clients
    runs: Supervisor
    recorder: Recorder

    @property
    def clock(self) -> Clock:
        """The clock of everything that is measured or written."""
        return self.runtime.clock

    @property
    def timing(self) -> Timing:
        """How long a step waits."""
        return self.runtime.timing
