"""Plan of a sweep: its checked requests, its cost and duration, and which runs reuse a clip."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from hailuo_widgets.domain import money
from hailuo_widgets.domain.exchange import sum_of
from hailuo_widgets.domain.expansion import expand
from hailuo_widgets.domain.expected_duration import expect
from hailuo_widgets.domain.outlook import SENT, Wanted
from hailuo_widgets.domain.problem import warning
from hailuo_widgets.domain.sampling import values_of
from hailuo_widgets.domain.sweep import Axes, Cell, Variant
from hailuo_widgets.domain.user_values import shown
from hailuo_widgets.errors import ProblemCode, UsageError
from hailuo_widgets.planning.build_request import build_request, same_value, takes_seed
from hailuo_widgets.planning.control_requests import control_requests
from hailuo_widgets.planning.equal_calls import refuse_equal_calls
from hailuo_widgets.planning.not_sent import not_sent
from hailuo_widgets.planning.option_conflicts import option_conflicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hailuo_widgets.domain.catalog import Facts
    from hailuo_widgets.domain.exchange import Rates, Sum
    from hailuo_widgets.domain.outlook import Outlook
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.domain.run import RunRecord
    from hailuo_widgets.errors import Problem
    from hailuo_widgets.provider.accounts import Accounts

__all__ = [
    "History",
    "Parts",
    "Plan",
    "Planned",
    "look_up",
    "make_plan",
    "planned_again",
    "priced",
    "total_of",
    "wall_s",
]

MOST_KINDS = 3  # of clips that a plan names
MOST_PROBLEMS = 5  # distinct ones that an error quotes


class History(Protocol):
    """Access to earlier runs. Both methods block."""

    def outlooks(self, wanted: Sequence[Wanted]) -> list[tuple[Outlook, ...]]:
        """Return for each create call in order, and for each of its results, what would become of it now."""

    def durations(self, provider: str, model: str, origin: str) -> Sequence[tuple[RunRecord, float]]:
        """Return the last runs of a model at an origin, each with its duration in seconds."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One planned create call, which makes one or more runs."""

    cell: Cell
    request: Request
    origin: str
    micros: int | None
    currency: str | None
    outlooks: tuple[Outlook, ...]  # what becomes of each of its results
    seconds: float | None
    other_prices: Mapping[str, int] = field(default_factory=dict)  # of one clip, in the document's further currencies
    differing: frozenset[str] = frozenset()  # arguments that are not sent as they are in the request

    @property
    def results(self) -> int:
        """The number of clips that the create call makes, each of which is a run."""
        return len(self.outlooks)

    @property
    def price(self) -> tuple[int | None, str | None]:
        """The micros of all its results together, and their currency; None for what is not known."""
        return None if self.micros is None else self.micros * self.results, self.currency

    @property
    def sent(self) -> bool:
        """Whether the create call would be sent, and all of its results paid for."""
        return self.outlooks[0].fate == "sent"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The planned runs of a sweep."""

    runs: tuple[Planned, ...]
    axes: Axes
    warnings: tuple[Problem, ...]
    wall_s: float | None
    looked_up: bool  # whether equal runs were looked up; if not, all runs count as sent
    rates: Rates | None = None  # into the user's currency, in which the total is shown too

    @property
    def results(self) -> int:
        """The number of runs: one per clip."""
        return sum(p.results for p in self.runs)

    @property
    def to_send(self) -> tuple[Planned, ...]:
        """The create calls that would be sent and paid for."""
        return tuple(p for p in self.runs if p.sent)

    @property
    def digest(self) -> str:
        """A hash that is equal for two plans with the same requests in the same order."""
        return hashlib.sha256("".join(p.request.hash for p in self.runs).encode()).hexdigest()

    def fated(self, *fates: str) -> int:
        """Return how many runs have one of these fates; see :class:`hailuo_widgets.domain.outlook.Outlook`."""
        return sum(o.fate in fates for p in self.runs for o in p.outlooks)

    @property
    def cost(self) -> dict[str, int]:
        """The known cost of what would be sent, in millionths by currency."""
        return money.by_currency(p.price for p in self.to_send)

    @property
    def unpriced(self) -> int:
        """The number of runs that would be sent and have no known price."""
        return sum(p.results for p in self.to_send if p.micros is None)

    @property
    def total(self) -> Sum | None:
        """The cost of what would be sent in the user's currency; None if the user has none."""
        return None if self.rates is None else total_of(self.to_send, self.rates)

    def _in_one(self) -> str:
        """Return the total as text; "" if it is unknown, or the cost is in that currency alone."""
        total = self.total
        if total is None or total.micros is None or not set(self.cost) - {total.currency}:
            return ""
        return f" (together {money.exact(total.micros, total.currency)})"

    def _factors(self) -> list[str]:
        """Return the axes as ``2 prompts``, ``4 seed``; zipped ones as ``4 seed+model``, ``2 prompts+seed``."""
        axes = self.axes
        group_of = {name: group for group in axes.zipped for name in group}
        beside = [n for n in axes.values if any(other in axes.lengths for other in group_of.get(n, ()))]
        word = "cases" if axes.cases else "prompts"
        factors = [f"{len(axes.variants)} {'+'.join([word, *beside])}"] if len(axes.variants) > 1 else []
        named = set(beside)
        for name, values in axes.values.items():
            if name not in named and len(values) > 1:
                group = group_of.get(name, (name,))
                named.update(group)
                factors.append(f"{len(values)} {'+'.join(group)}")
        return factors

    def axis_values(self) -> dict[str, tuple[str, ...]]:
        """Return the values of each axis as text: the prompts by their labels, then the other axes."""
        found: dict[str, tuple[str, ...]] = {}
        if len(self.axes.variants) > 1:
            found["prompt"] = tuple(v.label or v.prompt for v in self.axes.variants)
        for name, values in self.axes.values.items():
            if len(values) > 1:
                found[name] = tuple(_shown(v) for v in values)
        return found

    def parts(self) -> Parts:
        """Return the parts of the plan's sentence.

        A task with several results counts as several runs: each result is a clip, and is billed.
        """
        shape = self._factors()
        shape += [f"{self.axes.repeat} replicates"] if self.axes.repeat > 1 else []
        each = {p.results for p in self.runs}
        controls = sum(p.results for p in self.runs if p.request.control)
        shape += [f"{max(each)} results" if len(each) == 1 else "their results"] if max(each, default=1) > 1 else []
        total = self.results
        product = f" = {' × '.join(shape)}" if shape else ""
        count = f"{total} run{'s' * (total != 1)}" + (f" = {total - controls}" if controls and not shape else product)
        if self.axes.sample is not None or self.axes.exclude:
            count = f"{total - controls} of {' × '.join(shape) or '1'} runs"
        count += f" + {controls} control" if controls else ""
        reused, shared, held = (self.fated(fate) for fate in ("reused", "shared", "held"))
        amounts = [money.text(micros, currency) for currency, micros in self.cost.items()]
        amounts += [f"{self.unpriced} at an unknown price"] if self.unpriced else []
        known = self.wall_s is not None and self.to_send
        return Parts(
            count=count,
            there=str(reused) if reused else "",
            shared=str(shared) if shared else "",
            held=str(held) if held else "",
            sends=str(self.fated("sent")),
            cost=" + ".join(amounts) + self._in_one(),
            time=f"about {_duration(self.wall_s or 0.0)}" if known else "",
            makes=self._makes(),
            control=self._control(),
        )

    def _control(self) -> str:
        """Return what the null control is and costs; "" without one."""
        runs = [p for p in self.runs if p.request.control]
        if not runs:
            return ""
        sent = [p for p in runs if p.sent]
        amounts = [
            money.text(micros, currency) for currency, micros in money.by_currency(p.price for p in sent).items()
        ]
        amounts += ["an unknown price"] if any(p.micros is None for p in sent) else []
        cost = f"{sum(p.results for p in sent)} to send: {' + '.join(amounts)}" if sent else "none to send"
        return f"{sum(p.results for p in runs)} runs of the first request in two arms, {cost}"

    def _makes(self) -> str:
        """Return what a clip is, with the defaults filled in: ``768P, 6 s, 16:9``; of several kinds at most three."""
        kinds = dict.fromkeys(_made(p.request, p.differing) for p in self.to_send)
        shown = [kind for kind in kinds if kind][:MOST_KINDS]
        return " · ".join(shown) + (f" and {len(kinds) - MOST_KINDS} more" if len(kinds) > MOST_KINDS else "")

    def unpaid(self, run_ids: Sequence[str]) -> frozenset[str]:
        """Return the runs that are not sent according to this plan; ``run_ids`` has one ID per run, in order."""
        fates = [outlook.fate for planned in self.runs for outlook in planned.outlooks]
        return frozenset(run_id for run_id, fate in zip(run_ids, fates, strict=True) if fate != "sent")

    def sentence(self) -> str:
        """Return one line: ``8 runs = 2 prompts × 4 seed; 2 there already, 6 to send: $1.68; about 3 min``."""
        parts = self.parts()
        others = [
            f"{parts.there} there already" if parts.there else "",
            f"{parts.shared} shared with an equal run" if parts.shared else "",
            f"{parts.held} held back" if parts.held else "",
        ]
        sends = ", ".join([*filter(None, others), f"{parts.sends} to send"]) + (f": {parts.cost}" if parts.cost else "")
        return "; ".join(p for p in (parts.count, sends, parts.time) if p)


def total_of(calls: Iterable[Planned], rates: Rates) -> Sum:
    """Return the cost of create calls in the currency of some rates."""
    return sum_of([(*p.price, {name: m * p.results for name, m in p.other_prices.items()}) for p in calls], rates)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of a plan's sentence; "" leaves a part out.

    ``there``: runs whose clip is in the archive. ``shared``: runs that get the clip of an equal run, in progress or in
    this plan. ``held``: runs that are not sent because an equal run is unconfirmed. ``cost`` and ``time`` are those of
    the runs to send. ``makes``: resolution, seconds and aspect ratio of their clips, the defaults included.
    ``control``: what the null control is, and its part of the cost.
    """

    count: str
    there: str
    shared: str
    held: str
    sends: str
    cost: str
    time: str
    makes: str = ""
    control: str = ""


def _made(request: Request, differing: frozenset[str]) -> str:
    """Return a clip's resolution or size, seconds and aspect ratio, as far as the request says them and sends them."""
    sized = request.width and request.height and not differing & {"width", "height"}
    size = f"{request.width}×{request.height}" if sized else request.resolution
    length = f"{request.duration} s" if request.duration is not None else None
    parts = {"duration": length, "aspect_ratio": request.aspect_ratio}
    parts = {"width" if sized else "resolution": size, **parts}
    return ", ".join(text for name, text in parts.items() if text and name not in differing)


def _shown(value: Any) -> str:
    """Return an axis' value as text; references are several."""
    if isinstance(value, tuple):
        return " + ".join(one if isinstance(one, str) else shown(one) for one in value)
    return str(value)


def _duration(seconds: float) -> str:
    minute = 60
    return f"{seconds:.0f} s" if seconds < 2 * minute else f"{seconds / minute:.0f} min"


def make_plan(
    axes: Axes,
    *,
    accounts: Accounts,
    provider: str,
    history: History | None = None,
    reuse: bool = True,
    rates: Rates | None = None,
) -> Plan:
    """Build and check every request of a sweep. Nothing is sent.

    Args:
        axes: The axes of the sweep.
        accounts: The providers and their prices.
        provider: The default provider.
        history: Looks up equal runs and durations of earlier ones; with None, the plan is made without them.
        reuse: Whether the clip of an equal run may be reused.
        rates: The rates into the user's currency, in which the total is shown too.

    Raises:
        UsageError: Runs are not valid; the error says in how many runs each problem was found.
    """
    default = provider

    def same(name: str, cell: Cell, wanted: Any) -> bool:
        return _same(accounts, default, name, cell, wanted)

    cells = expand(axes, same)
    if not cells:
        raise UsageError("the exclusions leave no run", hint="remove one of them")
    refused: list[UsageError] = []
    made: list[tuple[Cell, Request, frozenset[str]]] = []
    warnings: dict[str, Problem] = {p.message: p for p in axes.warnings}
    several = len({cell.values.get("provider") for cell in cells}) > 1
    seeds = list(dict.fromkeys(cell.values.get("seed") for cell in cells))
    loaded: dict[Any, Any] = {}  # each image is read once, however many runs use it
    for cell in _with_draws(cells, axes.repeat):
        values = dict(cell.values)
        asked = accounts.provider(str(values.pop("provider", None) or default))
        replicate = cell.replicate
        if several and values.get("seed") is not None and not takes_seed(asked.facts, values):
            # In a sweep over providers, runs of a model without seeds are replicates instead.
            again, own = divmod(replicate - 1, axes.repeat)  # of a random seed that is asked for again
            place = seeds.index(values.pop("seed"))
            replicate = (len(seeds) + again - 1 if again else place) * axes.repeat + own + 1
            told = _no_seed(asked.facts, values)
            warnings.setdefault(told.message, told)
        try:
            built = build_request(
                asked.facts, {**values, "prompt": cell.variant.prompt, "replicate": replicate}, loaded=loaded
            )
            replaced = option_conflicts(
                built.request,
                asked,
                given={name for name, value in values.items() if value is not None},
                priced=bool(accounts.list_price(built.request, None)),
            )
        except UsageError as e:
            refused.append(e)
            continue
        differing = (*replaced, *not_sent(built.request, asked))
        warnings |= {p.message: p for p in (*built.warnings, *differing)}
        made.append((cell, built.request, frozenset(p.argument for p in differing)))
    if refused:
        raise _all_wrong(refused, len(cells))
    if axes.control:
        made += _controls(made, accounts)
    refuse_equal_calls((request for _, request, _ in made), accounts.provider)
    runs = tuple(replace(priced(accounts, cell, request), differing=names) for cell, request, names in made)
    plan = Plan(
        runs=runs,
        axes=axes,
        warnings=tuple(warnings.values()),
        wall_s=wall_s(runs, accounts),
        looked_up=False,
        rates=rates,
    )
    return plan if history is None else look_up(plan, accounts=accounts, history=history, reuse=reuse)


def _with_draws(cells: Iterable[Cell], repeat: int) -> Iterator[Cell]:
    """Yield the cells; of several equal ones with a random seed, each is a further replicate.

    A random seed that is asked for again in one call is another clip. In a later call, it is an equal request as any
    other, so that running a cell again pays nothing: ``reuse=False`` or a larger ``repeat`` makes new clips.
    """
    asked: Counter[tuple[int, str, int]] = Counter()
    for cell in cells:
        seed = cell.values.get("seed")
        if seed is None or not str(seed).strip().startswith("-"):
            yield cell
            continue
        others = repr({name: id(value) for name, value in cell.values.items() if name != "seed"})
        key = (id(cell.variant), others, cell.replicate)
        yield replace(cell, replicate=cell.replicate + asked[key] * repeat)
        asked[key] += 1


def _controls(
    made: Sequence[tuple[Cell, Request, frozenset[str]]], accounts: Accounts
) -> list[tuple[Cell, Request, frozenset[str]]]:
    """Return what the null control of a sweep adds to its runs."""
    cell, first, differing = made[0]
    added = control_requests([request for _, request, _ in made], accounts.provider(first.provider).facts)
    return [
        (replace(cell, values={**cell.values, "seed": one.seed}, replicate=one.replicate), one, differing)
        for one in added
    ]


def _no_seed(facts: Facts, values: Mapping[str, Any]) -> Problem:
    """Return the warning that the seeds of a sweep over providers can't be sent to one of them."""
    model = f" for {values['model']}" if facts.any_seeds and values.get("model") is not None else ""
    return warning(
        "seed",
        ProblemCode.NOT_SENT,
        f"{facts.title} takes no seed{model}: its runs are replicates",
        "They differ by chance, and match no other run's seed.",
    )


def _same(accounts: Accounts, default: str, name: str, cell: Cell, wanted: Any) -> bool:
    """Return whether a run has a value once both are resolved; a prompt also matches by its label."""
    known = values_of(cell)
    if name not in known:
        return False
    if name in {"prompt", "variant"}:
        return str(wanted) in {cell.variant.label, cell.variant.prompt if name == "prompt" else None}
    if name not in cell.values:
        return str(known[name]) == str(wanted)
    provider = str(cell.values.get("provider") or default)
    if name == "provider":
        return provider.casefold() == str(wanted).strip().casefold()
    return same_value(accounts.provider(provider).facts, cell.values, name, wanted)


def _all_wrong(refused: Sequence[UsageError], cells: int) -> UsageError:
    """Combine the errors of a sweep's runs; each problem gets the number of runs in which it was found."""
    if cells == 1:
        return refused[0]
    counts = Counter(p for error in refused for p in error.problems)
    texts = Counter(str(error) for error in refused)
    lines = [f"{text} (in {count} of {cells} runs)" for text, count in list(texts.items())[:MOST_PROBLEMS]]
    if len(texts) > MOST_PROBLEMS:
        lines.append(f"and {len(texts) - MOST_PROBLEMS} more")
    problems = (replace(problem, runs=count) for problem, count in counts.items())
    return UsageError("\n".join(lines), hint="nothing was sent", problems=problems, checked=cells)


def priced(accounts: Accounts, cell: Cell, request: Request, origin: str | None = None) -> Planned:
    """Return the planned create call of a request, with its price; by default at the configured origin."""
    provider = accounts.provider(request.provider)
    origin = accounts.origin(provider) if origin is None else origin
    price = accounts.list_price(request, origin)
    return Planned(
        cell=cell,
        request=request,
        origin=origin,
        micros=price.get("cost_micros"),
        currency=price.get("currency"),
        outlooks=(SENT,) * provider.results(request),
        other_prices=accounts.other_prices(request),
        seconds=_median_s(accounts, request, origin, []),
    )


def planned_again(earlier: RunRecord, *, accounts: Accounts) -> Planned:
    """Return the planned create call that sends a run's request again.

    Raises:
        UsageError: The request in the log can't be read completely, so a different one would be paid for.
    """
    if lost := [name for name in earlier.unread if name.startswith("request")]:
        raise UsageError(
            f"run {earlier.run_id} can't be sent again: its {', '.join(lost)} can't be read in the run log",
            run_id=earlier.run_id,
            hint="run its cell again",
        )
    variant = Variant(prompt=earlier.request.prompt, label=earlier.variant, variables=earlier.variables)
    cell = Cell(variant=variant, values={}, replicate=earlier.request.replicate)
    return priced(accounts, cell, earlier.request, str(earlier.origin))


def look_up(plan: Plan, *, accounts: Accounts, history: History, reuse: bool = True) -> Plan:
    """Return the plan with the equal runs and the durations in the log. Blocks.

    Args:
        plan: The plan without them.
        accounts: The providers and their prices.
        history: Looks up earlier runs.
        reuse: Whether the clip of an equal run may be reused.
    """
    wanted = [Wanted(request_hash=p.request.hash, origin=p.origin, results=p.results) for p in plan.runs]
    fates = history.outlooks(wanted) if reuse else [(SENT,) * p.results for p in plan.runs]
    took = {
        (name, model, origin): history.durations(name, model, origin)
        for name, model, origin in {(p.request.provider, p.request.model, p.origin) for p in plan.runs}
    }
    runs = tuple(
        replace(
            p,
            outlooks=fate,
            seconds=_median_s(accounts, p.request, p.origin, took[p.request.provider, p.request.model, p.origin]),
        )
        for p, fate in zip(plan.runs, fates, strict=True)
    )
    warnings = (*plan.warnings, *_gone(runs))
    return replace(plan, runs=runs, warnings=warnings, wall_s=wall_s(runs, accounts), looked_up=True)


def _gone(runs: Sequence[Planned]) -> list[Problem]:
    """Return the warning that clips that were paid for may be paid for again; an empty list if there are none."""
    count = sum(p.sent and p.outlooks[0].by is not None for p in runs)
    if not count:
        return []
    which = "1 of these runs was" if count == 1 else f"{count} of these runs were"
    clips = "its clip isn't" if count == 1 else "their clips aren't"
    return [
        warning(
            "reuse",
            ProblemCode.SUSPECT,
            f"{which} made before, and {clips} in the archive. What the provider still has is downloaded again, free; "
            "the rest is sent, and charged, again.",
        )
    ]


def _median_s(
    accounts: Accounts, request: Request, origin: str, history: Sequence[tuple[RunRecord, float]]
) -> float | None:
    facts = accounts.provider(request.provider).facts
    expected = expect(request, facts, history, speed=accounts.speed_at(origin))
    return expected.median_s if expected else None


def wall_s(runs: Sequence[Planned], accounts: Accounts) -> float | None:
    """Estimate the seconds until the last run ends, with as many runs at once as each provider allows; None if unknown.

    The slowest provider decides, because providers work in parallel.
    """
    by_provider: dict[str, list[float | None]] = {}
    for p in runs:
        if p.sent:
            by_provider.setdefault(p.request.provider, []).append(p.seconds)
    longest = 0.0
    for name, seconds in by_provider.items():
        known = [s for s in seconds if s is not None]
        if len(known) < len(seconds):
            return None
        at_once = accounts.concurrent(name) or len(known)
        longest = max(longest, math.ceil(len(known) / at_once) * (sum(known) / len(known)))
    return longest
