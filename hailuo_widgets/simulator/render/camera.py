"""Camera instructions in a prompt, and the path that they make the camera go.

A bracket holds moves that happen at once, ``[Pan left,Pedestal up]``; brackets follow one another in the order of the
prompt. Words: MiniMax video API document (Chinese), MiniMax's public pages (English), kkiai document (its own English).
A bracket without such a word is ordinary text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

# What one move changes over its part of the clip: axis, and by how much (widths or heights of the view; for zoom, the
# logarithm of the factor). Right, down and closer are positive.
MOVES: Mapping[str, tuple[str, float]] = {
    "truck left": ("truck", -0.9),
    "truck right": ("truck", 0.9),
    "pan left": ("pan", -0.32),
    "pan right": ("pan", 0.32),
    "push in": ("zoom", 0.5),
    "pull out": ("zoom", -0.5),
    "pedestal up": ("rise", -0.3),
    "pedestal down": ("rise", 0.3),
    "tilt up": ("tilt", -0.26),
    "tilt down": ("tilt", 0.26),
    "zoom in": ("zoom", 0.65),
    "zoom out": ("zoom", -0.65),
    "shake": ("shake", 1.0),
    "tracking shot": ("track", 1.0),
    "static shot": ("still", 0.0),
}
_CHINESE = "左移,右移,左摇,右摇,推进,拉远,上升,下降,上摇,下摇,变焦推近,变焦拉远,晃动,跟随,固定"
_OFFICIAL = (
    "truck left,truck right,pan left,pan right,push in,pull out,pedestal up,pedestal down,tilt up,tilt down,"
    "zoom in,zoom out,shake,tracking shot,static shot"
)
WORDS: Mapping[str, str] = {
    **{name: name for name in MOVES},
    **dict(zip(_CHINESE.split(","), _OFFICIAL.split(","), strict=True)),
    "rise": "pedestal up",
    "lower": "pedestal down",
    "follow": "tracking shot",
    "tracking": "tracking shot",
    "static": "static shot",
}
AXES = ("truck", "pan", "rise", "tilt", "zoom", "shake", "track")


def parse_camera(prompt: str) -> list[list[str]]:
    """Return the moves of each bracket in the prompt's order, by their official English names."""
    brackets = []
    for inside in re.findall(r"[\[【]([^\[\]【】]*)[\]】]", prompt):
        words = (" ".join(word.lower().split()) for word in re.split(r"[,，、;；+]", inside))
        if moves := [WORDS[word] for word in words if word in WORDS]:
            brackets.append(moves)
    return brackets


@dataclass(frozen=True, kw_only=True)
class Path:
    """Where the camera is, frame by frame; each array has one number a frame.

    Attributes:
        truck: Sideways, in widths of the view; near things pass faster than far ones.
        pan: Turned sideways, in widths; everything passes alike.
        rise: Up and down, in heights, near faster than far.
        tilt: Turned up and down, in heights.
        zoom: Factor of enlargement, 1 at the widest.
        subject: Where the subject is, in widths from its start.
    """

    truck: NDArray[np.float64]
    pan: NDArray[np.float64]
    rise: NDArray[np.float64]
    tilt: NDArray[np.float64]
    zoom: NDArray[np.float64]
    subject: NDArray[np.float64]


SUBJECT_DEPTH = 0.55  # how much of the camera's sideways way the subject's distance shows


def camera_path(prompt: str, frames: int, *, obeys: bool = True, phase: float = 0.0) -> Path:
    """Return the camera's path over a clip.

    Args:
        prompt: Its brackets say the moves; without any, the camera drifts a little.
        frames: Length of the clip.
        obeys: Whether the model follows camera instructions at all.
        phase: Sets the tremor of ``[Shake]`` apart from that of other clips, in radians.
    """
    brackets = parse_camera(prompt) if obeys else []
    axes = {axis: np.zeros(frames) for axis in AXES}
    edges = np.linspace(0, frames - 1, max(1, len(brackets)) + 1)
    index = np.arange(frames)
    for moves, begin, end in zip(brackets, edges, edges[1:], strict=False):
        part = np.clip((index - begin) / max(1.0, end - begin), 0.0, 1.0)
        eased = part * part * (3 - 2 * part)
        inside = ((index >= begin) & (index <= end)).astype(float)
        share = 1 / len(brackets) ** 0.5  # three moves in a row each go a little less far
        for move in moves:
            axis, amount = MOVES[move]
            if axis in ("shake", "track"):
                axes[axis] = np.maximum(axes[axis], inside)
            elif axis != "still":
                axes[axis] += eased * amount * share
    if not brackets:
        drift = index / max(1, frames - 1)
        axes["truck"], axes["zoom"] = 0.18 * drift, 0.07 * drift
    tracked = axes["track"] > 0
    speed = np.where(tracked, 0.009, 0.0022)
    subject = np.concatenate([[0.0], np.cumsum(speed)[:-1]])
    follow = np.where(tracked, speed, 0.0)
    axes["truck"] += np.concatenate([[0.0], np.cumsum(follow)[:-1]]) / SUBJECT_DEPTH
    tremor = index * 0.9 + phase
    shake_x = 0.011 * (np.sin(1.9 * tremor) + 0.6 * np.sin(3.1 * tremor + 1)) * axes["shake"]
    shake_y = 0.014 * (np.sin(2.3 * tremor + 2) + 0.6 * np.sin(3.7 * tremor)) * axes["shake"]
    return Path(
        truck=axes["truck"],
        pan=axes["pan"] + shake_x,
        rise=axes["rise"],
        tilt=axes["tilt"] + shake_y,
        zoom=np.exp(axes["zoom"] - axes["zoom"].min()),
        subject=subject,
    )
