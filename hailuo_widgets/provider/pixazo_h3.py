"""Pixazo's rows of MiniMax-H3 (Hailuo 3), and the body of its create calls, whose fields are guessed.

Sources: ``SKILL``, Pixazo's public skill page of 2026-08, which has the five paths and sample bodies of another model;
the queue that its newer models answer with is known from three public clients. No source names a field or a price, so
each offer has a doubt, and the user's options replace or add any field. The guesses are MiniMax's own names, as in the
Pixazo document of its older model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hailuo_widgets.domain.catalog import Model, Offer
from hailuo_widgets.domain.request import Mode
from hailuo_widgets.provider.interface import HttpCall
from hailuo_widgets.provider.minimax_v2_facts import IMAGES, RATIOS, REFERENCES, SEEDS_ELSEWHERE
from hailuo_widgets.provider.options import given, with_options

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request

__all__ = ["H3", "MODEL", "OFFERS", "encode"]

SKILL = "Pixazo's public skill page (2026-08)"
H3 = "MiniMax-H3"
FOLDER = "/minimax-hailuo-h3/v2"
T2V, I2V, FL, REF = Mode.TEXT_TO_VIDEO, Mode.IMAGE_TO_VIDEO, Mode.FIRST_LAST_FRAME, Mode.REFERENCE_TO_VIDEO
UNLISTED = {name: name for name in ("seed", "width", "height", "callback_url")}
PATHS = {T2V: "text-to-video", I2V: "image-to-video", FL: "start-end-to-video", REF: "reference-to-video"}
LAST_ALONE = "last-frame-to-video"
_GUESSED = (
    f"{H3} at Pixazo: {SKILL} has its paths, and no source its fields or its price: the fields' names and values are "
    "guessed, and options={…} (--option) replaces or adds any of them"
)
_OPTION = "sent as it is given, in place of a field of the same name: no source names the fields; None removes one"
_RATIOS: dict[str, tuple[str, ...]] = {T2V: RATIOS, REF: ("adaptive", *RATIOS)}
_USUAL_RATIO: dict[str, str] = {T2V: "16:9"}

MODEL = Model(
    name=H3,
    title="Hailuo 3 (H3)",
    short_names=("h3", "hailuo-3", "hailuo-h3"),
    seeds_elsewhere=SEEDS_ELSEWHERE,
    prompt_max=7000,
    prompt_min=1,
    aspect_ratios=_RATIOS,
    default_aspect_ratio=_USUAL_RATIO,
    images=IMAGES,
    references=REFERENCES,
    last_frame_alone=f"a last frame without a first one: {SKILL} has a path for it, /{LAST_ALONE}",
    optimizer=False,
    watermark=False,
    callback=False,
    other_options=_OPTION,
    note="has sound; its fields and its price are in no document; limits are MiniMax's own",
    source=SKILL,
)
OFFERS = tuple(
    Offer(model=H3, mode=mode, resolution=resolution, durations=tuple(range(4, 16)), source=SKILL, doubt=_GUESSED)
    for mode in PATHS
    for resolution in ("768P", "2K")
)


def encode(request: Request) -> HttpCall:
    """Return ``POST /minimax-hailuo-h3/v2/…``, the path of which is the mode's.

    An unlisted model is a path itself, for example ``minimax-hailuo-h4/v2/text-to-video``.
    """
    body: dict[str, Any] = {"prompt": request.prompt}
    body |= given(request, {"duration": "duration", "resolution": "resolution", "aspect_ratio": "ratio"})
    frames = {"first_frame_image": request.first_frame, "last_frame_image": request.last_frame}
    body |= {name: frame.wire() for name, frame in frames.items() if frame is not None}
    for reference in request.references:
        body.setdefault(f"reference_{reference.kind.value}s", []).append(reference.wire())
    if request.unlisted:
        body |= given(request, UNLISTED)
        path = f"/{quote(request.model.strip('/'))}"
    else:
        alone = request.mode == FL and request.first_frame is None
        path = f"{FOLDER}/{LAST_ALONE if alone else PATHS.get(request.mode, PATHS[T2V])}"
    return HttpCall(method="POST", path=path, json=with_options(body, request.options))
