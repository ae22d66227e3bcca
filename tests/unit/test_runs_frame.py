"""Tests of the run log as a DataFrame: the value of every column; missing values are NA, and 0 is not missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hailuo_widgets.dataframes.providers import models_frame
from hailuo_widgets.dataframes.runs import RUN_COLUMNS, runs_frame, since_moment
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.domain.request import Control, Request
from hailuo_widgets.domain.run import RunRecord
from hailuo_widgets.errors import UsageError
from hailuo_widgets.provider.accounts import Accounts
from hailuo_widgets.settings.settings import Settings

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
REQUEST = Request(
    prompt="a fox 狐",
    provider="kie",
    model="02",
    seed=7,
    replicate=2,
    duration=6,
    resolution="768P",
    aspect_ratio="9:16",
    references=tuple(
        Reference(name=name, kind=MediaKind.IMAGE, url=f"https://a.example/{name}") for name in ("fox.png", "狼.png")
    ),
    options={"ttl": 600, "deep": {"fox": "狐", "uploadEndpoint": "https://me:den@b.example/put?sig=77"}},
    control=Control(arm="b", comparison="c"),
)
FULL = RunRecord(
    run_id="r2",
    created_at=NOW,
    request=REQUEST,
    request_hash=REQUEST.hash,
    status="succeeded",
    sweep_id="s1",
    sweep_name="foxes",
    variant="night",
    tags=("pilot", "x"),
    clip_tags=("x", "sharp"),
    task_id="401047179385389059",
    submitted_at=NOW,
    finished_at=NOW + timedelta(seconds=90),
    cost_micros=280_000,
    cost_kind="list",
    currency="USD",
    seed_returned=2**53 + 1,
    video_url="https://host.example/v.mp4",
    sha256="ab" * 32,
    video_width=1366,
    video_height=768,
    video_seconds=6.0,
    video_sound=False,
    error={"kind": "Moderated", "message": "it was refused", "code": "1026", "provider_message": "sensitive words"},
    rating=4,
    note="the tail",
    reused_from="r1",
)
VALUES = {
    "run_id": "r2", "sweep_id": "s1", "created_at": NOW, "provider": "kie", "model": "02", "mode": "reference_to_video",
    "prompt": "a fox 狐", "variant": "night", "seed": 7, "seed_returned": 2**53 + 1, "replicate": 2,
    "prompt_optimizer": False, "duration": 6, "resolution": "768P", "aspect_ratio": "9:16", "status": "succeeded",
    "task_id": "401047179385389059", "cost": 0.28, "currency": "USD", "submitted_at": NOW,
    "finished_at": NOW + timedelta(seconds=90), "elapsed_s": 90.0, "video": pd.NA,
    "video_url": "https://host.example/v.mp4", "sha256": "ab" * 32, "error_code": "1026",
    "error": "Moderated: it was refused (sensitive words)", "rating": 4, "note": "the tail", "tags": "pilot, x, sharp",
    "simulated": False, "request_hash": REQUEST.hash, "sweep": "foxes", "reused_from": "r1", "cost_kind": "list",
    "width": 1366, "height": 768, "video_seconds": 6.0, "video_sound": False,
    "references": "fox.png, 狼.png",
    "options": '{"deep":{"fox":"狐","uploadEndpoint":"https://•••@b.example/put?…"},"ttl":600}', "control": "b",
    "not_as_asked": "1366×768 instead of 9:16",
}  # fmt: skip
# What is 0, and must not be taken for missing: of a column, the field of the record or of its request.
ZEROS = {"seed": "request.seed", "seed_returned": "seed_returned", "cost": "cost_micros"}
FEWEST = ("run_id", "created_at", "provider", "mode", "replicate", "prompt_optimizer", "status", "simulated")


def row_of(record: RunRecord) -> dict[str, Any]:
    """The one row of its frame."""
    frame = runs_frame([record], Path("/videos"))
    return {str(name): frame[name][0] for name in frame.columns}


def test_every_column_has_its_own_value() -> None:
    """The columns are those that are documented, in their order, and each holds its field of the run."""
    row = row_of(FULL)
    assert list(row) == list(RUN_COLUMNS) == list(VALUES)
    for name, value in VALUES.items():
        assert (row[name] is pd.NA) if value is pd.NA else (row[name] == value), name


@pytest.mark.parametrize("column", ZEROS)
def test_nought_is_a_value(column: str) -> None:
    """A seed of 0, the provider's seed of 0 and a cost of 0 are 0."""
    field = ZEROS[column].removeprefix("request.")
    request = replace(REQUEST, seed=0) if field == "seed" else REQUEST
    record = replace(FULL, request=request, **({} if field == "seed" else {field: 0}))
    assert row_of(record)[column] == 0
    assert not runs_frame([record], Path("/videos"))[column].isna().any()


def test_what_is_missing_is_missing() -> None:
    """Of a run of which nothing is known yet, every column is NA but those that are always known; no 0 and no text."""
    request = Request(prompt="", provider="kie", model="")
    row = row_of(RunRecord(run_id="r1", created_at=NOW, request=request, request_hash="h"))
    known = {name for name, value in row.items() if not pd.isna(value)}
    assert known == {*FEWEST, "request_hash"}


def test_no_rows_have_the_columns_too() -> None:
    """An empty log is an empty frame of the same dtypes."""
    empty, full = runs_frame([], Path("/videos")), runs_frame([FULL], Path("/videos"))
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({}, pd.NA),
        ({"kind": "ProviderError", "message": "no"}, "ProviderError: no"),
        ({"kind": "ProviderError", "message": "no", "provider_message": ""}, "ProviderError: no"),
        (
            {"kind": "ProviderError", "message": "KIE said: bad", "provider_message": "bad"},
            "ProviderError: KIE said: bad",
        ),
        ({"kind": "ProviderError", "provider_message": "bad"}, "ProviderError: bad"),
    ],
)
def test_an_error_holds_the_providers_own_words(error: dict[str, str], told: Any) -> None:
    """They are in the row, once."""
    found = row_of(replace(FULL, error=error))["error"]
    assert found is told or found == told


@pytest.mark.parametrize(
    "given", ["2026-11-01", "2026-11-01T00:00+00:00", date(2026, 11, 1), pd.Timestamp("2026-11-01")]
)
def test_a_moment_is_read(given: Any) -> None:
    """Text, a date and pandas' own moment mean the same."""
    assert since_moment(given) == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize("given", ["yesterday", "", 5, pd.NaT, float("nan"), "0001-01-01T00:00+05:00", ["2026-11-01"]])
def test_what_is_no_moment_is_refused(given: Any) -> None:
    """It is named, with an example."""
    with pytest.raises(UsageError, match="2026-11-01"):
        since_moment(given)


def test_a_list_price_has_its_month() -> None:
    """A model's row ends with the month in which its price was read, missing where no source names a price."""
    models = models_frame(Accounts(Settings.resolve({}, environ={})))
    assert models.columns[-1] == "price_as_of"
    assert models.price_as_of.isna().tolist() == models.price.isna().tolist()
    assert models.price.notna().any()
    assert models.price_as_of.dropna().str.fullmatch(r"20\d\d-\d\d").all()
