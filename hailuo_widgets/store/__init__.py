"""The run log: every step of every run, committed and synced before the next one is taken.

SQLAlchemy Core on a SQLite file by default (rollback journal, ``synchronous=FULL``, ``BEGIN IMMEDIATE``), on any
SQLAlchemy URL otherwise. One thread of its own does all the work, so that a commit never stalls the notebook's loop.
"""

from __future__ import annotations

from hailuo_widgets.store.runlog import RunLog

__all__ = ["RunLog"]
