"""Power of a planned comparison, and its costs at each provider."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from hailuo_widgets.domain.cell_text import plural
from hailuo_widgets.domain.run import RunRecord, Status
from hailuo_widgets.domain.user_values import as_whole
from hailuo_widgets.domain.vote import CONTROL
from hailuo_widgets.errors import MissingKey, UsageError
from hailuo_widgets.voting.simulated_power import ENOUGH, MOST_UNITS, chances, enough_units
from hailuo_widgets.voting.units import FEWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["CONFIDENCE", "PREFERENCES", "TIES", "Design", "Power", "power_of", "power_of_plan"]

PREFERENCES: Final = (0.6, 0.7, 0.8)
TIES: Final = 0.1
CONFIDENCE: Final = 0.95
NEVER: Final = datetime.min.replace(tzinfo=UTC)

POWER_COLUMNS: Final = {"preference": "Float64", "chance": "Float64", "units_for_80": "Int64"}
COST_COLUMNS: Final = {
    "provider": "string",
    "model": "string",
    "clips": "Int64",
    "cost": "Float64",
    "currency": "string",
}
MOST_VARIANTS: Final = 12
MOST_CLIPS: Final = 100_000
MOST_PAIRS: Final = 100
MOST_PLANNED: Final = 5000


@dataclass(frozen=True, kw_only=True)
class Design:
    """What is compared: each of ``variants`` on each seed of each prompt, ``replicates`` times, by each rater."""

    seeds: int
    prompts: int = 1
    raters: int = 1
    variants: int = 2
    replicates: int = 1

    @property
    def by_prompt(self) -> bool:
        """Whether the prompts are the units, as in a ranking."""
        return self.prompts >= FEWEST

    @property
    def units(self) -> int:
        """The number of units."""
        return self.prompts if self.by_prompt else self.seeds

    @property
    def pairs(self) -> int:
        """The pairs of clips that two variants have on one unit."""
        return (self.seeds if self.by_prompt else self.prompts) * self.replicates

    @property
    def clips(self) -> int:
        """The number of clips."""
        return self.variants * self.seeds * self.prompts * self.replicates

    @property
    def judgements(self) -> int:
        """The number of judgements, if each rater judges each pair once."""
        return math.comb(self.variants, 2) * self.units * self.pairs * self.raters

    def said(self) -> str:
        """The design in words."""
        parts = [plural(self.seeds, "seed")]
        parts += [plural(self.prompts, "prompt")] if self.prompts > 1 else []
        parts += [plural(self.replicates, "replicate")] if self.replicates > 1 else []
        return f"{' × '.join(parts)} of {plural(self.variants, 'variant')}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Power:
    """What a planned comparison can find, and what it costs.

    Attributes:
        df: One row per preference: ``preference`` (the better variant's mean score, a tie being one half), ``chance``
            (that :func:`hailuo_widgets.rank` names it), and ``units_for_80`` (the seeds or prompts that find it with
            80 %; ``NA`` beyond 500).
        costs: One row per provider: ``provider``, ``model``, ``clips``, ``cost`` (``NA`` without a known price) and
            ``currency``.
        sentence: The result in one sentence.
        notes: Further sentences that are needed to read it.
    """

    df: pd.DataFrame
    costs: pd.DataFrame
    sentence: str
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Return the sentence, the notes and the tables."""
        tables = [self.df.to_string(index=False), self.costs.to_string(index=False)] if len(self.costs) else []
        return "\n".join([self.sentence, *self.notes, "", *(tables or [self.df.to_string(index=False)])])

    def _repr_html_(self) -> str:
        notes = "".join(f'<p style="margin:2px 0;opacity:.75">{html.escape(note)}</p>' for note in self.notes)
        found = self.df.assign(preference=_percent(self.df["preference"]), chance=_percent(self.df["chance"]))
        found = found.rename(columns={"units_for_80": "units for 80%"})
        shown = [frame.astype(object).where(frame.notna(), "–") for frame in (found, self.costs) if len(frame)]
        tables = "".join(frame.to_html(index=False, border=0, justify="left") for frame in shown)
        return (
            '<div class="hailuo-power mathjax_ignore" style="font-size:13px;line-height:1.45">'
            f'<p style="margin:4px 0"><strong>{html.escape(self.sentence)}</strong></p>'
            f'{notes}<div style="overflow-x:auto">{tables}</div></div>'
        )


def _percent(column: pd.Series[Any]) -> list[str]:
    return [f"{value:.0%}" for value in column]


def power_of(
    session: Workspace,
    design: Design,
    *,
    ties: float,
    preference: float | Sequence[float],
    confidence: float,
    budget: tuple[int, str | None] | None,
    request: dict[str, Any],
) -> Power:
    """Return the power and the costs of a design.

    Args:
        session: Knows the providers' prices.
        design: What is compared. With a budget, its seeds are those that the budget pays for.
        ties: The share of ties.
        preference: One or several preferences, from above 0.5 to below 1.
        confidence: The ranking's confidence level.
        budget: Micros and their currency; None for the provider's own.
        request: Arguments of an estimate: provider, model, duration, resolution.

    Raises:
        UsageError: A value out of range, or a budget without one provider that has a price.
    """
    design = _check(design, confidence)
    wanted = _preferences(preference, ties)
    prices = _prices(session, request)
    notes = []
    if budget is not None:
        design, said = _within(design, budget, prices)
        notes.append(said)
    rows = _chances(design, wanted, ties=ties, confidence=float(confidence))
    df = _frame(POWER_COLUMNS, rows)
    costs = _frame(
        COST_COLUMNS,
        [(n, m, design.clips, None if p is None else round(p * design.clips, 6), c) for n, m, p, c in prices],
    )
    return Power(df=df, costs=costs, sentence=_sentence(design.said(), rows), notes=(*notes, *_notes(design, costs)))


def power_of_plan(plan: Plan) -> str:
    """Return what a planned sweep can find, in one sentence with the figures of :func:`power_of`; "" without variants.

    Its variants and units are those that :func:`hailuo_widgets.rank` would have by default. It takes a second or so,
    unless one of the same size was asked for before.
    """
    from hailuo_widgets.voting.pairs import pair_up
    from hailuo_widgets.voting.planned_units import planned_units

    if not 1 < len(plan.runs) <= MOST_PLANNED:
        return ""
    try:
        pairs = pair_up(_as_records(plan), has_clip=lambda _: True)
    except UsageError:
        return ""  # nothing to compare
    if pairs.between in {CONTROL, "seed", "replicate"}:
        return ""  # draws, of which nothing general can be found
    units, variants = planned_units(pairs), min(len(pairs.items), MOST_VARIANTS)
    if units.pairs > MOST_PAIRS or units.count > MOST_UNITS:
        return ""
    # The statistics are the same whatever the units are.
    design = Design(seeds=units.count, replicates=units.pairs, variants=variants)
    each = f", with {units.pairs} pairs of clips each," if units.pairs > 1 else ""
    said = f"{plural(units.count, units.called)} of {plural(variants, 'variant')}{each}"
    rows = _chances(design, _preferences(PREFERENCES, TIES), ties=TIES, confidence=CONFIDENCE)
    if not any(chance for _, chance, _ in rows):
        least = min((n for _, _, n in rows if n is not None), default=None)
        found = f"{least} find a preference of {PREFERENCES[-1]:.0%} with a chance of {ENOUGH:.0%}"
        enough = f"; {found}" if least is not None else ""
        return f"{said} {'is' if units.count == 1 else 'are'} too few to name a winner by votes{enough}."
    return _sentence(said, rows)


def _as_records(plan: Plan) -> list[RunRecord]:
    """Return the runs of a plan as if they had been made, each with a clip of its own."""
    return [
        RunRecord(
            run_id=f"p{n}",
            created_at=NEVER,
            request=p.request,
            request_hash=p.request.hash,
            status=Status.SUCCEEDED,
            variant=p.cell.variant.label,
            variables=dict(p.cell.variant.variables),
        )
        for n, p in enumerate(plan.runs)
    ]


def _chances(
    design: Design, wanted: Sequence[float], *, ties: float, confidence: float
) -> list[tuple[float, float, int | None]]:
    """Return each preference with the chance that it is found, and the units that find it with 80 %."""
    found = [
        (one, chances(preference=one, ties=ties, variants=design.variants, pairs=design.pairs, confidence=confidence))
        for one in wanted
    ]
    return [(one, by_units[design.units - 1], enough_units(by_units)) for one, by_units in found]


def _check(design: Design, confidence: float) -> Design:
    """Return the design in whole numbers that can be simulated."""
    most = {"seeds": MOST_UNITS, "prompts": MOST_UNITS, "raters": 1000, "variants": MOST_VARIANTS, "replicates": 100}
    whole = {name: as_whole(name, getattr(design, name), least=2 if name == "variants" else 1) for name in most}
    for name, number in whole.items():
        if number > most[name]:
            raise UsageError(f"{name}={number}: at most {most[name]} can be simulated", hint=f"{name}={most[name]}")
    found = Design(
        seeds=whole["seeds"], prompts=whole["prompts"], raters=whole["raters"], variants=whole["variants"],
        replicates=whole["replicates"],
    )  # fmt: skip
    if found.clips > MOST_CLIPS or found.pairs > MOST_PAIRS:
        raise UsageError(
            f"{found.said()} are {found.clips:,} clips, {found.pairs:,} of each variant on one unit",
            hint=f"at most {MOST_CLIPS:,} clips and {MOST_PAIRS} of one variant on a unit can be simulated",
        )
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0.5 <= confidence < 1:  # noqa: PLR2004
        raise UsageError(f"confidence={confidence!r}: a number from 0.5 to below 1", hint="confidence=0.95")
    return found


def _preferences(preference: Any, ties: Any) -> list[float]:
    if isinstance(ties, bool) or not isinstance(ties, int | float) or not 0 <= ties < 1:
        raise UsageError(f"ties={ties!r}: a share from 0 to below 1", hint="ties=0.1")
    given = [preference] if isinstance(preference, int | float) else preference
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise UsageError(f"preference={preference!r}: one number or several", hint="preference=[0.6, 0.7, 0.8]")
    found = []
    for one in given:
        if isinstance(one, bool) or not isinstance(one, int | float) or not 0.5 < one < 1:  # noqa: PLR2004
            raise UsageError(f"preference={one!r}: a share from above 0.5 to below 1", hint="preference=0.7")
        if ties >= 2 * (1 - one):
            raise UsageError(
                f"preference={one!r} with ties={ties!r}: so many ties leave no such preference",
                hint=f"below {2 * (1 - one):.2g} for ties",
            )
        found.append(float(one))
    if not found:
        raise UsageError("preference is empty", hint="preference=[0.6, 0.7, 0.8]")
    return found


def _prices(session: Workspace, request: dict[str, Any]) -> list[tuple[str, str | None, float | None, str | None]]:
    """Return the provider, the model, and the price of one clip with its currency; None if it isn't known."""
    named = request.get("provider")
    names = [named] if isinstance(named, str) else list(named) if named else list(session.accounts.usable())
    found = []
    for name in names:
        try:
            plan = session.plan("a comparison", ask_log=False, **{**request, "provider": name})
        except (UsageError, MissingKey):
            if named:
                raise
            continue  # it doesn't make such a clip from a text, or nothing can be asked of it
        if len(plan.runs) != 1:
            raise UsageError("power() takes one value of each argument of a request", hint="call it for each")
        (planned,) = plan.runs
        price = None if planned.micros is None else planned.micros / 1_000_000
        found.append((name, planned.request.model or None, price, planned.currency if price is not None else None))
    return found


def _within(design: Design, budget: tuple[int, str | None], prices: Sequence[tuple[Any, ...]]) -> tuple[Design, str]:
    """Return the design with as many seeds as the budget pays for, and a sentence on it."""
    micros, currency = budget
    priced = [p for p in prices if p[2] is not None and currency in {None, p[3]}]
    if len(prices) != 1 or not priced:
        raise UsageError(
            f"a budget{f' in {currency}' if currency else ''} needs one provider whose price is known",
            argument="budget",
            hint="name the provider, and a model with a price in hw.models(): provider='minimax', model='02'",
        )
    _, _, price, own = priced[0]
    a_seed = price * design.variants * design.prompts * design.replicates
    seeds = int(micros / 1_000_000 / a_seed + 1e-9) if a_seed else MOST_UNITS
    if not seeds:
        raise UsageError(
            f"budget={micros / 1_000_000:g} {own}: one seed is {a_seed:g} {own}",
            argument="budget",
            hint="raise the budget",
        )
    seeds = min(seeds, MOST_UNITS)
    return replace(design, seeds=seeds), f"{micros / 1_000_000:g} {own} pay for {plural(seeds, 'seed')}."


def _sentence(said: str, rows: Sequence[tuple[float, float, int | None]]) -> str:
    told = [f"of {one:.0%} with {chance:.0%}" for one, chance, _ in rows]
    told[0] = f"of {rows[0][0]:.0%} with a chance of {rows[0][1]:.0%}"
    return f"{said} find a preference {', '.join(told)}."


def _notes(design: Design, costs: pd.DataFrame) -> list[str]:
    unit = "prompt" if design.by_prompt else "seed"
    notes = [
        f"Simulated with the test of hw.rank, whose units here are {unit}s; the chance is that of looking at the end.",
        f"{plural(design.clips, 'clip')} and {plural(design.judgements, 'judgement')}.",
    ]
    if design.raters > 1:
        notes.append(f"Further raters of the same {unit}s narrow the intervals, and name a winner no sooner.")
    if design.units < FEWEST:
        notes.append(f"With fewer than {FEWEST} {unit}s there are no intervals.")
    if len(costs) and costs["cost"].isna().any():
        notes.append("Where no cost stands, no source names the price.")
    return notes


def _frame(columns: dict[str, str], rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pd.DataFrame({
        name: pd.Series([pd.NA if value is None else value for value in column], dtype=kind)
        for (name, kind), column in zip(columns.items(), values, strict=True)
    })  # fmt: skip
