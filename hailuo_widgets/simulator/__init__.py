"""Simulator of the Hailuo gateways: a local server with their wire formats and playable clips.

`Simulator` runs it in a thread; ``python -m hailuo_widgets simulator --port 0`` runs it alone. It is bound to
127.0.0.1, never leaves the machine, and shares no code with the rest of the package: a misread document cannot agree
with itself. Every answer carries ``X-Simulated: hailuo-widgets``, every clip the burnt-in word SIMULATED.

One origin serves all gateways, by path: MiniMax ``/v1/…`` and ``/v2/…``, KIE ``/api/v1/…`` (both dialects), kkiai
``/minimax/v1/…``, Pixazo ``/minimax-hailuo-ai…/v1/…`` and, for H3, ``/minimax-hailuo-h3/v2/…``, Runware ``/v1``, fal.ai
``/fal-ai/…``, Replicate ``/v1/predictions`` and ``/v1/models/…``, a New-API relay ``/v1/videos``,
``/v1/video/generations`` and ``/relay/…``. A path that no gateway has is answered so: "this simulator does not speak
…". Its own routes are ``/simulator/state|reset|faults``.

Words that make something happen, in a prompt (or a template's text):

- ``forbidden``: refused by moderation at create.
- ``banned-output``: accepted, then failed by moderation of the clip.
- ``fail-generation``: accepted, then failed.

and in a key (any key is accepted where none are listed):

- ``wrong``: refused as invalid. ``broke``: cannot pay. ``slow``: every create meets the rate limit.
- ``capped``: the key's own usage limit is reached (MiniMax 2056, KIE's jobs 433, Runware ``quotaExceeded``).

Whatever else should go wrong is asked for as a fault; see `hailuo_widgets.simulator.faults`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hailuo_widgets.simulator.render import read_frame_counter
    from hailuo_widgets.simulator.server import Simulator

__all__ = ["Simulator", "read_frame_counter"]


def __getattr__(name: str) -> Any:
    """Load the server, and what it needs, with the first use."""
    if name == "Simulator":
        from hailuo_widgets.simulator.server import Simulator

        return Simulator
    if name == "read_frame_counter":
        from hailuo_widgets.simulator.render import read_frame_counter

        return read_frame_counter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
