"""MiniMax's rows of its H3 models (Hailuo 3), which its second video API makes.

Sources: ``PAGES``, MiniMax's reference pages of the second video API in English and Chinese, newest copies;
``PRICES_PAGE``, its pay-as-you-go price page as of 2026-10; ``CN_LAUNCH``, the Chinese prices named at the launch.
A price that no source names has no row: the Chinese ones of 768P, of H3-Max and of the regeneration.
"""

from __future__ import annotations

from hailuo_widgets.domain.catalog import (
    MIB,
    ImageRules,
    MediaLimits,
    Model,
    Offer,
    Option,
    Price,
    ReferenceRules,
    Surcharge,
)
from hailuo_widgets.domain.request import Mode

__all__ = [
    "ADAPTIVE",
    "CN",
    "EXPANSION",
    "GLOBAL",
    "H3",
    "H3_MAX",
    "IMAGES",
    "MODELS",
    "OFFERS",
    "PRICES",
    "PRICES_PAGE",
    "RATIOS",
    "REFERENCES",
    "REGIONS",
    "SEEDS_ELSEWHERE",
    "SURCHARGES",
]

PAGES = "MiniMax's pages of the video API V2, 2026-10"
PRICES_PAGE = "MiniMax's pay-as-you-go page, 2026-10"
CN_LAUNCH = "reports of the launch in China, 2026-07"
H3, H3_MAX = "MiniMax-H3", "MiniMax-H3-Max"
T2V, I2V, FL, REF, UPSCALE = (
    Mode.TEXT_TO_VIDEO,
    Mode.IMAGE_TO_VIDEO,
    Mode.FIRST_LAST_FRAME,
    Mode.REFERENCE_TO_VIDEO,
    Mode.UPSCALE,
)
MADE = (T2V, I2V, FL, REF)  # the modes of the create call
GLOBAL, CN = "global", "cn"
REGIONS = {"https://api.minimax.io": GLOBAL, "https://api.minimaxi.com": CN, "https://api.minimax.cn": CN}
EXPANSION = "extra.prompt_expansion_mode"
RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
ADAPTIVE = "adaptive"
SEEDS_ELSEWHERE = "Runware takes a seed for H3: provider='runware' (--provider runware)"

_MAX_REFERENCES = f"references at {H3_MAX}: older pages say that there are none, newer ones have them"
_LAST_ALONE = (
    "a last frame without a first one: MiniMax's table of combinations has it, its text on the role wants both"
)
_REGENERATION = (
    "MiniMax makes a task of its own larger only for accounts on its list, within 7 days; reference files of that task "
    "are billed once more"
)
_WATERMARK = "watermark: MiniMax's Chinese pages have it, its international ones do not: it is not sent to https://api.minimax.io"

SIDES, RATIO = (256, 5760), (0.4, 2.5)
IMAGES = ImageRules(max_bytes=30 * MIB, sides=SIDES, ratio=RATIO, source=PAGES)
REFERENCES = ReferenceRules(
    images=9,
    videos=3,
    audios=3,
    total=12,
    image=MediaLimits(formats=("JPEG", "PNG", "WEBP"), max_bytes=30 * MIB, sides=SIDES, ratio=RATIO),
    video=MediaLimits(
        formats=("MP4", "MOV"),
        codecs=("h264", "hevc", "aac", "mp3"),
        max_bytes=50 * MIB,
        seconds=(2, 15),
        total_seconds=15,
        sides=SIDES,
        ratio=RATIO,
        fps=(23.976, 60),
    ),
    audio=MediaLimits(formats=("WAV", "MP3"), max_bytes=15 * MIB, seconds=(2, 15), total_seconds=15),
    source=PAGES,
)
_RATIOS: dict[str, tuple[str, ...]] = {T2V: RATIOS, I2V: (ADAPTIVE,), FL: (ADAPTIVE,), REF: (ADAPTIVE, *RATIOS)}
_USUAL_RATIO: dict[str, str] = {T2V: "16:9", REF: ADAPTIVE}
_NOTE = "has sound; needs a pay-as-you-go key: that of a subscription is not good for it"

MODELS = tuple(
    Model(
        name=name,
        title=title,
        short_names=short,
        prompt_max=7000,
        prompt_min=1,
        aspect_ratios=_RATIOS,
        default_aspect_ratio=_USUAL_RATIO,
        images=IMAGES,
        references=REFERENCES,
        last_frame_alone=_LAST_ALONE,
        optimizer=bool(options),
        watermark_doubt=_WATERMARK,
        options=options,
        seeds_elsewhere=SEEDS_ELSEWHERE,
        note=_NOTE,
        source=PAGES,
    )
    for name, title, short, options in (
        (H3, "Hailuo 3 (H3)", ("h3", "hailuo-3", "hailuo-h3"), ()),
        (
            H3_MAX,
            "Hailuo 3 Max (H3-Max)",
            ("h3-max", "hailuo-3-max", "hailuo-h3-max"),
            (
                Option(
                    name=EXPANSION,
                    kind=str,
                    allowed=("disabled", "balanced", "quality"),
                    help="disabled (as without --optimize), balanced (as with it) or quality",
                    optimizer=("disabled", "balanced"),
                ),
            ),
        ),
    )
)

OFFERS = (
    *(
        Offer(model=H3, mode=mode, resolution=resolution, durations=tuple(range(4, 16)), source=PAGES)
        for mode in MADE
        for resolution in ("768P", "2K")
    ),
    *(
        Offer(
            model=H3_MAX,
            mode=mode,
            resolution=resolution,
            durations=tuple(range(5, 16)),
            source=PAGES,
            doubt=_MAX_REFERENCES if mode == REF else "",
        )
        for mode in MADE
        for resolution in ("768P", "480P")
    ),
    Offer(model=H3, mode=UPSCALE, resolution="2K", durations=tuple(range(4, 16)), source=PAGES, doubt=_REGENERATION),
)


def _price(model: str, mode: Mode, resolution: str, micros: int, region: str) -> Price:
    return Price(
        model=model,
        mode=mode,
        resolution=resolution,
        duration=None,
        micros=micros,
        per_second=True,
        currency="USD" if region == GLOBAL else "CNY",
        region=region,
        source=PRICES_PAGE if region == GLOBAL else CN_LAUNCH,
        as_of="2026-10" if region == GLOBAL else "2026-07",
    )


PRICES = (
    *(_price(H3, mode, "768P", 80_000, GLOBAL) for mode in MADE),
    *(_price(H3, mode, "2K", 130_000, GLOBAL) for mode in MADE),
    *(_price(H3_MAX, mode, "480P", 50_000, GLOBAL) for mode in MADE),
    *(_price(H3_MAX, mode, "768P", 80_000, GLOBAL) for mode in MADE),
    _price(H3, UPSCALE, "2K", 50_000, GLOBAL),
    *(_price(H3, mode, "2K", 800_000, CN) for mode in MADE),
)


def _surcharge(  # noqa: PLR0917 - a row of a table, in the order of its columns
    model: str, what: str, free: int, micros: int, region: str, resolution: str | None = None
) -> Surcharge:
    return Surcharge(
        model=model,
        what=what,
        free=free,
        micros=micros,
        resolution=resolution,
        currency="USD" if region == GLOBAL else "CNY",
        region=region,
        source=PRICES_PAGE if region == GLOBAL else CN_LAUNCH,
        as_of="2026-10" if region == GLOBAL else "2026-07",
    )


SURCHARGES = (
    _surcharge(H3, "reference_image", 5, 40_000, GLOBAL),
    _surcharge(H3, "reference_video_second", 0, 80_000, GLOBAL, "768P"),
    _surcharge(H3, "reference_video_second", 0, 130_000, GLOBAL, "2K"),
    _surcharge(H3_MAX, "reference_image", 2, 74_000, GLOBAL),
    _surcharge(H3_MAX, "reference_video_second", 0, 55_300, GLOBAL, "480P"),
    _surcharge(H3_MAX, "reference_video_second", 0, 143_000, GLOBAL, "768P"),
    _surcharge(H3, "reference_image", 5, 200_000, CN),
    _surcharge(H3, "reference_video_second", 0, 800_000, CN, "2K"),
)
