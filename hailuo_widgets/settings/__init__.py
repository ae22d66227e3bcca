"""Settings, configuration files and credentials."""

from __future__ import annotations

from hailuo_widgets.settings.settings import Settings

__all__ = ["Settings"]
