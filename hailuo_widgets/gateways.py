"""Former import path of the interface for providers, kept for the providers of other packages."""

from __future__ import annotations

import sys
import warnings

from hailuo_widgets.provider import interface as base
from hailuo_widgets.provider import names, open_provider

__all__ = ["base", "names", "open_provider"]

warnings.warn(
    f"{__name__} and {__name__}.base are called hailuo_widgets.provider now: import Provider and the other names from "
    "there; the old paths will be removed in a later version",
    DeprecationWarning,
    stacklevel=2,
)
sys.modules[f"{__name__}.base"] = base  # an import of the old path finds the same module
