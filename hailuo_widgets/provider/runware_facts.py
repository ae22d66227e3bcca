"""Runware's facts, from the sources that ``runware.py`` explains."""

from __future__ import annotations

from hailuo_widgets.domain.catalog import MIB, Auth, Facts, ImageRules, Model, Offer, Option

__all__ = ["FACTS", "FPS", "RESULTS", "SAFETY"]

DOC = "Runware model page minimax:3@1"
DOCS = "Runware's public pages and SDKs, 2026-07"
H02 = "minimax:3@1"
T2V, I2V, FL = "text_to_video", "image_to_video", "first_last_frame"
FPS = 25
RESULTS = "numberResults"
SAFETY = "safety."

_LONG_1080 = f"10 s at 1080P: the model page names no limit; {DOCS} and MiniMax have 6 s alone at 1080P"
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
)

OPTIONS = (
    Option(name=RESULTS, kind=int, low=1, high=20, help="1 to 20 clips of one task, each with a seed of its own"),
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
            source=DOC,
        ),
    ),
    offers=OFFERS,
    prices=(),
    images=ImageRules(max_bytes=50 * MIB, source=f"{DOC} names no limits; this one is ours"),
    source=DOC,
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
