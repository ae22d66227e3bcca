"""IPython matcher: connects the completions to the shell, its variables and its run log."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from hailuo_widgets.domain.user_values import is_axis
from hailuo_widgets.errors import HailuoError
from hailuo_widgets.settings.settings import Settings, shell_config

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from IPython.core.completer import CompletionContext, SimpleMatcherResult

    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.run import RunRecord

__all__ = ["matcher_for"]

PICTURES = {".png", ".jpg", ".jpeg", ".webp"}
MEDIA = {".mp4", ".mov", ".webm", ".wav", ".mp3"}
MOST_RUNS = 30
_SIMPLE = (str, int, float, date)  # types of values that a prompt may take; sequences of them too


class _Shell:
    """The `World` of one shell."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def _settings(self) -> Settings:
        return Settings.resolve(config=shell_config())

    def providers(self) -> Sequence[str]:
        from hailuo_widgets.provider import names

        return names()

    def default_provider(self) -> str:
        return self._settings().provider

    def facts(self, provider: str) -> Facts | None:
        from hailuo_widgets.provider import open_provider

        try:
            return open_provider(provider, self._settings()).facts
        except HailuoError:
            return None

    def variables(self) -> Sequence[str]:
        shell = self._shell
        hidden = getattr(shell, "user_ns_hidden", {})
        return [
            name
            for name, value in shell.user_ns.items()
            if not name.startswith("_")
            and name not in hidden
            and (isinstance(value, _SIMPLE) or is_axis(value))
            and not isinstance(value, bool)
        ]

    def run_ids(self, *, unfinished: bool) -> Sequence[str]:
        return [r.run_id for r in self._newest(unfinished=unfinished)]

    def sweep_names(self) -> Sequence[str]:
        return list(dict.fromkeys(r.sweep_name for r in self._newest() if r.sweep_name))

    def _newest(self, *, unfinished: bool = False) -> Sequence[RunRecord]:
        """The newest runs of the log, newest first."""
        from hailuo_widgets.api import functions as api

        url = self._settings().store_url
        if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file():
            return []  # no run yet: Tab must not create a store
        log = api.default_session().log
        found = log.call(log.unfinished) if unfinished else log.call(log.find, limit=MOST_RUNS)
        return list(reversed(found))[:MOST_RUNS]

    def files(self, start: str, *, media: bool = False) -> Sequence[str]:
        suffixes = PICTURES | MEDIA if media else PICTURES
        folder, _, name = start.rpartition("/")
        place = Path(folder or ("/" if start.startswith("/") else ".")).expanduser()
        try:
            found = sorted(place.iterdir())
        except OSError:
            return []
        prefix = f"{folder}/" if "/" in start else ""
        return [
            f"{prefix}{p.name}{'/' if p.is_dir() else ''}"
            for p in found
            if p.name.startswith(name)
            and (not p.name.startswith(".") or name.startswith("."))
            and (p.is_dir() or p.suffix.lower() in suffixes)
        ]


def matcher_for(shell: Any) -> Callable[..., SimpleMatcherResult]:
    """IPython's matcher for the lines and cells of the magics. If it has completions, it suppresses all others.

    Args:
        shell: The shell whose variables a prompt may take.
    """
    world = _Shell(shell)

    def hailuo_matcher(context: CompletionContext) -> SimpleMatcherResult:
        from hailuo_widgets.magics.completions import offers

        text = context.full_text
        lines = text.split("\n")
        cursor = sum(len(line) + 1 for line in lines[: context.cursor_line]) + context.cursor_position
        try:
            found = offers(text, cursor, world)
        except HailuoError:
            found = None  # a setting is wrong: the first call raises it, Tab is silent
        if found is None:
            return {"completions": []}
        return {
            "completions": [SimpleCompletion(text=t, type=found.kind) for t in found.texts],
            "matched_fragment": found.fragment,
            "suppress": bool(found.texts),
            "ordered": True,
        }

    decorate: Any = context_matcher(identifier="hailuo_widgets", priority=1000)  # IPython does not annotate it
    matcher: Callable[..., SimpleMatcherResult] = decorate(hailuo_matcher)
    return matcher
