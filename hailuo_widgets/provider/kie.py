"""KIE.ai provider, in one of its two dialects.

``kie_minimax.py`` has the dialect of KIE's Minimax API document, ``kie_jobs.py`` that of its job documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hailuo_widgets.provider.kie_minimax import KieMinimax
from hailuo_widgets.settings.settings import KieDialect

if TYPE_CHECKING:
    from hailuo_widgets.provider.interface import Provider
    from hailuo_widgets.settings.settings import Settings

__all__ = ["make"]


def make(settings: Settings) -> Provider:
    """Return the provider in the dialect that ``settings.kie_dialect`` names, for the registry."""
    if settings.kie_dialect == KieDialect.JOBS:
        from hailuo_widgets.provider.kie_jobs import KieJobs

        return KieJobs()
    return KieMinimax()
