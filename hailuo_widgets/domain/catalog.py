"""Types of a provider's facts: models, offers, prices, image rules, templates, options.

Each row names its source. Code depends on these rows, never on a provider's or a model's name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from hailuo_widgets.domain.input_rules import ImageRules, MediaLimits, ReferenceRules
from hailuo_widgets.domain.list_price import Price, Surcharge, clip_price
from hailuo_widgets.domain.user_price import micros_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.domain.request import Request

__all__ = [
    "MIB",
    "Auth",
    "Facts",
    "ImageRules",
    "MediaLimits",
    "Model",
    "ModelFacts",
    "Offer",
    "Option",
    "Price",
    "ReferenceRules",
    "Seeds",
    "Surcharge",
    "Template",
]

T = TypeVar("T")


MIB = 1024 * 1024  # documents say "MB"; the larger reading is used, so that nothing allowed is refused


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model. ``typical_s``: the published generation time in seconds, by resolution (None: any).

    The fields from ``seed_range`` on replace the provider's own of nearly the same name, for this model; with None, the
    provider's apply. Read them with :meth:`Facts.of`.

    Args:
        seed_range: The seeds.
        aspect_ratios: The aspect ratios by mode; a mode that is missing takes none.
        default_aspect_ratio: The aspect ratio by mode that is sent if the user gives none.
        resolution_words: The provider's own words for resolutions that have another name here, in capital letters.
        sizes: The pixels (width, height) by resolution, the usual one first; with {}, the model takes no pixels.
        sizes_only: The document lists all sizes, so any other is refused.
        size_modes: The modes in which ``width`` and ``height`` are taken; None means all.
        max_results: The largest number of clips of one create call.
        watermark_doubt: The warning for a watermark switch that not every host of the provider takes.
        recommended: What the provider's document recommends it for, in its words.
        styles: The art styles that the document names for it.
        other_options: The warning for an option that is in no list: it is sent; "" makes it an error.
    """

    name: str
    title: str
    short_names: tuple[str, ...] = ()
    camera: bool = False  # understands camera instructions
    fast_pretreatment: bool = False
    fixed: bool = False  # duration and resolution can't be chosen; the model's only offer states them
    seeds: bool = True  # takes a seed, if the provider does
    seed_doubt: str = ""  # why the same seed may not give the same clip
    seeds_elsewhere: str = ""  # where the same model takes seeds, if not here
    typical_s: Mapping[str | None, float] = field(default_factory=dict)
    note: str = ""
    recommended: str = ""
    styles: tuple[str, ...] = ()
    source: str = ""
    seed_range: Seeds | None = None
    prompt_max: int | None = None
    prompt_min: int | None = None
    default_duration: int | None = None
    default_resolution: str | None = None
    resolution_words: Mapping[str, str] = field(default_factory=dict)
    aspect_ratios: Mapping[str, tuple[str, ...]] | None = None
    default_aspect_ratio: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, tuple[tuple[int, int], ...]] | None = None
    sizes_only: bool = False
    size_modes: tuple[str, ...] | None = None
    images: ImageRules | None = None
    references: ReferenceRules | None = None
    last_frame_alone: str | None = None
    optimizer: bool | None = None
    watermark: bool | None = None
    callback: bool | None = None
    options: tuple[Option, ...] | None = None
    max_results: int | None = None
    watermark_doubt: str = ""
    other_options: str = ""


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
class Seeds:
    """The range of seeds that a provider takes; ``random`` is the value that means "choose one"."""

    low: int
    high: int
    random: int | None
    source: str


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
    by value. ``url``: the value is a web address. ``optimizer``: of the option that is a model's prompt optimizer, the
    values that ``prompt_optimizer`` False and True send. ``counts``: it says how many clips the call makes. ``sent``
    False: it chooses an address and is not sent, so that it is checked for models in no table too.
    """

    name: str
    kind: type
    help: str
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    url: bool = False
    counts: bool = False
    sent: bool = True
    doubts: Mapping[Any, str] = field(default_factory=dict)
    optimizer: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Auth:
    """How a key is sent: the name of the header, and the text before the key in it."""

    header: str
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What applies to one model; see :class:`Facts` and :class:`Model` for the fields.

    ``ratios_by_mode`` None means that ``provider_ratios`` hold in every mode; use :meth:`aspect_ratios`.
    ``max_results`` None means that no document limits it, or that there is one.
    """

    seeds: Seeds | None
    prompt_max: int
    prompt_min: int
    default_duration: int | None
    default_resolution: str | None
    ratios_by_mode: Mapping[str, tuple[str, ...]] | None
    provider_ratios: tuple[str, ...]
    default_ratios: Mapping[str, str]
    sizes: Mapping[str, tuple[tuple[int, int], ...]]
    sizes_only: bool
    size_modes: tuple[str, ...] | None
    images: ImageRules
    references: ReferenceRules | None
    last_frame_alone: str
    optimizer: bool
    watermark: bool
    callback: bool
    options: tuple[Option, ...]
    max_results: int | None

    @property
    def optimizer_option(self) -> Option | None:
        """The option that is the model's prompt optimizer; None if it has none, or has a switch for it."""
        return next((option for option in self.options if option.optimizer is not None), None)

    def aspect_ratios(self, mode: str) -> tuple[str, ...]:
        """Return the aspect ratios in a mode; empty if none is taken."""
        return self.provider_ratios if self.ratios_by_mode is None else self.ratios_by_mode.get(mode, ())

    def takes_size(self, mode: str) -> bool:
        """Return whether ``width`` and ``height`` are taken in a mode."""
        return bool(self.sizes) and (self.size_modes is None or mode in self.size_modes)

    def size(self, resolution: str | None, aspect_ratio: str | None = None) -> tuple[int, int] | None:
        """Return the pixels of a resolution: those nearest to an aspect ratio, or the usual ones; None if unknown."""
        sizes = self.sizes.get(resolution or "", ())
        wide, _, high = (aspect_ratio or "").partition(":")
        if not (sizes and wide.isdecimal() and high.isdecimal() and int(wide) and int(high)):
            return sizes[0] if sizes else None
        return min(sizes, key=lambda size: abs(math.log(size[0] * int(high) / (size[1] * int(wide)))))


def _users_own(model: str, micros: int, currency: str) -> Price:
    """Return the row of a price that the user has given."""
    return Price(
        model=model, resolution=None, duration=None, micros=micros, currency=currency, source="the user", as_of=""
    )


def _own(model_s: T | None, provider_s: T) -> T:
    """Return the model's own value, or else the provider's."""
    return provider_s if model_s is None else model_s


def _holds(  # noqa: PLR0917 - a row's columns, in their order
    row: Price, model: str, resolution: str | None, duration: int | None, mode: str | None, region: str | None
) -> bool:
    """Return whether a price holds for a clip."""
    return (
        row.model in {None, model}
        and row.resolution in {None, resolution}
        and (row.duration is None or row.duration == duration)
        and row.mode in {None, mode}
        and row.region in {None, region}
    )


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts of one provider.

    ``hosts`` are its other documented origins, earlier defaults included: a run that was sent to one of them is
    followed there, and its clip can be reused for an equal request to any other. ``max_concurrent`` and
    ``requests_per_minute`` are the limits of one account; None means "not documented". ``poll_floor_s`` is the shortest
    documented time between two polls of a task. ``sizes`` are the pixels (width, height) of each resolution, at a
    provider that takes both. ``regions`` names the region of each origin whose price list is its own. A model may
    replace many of these values; :meth:`of` returns what applies to a model. ``key_variables`` are the environment
    variables of the key, of which the first one that is set is used, and ``base_url_variable`` that of the base URL;
    without a value they are ``<NAME>_API_KEY`` and ``<NAME>_BASE_URL``. ``also_priced`` are prices of the same clips in
    further currencies, where a document names them; what is charged is in ``prices``. ``simulated``: the bundled
    simulator speaks this provider's API. ``output_format``, ``storage`` (how long the provider keeps a clip) and
    ``link_life`` (how long its link works) are in the document's words; "" means "not documented".
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
    references: ReferenceRules | None = None
    surcharges: tuple[Surcharge, ...] = ()
    also_priced: tuple[Price, ...] = ()
    output_format: str = ""
    storage: str = ""
    link_life: str = ""
    regions: Mapping[str, str] = field(default_factory=dict)
    key_variables: tuple[str, ...] = ()
    base_url_variable: str = ""
    simulated: bool = False

    def __post_init__(self) -> None:
        """Name the environment variables after the provider, unless they are given."""
        name = self.name.upper()
        object.__setattr__(self, "key_variables", self.key_variables or (f"{name}_API_KEY",))
        object.__setattr__(self, "base_url_variable", self.base_url_variable or f"{name}_BASE_URL")

    @property
    def key_variable(self) -> str:
        """The environment variable that hints name for the key."""
        return self.key_variables[0]

    _resolved: dict[str, ModelFacts] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def origins(self) -> frozenset[str]:
        """All documented origins."""
        return frozenset({self.base_url, *self.hosts} - {""})

    def model(self, name: str) -> Model | None:
        """Return the model of that name, or None."""
        return next((m for m in self.models if m.name == name), None)

    def of(self, model: str) -> ModelFacts:
        """Return what applies to a model: its own values, or else the provider's. An unknown model has the latter."""
        if model not in self._resolved:  # a sweep asks for the same few models for each of its runs
            self._resolved[model] = self._resolve(self.model(model) or Model(name=model, title=model))
        return self._resolved[model]

    def _resolve(self, row: Model) -> ModelFacts:
        sizes = {name: (size,) for name, size in self.sizes.items()}
        return ModelFacts(
            seeds=(row.seed_range or self.seeds) if row.seeds else None,
            prompt_max=_own(row.prompt_max, self.prompt_max),
            prompt_min=_own(row.prompt_min, self.prompt_min),
            default_duration=_own(row.default_duration, self.default_duration),
            default_resolution=_own(row.default_resolution, self.default_resolution),
            ratios_by_mode=row.aspect_ratios,
            provider_ratios=self.aspect_ratios,
            default_ratios=row.default_aspect_ratio,
            sizes=_own(row.sizes, sizes),
            sizes_only=row.sizes_only,
            size_modes=row.size_modes,
            images=_own(row.images, self.images),
            references=_own(row.references, self.references),
            last_frame_alone=_own(row.last_frame_alone, self.last_frame_alone),
            optimizer=_own(row.optimizer, self.optimizer),
            watermark=_own(row.watermark, self.watermark),
            callback=_own(row.callback, self.callback),
            options=_own(row.options, self.options),
            max_results=row.max_results,
        )

    def seeds_of(self, model: str) -> Seeds | None:
        """Return the seeds that a model takes; None if it takes none."""
        return self.of(model).seeds

    @property
    def any_seeds(self) -> bool:
        """Whether any model takes seeds."""
        return any(self.seeds_of(m.name) is not None for m in self.models)

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
        row = self.model(model)
        own = word.strip().upper()
        folded = (own if row is None else row.resolution_words.get(own, own)).casefold()
        return next((r for r in [*known, *self.of(model).sizes] if r.casefold() == folded), word)

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
            resolution = next((name for name, pixels in self.of(model).sizes.items() if size in pixels), None)
        else:
            usual = self.of(model).default_resolution
            resolution = usual if usual in known else next(iter(known), None)
        durations = sorted({d for o in offers if o.resolution in {None, resolution} for d in o.durations})
        if duration is None and durations:
            length = self.of(model).default_duration
            duration = length if length in durations else durations[0]
        return resolution, duration

    def region_of(self, origin: str) -> str | None:
        """Return the region of an origin; None if it is unknown, or all origins have one price list."""
        return self.regions.get(origin)

    def price(
        self,
        model: str,
        resolution: str | None,
        duration: int | None,
        *,
        mode: str | None = None,
        region: str | None = None,
    ) -> Price | None:
        """Return the first matching price; None if it is unknown, which is never 0.

        A price of one mode or one region matches only if ``mode`` or ``region`` names it. In a region that has prices
        of its own for the model, those of no region do not hold.
        """
        own = region is not None and any((row.model, row.region) == (model, region) for row in self.prices)
        return next(
            (
                row
                for row in self.prices
                if _holds(row, model, resolution, duration, mode, region) and not (own and row.region is None)
            ),
            None,
        )

    def other_prices(self, request: Request, region: str | None) -> dict[str, int]:
        """Return the micros of one clip by currency, from :attr:`also_priced`; the first matching row of each counts.

        Args:
            request: The request.
            region: The region of the origin that it is sent to.
        """
        found: dict[str, int] = {}
        if request.template is not None or request.unlisted:
            return found
        asked = (request.model, request.resolution, request.duration, request.mode, region)
        for row in self.also_priced:
            if row.currency not in found and _holds(row, *asked):
                micros = clip_price(request, row, self.surcharges, region)
                if micros is not None:
                    found[row.currency] = micros
        return found

    def price_of(self, request: Request, region: str | None) -> tuple[int, str, Price] | None:
        """Return what one clip of a request costs by the list, with its surcharges; None if that is unknown.

        The price of an unlisted model is the user's own, if there is one.

        Args:
            request: The request.
            region: The region of the origin that it is sent to; see :meth:`region_of`.

        Returns:
            The micros (millionths), their currency, and the row of the list.
        """
        if request.template is not None:
            return None
        if request.unlisted:
            own = None if request.price is None else micros_of(request.price)
            return None if own is None else (*own, _users_own(request.model, *own))
        row = self.price(request.model, request.resolution, request.duration, mode=request.mode, region=region)
        micros = None if row is None else clip_price(request, row, self.surcharges, region)
        return None if row is None or micros is None else (micros, row.currency, row)
