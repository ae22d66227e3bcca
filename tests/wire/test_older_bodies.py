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
    "subject_to_video": {"subject": FIRST},
}
GOLDEN: dict[tuple[str, str], str] = {
    ("minimax", "MiniMax-Hailuo-2.3"): "0b6d3a1813cb7c868b1ca21714b6ece4f8126c58141aea6599f0e853dc7f533e",
    ("minimax", "MiniMax-Hailuo-2.3-Fast"): "16a43a382152864288730fb6ed17713c2ea5a65a6fc8e14dd7f01fc6f75d81d4",
    ("minimax", "MiniMax-Hailuo-02"): "849737935384bb50602f4bfdadd4b17be45aa1ab66ca32d6cc5371f53addbed2",
    ("minimax", "T2V-01-Director"): "b0998aff9449bf105170af84cdaaaa4ad78f07c68cb2241b4dcdb953afef3fb7",
    ("minimax", "T2V-01"): "2e9cc67f255ffaaf2cac0783e34677dded0980c3dd3ad6a196f4aef5915dda93",
    ("minimax", "I2V-01-Director"): "e003db7abd2bd3d44d89d38cffc1c9daa0fcd777f77ee83d7f4a84321548d852",
    ("minimax", "I2V-01-live"): "7feb83938bfac6ae4a1f07acf334c1c62a0bbd015894ba607663bd85caded290",
    ("minimax", "I2V-01"): "653ab028e2af475244b5561f3df10c3aacc730b828ca0083914d79ea9ad6a14a",
    ("minimax", "S2V-01"): "777c4bbbe9e09da322267d2acf752083808c1f99d589b45692e5f01d7f3bd47e",
    ("kkiai", "MiniMax-Hailuo-2.3"): "44524d47b13d7081afdaf6775e15e3091ed99304d5f305f826bd58ed9b447b50",
    ("kkiai", "MiniMax-Hailuo-02"): "8908ff03974bb365999c593d961b0461fac2e1177d705ef9e627d5049ca51d31",
    ("pixazo", "MiniMax-Hailuo-2.3-Fast"): "942d5cdf25f9e8149581f54b6b61fe5cba2987e98935103bc6915c069c12a4c4",
    ("pixazo", "MiniMax-Hailuo-2.3"): "47b389d48b04dfee4395a1d79f0fc32ceb439d4f02b2176ddde0b556fddbc8e4",
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
