"""Tests of a grid video's sound: none, that of one clip to the sample, or the mix of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.errors import UsageError
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hailuo_widgets.workspace.sweep import Sweep


ASKED: dict[str, Any] = {"provider": "minimax", "model": "h3", "duration": 4, "resolution": "768P", "yes": True}


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Sweep, list[str]]]:
    """A session, its sweep of two prompts at MiniMax's H3, whose clips have sound, and what it has said."""
    folder = tmp_path_factory.mktemp("heard")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch, Simulator(folder / "provider", latency=0.05, draft=True) as simulator:
        patch.setenv("MINIMAX_BASE_URL", simulator.url)
        patch.setenv("MINIMAX_API_KEY", "canary-3c9a")
        session = Session(home=folder / "home", mode="live", poll_interval=0.05, notice=said.append)
        sweep = session.sweep(["a fox", "a wolf"], **ASKED).wait(60)
        assert {run.status for run in sweep} == {"succeeded"}
        session.sweep(["a fox", "a wolf"], **ASKED).wait(60)  # shows the same clips
        yield session, sweep, said
        session.close()


def samples(path: Path | None) -> np.ndarray[Any, Any] | None:
    """The decoded sound of a file: 2 × samples at 48 kHz; None if it has no sound track."""
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=48_000)
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return None
        frames = list(container.decode(container.streams.audio[0]))
    return np.concatenate([p.to_ndarray() for f in [*frames, None] for p in resampler.resample(f)], axis=1)


def of(path: Path | None) -> np.ndarray[Any, Any]:
    """The sound of a file that has some."""
    found = samples(path)
    assert found is not None
    assert np.abs(found).max() > 0.05
    return found


@pytest.mark.parametrize("chosen", [0, 1])
def test_the_chosen_clips_sound_is_kept_to_the_sample(
    heard: tuple[Session, Sweep, list[str]], tmp_path: Path, chosen: int
) -> None:
    """By a run or its id; the pictures are those of all clips, and last as long as the sound."""
    session, sweep, _ = heard
    run = sweep[chosen]
    written = session.export(sweep, tmp_path / "grid.mp4", cols="prompt", width=64, sound=run if chosen else run.id)
    assert np.array_equal(of(written), of(run.video))
    assert not np.array_equal(of(written), of(sweep[1 - chosen].video))
    with av.open(str(written)) as container:
        pictures = container.streams.video[0]
        assert pictures.time_base is not None
        assert float((pictures.duration or 0) * pictures.time_base) == pytest.approx(4.46, abs=0.1)


def test_a_mix_has_the_sound_of_all(heard: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """The mean of the clips' samples, as far as AAC keeps it."""
    session, sweep, _ = heard
    mixed = of(session.export(sweep, tmp_path / "mix.mp4", width=64, cols="prompt", sound="mix"))
    one, other = of(sweep[0].video), of(sweep[1].video)
    count = min(mixed.shape[1], one.shape[1], other.shape[1])
    mean = (one[:, :count] + other[:, :count]) / 2
    assert abs(mixed.shape[1] - one.shape[1]) < 4096
    lags = {
        lag: np.corrcoef(mean[0, 5000:90_000], mixed[0, 5000 + lag : 90_000 + lag])[0, 1] for lag in (0, 1024, 2048)
    }
    assert lags[0] > 0.98, lags


def test_without_a_choice_it_is_silent_and_says_so(heard: tuple[Session, Sweep, list[str]], tmp_path: Path) -> None:
    """No sound track, and the sentence names how to keep the sound; with a choice nothing is said."""
    session, sweep, said = heard
    said.clear()
    assert samples(session.export(sweep, tmp_path / "grid.mp4", cols="prompt", width=64)) is None
    assert said[0].startswith("hailuo: grid.mp4 is silent, and 2 of its clips have sound. sound='mix' keeps all of it")
    assert f"sound={sweep[0].id!r}" in said[0]
    session.export(sweep, tmp_path / "grid.mp4", cols="prompt", width=64, sound="mix")
    assert len(said) == 1


@pytest.mark.parametrize(("path", "sound"), [("x.mp4", "r-unknown"), ("x.mp4", 3), ("x.html", "mix")])
def test_mistakes(heard: tuple[Session, Sweep, list[str]], tmp_path: Path, path: str, sound: Any) -> None:
    """A run that is not shown, what is no run, and a kind that has no sound: nothing is written."""
    session, sweep, _ = heard
    with pytest.raises(UsageError, match=r"sound=.*'mix'.*has sound: |sound: \.html takes"):
        session.export(sweep, tmp_path / path, sound=sound)
    assert list(tmp_path.iterdir()) == []


def test_length_and_sound_are_kept_with_the_run(heard: tuple[Session, Sweep, list[str]]) -> None:
    """They are columns of the log and a line of the card; a run that shows the same clip has them too."""
    session, sweep, _ = heard
    frame = session.runs()
    again = [session.run(run_id) for run_id in frame[frame["reused_from"].notna()]["run_id"]]
    assert {run.record.reused_from for run in again} == {run.id for run in sweep}
    for run in (*sweep, *again):
        assert (run.record.video_seconds, run.record.video_sound) == (pytest.approx(4.46, abs=0.05), True)
        assert ("clip", "4.5 s, with sound") in session.card(run.id).parameters
    assert list(frame.columns[-6:-1]) == ["video_seconds", "video_sound", "references", "options", "control"]
    assert frame["video_sound"].tolist() == [True] * 4
