"""Tests that request hashes never change: a new field keeps the hashes of existing requests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.domain.request import Control, Request, Source
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.store.schema import from_row, to_row

FOX = Image(name="fox.png", sha256="a" * 64, media_type="image/png", width=640, height=480, data=b"x")
LINK = Image(name="u", url="https://e.example/u.png")
GOLDEN = {
    "e3b3bb34be133f6ca470090265ed5b164ba3a22d39e3db4c86bd4adf1539072c": Request(
        prompt="a fox", provider="minimax", model="MiniMax-Hailuo-2.3", duration=6, resolution="768P"
    ),
    "62755c4ad8b7fa063452b6e427c0a47d4717c42bf6799d9570e42d43f062f70a": Request(
        prompt="狐 🦊 {x} $5",
        provider="kie",
        model="hailuo/2-3",
        duration=6,
        resolution="768P",
        seed=0,
        replicate=2,
    ),
    "d69d1c59ccb65277e429d2bdda1b98edcb627027a83dfe3e08de443cdafe3ff4": Request(
        prompt="a fox", provider="minimax", model="MiniMax-Hailuo-02", first_frame=FOX, last_frame=LINK
    ),
    "964e7b6350cdefea3e55fecacd375889e75a4c2f56e63d72d5fa1d803ae87a52": Request(
        prompt="",
        provider="minimax",
        model="S2V-01",
        subject=FOX,
        prompt_optimizer=True,
        fast_pretreatment=False,
        watermark=True,
    ),
    "690de42d2d237ceb9e7b26f35599089cd92a255834382bc68799ed32f62b5cfb": Request(
        prompt="", provider="minimax", model="", template="392753057216684038", text="Lion", first_frame=LINK
    ),
    "8c93875a0dd37a6c4302b00916e70b09e457a7663eb3894546654b761caf3d02": Request(
        prompt="a",
        provider="runware",
        model="minimax:4@1",
        width=1366,
        height=768,
        seed=7,
        options={"numberResults": 3, "a": {"b": [1, 0.5, None, True]}},
        callback_url="https://x.example",
        aspect_ratio="9:16",
    ),
    "eac6146ca745c834c930ff4978995db532a68ca016dab8033e4a7657ab6be547": Request(
        prompt="a fox", provider="kie", model="02", seed=7, replicate=2, control=Control(arm="a", comparison="c0ffee")
    ),
}
"""Computed by the first version that wrote a run log (November 2026). Never change one: add one for a new field."""


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda h: h[:8])
def test_a_hash_is_for_ever(golden: str) -> None:
    """Each request has the hash that it has always had, also as the log keeps it."""
    request = GOLDEN[golden]
    assert request.hash == golden
    record = RunRecord(run_id="r", created_at=datetime.now(UTC), request=request, request_hash=golden)
    assert from_row(to_row(record)).request.hash == golden


CLIP = Reference(
    name="fox.mp4", kind=MediaKind.VIDEO, sha256="b" * 64, media_type="video/mp4", width=1366, height=768, seconds=5.5
)
EACH: dict[str, Any] = {  # a value of each field that is not its default, as the log keeps it
    "prompt": "a wolf",
    "provider": "kie",
    "model": "MiniMax-Hailuo-02",
    "duration": 10,
    "resolution": "1080P",
    "aspect_ratio": "9:16",
    "seed": 0,
    "replicate": 2,
    "first_frame": replace(FOX, data=None),
    "last_frame": LINK,
    "subject": LINK,
    "template": "392753057216684038",
    "text": "Lion",
    "prompt_optimizer": True,
    "fast_pretreatment": False,
    "watermark": False,
    "callback_url": "https://x.example",
    "width": 1366,
    "height": 768,
    "options": {"ttl": 600},
    "references": (CLIP, Reference(name="u", kind=MediaKind.IMAGE, url="https://e.example/u.png")),
    "unlisted": True,
    "price": "0.5 USD",
    "source": Source(run_id="r1", task_id="7"),
    "control": Control(arm="b", comparison="c"),
}
NO_PART_OF_THE_CLIP = {"callback_url", "price"}


def test_every_field_is_known_here() -> None:
    """A new field has its value above; it is then tested as the others are."""
    assert list(EACH) == [f.name for f in fields(Request)]


@pytest.mark.parametrize("name", EACH)
def test_each_field_is_kept_by_the_log_and_counts(name: str) -> None:
    """What the log forgot would be shown wrong, and sent wrong by a retry; what a hash forgot would be reused wrong."""
    plain = Request(prompt="a fox", provider="minimax", model="MiniMax-Hailuo-2.3")
    request = replace(plain, **{name: EACH[name]})
    record = RunRecord(run_id="r", created_at=datetime.now(UTC), request=request, request_hash=request.hash)
    read = from_row(to_row(record))
    assert read.request == request
    assert (read.request.hash, read.unread) == (request.hash, ())
    assert (request.hash == plain.hash) == (name in NO_PART_OF_THE_CLIP)


FIRST = (  # the fields of the first version that wrote a run log
    *("prompt", "provider", "model", "duration", "resolution", "aspect_ratio", "seed", "replicate", "first_frame"),
    *("last_frame", "subject", "template", "text", "prompt_optimizer", "fast_pretreatment", "watermark"),
    *("callback_url", "width", "height", "options"),
)
numbers = st.none() | st.integers(-(2**63), 2**63 - 1)
texts = st.none() | st.text(max_size=8)
flags = st.none() | st.booleans()


@given(
    st.builds(
        Request,
        prompt=st.text(max_size=20),
        provider=st.sampled_from(["minimax", "kie"]),
        model=st.text(max_size=8),
        duration=numbers,
        seed=numbers,
        resolution=texts,
        aspect_ratio=texts,
        template=texts,
        text=texts,
        callback_url=texts,
        watermark=flags,
        options=st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4), max_size=2),
    )
)
def test_a_request_of_the_first_fields_is_written_as_it_was(request: Request) -> None:
    """Fields that came later are neither in its JSON nor in its hash, which is that of the first fields alone."""
    assert tuple(request.to_json()) == FIRST
    shape = {name: getattr(request, name) for name in FIRST if name != "callback_url"}
    text = json.dumps(shape, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    assert request.hash == hashlib.sha256(text.encode()).hexdigest()
