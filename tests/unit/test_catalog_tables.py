"""Tests of the tables of models and providers: every price, and the facts of the documents beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.dataframes.providers import models_frame, providers_frame
from hailuo_widgets.provider.accounts import Accounts
from hailuo_widgets.provider.registry import CHECKED
from hailuo_widgets.settings.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

MODELS = models_frame(Accounts(Settings.resolve({}, environ={})))
PROVIDERS = providers_frame(Accounts(Settings.resolve({}, environ={}))).set_index("provider")

# The document's own lines: model, 6, 8 and 10 seconds in credits, and the dollars of a second.
KIE = [
    ("minimax-hailuo-02", 45, 60, 60, "0.06 USD/s"),
    ("minimax-hailuo-2-3", 52.5, 70, 70, "0.07 USD/s"),
    ("minimax-hailuo-2-3-fast", 37.5, 50, 50, "0.05 USD/s"),
]


@pytest.mark.parametrize(("model", "six", "eight", "ten", "dollars"), KIE)
def test_kie_has_every_price_of_its_document(model: str, six: float, eight: float, ten: float, dollars: str) -> None:
    """In each mode and resolution, as the document has one list for all."""
    rows = MODELS[(MODELS.provider == "kie") & (MODELS.model == model)]
    assert len(rows)
    for row in rows.itertuples():
        assert (row.price, row.price_6s, row.price_8s, row.price_10s) == (six, six, eight, ten)
        assert (row.currency, row.also_priced, row.price_as_of) == ("credits", dollars, "2026-11")
        assert row.price_source == "KIE.ai Minimax API document"


def test_prices_of_a_second_and_of_regions() -> None:
    """H3 has a price of a second in each region's own currency; a length that is not made has no price."""
    rows = MODELS[(MODELS.model == "MiniMax-H3") & (MODELS.resolution == "2K") & (MODELS["mode"] == "text_to_video")]
    rows = rows[rows.provider == "minimax"].set_index("region")
    assert rows.price_per_s.to_dict() == {"cn": 0.8, "global": 0.13}
    assert rows.currency.to_dict() == {"cn": "CNY", "global": "USD"}
    assert rows.price_8s["global"] == pytest.approx(1.04)
    seed = MODELS[
        (MODELS.model == "MiniMax-Hailuo-2.3") & (MODELS.resolution == "768P") & (MODELS.provider == "minimax")
    ]
    of_text = seed[seed["mode"] == "text_to_video"].set_index("region")
    assert of_text.price_6s.to_dict() == {"cn": 2.0, "global": 0.28}
    assert of_text.currency.to_dict() == {"cn": "CNY", "global": "USD"}
    seed = MODELS[
        (MODELS.provider == "minimax") & (MODELS.model == "MiniMax-Hailuo-2.3") & (MODELS.resolution == "1080P")
    ]
    assert seed[seed.region == "cn"].price_6s.notna().all()
    assert seed[seed.region == "global"].price_6s.isna().all()  # no source names it
    assert seed.price_8s.isna().all()
    assert seed.price_10s.isna().all()


# Provider, model, resolution, and the prices of a clip without a duration, of 6 and of 10 seconds: from each document.
DEFAULTS = [
    ("kie", "minimax-h3/text-to-video", "768P", 96, 96, 160),  # 16 credits a second
    ("minimax", "MiniMax-H3", "2K", 0.78, 0.78, 1.30),  # $0.13 a second
    ("runware", "minimax:h3@0", "768P", 0.48, 0.48, 0.80),  # $0.08 a second
    ("runware", "minimax:4@1", "1080P", 0.49, 0.49, None),  # $0.49 for 6 seconds; nobody names 10 seconds
    ("runware", "minimax:4@1", "768P", None, None, None),
]


@pytest.mark.parametrize(("provider", "model", "resolution", "prices"), [(*row[:3], row[3:]) for row in DEFAULTS])
def test_a_price_is_that_of_the_default_duration(
    provider: str, model: str, resolution: str, prices: tuple[float | None, ...]
) -> None:
    """It is what a call without a duration pays, not what the shortest clip costs."""
    rows = MODELS[(MODELS.provider == provider) & (MODELS.model == model) & (MODELS.resolution == resolution)]
    rows = rows[(rows["mode"] == "text_to_video") & (rows.region.isna() | (rows.region == "global"))]
    assert len(rows) == 1
    found = [None if pd.isna(v) else v for v in rows[["price", "price_6s", "price_10s"]].iloc[0]]
    assert found == [None if v is None else pytest.approx(v) for v in prices]


def test_a_price_has_its_source_and_date_and_every_row_its_check() -> None:
    """What has no price has neither; every row says when the facts were last checked."""
    priced = MODELS.price.notna()
    assert MODELS.price_source.notna().tolist() == MODELS.price_as_of.notna().tolist()
    assert MODELS[priced].price_source.notna().all()
    assert MODELS[priced].currency.notna().all()
    assert set(MODELS.checked) == {CHECKED} == set(PROVIDERS.checked)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", CHECKED)


def test_recommended_uses_and_art_styles() -> None:
    """In the documents' words, with the model that they name."""
    recommended = MODELS.dropna(subset=["recommended"]).groupby(["provider", "model"]).recommended.first()
    assert recommended["kie", "minimax-hailuo-2-3-fast"] == "High-volume, time-sensitive workflows"
    assert recommended["minimax", "S2V-01"] == "Face consistency across video"
    assert "trailers" in recommended["runware", "minimax:3@1"]
    styled = MODELS.dropna(subset=["styles"])
    assert set(zip(styled.provider, styled.model, strict=True)) == {("kie", "minimax-hailuo-2-3")}
    for style in ("Anime", "Ink wash painting", "Game CG", "Pixar-style", "Surrealist", "Photo-realistic", "Custom"):
        assert style in styled.styles.iloc[0]


def test_what_a_provider_keeps() -> None:
    """KIE's document has 14 days and 20 minutes; nothing is said where no document says it."""
    kie = PROVIDERS.loc["kie"]
    assert (kie.storage, kie.link_life, kie.output_format, kie.max_concurrent) == ("14 days", "20 minutes", "MP4", 10)
    assert pd.isna(PROVIDERS.loc["minimax"].storage)
    assert "MOV" in PROVIDERS.loc["runware"].output_format


def test_the_configured_regions_price_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A host of the other region turns the rows of a model round."""
    found = []
    for host in ("https://api.minimaxi.com", "https://api.minimax.io"):
        monkeypatch.setenv("MINIMAX_BASE_URL", host)
        with Session(mode="simulated", home=tmp_path) as session:
            rows = session.models("minimax")
            found.append(rows[rows.model == "MiniMax-H3"].region.iloc[0])
    assert found == ["cn", "global"]


# The documents' own words: KIE's column "Best For", MiniMax's "Notes", and the paragraph of Runware's page.
USES = [
    ("kie", "minimax-hailuo-02", "High-quality cinematic videos"),
    ("kie", "minimax-hailuo-2-3", "Professional content with advanced styling"),
    ("kie", "minimax-hailuo-2-3-fast", "High-volume, time-sensitive workflows"),
    ("minimax", "MiniMax-Hailuo-2.3", "Recommended, latest"),
    ("minimax", "MiniMax-Hailuo-2.3-Fast", "Fast variant"),
    ("minimax", "MiniMax-Hailuo-02", "Previous gen"),
    ("minimax", "MiniMax-Hailuo-02", "only model supporting start-end frame"),
    ("minimax", "T2V-01-Director", "Director control"),
    ("minimax", "T2V-01", "Base model"),
    ("minimax", "I2V-01-Director", "Director control"),
    ("minimax", "I2V-01-live", "Live photo style"),
    ("minimax", "I2V-01", "Base model"),
    ("minimax", "S2V-01", "Face consistency across video"),
    ("runware", "minimax:3@1", "commercial spots, trailers, music promos, and social shorts"),
]


@pytest.mark.parametrize(("provider", "model", "words"), USES)
def test_a_use(provider: str, model: str, words: str) -> None:
    """Every row of the model has its recommended use."""
    rows = MODELS[(MODELS.provider == provider) & (MODELS.model == model)]
    assert len(rows)
    assert all(words in said for said in rows.recommended)


@pytest.mark.parametrize(
    "style",
    [
        "Anime and illustration styles",
        "Ink wash painting (Chinese traditional art)",
        "Game CG (video game graphics)",
        "Pixar-style animation",
        "Surrealist effects",
        "Photo-realistic",
        "Custom styles via prompt",
    ],
)
def test_a_style(style: str) -> None:
    """KIE's document has seven for Hailuo 2.3."""
    rows = MODELS[(MODELS.provider == "kie") & (MODELS.model == "minimax-hailuo-2-3")]
    assert all(style in said.split(", ") for said in rows.styles)
