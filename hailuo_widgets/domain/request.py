"""Request: the complete, immutable description of one clip, and its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.images import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["IMAGE_FIELDS", "Mode", "Request"]

IMAGE_FIELDS = ("first_frame", "last_frame", "subject")


class Mode(StrEnum):
    """The kind of a request. Compare with ``==``."""

    TEXT_TO_VIDEO = "text_to_video"
    IMAGE_TO_VIDEO = "image_to_video"
    FIRST_LAST_FRAME = "first_last_frame"
    SUBJECT_TO_VIDEO = "subject_to_video"
    TEMPLATE = "template"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request for one clip at one provider.

    Args:
        prompt: The prompt as it is sent.
        provider: The provider's name.
        model: The provider's own name of the model ("" for a template).
        duration: Seconds; None if the provider chooses.
        resolution: The resolution in the catalog's spelling (``768P``).
        seed: The seed to send; None sends none.
        replicate: The number 1, 2, … that distinguishes repeats of the same request. It is never sent.
        template: The template's ID; it is text because it exceeds 2**53.
        text: The template's text.
        options: Provider-specific fields, by the provider's names.
    """

    prompt: str
    provider: str
    model: str
    duration: int | None = None
    resolution: str | None = None
    aspect_ratio: str | None = None
    seed: int | None = None
    replicate: int = 1
    first_frame: Image | None = None
    last_frame: Image | None = None
    subject: Image | None = None
    template: str | None = None
    text: str | None = None
    prompt_optimizer: bool = False
    fast_pretreatment: bool | None = None
    watermark: bool | None = None
    callback_url: str | None = None
    width: int | None = None
    height: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mode(self) -> Mode:
        """The kind of request, derived from its fields."""
        if self.template is not None:
            return Mode.TEMPLATE
        if self.subject is not None:
            return Mode.SUBJECT_TO_VIDEO
        if self.last_frame is not None:
            return Mode.FIRST_LAST_FRAME
        return Mode.IMAGE_TO_VIDEO if self.first_frame is not None else Mode.TEXT_TO_VIDEO

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON. Images are without their bytes, which are in the archive."""
        out: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Image):
                value = {
                    "name": value.name,
                    "url": value.url,
                    "sha256": value.sha256,
                    "media_type": value.media_type,
                    "width": value.width,
                    "height": value.height,
                }
            elif f.name == "options":
                value = dict(value)
            out[f.name] = value
        return out

    @property
    def hash(self) -> str:
        """The SHA-256 (64 hex digits) of everything that determines the clip, including the replicate's number.

        The callback URL does not, and is left out; an image counts by its content.
        """
        shape = self.to_json()
        del shape["callback_url"]
        for name in IMAGE_FIELDS:
            image = getattr(self, name)
            shape[name] = image.identity if image else None
        text = json.dumps(shape, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
