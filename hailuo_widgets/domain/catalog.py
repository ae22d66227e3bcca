"""The rows that a provider's facts are made of. Each row says where it comes from; code asks the rows, never a name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MIB", "Auth", "Facts", "ImageRules", "Model", "Offer", "Option", "Price", "Seeds", "Template"]


MIB = 1024 * 1024  # documents say "MB": what either reading of it allows is not refused


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model. ``typical_s``: the usual generation time in seconds by resolution (None: any), as published."""

    name: str
    title: str
    short_names: tuple[str, ...] = ()
    camera: bool = False  # obeys camera instructions
    fast_pretreatment: bool = False
    fixed: bool = False  # takes neither duration nor resolution: they are what the single offer says
    seeds: bool = True  # where the provider takes seeds at all
    seed_doubt: str = ""  # why the same seed may not give the same clip
    typical_s: Mapping[str | None, float] = field(default_factory=dict)
    note: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a model does in one mode at one resolution.

    ``doubt``: a document allows it, other evidence does not. A ``resolution`` of None is "the provider chooses"; no
    ``durations`` is the same of the length.
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
    """What one clip costs: ``micros`` are millionths of ``currency``. None for a column means any."""

    model: str | None
    resolution: str | None
    duration: int | None
    micros: int
    currency: str
    source: str
    as_of: str


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """The seeds that a provider takes; ``random`` is the one that means "choose one"."""

    low: int
    high: int
    random: int | None
    source: str


@dataclass(frozen=True, kw_only=True)
class ImageRules:
    """What an input image must be. Sides are pixels, the ratio is width / height."""

    max_bytes: int
    source: str
    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP")
    short_side_over: int | None = None
    ratio: tuple[float, float] | None = None
    url_only: bool = False
    hint: str = ""  # what to do with a local picture where only URLs are taken


@dataclass(frozen=True, kw_only=True)
class Template:
    """One of MiniMax's video templates. The id is text: it exceeds 2**53."""

    id: str
    english: str
    chinese: str
    picture: str | None  # what the picture is to show; None where none is taken
    text: str | None  # what the words are to say; None where none are taken
    source: str


@dataclass(frozen=True, kw_only=True)
class Option:
    """A field of the provider's own, given by ``--option NAME=VALUE``. ``doubts``: value → what to know before it.

    ``seen``: values known to work where the document does not name them. ``url``: it is a web address.
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
    """How a key is sent: the header, and what stands before the key in it."""

    header: str
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One provider's table.

    ``hosts`` are the provider's other documented origins, also those that were the default once: a run that is told to
    have gone to one of them is followed there, and its clip serves an equal run at any other.
    ``max_concurrent`` and ``requests_per_minute`` are what one account may have; None is "not documented".
    ``poll_floor_s`` is the shortest documented time between two polls of a task, ``link_life_s`` how long a download
    link is sure to live. ``sizes`` is what a resolution is in pixels (width, height) at a provider that takes both.
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
    returns_seed: bool = False
    aspect_ratios: tuple[str, ...] = ()
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    last_frame_alone: str = ""  # the doubt about a last frame without a first one; empty: it is refused
    optimizer: bool = False
    watermark: bool = False
    callback: bool = False
    templates: tuple[Template, ...] = ()
    options: tuple[Option, ...] = ()
    max_concurrent: int | None = None
    requests_per_minute: int | None = None
    poll_floor_s: float = 5.0
    link_life_s: float | None = None
    key_page: str = ""
    hosts: tuple[str, ...] = ()

    @property
    def origins(self) -> frozenset[str]:
        """All documented origins."""
        return frozenset({self.base_url, *self.hosts})

    def model(self, name: str) -> Model | None:
        """The model of that name, or None."""
        return next((m for m in self.models if m.name == name), None)

    def find_model(self, word: str | None, mode: str) -> Model | None:
        """The model that a user means: the provider's own name or a short one, whatever its case.

        Where several answer to it, or none is named, the first that does the mode is meant; the default comes first.
        """
        folded = word.strip().casefold() if word is not None else None
        able = {o.model for o in self.offers if o.mode == mode}
        known = sorted(self.models, key=lambda m: m.name != self.default_model)
        meant = [
            m for m in known if folded is None or folded in {m.name.casefold(), *(s.casefold() for s in m.short_names)}
        ]
        return next((m for m in meant if m.name in able), meant[0] if meant else None)

    def template(self, word: str) -> Template | None:
        """The template that a user means: its id, its English or its Chinese name."""
        folded = word.strip().casefold()
        return next((t for t in self.templates if folded in {t.id, t.english.casefold(), t.chinese}), None)

    def resolution(self, model: str, mode: str, word: str) -> str:
        """A resolution as the catalog writes it, whatever its case; an unknown word comes back as it is."""
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
        """Resolution and duration as they will be: given, or the default where the model has it, or the first offer's.

        Args:
            model: The provider's own name.
            mode: What is asked for.
            resolution: As the user gave it.
            duration: Seconds, as the user gave them.
            size: Width and height, as the user gave them: they are the resolution then, or have no name (None).
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
        """The first price row that fits; None where no source names one: unknown is never 0."""
        for row in self.prices:
            fits = (
                row.model in {None, model}
                and row.resolution in {None, resolution}
                and (row.duration is None or row.duration == duration)
            )
            if fits:
                return row
        return None
