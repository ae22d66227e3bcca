"""MiniMax-H3 at Runware: its four models and their fields.

Source of the rows: ``SCHEMA``, Runware's schemas of the models and its Python SDK 1.8.0. They allow no other fields, so
``fps`` and ``providerSettings``, which the older models have, are never sent. Runware's own default size is the largest
one of a model, so a size is always sent: in pixels, or as ``resolution`` if the input files determine the shape. Only
with ``frameImages`` and h3@fast, which has one resolution, is none sent. This is the only provider with seeds for H3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.catalog import Model, Offer, Option, Price, Seeds, Surcharge
from hailuo_widgets.domain.references import MediaKind
from hailuo_widgets.domain.request import Mode
from hailuo_widgets.provider.h3_limits import (
    ADAPTIVE,
    FRAME_MODES,
    NAMES,
    PROMPT_MAX,
    RATIOS,
    SECONDS,
    frame_images,
    reference_rules,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.catalog import ModelFacts
    from hailuo_widgets.domain.request import Request

__all__ = ["H3_OFFERS", "H3_PRICES", "H3_SURCHARGES", "SETTINGS", "h3_models", "references_of", "size_fields"]

SCHEMA = "Runware's schemas of minimax-h3 and its SDK 1.8.0, 2026-10"
PRICE_LIST = "Runware's prices of minimax-h3, 2026-09"
AS_OF = "2026-09"
H3, FAST, MAX, TURBO = (f"minimax:h3@{word}" for word in ("0", "fast", "max", "max-turbo"))
SETTINGS = "settings."
MOST_RESULTS = 4
TEXT, REFERENCES = Mode.TEXT_TO_VIDEO, Mode.REFERENCE_TO_VIDEO
RESOLUTION_NAMES = {"480P": "480p", "768P": "768p", "2K": "1440p"}
_480_FAST = ((864, 480), (640, 480), (480, 480), (480, 640), (480, 864), (1120, 480))
_480_MAX = ((832, 480), (640, 480), (480, 480), (480, 640), (480, 832), (960, 416))
_768 = ((1344, 768), (1024, 768), (768, 768), (768, 1024), (768, 1344), (1536, 672))
_2K = ((2560, 1440), (1920, 1440), (1440, 1440), (1440, 1920), (1440, 2560), (2944, 1248))
_SIZES: Mapping[str, Mapping[str, tuple[tuple[int, int], ...]]] = {
    H3: {"768P": _768, "2K": _2K},
    FAST: {"480P": _480_FAST},
    MAX: {"768P": _768, "480P": _480_MAX},
    TURBO: {"768P": _768, "480P": _480_MAX},
}
_TYPICAL_S: dict[str | None, float] = {"768P": 147.0, "2K": 447.0}  # Runware's samples of h3@0: 6 s at 768P, 10 s at 2K
NO_TIMES: dict[str | None, float] = {}
_SECONDS = {H3: SECONDS[1:], FAST: SECONDS, MAX: SECONDS[1:], TURBO: SECONDS[1:]}  # only h3@fast makes 4 s
_PER_SECOND = {  # in millionths of a dollar
    H3: {"768P": 80_000, "2K": 130_000},
    FAST: {"480P": 46_000},
    MAX: {"768P": 80_000, "480P": 50_000},
    TURBO: {"768P": 40_000, "480P": 25_000},
}
_UNSEEN = "no schema of H3 that was seen has this field; the older models have it"


def _options(common: tuple[Option, ...], *, expansion: bool) -> tuple[Option, ...]:
    """Return the options of H3: those of the older models, with H3's own limits."""
    rows = {row.name: row for row in common}
    rows["numberResults"] = Option(
        name="numberResults",
        kind=int,
        low=1,
        high=MOST_RESULTS,
        counts=True,
        help=f"1 to {MOST_RESULTS} clips of one task, each with a seed of its own",
    )
    rows["safety.mode"] = Option(
        name="safety.mode", kind=str, allowed=("fast", "full"), help="fast (key frames) or full (all frames)"
    )
    rows["safety.checkContent"] = Option(
        name="safety.checkContent",
        kind=bool,
        doubts=dict.fromkeys((True, False), _UNSEEN),
        help="true or false: check the clip's content",
    )
    if expansion:
        rows[f"{SETTINGS}promptExpansion"] = Option(
            name=f"{SETTINGS}promptExpansion",
            kind=str,
            allowed=("disabled", "balanced", "quality"),
            help="disabled (as without --optimize), balanced (as with it) or quality",
            optimizer=("disabled", "balanced"),
        )
    return tuple(rows.values())


def _model(name: str, title: str, common: tuple[Option, ...]) -> Model:
    word = name.partition("@")[2]
    ending = "" if word == "0" else f"-{word}"
    ratios: dict[str, tuple[str, ...]] = {TEXT: RATIOS}
    usual: dict[str, str] = {TEXT: "16:9"}
    if name == H3:
        ratios[REFERENCES], usual[REFERENCES] = (ADAPTIVE, *RATIOS), ADAPTIVE
    elif name == FAST:  # without a field for the resolution, only pixels keep its size
        ratios[REFERENCES], usual[REFERENCES] = RATIOS, "16:9"
    refers = REFERENCES in ratios
    return Model(
        name=name,
        title=title,
        short_names=tuple(f"{short}{ending}" for short in NAMES),
        source=SCHEMA,
        note="with sound",
        typical_s=_TYPICAL_S if name == H3 else NO_TIMES,
        resolution_words={word.upper(): ours for ours, word in RESOLUTION_NAMES.items()},
        seed_range=Seeds(low=0, high=4_294_967_295, random=None, source=SCHEMA),
        prompt_max=PROMPT_MAX,
        prompt_min=2,
        default_duration=6,
        default_resolution="480P" if name == FAST else "768P",
        aspect_ratios=ratios,
        default_aspect_ratio=usual,
        sizes=_SIZES[name],
        sizes_only=True,
        size_modes=tuple(ratios),
        images=frame_images(SCHEMA, by_id=True),
        references=reference_rules(SCHEMA, by_id=True) if refers else None,
        last_frame_alone="",  # the schema: not all of the frames are last ones
        optimizer=name == TURBO,
        options=_options(common, expansion=name == TURBO),
        max_results=MOST_RESULTS,
    )


def h3_models(common: tuple[Option, ...]) -> tuple[Model, ...]:
    """Return the four models.

    Args:
        common: The options of the older models.
    """
    titles = {H3: "H3", FAST: "H3 Fast", MAX: "H3 Max", TURBO: "H3 Max Turbo"}
    return tuple(_model(name, title, common) for name, title in titles.items())


H3_OFFERS = tuple(
    Offer(model=model, mode=mode, resolution=resolution, durations=_SECONDS[model], source=SCHEMA)
    for model in _SIZES
    for mode in (TEXT, *FRAME_MODES, *((REFERENCES,) if model in {H3, FAST} else ()))
    for resolution in _SIZES[model]
)
H3_PRICES = tuple(
    Price(
        model=model,
        resolution=resolution,
        duration=None,
        micros=micros,
        currency="USD",
        source=PRICE_LIST,
        as_of=AS_OF,
        per_second=True,
    )
    for model, prices in _PER_SECOND.items()
    for resolution, micros in prices.items()
)
H3_SURCHARGES = tuple(
    Surcharge(
        model=model,
        what=what,
        free=free,
        micros=micros,
        currency="USD",
        source=PRICE_LIST if model == H3 else f"{PRICE_LIST}, seen for {H3}",
        as_of=AS_OF,
    )
    for model in (H3, FAST)
    for what, free, micros in (("reference_video_second", 0, 130_000), ("reference_image", 5, 40_000))
)


def size_fields(request: Request, of_model: ModelFacts) -> dict[str, Any]:
    """Return ``width`` and ``height``, or ``resolution``, for an H3 model or an unlisted one.

    Frames determine the shape, so only ``resolution`` is allowed with them; references allow either.
    """
    if request.width is not None and request.height is not None:
        return {"width": request.width, "height": request.height}
    name = RESOLUTION_NAMES.get(request.resolution or "")
    if request.unlisted:
        return {} if request.resolution is None else {"resolution": name or request.resolution}
    ratio = request.aspect_ratio
    if of_model.takes_size(request.mode) and ratio not in {None, ADAPTIVE}:
        size = of_model.size(request.resolution, ratio)
        if size is not None:
            return {"width": size[0], "height": size[1]}
    return {"resolution": name} if name is not None and request.model != FAST else {}


def references_of(request: Request) -> dict[str, list[str]]:
    """Return the lists of references in ``inputs``, by their kinds."""
    lists = {
        f"reference{kind.capitalize()}s": [one.wire() for one in request.references if one.kind == kind]
        for kind in MediaKind
    }
    return {name: several for name, several in lists.items() if several}
