"""Session: every public function as a method, for code that wants no defaults."""

from __future__ import annotations

from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["Session"]


class Session(Workspace):
    """A home folder, its settings, and every function of :mod:`hailuo_widgets` as a method."""
