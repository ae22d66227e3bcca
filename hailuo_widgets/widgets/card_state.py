"""What the player's browser half is told of a card: a small JSON object without bytes.

It is a synced trait, and synced traits end up in saved notebooks once for each widget; hence the bound of 2 kB.
Long texts are shortened (`cut` says so, and the player can ask for all of them); nothing else is left out.
Times are seconds since 1970 by the kernel's clock. The reader of this object is `js/player/card.ts`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from hailuo_widgets.render.card import format_bytes, status_word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.render.card import Card

MAX_STATE_BYTES: Final = 2048
# Longest text and most parameters, tried in turn until the object fits.
_LIMITS: Final[Sequence[tuple[int, int]]] = ((600, 16), (300, 16), (150, 12), (80, 10), (40, 8), (20, 4), (10, 0))


def card_state(card: Card, *, now: float, whole: bool = False, problem: str | None = None) -> dict[str, Any]:
    """The card as JSON values.

    Args:
        card: the snapshot.
        now: the kernel's clock, seconds since 1970; the browser's time ticks from it.
        whole: whether texts keep their full length; else the object is at most `MAX_STATE_BYTES` long.
        problem: an exception of the Python half, to be shown under the player.
    """
    texts = _texts(card, problem)
    facts = _facts(card, now)
    if whole:
        return facts | texts | {"cut": False}
    state: dict[str, Any] = {}
    for length, rows in _LIMITS:
        clipped = _clipped(texts, length, rows)
        state = facts | clipped | {"cut": clipped != texts}
        if len(json.dumps(state, ensure_ascii=False).encode("utf-8", "replace")) <= MAX_STATE_BYTES:
            break
    return state


def _texts(card: Card, problem: str | None) -> dict[str, Any]:
    """The parts that may be of any length."""
    return {
        "kind": " · ".join(text for text in (card.provider, card.model, card.mode) if text),
        "prompt": card.prompt,
        "parameters": [[label, value] for label, value in card.parameters],
        "title": card.error_title,
        "text": card.error_text,
        "hint": card.error_hint,
        "problem": problem,
        "cost": card.cost,
        "cost_note": card.cost_note,
    }


def _facts(card: Card, now: float) -> dict[str, Any]:
    """The parts that are short by nature."""
    began = card.started_at or card.created_at
    live = card.live
    has_clip = card.status == "succeeded" and (card.video_bytes is not None or card.video_src is not None)
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
        "note": card.status.note,
        "retry": card.can_retry_download,
        "poster": bool(card.poster),
        "clip": (card.sha256 or "file")[:16] if has_clip else None,
        "file": _file_name(card),
        "size": None if card.video_bytes is None else format_bytes(card.video_bytes),
        "width": card.width,
        "height": card.height,
    }


def _file_name(card: Card) -> str | None:
    """The last part of a file's URL; an embedded clip has none."""
    if not card.video_src or card.video_src.startswith("data:"):
        return None
    return card.video_src.split("?")[0].rsplit("/", 1)[-1][:80] or None


def _clipped(texts: dict[str, Any], length: int, rows: int) -> dict[str, Any]:
    """`texts` with nothing longer than `length` characters and at most `rows` parameters."""
    short = {name: _clip(value, length) if isinstance(value, str) else value for name, value in texts.items()}
    short["parameters"] = [[_clip(text, length) for text in pair] for pair in texts["parameters"][:rows]]
    return short


def _clip(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
