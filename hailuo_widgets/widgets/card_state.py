"""State of a player: a run's card as a small JSON object without bytes.

It is a synced trait, and a saved notebook holds the synced traits of each widget; hence the bound of 2 kB. Long texts
are shortened (then ``cut`` is true, and the player can ask for all of them); nothing else is left out. Times are
seconds since 1970 by the kernel's clock. Its reader is ``js/player/card.ts``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from hailuo_widgets.domain.run import Status
from hailuo_widgets.render.card import format_bytes, status_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.render.card import Card
    from hailuo_widgets.widgets.messages import CardState

MAX_STATE_BYTES: Final = 2048
# The length of the texts and the number of parameters; tried in turn until the object fits.
_LIMITS: Final[Sequence[tuple[int, int]]] = ((600, 16), (300, 16), (150, 12), (80, 10), (40, 8), (20, 4), (10, 0))


def card_state(card: Card, *, now: float, whole: bool = False) -> CardState:
    """The card as JSON values.

    Args:
        card: The snapshot.
        now: The kernel's clock, seconds since 1970; the browser's time ticks from it.
        whole: Whether texts keep their full length; else the object is at most `MAX_STATE_BYTES` long.
    """
    full = _full(card, now)
    if whole:
        return full
    for length, rows in _LIMITS:
        state = _clipped(full, length, rows)
        state["cut"] = state != full
        if len(json.dumps(state, ensure_ascii=False).encode("utf-8", "replace")) <= MAX_STATE_BYTES:
            break
    return state


def _full(card: Card, now: float) -> CardState:
    """The card with all its texts, which may be of any length."""
    began = card.started_at or card.created_at
    live = card.live
    has_clip = card.status == Status.SUCCEEDED and (card.video_bytes is not None or card.video_src is not None)
    return {
        "run": card.run_id,
        "css": card.css_class,
        "status": card.status.value,
        "word": status_word(card.status, reused=card.reused),
        "live": live,
        "simulated": card.simulated,
        "task": card.task_id,
        "since": round(began.timestamp(), 3),
        "now": round(now, 3),
        "elapsed": None if live else card.elapsed_s,
        "eta": card.eta_s,
        "low": card.eta_low_s,
        "high": card.eta_high_s,
        "note": card.note,
        "retry": card.can_retry_download,
        "poster": bool(card.poster),
        "clip": (card.sha256 or "file")[:16] if has_clip else None,
        "file": _file_name(card),
        "size": None if card.video_bytes is None else format_bytes(card.video_bytes),
        "width": card.width,
        "height": card.height,
        "kind": " · ".join(text for text in (card.provider, card.model, card.mode) if text),
        "prompt": card.prompt,
        "parameters": [(label, value) for label, value in card.parameters],
        "title": card.error_title,
        "text": card.error_text,
        "hint": card.error_hint,
        "problem": None,  # the player sets it, for an exception of the Python half
        "cost": card.cost,
        "cost_note": card.cost_note,
        "cut": False,
    }


def _file_name(card: Card) -> str | None:
    """The last part of a file's URL; an embedded clip has none."""
    if not card.video_src or card.video_src.startswith("data:"):
        return None
    return card.video_src.split("?")[0].rsplit("/", 1)[-1][:80] or None


def _clipped(full: CardState, length: int, rows: int) -> CardState:
    """A copy with no text longer than ``length`` characters and at most ``rows`` parameters."""

    def short(text: str | None) -> str | None:
        return None if text is None else _clip(text, length)

    return {
        **full,
        "kind": _clip(full["kind"], length),
        "prompt": _clip(full["prompt"], length),
        "parameters": [(_clip(label, length), _clip(value, length)) for label, value in full["parameters"][:rows]],
        "title": short(full["title"]),
        "text": short(full["text"]),
        "hint": short(full["hint"]),
        "cost": _clip(full["cost"], length),
        "cost_note": _clip(full["cost_note"], length),
    }


def _clip(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
