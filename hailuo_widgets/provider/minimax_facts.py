"""MiniMax's facts and error codes, from the sources that ``minimax.py`` explains."""

from __future__ import annotations

from hailuo_widgets.domain.catalog import MIB, Auth, Facts, ImageRules, Model, Offer, Price, Template
from hailuo_widgets.errors import AuthError, InsufficientCredits, InvalidRequest, Moderated, ProviderError, RateLimited
from hailuo_widgets.provider import minimax_v2_facts as v2
from hailuo_widgets.provider.interface import Code
from hailuo_widgets.provider.refusal_words import about_content

__all__ = ["CODES", "FACTS", "code_of_type"]

DOC = "MiniMax video API document"
PAGE = "MiniMax's public API pages, 2026-07"
H23, FAST, H02 = "MiniMax-Hailuo-2.3", "MiniMax-Hailuo-2.3-Fast", "MiniMax-Hailuo-02"
T2V, I2V, FL, S2V = "text_to_video", "image_to_video", "first_last_frame", "subject_to_video"

_FAST_TEXT = f"{FAST} without a first frame: the API document lists it, {PAGE} and users say that it needs one"
_NO_512_TEXT = f"{H02} at 512P without a first frame: the API document lists it, {PAGE} do not"
_NO_512_PAIR = f"{H02} at 512P with a last frame: {PAGE} say that it is not there"
_LONG_1080 = f"10 s at 1080P: the API document lists 6/10 s for {H02}, {PAGE} say 6 s alone"

MODELS = (
    Model(
        name=H23,
        title="Hailuo 2.3",
        short_names=("2.3", "hailuo-2.3"),
        camera=True,
        fast_pretreatment=True,
        recommended="Recommended, latest",
        source=DOC,
    ),
    Model(
        name=FAST,
        title="Hailuo 2.3 Fast",
        short_names=("2.3-fast", "hailuo-2.3-fast"),
        camera=True,
        fast_pretreatment=True,
        recommended="Fast variant",
        source=DOC,
    ),
    Model(
        name=H02,
        title="Hailuo 02",
        short_names=("02", "hailuo-02"),
        camera=True,
        fast_pretreatment=True,
        recommended="Previous gen; only model supporting start-end frame",
        typical_s={"768P": 120, "1080P": 240},
        source=f"{DOC}; times: comfy",
    ),
    Model(
        name="T2V-01-Director",
        title="T2V-01 Director",
        camera=True,
        fixed=True,
        typical_s={None: 234},
        recommended="Director control",
        source=DOC,
    ),
    Model(name="T2V-01", title="T2V-01", fixed=True, typical_s={None: 234}, recommended="Base model", source=DOC),
    Model(
        name="I2V-01-Director",
        title="I2V-01 Director",
        camera=True,
        fixed=True,
        typical_s={None: 114},
        recommended="Director control",
        source=DOC,
    ),
    Model(
        name="I2V-01-live",
        title="I2V-01 Live",
        fixed=True,
        typical_s={None: 114},
        recommended="Live photo style",
        source=DOC,
    ),
    Model(name="I2V-01", title="I2V-01", fixed=True, typical_s={None: 114}, recommended="Base model", source=DOC),
    Model(
        name="S2V-01",
        title="S2V-01 subject reference",
        fixed=True,
        recommended="Face consistency across video",
        source=DOC,
    ),
)

OFFERS = (
    Offer(model=H23, mode=T2V, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=H23, mode=T2V, resolution="1080P", durations=(6,), source=DOC),
    Offer(model=FAST, mode=T2V, resolution="768P", durations=(6, 10), source=DOC, doubt=_FAST_TEXT),
    Offer(model=FAST, mode=T2V, resolution="1080P", durations=(6,), source=DOC, doubt=_FAST_TEXT),
    Offer(model=H02, mode=T2V, resolution="512P", durations=(6, 10), source=DOC, doubt=_NO_512_TEXT),
    Offer(model=H02, mode=T2V, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=H02, mode=T2V, resolution="1080P", durations=(6,), source=DOC),
    Offer(model="T2V-01-Director", mode=T2V, resolution="720P", durations=(6,), source=DOC),
    Offer(model="T2V-01", mode=T2V, resolution="720P", durations=(6,), source=DOC),
    Offer(model=H23, mode=I2V, resolution="768P", durations=(6, 10), source=f"{DOC}; 10 s: {PAGE}"),
    Offer(model=H23, mode=I2V, resolution="1080P", durations=(6,), source=DOC),
    Offer(model=FAST, mode=I2V, resolution="768P", durations=(6, 10), source=f"{DOC}; 10 s: {PAGE}"),
    Offer(model=FAST, mode=I2V, resolution="1080P", durations=(6,), source=DOC),
    Offer(model=H02, mode=I2V, resolution="512P", durations=(6, 10), source=DOC),
    Offer(model=H02, mode=I2V, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=H02, mode=I2V, resolution="1080P", durations=(6, 10), source=DOC, doubtful_durations={10: _LONG_1080}),
    Offer(model="I2V-01-Director", mode=I2V, resolution="720P", durations=(6,), source=DOC),
    Offer(model="I2V-01-live", mode=I2V, resolution="720P", durations=(6,), source=DOC),
    Offer(model="I2V-01", mode=I2V, resolution="720P", durations=(6,), source=DOC),
    Offer(model=H02, mode=FL, resolution="512P", durations=(6, 10), source=DOC, doubt=_NO_512_PAIR),
    Offer(model=H02, mode=FL, resolution="768P", durations=(6, 10), source=DOC),
    Offer(model=H02, mode=FL, resolution="1080P", durations=(6, 10), source=DOC, doubtful_durations={10: _LONG_1080}),
    Offer(model="S2V-01", mode=S2V, resolution=None, durations=(), source=DOC),
)


def _price(  # noqa: PLR0917 - a row of a table, in the order of its columns
    model: str, resolution: str | None, duration: int | None, amount: float, currency: str, source: str
) -> Price:
    return Price(
        model=model,
        resolution=resolution,
        duration=duration,
        micros=round(amount * 1_000_000),
        currency=currency,
        source=source,
        as_of="2026-11",
    )


PRICES = (
    _price(H23, "768P", 6, 2.0, "CNY", "arcreel"),
    _price(H23, "768P", 10, 4.0, "CNY", "arcreel"),
    _price(H23, "1080P", 6, 3.5, "CNY", "arcreel"),
    _price(FAST, "768P", 6, 1.35, "CNY", "arcreel"),
    _price(FAST, "768P", 10, 2.25, "CNY", "arcreel"),
    _price(FAST, "1080P", 6, 2.31, "CNY", "arcreel"),
    *(
        Price(
            model=model,
            resolution="768P",
            duration=6,
            micros=micros,
            currency="USD",
            source=v2.PRICES_PAGE,
            as_of="2026-10",
            region=v2.GLOBAL,
        )
        for model, micros in ((H23, 280_000), (FAST, 190_000))
    ),
    _price(H02, "768P", 6, 0.28, "USD", "comfy"),
    _price(H02, "768P", 10, 0.56, "USD", "comfy"),
    _price(H02, "1080P", 6, 0.49, "USD", "comfy"),
    *(
        _price(model, None, None, 0.43, "USD", "comfy")
        for model in ("T2V-01-Director", "T2V-01", "I2V-01-Director", "I2V-01-live", "I2V-01")
    ),
)


def _template(id_: str, english: str, chinese: str, picture: str | None, text: str | None = None) -> Template:
    return Template(id=id_, english=english, chinese=chinese, picture=picture, text=text, source=DOC)


TEMPLATES = (
    _template("392753057216684038", "Diving", "跳水", "a person"),
    _template("393881433990066176", "Rings", "吊环", "a pet"),
    _template("393769180141805569", "Survival", "绝地求生", "a pet", "the beast that follows it, for example Lion"),
    _template("394246956137422856", "Labubu", "万物皆可 labubu", "a person or a pet"),
    _template("393879757702918151", "McDonald's Delivery", "麦当劳宠物外卖员", "a pet"),
    _template("393766210733957121", "Tibetan Portrait", "藏族风写真", "a face"),
    _template("393866076583718914", "Female Model Ads", "女模特试穿广告", "a garment"),
    _template("393876118804459526", "Male Model Ads", "男模特试穿广告", "a garment"),
    _template("393857704283172856", "Winter Romance", "情书写真", "a person"),
    _template("398574688191234048", "Four Seasons", "四季写真", "a face"),
    _template("394125185182695432", "Helpless Moments", "生无可恋", None, "what the protagonist painfully does"),
)

CODES = {
    "1000": Code(error=ProviderError, meaning="an unknown error at the provider", again=True, accepted=None),
    "1001": Code(error=ProviderError, meaning="a time-out at the provider", again=True, accepted=None),
    "1002": Code(error=RateLimited, meaning="too many requests a minute", again=True),
    "1004": Code(
        error=AuthError,
        meaning="the key was refused",
        fatal=True,
    ),
    "1008": Code(
        error=InsufficientCredits,
        meaning="the account's balance is too low",
        fatal=True,
    ),
    "1013": Code(error=ProviderError, meaning="an internal error at the provider", again=True, accepted=None),
    "1024": Code(error=ProviderError, meaning="an internal error at the provider", again=True, accepted=None),
    "1026": Code(error=Moderated, meaning="the prompt or an image was refused for its content", hint="reword it"),
    "1027": Code(
        error=Moderated, meaning="the finished clip was withheld for its content", hint="reword the prompt or retry"
    ),
    "1028": Code(error=InsufficientCredits, meaning="the plan's quota is used up", fatal=True),
    "1030": Code(error=InsufficientCredits, meaning="the plan's quota is used up", fatal=True),
    "1033": Code(error=ProviderError, meaning="an error behind the provider", again=True, accepted=None),
    "1039": Code(error=RateLimited, meaning="too many tokens a minute", again=True),
    "1041": Code(error=RateLimited, meaning="too many connections", again=True),
    "1042": Code(error=InvalidRequest, meaning="over 10 % of the prompt's characters are illegal"),
    "2013": Code(error=InvalidRequest, meaning="a parameter was refused"),
    "2038": Code(error=AuthError, meaning="the account's owner is not verified", fatal=True),
    "2045": Code(error=RateLimited, meaning="the request rate grew too fast", again=True),
    "2049": Code(
        error=AuthError,
        meaning="the key is invalid",
        fatal=True,
        hint="check MINIMAX_API_KEY. A key works at its own region's host alone: for the global one set "
        "MINIMAX_BASE_URL=https://api.minimax.io. H3 needs a pay-as-you-go key",
    ),
    "2056": Code(error=InsufficientCredits, meaning="the plan's quota for this period is used up", fatal=True),
    "2061": Code(error=InvalidRequest, meaning="the account's plan does not have this model", fatal=True),
}

FACTS = Facts(
    name="minimax",
    title="MiniMax",
    base_url="https://api.minimaxi.com",
    hosts=("https://api.minimaxi.com", "https://api.minimax.io", "https://api.minimax.cn"),
    auth=Auth(header="Authorization", prefix="Bearer "),
    default_model=H23,
    models=(*MODELS, *v2.MODELS),
    offers=(*OFFERS, *v2.OFFERS),
    prices=(*PRICES, *v2.PRICES),
    surcharges=v2.SURCHARGES,
    regions=v2.REGIONS,
    images=ImageRules(max_bytes=20 * MIB - 1, short_side_over=300, ratio=(2 / 5, 5 / 2), source=DOC),
    source=DOC,
    prompt_max=2000,
    optimizer=True,
    watermark=True,
    callback=True,
    templates=TEMPLATES,
    requests_per_minute=20,
    poll_floor_s=5.0,
    key_page="https://platform.minimaxi.com/user-center/basic-information/interface-key",
    simulated=True,
)
TYPES = {
    "bad_request_error": "2013",
    "authorized_error": "1004",
    "authentication_error": "1004",
    "insufficient_balance_error": "1008",
    "unprocessable_entity_error": "1026",
    "rate_limit_error": "1002",
    "server_error": "1000",
}


def code_of_type(word: str, said: str | None) -> Code | None:
    """Return the row of a type in MiniMax's newer error format; None if it is unknown."""
    if word == "unprocessable_entity_error" and not about_content(said):
        word = "bad_request_error"
    if word == "overloaded_error":
        return Code(error=RateLimited, meaning="the provider is overloaded", again=True)
    return CODES.get(TYPES.get(word, ""))
