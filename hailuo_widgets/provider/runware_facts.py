"""Runware's facts, from the sources that ``runware.py`` explains."""

from __future__ import annotations

from hailuo_widgets.domain.catalog import MIB, Auth, Facts, ImageRules, Model, Offer, Option, Price
from hailuo_widgets.domain.clip_counts import NUMBER_RESULTS
from hailuo_widgets.provider.runware_h3 import H3_OFFERS, H3_PRICES, H3_SURCHARGES, h3_models

__all__ = ["FACTS", "FPS", "OLDER", "RESULTS", "SAFETY"]

DOC = "Runware model page minimax:3@1"
DOCS = "Runware's public pages and SDKs, 2026-07"
SDK = "Runware's Python SDK 1.8.0, 2026-10"
SEEN = "users of Runware, 2026-11"
H02, H23, H23_FAST = "minimax:3@1", "minimax:4@1", "minimax:4@2"
OLDER = frozenset({H02, H23, H23_FAST})
"""The models with ``fps`` and ``providerSettings``."""
T2V, I2V, FL = "text_to_video", "image_to_video", "first_last_frame"
FPS = 25
RESULTS = NUMBER_RESULTS
SAFETY = "safety."

_LONG_1080 = f"10 s at 1080P: the model page names no limit; {DOCS} and MiniMax have 6 s alone at 1080P"
_SIZE_SEEN = "{}: no document of Runware has the sizes of 2.3 and 2.3 Fast; this one was seen to work"
_LONG_23 = "10 s at 1080P: no document of Runware names the lengths; MiniMax has 6 s alone at 1080P"
_MP4_ALONE = "clips are checked, kept and played as MP4 alone: {} will be billed and may not be kept here"

OFFERS = (
    Offer(model=H02, mode=T2V, resolution="768P", durations=(6, 10), source=f"{DOC}; values: {DOCS}"),
    Offer(
        model=H02,
        mode=T2V,
        resolution="1080P",
        durations=(6, 10),
        source=f"{DOC}; values: {DOCS}",
        doubtful_durations={10: _LONG_1080},
    ),
    # A size given by width and height has no resolution; a clip has its frame's size unless a size is given.
    *(Offer(model=H02, mode=mode, resolution=None, durations=(6, 10), source=DOC) for mode in (T2V, I2V, FL)),
    *(
        offer
        for model, mode in ((H23, T2V), (H23, I2V), (H23_FAST, I2V))
        for offer in (
            # The size is always sent, with a frame too: without one, no document says which of the two is made.
            Offer(
                model=model,
                mode=mode,
                resolution="768P",
                durations=(6, 10),
                source=f"{SDK}; values: {SEEN}",
                doubt=_SIZE_SEEN.format("1366x768"),
            ),
            Offer(
                model=model,
                mode=mode,
                resolution="1080P",
                durations=(6, 10),
                source=f"{SDK}; values: {SEEN}",
                doubt=_SIZE_SEEN.format("1920x1080"),
                doubtful_durations={10: _LONG_23},
            ),
            Offer(model=model, mode=mode, resolution=None, durations=(6, 10), source=SDK),
        )
    ),
    *H3_OFFERS,
)

PRICES = (
    *(
        Price(
            model=model,
            resolution=resolution,
            duration=duration,
            micros=micros,
            currency="USD",
            source=SEEN,
            as_of="2026-11",
        )
        for model, resolution, duration, micros in (
            (H23, "1080P", 6, 490_000),
            (H23_FAST, "768P", 6, 190_000),
            (H23_FAST, "1080P", 6, 330_000),
        )
    ),
    *H3_PRICES,
)

OPTIONS = (
    Option(
        name=RESULTS,
        kind=int,
        low=1,
        high=20,
        counts=True,
        help="1 to 20 clips of one task, each with a seed of its own",
    ),
    Option(
        name="outputFormat",
        kind=str,
        allowed=("MP4", "WEBM", "MOV"),
        doubts={kind: _MP4_ALONE.format(kind) for kind in ("WEBM", "MOV")},
        help="MP4, WEBM or MOV",
    ),
    Option(name="outputQuality", kind=int, low=20, high=99, help="20 to 99; 95 where it is left out"),
    Option(name="ttl", kind=int, low=60, help="seconds that the provider keeps the clip, from 60 up"),
    Option(
        name="uploadEndpoint", kind=str, url=True, help="a URL that the provider PUTs the clip to as well; it is logged"
    ),
    Option(name=f"{SAFETY}checkContent", kind=bool, help="true or false: check the clip's content"),
    Option(
        name=f"{SAFETY}mode",
        kind=str,
        seen=("none", "fast", "full"),
        help="none, fast (key frames) or full (all frames)",
    ),
)

FACTS = Facts(
    name="runware",
    title="Runware",
    base_url="https://api.runware.ai",
    hosts=("https://api.runware.ai",),
    auth=Auth(header="Authorization", prefix="Bearer "),
    default_model=H02,
    models=(
        Model(
            name=H02,
            title="Hailuo 02",
            short_names=("02", "hailuo-02", "minimax-hailuo-02"),
            camera=True,
            note="0.23 to 0.43 USD a clip were seen; each clip says what it cost",
            recommended="commercial spots, trailers, music promos, and social shorts",
            source=DOC,
        ),
        *(
            Model(
                name=name,
                title=title,
                short_names=(word, f"hailuo-{word}", f"minimax-hailuo-{word.replace('.', '-')}"),
                camera=True,
                prompt_min=0,  # with a first frame
                note=note,
                source=SDK,
            )
            for name, title, word, note in (
                (H23, "Hailuo 2.3", "2.3", "each clip says what it cost"),
                (H23_FAST, "Hailuo 2.3 Fast", "2.3-fast", "takes a first frame always; each clip says what it cost"),
            )
        ),
        *h3_models(OPTIONS),
    ),
    offers=OFFERS,
    prices=PRICES,
    surcharges=H3_SURCHARGES,
    images=ImageRules(max_bytes=50 * MIB, source=f"{DOC} names no limits; this one is ours", by_id=True),
    source=DOC,
    output_format="MP4, WEBM or MOV",
    link_life="chosen by the option ttl (seconds, at least 60)",
    prompt_max=2000,
    prompt_min=2,
    sizes={"768P": (1366, 768), "1080P": (1920, 1080)},
    last_frame_alone="a last frame without a first one: the model page allows it; MiniMax's own API wants both",
    optimizer=True,
    callback=True,
    options=OPTIONS,
    poll_floor_s=1.0,
    key_page="https://my.runware.ai/keys",
    simulated=True,
)
