"""Fixtures of the wire tests: replies as bytes, requests, and an image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hailuo_widgets.domain.images import Image
from hailuo_widgets.domain.request import Request
from hailuo_widgets.provider import open_provider
from hailuo_widgets.provider.interface import HttpReply
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.provider.interface import Provider

URL_PICTURE = Image(name="fox.png", url="https://pictures.example/fox.png")
LOCAL_PICTURE = Image(
    name="fox.png", data=b"\x89PNG fox", sha256="ab" * 32, media_type="image/png", width=1280, height=720
)


def answered(body: Any, status: int = 200, **headers: str) -> HttpReply:
    """An answer; a body that is no bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": "application/json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return HttpReply(status=status, headers=named, body=raw)


def opened(name: str, **settings: Any) -> Provider:
    """A provider as a session opens it, whatever the environment says."""
    return open_provider(name, Settings.resolve(settings, environ={}))


def asked(provider: Provider, prompt: str = "a fox", **fields: Any) -> Request:
    """A request at a provider, with its own defaults."""
    facts = provider.facts
    model = fields.pop("model", facts.default_model)
    bare = Request(prompt=prompt, provider=facts.name, model=model, **fields)
    if bare.template is not None:
        return Request(prompt=prompt, provider=facts.name, model="", **fields)
    given = {name: fields.pop(name, None) for name in ("resolution", "duration")}
    resolution, duration = facts.fill_in(model, bare.mode, **given)
    return Request(prompt=prompt, provider=facts.name, model=model, resolution=resolution, duration=duration, **fields)


@pytest.fixture
def reply() -> Callable[..., HttpReply]:
    """See :func:`answered`."""
    return answered


@pytest.fixture
def open_() -> Callable[..., Provider]:
    """See :func:`opened`."""
    return opened


@pytest.fixture
def ask() -> Callable[..., Request]:
    """See :func:`asked`."""
    return asked


@pytest.fixture
def link() -> Image:
    """A picture on the web."""
    return URL_PICTURE


@pytest.fixture
def picture() -> Image:
    """A picture of this machine."""
    return LOCAL_PICTURE
