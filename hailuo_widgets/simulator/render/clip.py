"""Description of one clip as a frozen value, and its digest, which names its file."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass

FPS = 25  # Runware model page minimax:3@1: "fps: 25"; the other gateways' clips have it too
H3_FPS = 24  # MiniMax's page on regeneration, and its guide on local use
_H3_STEP, _H3_FIRST = 17, 5  # H3's clips have 17 n + 5 frames: four seconds become 107
_REVISION = 1  # raise it when the pictures change, so that no cached file of an older drawing is served
_LARGE, _HELD = 1_200_000, 6  # pixels; frames
_SHORT_SIDES = {"512P": 512, "720P": 720, "768P": 768, "1080P": 1080}
_LANDSCAPE = {"512P": (912, 512), "720P": (1280, 720), "768P": (1366, 768), "1080P": (1920, 1080)}


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What to render.

    Attributes:
        prompt: Chooses colours, light and camera moves.
        model: The gateway's name of the model, shown in the picture.
        width: Pixels, before a draft's division by four.
        height: Pixels, likewise.
        duration: Seconds.
        seed: The seed that was sent; ``None`` where none was.
        variation: What sets apart clips of one prompt: drawn by chance where no seed fixes it.
        first_image: SHA-256 of the picture that the clip begins with, or empty.
        last_image: SHA-256 of the picture that it ends with, or empty.
        portrait: SHA-256 of a picture that takes the subject's place, or empty.
        title: Shown above the prompt, such as a template's name.
        watermark: Whether the gateway's own watermark was asked for.
        camera: Whether the model follows camera instructions.
        container: ``mp4``, ``mov`` or ``webm``.
        h3: Whether the model is of the H3 family: 24 frames a second, 17 n + 5 of them, and stereo sound.
        draft: Whether to render a quarter of the width and height.
    """

    prompt: str
    model: str
    width: int
    height: int
    duration: float
    seed: int | None = None
    variation: int = 0
    first_image: str = ""
    last_image: str = ""
    portrait: str = ""
    title: str = ""
    watermark: bool = False
    camera: bool = True
    container: str = "mp4"
    h3: bool = False
    draft: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the file in pixels, both even."""
        part = 4 if self.draft else 1
        return _even(self.width / part), _even(self.height / part)

    @property
    def fps(self) -> int:
        """Frames a second."""
        return H3_FPS if self.h3 else FPS

    @property
    def frames(self) -> int:
        """How many frames the file has."""
        if self.h3:
            return _H3_STEP * math.ceil((self.duration * H3_FPS - _H3_FIRST) / _H3_STEP) + _H3_FIRST
        return max(1, round(self.duration * FPS))

    @property
    def held(self) -> int:
        """For how many frames one drawn picture stands: more than one only in large H3 clips, to save time."""
        return _HELD if self.h3 and self.size[0] * self.size[1] > _LARGE else 1

    @property
    def digest(self) -> str:
        """Name of the file: equal for equal clips, different for different ones."""
        fields = asdict(self)
        if not self.h3:
            del fields["h3"]  # older clips keep the names that a home has them under
        text = json.dumps([_REVISION, fields], sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def numbers(self, purpose: str) -> int:
        """Return a number that follows from prompt, model, seed and variation, for one purpose of drawing."""
        text = json.dumps([self.prompt, self.model, self.seed, self.variation, purpose])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _even(value: float) -> int:
    return max(2, 2 * round(value / 2))


def fit_size(resolution: str, picture: tuple[int, int] | None = None, aspect: str = "") -> tuple[int, int]:
    """Return a clip's width and height.

    Args:
        resolution: ``512P``, ``720P``, ``768P`` or ``1080P``, in any case.
        picture: Width and height of the first frame; the clip keeps its aspect.
        aspect: ``9:16``, ``1:1`` or ``16:9``, where the gateway takes one and there is no picture.

    Returns:
        Even pixels.
    """
    name = resolution.upper()
    short = _SHORT_SIDES[name]
    if picture is not None:
        ratio = picture[0] / picture[1]
        return (_even(short * ratio), short) if ratio >= 1 else (short, _even(short / ratio))
    width, height = _LANDSCAPE[name]
    return {"9:16": (height, width), "1:1": (short, short)}.get(aspect, (width, height))
