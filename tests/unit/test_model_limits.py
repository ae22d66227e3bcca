"""Tests of what a model replaces of its provider's: seeds, ratios, sizes, options, defaults, and prices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.costs import plan_frame
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.domain.request import Request
from hailuo_widgets.errors import UsageError
from hailuo_widgets.magics.completions import offers
from hailuo_widgets.planning.build_request import build_request
from hailuo_widgets.provider import (
    Facts,
    Model,
    Offer,
    Option,
    Price,
    ReferenceRules,
    Seeds,
    Surcharge,
    open_provider,
)
from hailuo_widgets.provider.interface import Provider
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T2V, I2V, R2V, UP = "text_to_video", "image_to_video", "reference_to_video", "upscale"
PICTURE = "https://pictures.example/fox.png"
RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
WIDE = ((1344, 768), (1024, 768), (768, 768), (768, 1024), (768, 1344), (1536, 672))
LARGE = ((2560, 1440), (1920, 1440), (1440, 1440), (1440, 1920), (1440, 2560), (2944, 1248))
NEW = Model(  # as the documents have H3 at Runware
    name="novel",
    title="Novel",
    short_names=("novel",),
    seed_range=Seeds(low=0, high=4_294_967_295, random=None, source="x"),
    prompt_max=7000,
    prompt_min=3,
    default_duration=6,
    default_resolution="768P",
    aspect_ratios={T2V: RATIOS, R2V: ("adaptive", *RATIOS)},
    default_aspect_ratio={T2V: "16:9", R2V: "adaptive"},
    sizes={"768P": WIDE, "2K": LARGE},
    sizes_only=True,
    size_modes=(T2V,),
    references=ReferenceRules(source="x", images=9, videos=3, audios=3),
    last_frame_alone="the documents disagree",
    optimizer=False,
    options=(Option(name="ttl", kind=int, low=60, help="seconds"),),
)
OFFERS = tuple(
    Offer(model="novel", mode=mode, resolution=name, durations=tuple(range(4, 16)), source="x")
    for mode in (T2V, I2V, R2V)
    for name in ("2K", "768P")  # the dearer one first, which must not be taken by accident
)
UPSCALES = (Offer(model="novel", mode=UP, resolution="2K", durations=tuple(range(4, 16)), source="x"),)


def _price(resolution: str | None, micros: int, currency: str = "USD", **more: Any) -> Price:
    more = {"model": "novel", "duration": None, "per_second": True, "source": "x", "as_of": "2026-11"} | more
    return Price(resolution=resolution, micros=micros, currency=currency, **more)


PRICES = (
    _price(None, 50_000, mode=UP, region="global"),
    _price("768P", 80_000, region="global"),
    _price("2K", 130_000, region="global"),
    _price("2K", 800_000, "CNY", region="cn"),
    _price("768P", 320_000, duration=15, per_second=False),
)


def _surcharge(what: str, free: int, micros: int, **more: Any) -> Surcharge:
    more = {"model": "novel", "currency": "USD", "source": "x", "as_of": "2026-11"} | more
    return Surcharge(what=what, free=free, micros=micros, **more)


SURCHARGES = (
    _surcharge("reference_image", 5, 40_000),
    _surcharge("reference_video_second", 0, 130_000),
    _surcharge("reference_image", 5, 200_000, currency="CNY", region="cn"),
)


def with_novel(own: Facts) -> Facts:
    """A provider with its default model, and the new one beside it."""
    return replace(
        own,
        models=(*(m for m in own.models if m.name == own.default_model), NEW),
        offers=(*(o for o in own.offers if o.model == own.default_model), *OFFERS, *UPSCALES),
        prices=(*(p for p in own.prices if p.model == own.default_model), *PRICES),
        surcharges=SURCHARGES,
        regions={"https://cn.example": "cn", "https://global.example": "global"},
    )


FACTS = with_novel(open_provider("runware", Settings.resolve()).facts)
OLD = FACTS.default_model


def built(**arguments: Any) -> Request:
    """The request of these arguments at the new model."""
    return build_request(FACTS, {"prompt": "a fox", "model": "novel", **arguments}).request


def test_a_model_that_replaces_nothing_has_its_providers_values() -> None:
    """Each first model of each provider has what the provider's table says."""
    for name in ("minimax", "kie", "pixazo", "runware", "kkiai"):
        own = open_provider(name, Settings.resolve()).facts
        found, model = own.of(own.default_model), own.model(own.default_model)
        assert model is not None
        assert found.seeds == (own.seeds if model.seeds else None)
        assert (found.prompt_max, found.prompt_min) == (own.prompt_max, own.prompt_min)
        assert found.aspect_ratios(T2V) == own.aspect_ratios
        assert (found.images, found.options, found.callback) == (own.images, own.options, own.callback)
        assert found.sizes == {resolution: (size,) for resolution, size in own.sizes.items()}
        assert own.of("of no table") == own.of("of no table either")


def test_nothing_given_means_the_defaults_and_says_them() -> None:
    """768P, 6 s and 16:9 are in the request, though the table's first offer is the dearer one."""
    request = built()
    assert (request.resolution, request.duration, request.aspect_ratio) == ("768P", 6, "16:9")
    request = built(first_frame=PICTURE)
    assert (request.resolution, request.duration, request.aspect_ratio) == ("768P", 6, None)
    assert built(references=["https://a.example/1.png"]).aspect_ratio == "adaptive"
    assert built(width=1440, height=2560).resolution == "2K"
    assert built(width=1440, height=2560).aspect_ratio is None


@pytest.mark.parametrize("seconds", range(4, 16))
def test_any_whole_second(seconds: int) -> None:
    """Every whole second from 4 to 15 is taken."""
    assert built(duration=seconds).duration == seconds


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a second too few": ({"duration": 3}, "takes 4, 5, 6"),
    "a ratio in a mode without": (
        {"aspect_ratio": "16:9", "first_frame": PICTURE},
        "novel in image_to_video takes none",
    ),
    "a ratio of another mode": ({"aspect_ratio": "adaptive"}, "novel in text_to_video takes 21:9, 16:9"),
    "an unknown size": ({"width": 1366, "height": 768}, "1366x768: novel takes 1344x768"),
    "a size beside a picture": ({"width": 1344, "height": 768, "first_frame": PICTURE}, "takes no width"),
    "a seed too high": ({"seed": 4_294_967_296}, "novel takes 0 to 4294967295"),
    "the provider's option": ({"options": {"fps": 25}}, "option 'fps': novel takes ttl"),
    "an option out of bounds": ({"options": {"ttl": 59}}, "allowed is 60 and more"),
    "the optimizer": ({"prompt_optimizer": True}, "novel has no prompt optimizer"),
    "a long prompt": ({"prompt": "a" * 7001}, "novel takes at most 7000"),
    "a short prompt": ({"prompt": "a"}, "too short: novel needs at least 3"),
    "no prompt beside a picture": ({"prompt": "", "first_frame": PICTURE}, "empty: novel needs"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_models_own_limits_are_checked(case: str) -> None:
    """The error names the model, where its provider's other models take something else."""
    arguments, why = REFUSED[case]
    with pytest.raises(UsageError, match=why):
        built(**arguments)


def test_a_seed_at_one_family_alone() -> None:
    """The new model takes one, the old one does not, and the error says which do."""
    assert built(seed=7).seed == 7
    assert (FACTS.seeds, FACTS.any_seeds) == (None, True)
    with pytest.raises(UsageError, match=rf"{OLD} takes no seed") as refused:
        built(model=OLD, seed=7)
    assert "models that take a seed: novel" in str(refused.value)


def test_a_last_frame_alone_is_the_models_matter() -> None:
    """It is a warning where the model says so."""
    rows = (*FACTS.offers, Offer(model="novel", mode="first_last_frame", resolution="768P", durations=(6,), source="x"))
    found = build_request(replace(FACTS, offers=rows), {"prompt": "a fox", "model": "novel", "last_frame": PICTURE})
    assert [p.message for p in found.warnings] == ["the documents disagree"]


NEAREST = dict(zip(RATIOS, (WIDE[5], *WIDE[:5]), strict=True))


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_ratios_pixels(ratio: str) -> None:
    """A ratio's pixels are the nearest of the resolution's, by the document's list."""
    assert FACTS.of("novel").size("768P", ratio) == NEAREST[ratio]


@given(st.text(max_size=5), st.sampled_from([None, "768P", "2K", "1080P"]))
def test_any_ratio_has_a_size_or_none(ratio: str, resolution: str | None) -> None:
    """Whatever the text is, the size is one of the table's, or None where the resolution has none."""
    found = FACTS.of("novel").size(resolution, ratio)
    assert (found in FACTS.of("novel").sizes.get(str(resolution), ())) == (resolution in {"768P", "2K"})


# -- prices -----------------------------------------------------------------------------------------------------------


def _references(*lengths: float | None, images: int = 0) -> tuple[Reference, ...]:
    clips = [Reference(name="c", url="https://a.example/1.mp4", kind=MediaKind.VIDEO, seconds=s) for s in lengths]
    return (*clips, *[Reference(name="p", url="https://a.example/1.png", kind=MediaKind.IMAGE)] * images)


COSTS: dict[str, tuple[dict[str, Any], str | None, tuple[int, str] | None]] = {
    "768P, 6 s": ({}, "global", (480_000, "USD")),
    "2K, 10 s": ({"resolution": "2K", "duration": 10}, "global", (1_300_000, "USD")),
    "another region's list": ({"resolution": "2K", "duration": 10}, "cn", (8_000_000, "CNY")),
    "unknown in that region": ({}, "cn", None),
    "unknown without a region": ({}, None, None),
    "any region's": ({"duration": 15}, None, (320_000, "USD")),
    "a second's price wins": ({"duration": 15}, "global", (1_200_000, "USD")),
    "no length": ({"duration": None}, "global", None),
    "five pictures": ({"references": _references(images=5)}, "global", (480_000, "USD")),
    "seven pictures": ({"references": _references(images=7)}, "global", (560_000, "USD")),
    "seven pictures elsewhere": ({"references": _references(images=7), "resolution": "2K"}, "cn", (5_200_000, "CNY")),
    "a clip of 6 s at 12 s": (  # a paid sample of the document: 12 × 0.08 + 6 × 0.13
        {"references": _references(6.0), "duration": 12},
        "global",
        (1_740_000, "USD"),
    ),
    "a clip of unknown length": ({"references": _references(None)}, "global", None),
    "another model": ({"model": "of no table"}, "global", None),
}


@pytest.mark.parametrize("case", COSTS)
def test_what_a_clip_costs(case: str) -> None:
    """Seconds, regions and what is beside them are in the price; what depends on something unknown has none."""
    fields, region, expected = COSTS[case]
    request = Request(
        **{"prompt": "a", "provider": "x", "model": "novel", "resolution": "768P", "duration": 6, **fields}
    )
    found = FACTS.price_of(request, region)
    assert (None if found is None else found[:2]) == expected


# -- plans ------------------------------------------------------------------------------------------------------------


class Patched(Provider):
    """A bundled provider with the new model in its table."""

    def __init__(self, own: Provider) -> None:
        self.own, self.facts, self.codes = own, with_novel(own.facts), own.codes

    def __getattribute__(self, name: str) -> Any:
        here = {"own", "facts", "codes"}
        return object.__getattribute__(self, name) if name in here else getattr(self.own, name)

    encode_create = decode_create = encode_query = decode_query = None  # type: ignore[assignment]  # never reached


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session whose Runware has the new model, at its global host."""
    monkeypatch.setenv("RUNWARE_BASE_URL", "https://global.example")
    session = Session(home=tmp_path, mode="simulated", notice=lambda _: None)
    session.accounts._providers["runware"] = Patched(session.accounts.provider("runware"))
    yield session
    session.close()


def test_a_plan_shows_what_will_be_made_and_billed(session: Session) -> None:
    """The price is that of the filled-in request."""
    plan = session.plan("a fox", provider="runware", model="novel", ask_log=False)
    assert plan.sentence() == "1 run; 1 to send: $0.48"
    request = plan.runs[0].request
    assert (request.resolution, request.duration, request.aspect_ratio) == ("768P", 6, "16:9")
    assert plan.parts().makes == "768P, 6 s, 16:9"
    assert plan_frame(plan)["aspect_ratio"].item() == "16:9"


def test_matched_seeds_over_models_and_providers(session: Session) -> None:
    """In a sweep over providers a seed goes where the model takes one; elsewhere its runs are replicates."""
    plan = session.plan(
        "a fox", provider=["runware", "minimax"], model=["novel", "2.3"], zipped=["provider", "model"], seed=[1, 2]
    )
    assert [(p.request.provider, p.request.seed, p.request.replicate) for p in plan.runs] == [
        ("runware", 1, 1),
        ("runware", 2, 1),
        ("minimax", None, 1),
        ("minimax", None, 2),
    ]


def test_the_tables_of_providers_and_models(session: Session) -> None:
    """They name the models that take seeds, and have a per-second model's prices."""
    row = session.providers().set_index("provider").loc["runware"]
    assert row["seeds"] == "0 to 4294967295 (novel)"
    assert row["prompt_max"] >= 7000
    models = session.models("runware")
    rows = models[(models["model"] == "novel") & (models["region"] == "global")]
    prices = rows.set_index(["mode", "resolution"])["price_6s"]
    assert prices[T2V, "768P"] == pytest.approx(0.48)
    assert prices[UP, "2K"] == pytest.approx(0.3)


class World:
    """What Tab completion asks."""

    def facts(self, provider: str) -> Facts:
        """The provider with the new model."""
        del provider
        return FACTS

    def default_provider(self) -> str:
        """Runware."""
        return "runware"


def test_tab_knows_a_models_ratios() -> None:
    """The ratios of the chosen model are offered, those of references among them."""
    text = "%%hailuo --model novel --aspect-ratio "
    found = offers(text, len(text), World())  # type: ignore[arg-type]  # nothing else is asked
    assert found is not None
    assert set(found.texts) == {"adaptive", *RATIOS}
