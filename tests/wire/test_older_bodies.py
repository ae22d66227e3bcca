"""Tests that requests of older models keep their bytes and their hashes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.request import Request
from hailuo_widgets.provider import open_provider
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.provider.interface import Provider

OURS = "3f0c5f0e-8a5f-4f0e-9d43-0c3a5d4b1e77"
FIRST, LAST = (Image(name=f"{n}.png", url=f"https://pictures.example/{n}.png") for n in ("fox", "wolf"))
FRAMES: dict[str, dict[str, Image]] = {
    "text_to_video": {},
    "image_to_video": {"first_frame": FIRST},
    "first_last_frame": {"first_frame": FIRST, "last_frame": LAST},
}
GOLDEN: dict[tuple[str, str], str] = {
    ("kie", "minimax-hailuo-2-3"): "1b6741f86268cb2f76ce1cd7dd47cb6e1d4317b78d00bd5c052236092e1b4f8b",
    ("kie", "minimax-hailuo-2-3-fast"): "29f24314ee686fad7185fdbd8268233f977493160175fb1c9d3357addfc107af",
    ("kie", "minimax-hailuo-02"): "519b0bbd4ce98a4faca2f2d0c21434735ad075c0563015646194f98ffbbd8d65",
    (
        "kie-jobs",
        "hailuo/02-text-to-video-standard",
    ): "57d153583952b6ff374752e8d8f16340459d4ab72d4d5df428a023b7598da5ef",
    ("kie-jobs", "hailuo/02-text-to-video-pro"): "22a6a615b6dbda55a4e11f16e23fb273132bc0fe5c2f5f47173de93388c409f2",
    (
        "kie-jobs",
        "hailuo/02-image-to-video-standard",
    ): "011966f2abcf6fc5df05e1e63e21b1a606d9272f1595d6599836e3955728d0a4",
    ("kie-jobs", "hailuo/02-image-to-video-pro"): "2b9b1a9df797441602a695b22d69ac561eadb40def37ebaa690e572ebf8d2442",
    (
        "kie-jobs",
        "hailuo/2-3-image-to-video-standard",
    ): "c6100741bdad4ac040668b5ab370e75df4136fcf79c89493ab97038b872a3814",
    ("kie-jobs", "hailuo/2-3-image-to-video-pro"): "62d4e1750da8cf57fd1d73e47539e3ed90443c458f23a80a6aa1ae382aed442f",
    ("runware", "minimax:3@1"): "f8ae4476a03ed7cf19968591f5a3af9c12c1fe10f88d1e98d0da6407094e4f5b",
}
"""SHA-256 of all bodies and hashes of a model, as they were before H3 came. Never change one."""


def opened(dialect: str) -> Provider:
    """A provider in one of its dialects."""
    name, _, kind = dialect.partition("-")
    return open_provider(name, Settings.resolve({"kie_dialect": kind or "minimax"}, environ={}))


def requests(provider: Provider, model: str) -> Iterator[Request]:
    """Each offer of a model at each length, bare and with everything that the provider takes."""
    facts = provider.facts
    rest: dict[str, Any] = {"callback_url": "https://me.example/hook"}
    rest |= {"prompt_optimizer": True} if facts.optimizer else {}
    rest |= {"seed": 7, "aspect_ratio": "9:16"} if facts.seeds else {}
    options = {
        "numberResults": 3,
        "outputFormat": "MP4",
        "ttl": 600,
        "safety.checkContent": True,
        "safety.mode": "full",
    }
    rest |= {"options": options} if facts.options else {}
    for offer in facts.offers:
        if offer.model != model:
            continue
        for duration in offer.durations or (None,):
            for more in ({}, rest, {"width": 1366, "height": 768}) if facts.sizes else ({}, rest):
                yield Request(
                    prompt="狐 a fox",
                    provider=facts.name,
                    model=model,
                    resolution=offer.resolution,
                    duration=duration,
                    **FRAMES[offer.mode],
                    **more,
                )


def digest(dialect: str, model: str) -> str:
    """The digest of all calls and hashes of a model, in the order of its offers."""
    provider = opened(dialect)
    told = hashlib.sha256()
    for request in requests(provider, model):
        call = provider.encode_create(request, OURS)
        told.update(f"{call.method} {call.path} {json.dumps(call.json)} {request.hash}\n".encode())
    return told.hexdigest()


@pytest.mark.parametrize(("dialect", "model"), GOLDEN)
def test_bytes_and_hashes_stay(dialect: str, model: str) -> None:
    """Every request of the model is written and identified as before."""
    assert digest(dialect, model) == GOLDEN[dialect, model]
