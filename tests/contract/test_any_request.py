"""Tests with arbitrary requests: the client refuses them before sending, or the provider accepts them."""

from __future__ import annotations

import io
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from media_files import clip, sound
from PIL import Image

from hailuo_widgets.errors import InvalidRequest, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Case, Connect, Line

EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "60"))  # for each of the seven dialects
# The documents name neither the sizes that Runware takes, nor all its safety modes, nor templates beyond theirs: such
# values are sent with a warning.
FORESEEN = {"width", "template", "options"}


def png(width: int, height: int) -> bytes:
    """A picture."""
    target = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(target, "PNG")
    return target.getvalue()


PICTURES = [
    "https://pictures.example/fox.png",
    " HTTPS://pictures.example/wolf.png ",
    png(400, 320),
    png(301, 752),
    Image.new("RGB", (320, 400)),
    np.zeros((310, 400, 3), np.uint8),
]
ODD_PICTURES = [
    *("https://", "http://[::1", "https://a:99999/x.png", "https://pictures.example/\0", "https://p.example/\ud800"),
    *(
        "ftp://x/y.png",
        "no-such-file.png",
        "",
        b"",
        7,
        True,
        "data:image/png;base64,AAAA",
        png(300, 300),
        png(900, 301),
    ),
]
GOOD: dict[str, list[Any]] = {
    "prompt": [
        "A fox",
        "狐狸 [推进]",
        '[Push in, Pan left] a "fox" \\ {x}',
        "x" * 800,
        "",
        " ",
        "🦊" * 400,
        "two\nlines",
    ],
    "model": [
        "02",
        "2.3",
        "2.3-fast",
        "t2v-01",
        "I2V-01",
        "s2v-01",
        "02-pro",
        "h3",
        "h3-fast",
        "h3-max",
        "h3-max-turbo",
    ],
    "duration": [6, 8, 10, "6", 6.0, 4, 15],
    "resolution": ["512P", "720P", "768P", "1080P", "768p", "480P", "2K"],
    "aspect_ratio": ["16:9", "9:16", "1:1", "21:9", "adaptive"],
    "seed": [-1, 0, 7, 99_999, "8"],
    "first_frame": PICTURES,
    "last_frame": PICTURES,
    "subject": PICTURES,
    "references": [
        [PICTURES[0]],
        [PICTURES[0], "https://clips.example/run.mp4", png(400, 320)],
        [png(400, 320), sound()],
        [clip(2.0, size=(320, 320))],
    ],
    "template": ["Diving", "diving", "392753057216684038", "Survival", "Helpless Moments", "生无可恋"],
    "text": ["Lion", "a lion " * 20],
    "prompt_optimizer": [True, False],
    "fast_pretreatment": [True, False],
    "watermark": [True, False],
    "callback_url": ["https://hooks.example/done", "http://hooks.example:8080/done?x=1"],
    "width": [1366, 1920, 1280, 1344, 864],
    "height": [768, 1080, 720, 480],
    "options": [
        {"numberResults": 2},
        {"outputQuality": 80},
        {"ttl": 60, "safety.mode": "fast"},
        {"outputFormat": "MOV"},
        {"settings.promptExpansion": "quality", "numberResults": 4},
        {"safety.checkContent": True, "safety.mode": "none"},
        {},
    ],
}
ODD: dict[str, list[Any]] = {
    "prompt": ["x" * 801, "x" * 2000, "x" * 2001, "a\0b", "\ud800", "\u200b", "\x1c", "x", 7, b"fox", None],
    "model": ["", "9", " 02 ", "MINIMAX-HAILUO-02", 2.3, None, True],
    "duration": [0, -6, 7, 10.5, "six", "", True, 10**30, float("nan"), float("inf")],
    "resolution": ["4K", "", 768, " 768P", "７６８P", True],
    "aspect_ratio": ["4:3", "", 1.5, "16 : 9", True],
    "seed": [-2, 100_000, 2**63, 1.5, "x", True, ""],
    "first_frame": ODD_PICTURES,
    "last_frame": ODD_PICTURES,
    "subject": ODD_PICTURES,
    "references": [
        *([""], [7], [b""], ["ftp://x/y.png"], ["no-such-file.png"], ["https://"], [png(200, 200)], [sound()]),
        *([PICTURES[0]] * 10, [sound()] * 4, [clip(1.0)], ["https://pictures.example/fox"], 7, b"GIF89a"),
    ],
    "template": ["", "x", "1", "393857704283172864", 392753057216684038, "9" * 18, "９" * 18, True],
    "text": ["", "  ", "x" * 2001, "a\0b", "\ud800", 7],
    "prompt_optimizer": ["yes", 1, 0, "", "off"],
    "fast_pretreatment": ["yes", 1, 0, ""],
    "watermark": ["no", 1, 0, ""],
    "callback_url": [
        "hooks",
        "",
        "http://",
        "https://x:99999/",
        "http://[::1",
        "https://h.example/\0",
        "https://\ud800/",
        7,
    ],
    "width": [0, -1, 1, 100_000, "1366", "wide", 13.5, True],
    "height": [0, -1, 1, 100_000, "768", "tall", 7.5, True],
    "options": [
        *({"nope": 1}, {"numberResults": 0}, {"numberResults": True}, {"numberResults": "2"}, {"ttl": 59}, "ttl=60", 7),
        *({"outputFormat": "AVI"}, {"outputFormat": ["MP4"]}, {7: 7}, {"safety.checkContent": "yes"}, {"ttl": 10**30}),
        *({"uploadEndpoint": "hooks"}, {"uploadEndpoint": "https://\ud800/"}, {"safety.mode": "slow"}),
    ],
}


def texts() -> st.SearchStrategy[str]:
    """Any text at all, halves of surrogate pairs too."""
    return st.text(st.characters(), max_size=40)


def values(name: str, draw: st.DrawFn) -> Any:
    """A value of one argument: mostly one that some provider takes."""
    if name in {"prompt", "text", "callback_url", "aspect_ratio"} and draw(st.integers(0, 9)) == 0:
        return draw(texts())
    return draw(st.sampled_from(GOOD[name] if draw(st.integers(0, 3)) else ODD[name]))


@st.composite
def requests(draw: st.DrawFn, offers: list[Case]) -> dict[str, Any]:
    """What the catalog offers, with some arguments changed, added, or taken away."""
    given = dict(draw(st.sampled_from(offers)).arguments) if draw(st.integers(0, 9)) else {"prompt": "A fox"}
    for name in draw(st.lists(st.sampled_from(sorted(GOOD)), max_size=4, unique=True)):
        given[name] = values(name, draw)
    if draw(st.integers(0, 4)) == 0 and given:
        del given[draw(st.sampled_from(sorted(given)))]
    return given


def meet(line: Line, arguments: dict[str, Any]) -> str:
    """Plan and send a request; what came of it."""
    name, before = line.name, line.charged
    prompt = arguments.pop("prompt", "")
    try:
        plan = line.session.plan([prompt], provider=name, ask_log=False, reuse=False, **arguments)
    except UsageError:
        return "refused before it was sent"
    (planned,) = plan.runs
    assert planned.request.hash
    try:
        accepted = line.create(planned.request)
    except InvalidRequest:
        foreseen = FORESEEN & {p.argument for p in plan.warnings}
        if not foreseen:
            raise
        assert line.charged == before
        return f"refused by the provider, as the warning on {foreseen.pop()} said"
    assert accepted.task_id
    assert line.charged == before + 1
    return "accepted"


def test_no_request_surprises_the_provider(connect: Connect, dialect: str, offers: Callable[[str], list[Case]]) -> None:
    """Any arguments: a UsageError and nothing else, or a create call that the provider accepts; a fair share is."""
    line = connect(dialect)
    known = offers(dialect)
    seen: Counter[str] = Counter()

    @settings(
        max_examples=EXAMPLES,
        derandomize="CONTRACT_EXAMPLES" not in os.environ,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(known))
    def holds(arguments: dict[str, Any]) -> None:
        what = meet(line, dict(arguments))
        event(what)
        seen[what] += 1

    holds()
    assert seen["accepted"] >= EXAMPLES // 5
    assert seen["refused before it was sent"] >= EXAMPLES // 10


def test_no_single_value_surprises_the_provider(connect: Connect, dialect: str) -> None:
    """Each value of the tables above on its own, in a request that is otherwise plain: the same promise."""
    line = connect(dialect)
    plain = {"first_frame": PICTURES[2]} if dialect != "kie" else {}
    surprises: list[str] = []
    for name, good in GOOD.items():
        for value in (*good, *ODD[name]):
            try:
                meet(line, {"prompt": "A fox", **plain, name: value})
            except Exception as e:  # noqa: BLE001 - every surprise is told, not the first alone
                surprises.append(f"{name}={value!r:.40}: {type(e).__name__}: {e}")
    assert surprises == []
