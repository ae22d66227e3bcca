"""Check of seeds: whether a provider makes the same clip from the same seed.

Two clips of one seed stand beside two of different seeds. If the seed is reproduced, the first two differ much less.
"""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.clips import one_per_clip
from hailuo_widgets.domain.run import Status
from hailuo_widgets.domain.user_values import as_whole
from hailuo_widgets.errors import HailuoError, UsageError
from hailuo_widgets.planning.build_request import takes_seed
from hailuo_widgets.planning.plan import wall_s
from hailuo_widgets.workspace.fixed_attributes import Fixed
from hailuo_widgets.workspace.resumed import Resumed
from hailuo_widgets.workspace.run import Run

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from hailuo_widgets.archive.clip_distance import ClipDistance
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.workspace.sweep import Sweep
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["PROMPT", "SEED_CHECK_COLUMNS", "SeedCheck", "check_of_runs", "plan_seed_check", "verdict_of"]

Verdict = Literal["exact", "close", "partly", "no", "all alike"]
PROMPT: Final = "A fox runs through fresh snow"
CLIPS: Final = 3  # one seed twice, and another one
MOST_PAIRS: Final = 12  # of each kind that are compared: each needs two clips to be decoded
CLOSE: Final = 0.25  # of the difference between seeds: less is the same shot, encoded again
FAR: Final = 0.5  # of it: more is another shot
SEED_CHECK_COLUMNS: Final = {
    "first_run": "string",
    "second_run": "string",
    "first_seed": "Int64",
    "second_seed": "Int64",
    "same_seed": "boolean",
    "identical": "boolean",
    "difference": "Float64",
    "psnr": "Float64",
    "ssim": "Float64",
    "frames": "Int64",
}
"""The columns of :attr:`SeedCheck.df` and their pandas dtypes, in their order."""


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """Two clips of one request, with the same seed or with two different ones."""

    first: RunRecord
    second: RunRecord

    @property
    def same_seed(self) -> bool:
        return self.first.request.fixed_seed == self.second.request.fixed_seed


class SeedCheck(Fixed):
    """The result of a seed check; ``await`` it (or ``wait()``) until its clips are there.

    It shows a sentence and a table, and has what it has so far while clips are being made.
    """

    def __init__(self, session: Workspace, sweep: Sweep) -> None:
        self._session = session
        self._sweep = sweep
        self._frames: dict[str, NDArray[Any]] = {}
        self._distances: dict[tuple[str, str], ClipDistance] = {}

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs whose clips are compared."""
        return self._sweep.runs

    def __await__(self) -> Generator[Any, None, Self]:
        return self._settled().__await__()

    def wait(self, timeout: float | None = None) -> Self:
        """Wait for the clips in synchronous code; see :meth:`Sweep.wait`.

        Raises:
            TimeoutError: Not all runs have ended in that time; they go on.
            StoreError: Paid runs were left because the run log could not be written.
        """
        self._sweep.wait(timeout)
        return self

    async def _settled(self) -> Self:
        await self._sweep
        return self

    @property
    def df(self) -> pd.DataFrame:
        """One row for each two clips that are compared; the columns of :data:`SEED_CHECK_COLUMNS`.

        ``identical``: the files are equal, byte by byte. The other figures are means over small grey frames:
        ``difference`` is the mean absolute difference of their pixels (0 to 255), ``psnr`` the peak signal-to-noise
        ratio in dB (infinite for equal frames), ``ssim`` the structural similarity (1 for equal frames), ``frames``
        the number of frames.
        """
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for pair, found in self._measured():
            a, b = pair.first, pair.second
            rows.append({
                "first_run": a.run_id,
                "second_run": b.run_id,
                "first_seed": a.request.seed,
                "second_seed": b.request.seed,
                "same_seed": pair.same_seed,
                "identical": _identical(pair),
                "difference": found.difference,
                "psnr": found.psnr,
                "ssim": found.ssim,
                "frames": found.frames,
            })  # fmt: skip
        return pd.DataFrame({
            name: pd.array([row[name] for row in rows], dtype=_dtype(kind))
            for name, kind in SEED_CHECK_COLUMNS.items()
        })  # fmt: skip

    @property
    def reproduces(self) -> bool | None:
        """Whether the seed gives the same clip again, exactly or closely; None if it can't be told (yet)."""
        return {"exact": True, "close": True, "partly": False, "no": False}.get(self.verdict or "")

    @property
    def verdict(self) -> Verdict | None:
        """What the clips show; None until there are two of one seed and two of different ones.

        ``exact``: the files of one seed are equal. ``close``: they differ by less than a quarter of what the frames of
        different seeds differ. ``no``: by more than half of it. ``partly``: in between. ``all alike``: those of
        different seeds are equal too, so nothing can be told.
        """
        same, different = self._differences()
        equal = all(_identical(pair) for pair, _ in self._measured() if pair.same_seed)
        return verdict_of(same, different, identical=equal)

    @property
    def sentence(self) -> str:
        """The result in words."""
        records = self._records()
        where = _where(records)
        verdict = self.verdict
        if verdict is None:
            return f"Not known yet whether {where} reproduces a seed: {_missing(records)}."
        same, different = self._differences()
        figures = (
            f"two clips of one seed differ by {sum(same) / len(same):.1f} of 255 on average "
            f"({plural(len(same), 'pair')}), two of different seeds by {sum(different) / len(different):.1f} "
            f"({plural(len(different), 'pair')})"
        )
        simulated = " These clips are simulated." if any(r.simulated for r in records) else ""
        said = {
            "exact": f"{where} reproduced the seed exactly: {figures}.",
            "close": f"{where} reproduced the seed closely: {figures}.",
            "partly": f"{where} reproduced the seed in part: {figures}. Matched seeds help little.",
            "no": f"{where} did not reproduce the seed: {figures}. Its runs are replicates, and match no other run.",
            "all alike": f"Nothing can be told of {where}: clips of different seeds are equal too.",
        }
        return said[verdict] + simulated

    def __repr__(self) -> str:
        try:
            return f"{self.sentence}\n\n{self.df.to_string(index=False)}"
        except HailuoError as e:  # the session was closed
            return f"<SeedCheck of {plural(len(self.runs), 'run')}; {e.message}>"

    def _repr_html_(self) -> str | None:
        try:
            return self._html()
        except HailuoError:
            return None

    def _html(self) -> str:
        rows = [
            ("same seed" if pair.same_seed else "different seeds", _seeds(pair), f"{found.difference:.1f}",
             "equal" if found.psnr == float("inf") else f"{found.psnr:.1f} dB", f"{found.ssim:.3f}")
            for pair, found in self._measured()
        ]  # fmt: skip
        cell = "padding:2px 14px 2px 0;text-align:left"
        heads = ("clips", "seeds", "difference (of 255)", "PSNR", "SSIM")
        head = "".join(f'<th scope="col" style="{cell};opacity:.75">{name}</th>' for name in heads)
        lines = [[f'<td style="{cell}">{html.escape(text)}</td>' for text in row] for row in rows]
        body = "".join(f"<tr>{''.join(line)}</tr>" for line in lines)
        table = (
            f'<table style="border-collapse:collapse;margin:6px 0;background:none"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )
        return (
            '<div class="hailuo-seed-check mathjax_ignore" style="font-size:13px;line-height:1.45">'
            f'<p style="margin:4px 0"><strong>{html.escape(self.sentence)}</strong></p>{table if rows else ""}</div>'
        )

    def _records(self) -> list[RunRecord]:
        return [run.record for run in self.runs]

    def _differences(self) -> tuple[list[float], list[float]]:
        """The mean absolute differences of clips of one seed, and of different seeds."""
        found: tuple[list[float], list[float]] = ([], [])
        for pair, apart in self._measured():
            found[not pair.same_seed].append(apart.difference)
        return found

    def _measured(self) -> list[tuple[_Pair, ClipDistance]]:
        """The pairs whose clips are there and can be decoded, with their distances; each clip is decoded once."""
        from hailuo_widgets.archive.clip_distance import distance

        found = []
        for pair in _pairs(self._records()):
            ids = (pair.first.clip_id, pair.second.clip_id)
            if ids not in self._distances:
                frames = [self._grey(record) for record in (pair.first, pair.second)]
                if frames[0] is None or frames[1] is None:
                    continue
                self._distances[ids] = distance(frames[0], frames[1])
            found.append((pair, self._distances[ids]))
        return found

    def _grey(self, record: RunRecord) -> NDArray[Any] | None:
        """The frames of a run's clip in grey; None if it is not in the archive or can't be decoded."""
        from hailuo_widgets.archive.clip_distance import grey_frames

        if record.clip_id not in self._frames:
            path = self._session.archive.whole_video_of(record)
            if path is None:
                return None
            try:
                self._frames[record.clip_id] = grey_frames(path)
            except ValueError as e:
                self._session.say(f"{e}; the clip is left out")
                return None
        return self._frames[record.clip_id]


def verdict_of(same: Sequence[float], different: Sequence[float], *, identical: bool) -> Verdict | None:
    """Return what distances show; see :attr:`SeedCheck.verdict`.

    Args:
        same: The distances of clips of one seed.
        different: Those of clips of different seeds.
        identical: Whether all files of one seed are equal.
    """
    if not same or not different:
        return None
    between = sum(different) / len(different)
    if between == 0:
        return "all alike"
    if identical:
        return "exact"
    part = sum(same) / len(same) / between
    return "close" if part < CLOSE else "no" if part > FAR else "partly"


def plan_seed_check(session: Workspace, arguments: Mapping[str, Any], *, seed: int, reuse: bool) -> Plan:
    """Return the plan of the clips that a check needs: one seed twice, and the next one.

    Args:
        session: Its providers, prices and log are used.
        arguments: Those of :meth:`Workspace.plan`, one value each.
        seed: The seed that is asked for twice.
        reuse: Take clips of equal runs that succeeded.

    Raises:
        UsageError: The provider or model takes no seed, the seed is random, or a problem of the request.
    """
    seed = as_whole("seed", seed)
    facts = session.accounts.provider(str(arguments.get("provider") or session.settings.provider)).facts
    if not takes_seed(facts, arguments):
        able = [m.name for m in facts.models if facts.seeds_of(m.name) is not None]
        which = f"its models {', '.join(able)} take one" if able else "hw.providers() shows which providers take one"
        raise UsageError(
            f"{facts.title} takes no seed"
            + (f" for {arguments['model']}" if able and arguments.get("model") else "")
            + ", so there is nothing to check",
            argument="provider",
            provider=facts.name,
            hint=which,
        )
    if seed < 0:
        raise UsageError(
            f"seed={seed}: a random seed can't be asked for twice", argument="seed", hint="give a seed, for example 1"
        )
    whole = session.plan(**arguments, seed=[seed, _other(seed, facts.seeds or None)], repeat=2, ask_log=False)
    if len(whole.runs) != CLIPS + 1:
        several = ", ".join(name for name in whole.axis_values() if name != "seed")
        raise UsageError(f"seed_check() compares clips of one request, and {several} is an axis", hint="give one value")
    runs = whole.runs[:CLIPS]
    axes = replace(whole.axes, values={}, repeat=1)
    plan = replace(whole, runs=runs, axes=axes, wall_s=wall_s(runs, session.accounts))
    return session.look_up(plan, reuse=reuse)


def check_of_runs(session: Workspace, records: Sequence[RunRecord]) -> SeedCheck:
    """Return the check of runs that there are.

    Raises:
        UsageError: They are of several models, or no two are of one request and one seed, or of different seeds.
    """
    records = one_per_clip(records)
    models = Counter((r.request.provider, r.request.model) for r in records)
    if len(models) > 1:
        listed = ", ".join(f"{model} at {provider}" for provider, model in models)
        raise UsageError(f"these runs are of {listed}", hint="check one model at a time: give its runs")
    pairs = _pairs(records)
    for wanted, text in ((True, "the same seed"), (False, "different seeds")):
        if not any(pair.same_seed is wanted for pair in pairs):
            raise UsageError(
                f"no two of these {plural(len(records), 'run')} are of one request with {text} and have a clip or are "
                "being made",
                hint="hw.seed_check(provider=…, model=…) makes the clips that it needs; so does hw.sweep(…, repeat=2)",
            )
    used = {r.run_id for pair in pairs for r in (pair.first, pair.second)}
    return SeedCheck(session, Resumed(session, [Run(session, r.run_id) for r in records if r.run_id in used]))


def _pairs(records: Sequence[RunRecord]) -> list[_Pair]:
    """Return pairs of one request, with equal or with different seeds; those whose runs ended without a clip are none.

    The number of each kind is bounded; the order of the runs changes nothing.
    """
    groups: dict[tuple[str, int], list[RunRecord]] = {}
    for r in sorted(one_per_clip(records), key=lambda r: r.run_id):
        if r.request.fixed_seed is not None and (r.status == Status.SUCCEEDED or r.unfinished):
            # The results of one create call have a seed each, of which the log has only the one that was sent.
            groups.setdefault((r.request.condition.hash, r.result_index), []).append(r)
    found = [_Pair(first=a, second=b) for runs in groups.values() for a, b in combinations(runs, 2)]
    same = [pair for pair in found if pair.same_seed]
    return [*same[:MOST_PAIRS], *[pair for pair in found if not pair.same_seed][:MOST_PAIRS]]


def _identical(pair: _Pair) -> bool:
    return pair.first.sha256 is not None and pair.first.sha256 == pair.second.sha256


def _other(seed: int, seeds: Any) -> int:
    """Return another seed, in the provider's range."""
    return seed + 1 if seeds is None or seed < seeds.high else seed - 1


def _where(records: Sequence[RunRecord]) -> str:
    request = records[0].request
    return f"{request.model} at {request.provider}" if request.model else request.provider


def _missing(records: Sequence[RunRecord]) -> str:
    """Return what a check lacks: clips that are on the way, and those that there won't be."""
    waiting = sum(r.unfinished for r in records)
    ended = [r for r in records if not r.unfinished and r.status != Status.SUCCEEDED]
    parts = (
        [f"{plural(waiting, 'clip')} of {len(records)} {'is' if waiting == 1 else 'are'} being made"] if waiting else []
    )
    parts += [f"{plural(len(ended), 'run')} ended without a clip ({ended[0].status.value})"] if ended else []
    return " and ".join(parts) or "a clip isn't in the archive"


def _dtype(kind: str) -> Any:
    import pandas as pd

    return pd.api.types.pandas_dtype(kind)


def _seeds(pair: _Pair) -> str:
    return f"{pair.first.request.seed} and {pair.second.request.seed}"
