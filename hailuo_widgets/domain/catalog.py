"""Types of a provider's facts: models, offers, prices, image rules, templates, options.

Each row names its source. Code depends on these rows, never on a provider's or a model's name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MIB", "Auth", "Facts", "ImageRules", "Model", "Offer", "Option", "Price", "Seeds", "Template"]


MIB = 1024 * 1024  # documents say "MB"; the larger reading is used, so that nothing allowed is refused


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model. ``typical_s``: the published generation time in seconds, by resolution (None: any)."""

    name: str
    title: str
    short_names: tuple[str, ...] = ()
    camera: bool = False  # understands camera instructions
    fast_pretreatment: bool = False
    fixed: bool = False  # duration and resolution can't be chosen; the model's only offer states them
    seeds: bool = True  # takes a seed, if the provider does
    seed_doubt: str = ""  # why the same seed may not give the same clip
    typical_s: Mapping[str | None, float] = field(default_factory=dict)
    note: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The durations of a model in one mode at one resolution.

    ``doubt``: a warning, if a document allows this and other evidence contradicts it. ``resolution`` None or empty
    ``durations`` mean that the provider chooses.
    """

    model: str
    mode: str
    resolution: str | None
    durations: tuple[int, ...]
    source: str
    doubt: str = ""
    doubtful_durations: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Price:
    """The list price of one clip in ``micros``, millionths of ``currency``. None in another column means any."""

    model: str | None
    resolution: str | None
    duration: int | None
    micros: int
    currency: str
    source: str
    as_of: str


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """The range of seeds that a provider takes; ``random`` is the value that means "choose one"."""

    low: int
    high: int
    random: int | None
    source: str


@dataclass(frozen=True, kw_only=True)
class ImageRules:
    """The limits on input images. Sides are in pixels; the ratio is width / height."""

    max_bytes: int
    source: str
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP")
    short_side_over: int | None = None
    ratio: tuple[float, float] | None = None
    url_only: bool = False
    hint: str = ""  # what to do with a local image if only URLs are accepted


@dataclass(frozen=True, kw_only=True)
class Template:
    """One of MiniMax's video templates. The ID is text because it exceeds 2**53."""

    id: str
    english: str
    chinese: str
    picture: str | None  # what the image must show; None if the template takes no image
    text: str | None  # what the text must say; None if the template takes no text
    source: str


@dataclass(frozen=True, kw_only=True)
class Option:
    """A provider-specific field, given by ``--option NAME=VALUE``.

    ``allowed``: the documented values. ``seen``: values known to work, if the document names none. ``doubts``: warnings
    by value. ``url``: the value is a web address.
    """

    name: str
    kind: type
    help: str
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    url: bool = False
    doubts: Mapping[Any, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Auth:
    """How a key is sent: the name of the header, and the text before the key in it."""

    header: str
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts of one provider.

    ``hosts`` are its other documented origins, earlier defaults included: a run that was sent to one of them is
    followed there, and its clip can be reused for an equal request to any other. ``max_concurrent`` and
    ``requests_per_minute`` are the limits of one account; None means "not documented". ``poll_floor_s`` is the shortest
    documented time between two polls of a task. ``sizes`` are the pixels (width, height) of each resolution, at a
    provider that takes both.
    """

    name: str
    title: str
    base_url: str
    auth: Auth
    default_model: str
    models: tuple[Model, ...]
    offers: tuple[Offer, ...]
    prices: tuple[Price, ...]
    images: ImageRules
    source: str
    prompt_max: int
    prompt_min: int = 0
    default_duration: int | None = 6
    default_resolution: str | None = "768P"
    seeds: Seeds | None = None
    aspect_ratios: tuple[str, ...] = ()
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    last_frame_alone: str = ""  # the warning for a last frame without a first one; "" makes it an error
    optimizer: bool = False
    watermark: bool = False
    callback: bool = False
    templates: tuple[Template, ...] = ()
    options: tuple[Option, ...] = ()
    max_concurrent: int | None = None
    requests_per_minute: int | None = None
    poll_floor_s: float = 5.0
    key_page: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def origins(self) -> frozenset[str]:
        """All documented origins."""
        return frozenset({self.base_url, *self.hosts})

    def model(self, name: str) -> Model | None:
        """Return the model of that name, or None."""
        return next((m for m in self.models if m.name == name), None)

    def find_model(self, word: str | None, mode: str) -> Model | None:
        """Return the model with that name or short name, in any case; None if there is none.

        If several match, or ``word`` is None, the result is the first that supports the mode; the default model is
        tried first.
        """
        folded = word.strip().casefold() if word is not None else None
        able = {o.model for o in self.offers if o.mode == mode}
        known = sorted(self.models, key=lambda m: m.name != self.default_model)
        matching = [
            m for m in known if folded is None or folded in {m.name.casefold(), *(s.casefold() for s in m.short_names)}
        ]
        return next((m for m in matching if m.name in able), matching[0] if matching else None)

    def template(self, word: str) -> Template | None:
        """Return the template with that ID, English name or Chinese name; None if there is none."""
        folded = word.strip().casefold()
        return next((t for t in self.templates if folded in {t.id, t.english.casefold(), t.chinese}), None)

    def resolution(self, model: str, mode: str, word: str) -> str:
        """Return a resolution in the catalog's spelling; an unknown one is returned unchanged."""
        known = [o.resolution for o in self.offers if (o.model, o.mode) == (model, mode) and o.resolution]
        folded = word.strip().casefold()
        return next((r for r in [*known, *self.sizes] if r.casefold() == folded), word)

    def fill_in(
        self,
        model: str,
        mode: str,
        *,
        resolution: str | None = None,
        duration: int | None = None,
        size: tuple[int, int] | None = None,
    ) -> tuple[str | None, int | None]:
        """Return resolution and duration: the given values, the defaults if the model has them, or the first offer's.

        Args:
            model: The provider's own name of the model.
            mode: The mode of the request.
            resolution: The resolution that the user gave.
            duration: The seconds that the user gave.
            size: The width and height that the user gave. They determine the resolution; it is None if no resolution
                has this size.
        """
        offers = [o for o in self.offers if (o.model, o.mode) == (model, mode)]
        known = [o.resolution for o in offers if o.resolution]
        if resolution is not None:
            resolution = self.resolution(model, mode, resolution)
        elif size is not None:
            resolution = next((name for name, pixels in self.sizes.items() if pixels == size), None)
        else:
            resolution = self.default_resolution if self.default_resolution in known else next(iter(known), None)
        durations = sorted({d for o in offers if o.resolution in {None, resolution} for d in o.durations})
        if duration is None and durations:
            duration = self.default_duration if self.default_duration in durations else durations[0]
        return resolution, duration

    def price(self, model: str, resolution: str | None, duration: int | None) -> Price | None:
        """Return the first matching price; None if it is unknown, which is never 0."""
        for row in self.prices:
            fits = (
                row.model in {None, model}
                and row.resolution in {None, resolution}
                and (row.duration is None or row.duration == duration)
            )
            if fits:
                return row
        return None
