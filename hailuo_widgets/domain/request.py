"""Request: the complete, immutable description of one clip, and its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.images import Image, InputFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.references import Reference

__all__ = ["CONTROL_ARMS", "IMAGE_FIELDS", "Control", "Mode", "Request", "Source"]

IMAGE_FIELDS = ("first_frame", "last_frame", "subject")
LATER = ("references", "unlisted", "price", "source", "control")  # fields newer than the first run log
CONTROL_ARMS = ("a", "b")  # of a null control


class Mode(StrEnum):
    """The kind of a request. Compare with ``==``."""

    TEXT_TO_VIDEO = "text_to_video"
    IMAGE_TO_VIDEO = "image_to_video"
    FIRST_LAST_FRAME = "first_last_frame"
    SUBJECT_TO_VIDEO = "subject_to_video"
    TEMPLATE = "template"
    REFERENCE_TO_VIDEO = "reference_to_video"
    UPSCALE = "upscale"


@dataclass(frozen=True, kw_only=True)
class Source:
    """The run whose clip is made larger, and the provider's ID of its task."""

    run_id: str
    task_id: str


@dataclass(frozen=True, kw_only=True)
class Control:
    """The place of a request in a null control: its arm, ``a`` or ``b``, and which comparison the control is for."""

    arm: str
    comparison: str


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
        references: The pictures, clips and sounds that the model is to follow, in the order in which a prompt counts
            them.
        unlisted: The model is in no table: the request is sent as it was typed, and only its form is checked.
        price: The user's price of one clip of an unlisted model, for example ``0.5 USD``. It is never sent.
        source: The run whose clip is made larger. The references are then that run's: they are billed, and not sent.
        control: The request's place in a null control; None for all other requests. It is never sent. It counts in the
            hash, so that neither arm takes the clip of the other one, of another control, or of another request.
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
    references: tuple[Reference, ...] = ()
    unlisted: bool = False
    price: str | None = None
    source: Source | None = None
    control: Control | None = None

    @property
    def fixed_seed(self) -> int | None:
        """The seed, if it makes the clip reproducible: not -1, which asks the provider for a random one."""
        return None if self.seed is None or self.seed < 0 else self.seed

    @property
    def mode(self) -> Mode:
        """The kind of request, derived from its fields."""
        if self.template is not None:
            return Mode.TEMPLATE
        if self.source is not None:
            return Mode.UPSCALE
        if self.references:
            return Mode.REFERENCE_TO_VIDEO
        if self.subject is not None:
            return Mode.SUBJECT_TO_VIDEO
        if self.last_frame is not None:
            return Mode.FIRST_LAST_FRAME
        return Mode.IMAGE_TO_VIDEO if self.first_frame is not None else Mode.TEXT_TO_VIDEO

    @property
    def inputs(self) -> tuple[tuple[str, InputFile], ...]:
        """All input files with the names of their fields; references are ``references[0]`` and so on."""
        images = ((name, getattr(self, name)) for name in IMAGE_FIELDS)
        return (
            *((name, image) for name, image in images if image is not None),
            *((f"references[{i}]", reference) for i, reference in enumerate(self.references)),
        )

    def with_inputs(self, files: Mapping[str, InputFile]) -> Request:
        """Return the request with other files in these fields, which are named as in :attr:`inputs`."""
        changed: dict[str, Any] = {name: files[name] for name in IMAGE_FIELDS if name in files}
        references = tuple(files.get(f"references[{i}]", own) for i, own in enumerate(self.references))
        if references != self.references:
            changed["references"] = references
        return replace(self, **changed) if changed else self

    @property
    def condition(self) -> Request:
        """The request without what differs by chance or by the arm of a control: seed, replicate and arm."""
        return replace(self, seed=None, replicate=1, control=None)

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON. Files are without their bytes, which are in the archive.

        A field of :data:`LATER` is left out if it has its default, so that older requests are written as they were.
        """
        out: dict[str, Any] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name in LATER and value == f.default:
                continue
            if isinstance(value, Image):
                value = {
                    "name": value.name,
                    "url": value.url,
                    "sha256": value.sha256,
                    "media_type": value.media_type,
                    "width": value.width,
                    "height": value.height,
                }
            elif isinstance(value, Source | Control):
                value = asdict(value)
            elif f.name == "references":
                value = [_reference(one) for one in value]
            elif f.name == "options":
                value = dict(value)
            out[f.name] = value
        return out

    @property
    def hash(self) -> str:
        """The SHA-256 (64 hex digits) of everything that determines the clip, including the replicate's number.

        The callback URL and the user's price do not, and are left out; a file counts by its content.
        """
        shape = self.to_json()
        del shape["callback_url"]
        shape.pop("price", None)
        for name in IMAGE_FIELDS:
            image = getattr(self, name)
            shape[name] = image.identity if image else None
        if self.references:
            shape["references"] = [f"{one.kind} {one.identity}" for one in self.references]
        if self.source is not None:
            shape["source"] = self.source.task_id
        text = json.dumps(shape, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _reference(reference: Reference) -> dict[str, Any]:
    """Return a reference as JSON, without what isn't known of it."""
    found = {f.name: getattr(reference, f.name) for f in fields(reference) if f.name not in {"data", "note"}}
    return {name: value for name, value in found.items() if value not in {None, ""}}
