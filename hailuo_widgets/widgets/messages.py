"""Types of the messages from Python to the widgets' JavaScript.

``tools/messages_ts.py`` writes these types as ``js/lib/messages.ts``; a test compares the two. ``Replies`` names the
reply's JSON part by the type of the question: None if there is none, because the reply is bytes or nothing at all.
Times are seconds since 1970 by the kernel's clock; durations are seconds. None is "not known", never 0.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from hailuo_widgets.errors import ProblemCode, Reason, Severity  # noqa: TC001 - tools/messages_ts.py reads the types
from hailuo_widgets.render.grid import GridCell, Layout

__all__ = [
    "Begun",
    "BoardFailure",
    "BoardHead",
    "BoardNews",
    "BoardRows",
    "CardState",
    "Catalog",
    "Failure",
    "Form",
    "GridCell",
    "Instruction",
    "Layout",
    "ModeOffer",
    "ModelOffer",
    "Offer",
    "PlanFigures",
    "PowerLine",
    "ProblemMessage",
    "ProviderOffer",
    "Quote",
    "ReferenceCounts",
    "ReferenceFacts",
    "Replies",
    "Resumed",
    "Row",
    "RunTexts",
    "SeedRange",
    "TemplateOffer",
    "Totals",
    "Uploaded",
    "Verdict",
    "VoteState",
]


class ProblemMessage(TypedDict):
    """A wrong or doubtful argument of the request.

    Attributes:
        argument: Its name in Python; "" if it is of no single one.
        runs: In how many of the checked runs it was found.
    """

    argument: str
    code: ProblemCode
    message: str
    hint: str
    severity: Severity
    runs: int


class Failure(TypedDict):
    """An exception of the Python half.

    Attributes:
        kind: The exception's class.
        reason: What code may react to; sentences may be reworded.
    """

    kind: str
    reason: Reason | None
    message: str
    hint: str
    problems: list[ProblemMessage]


# -- player ------------------------------------------------------------------------------------------------------------


class CardState(TypedDict):
    """A run as its player shows it.

    Attributes:
        css: The class of the run's static card.
        since: When the time begins to count.
        now: When this was sent.
        elapsed: How long it took; None while it is unfinished.
        retry: Whether its download can be retried.
        clip: Changes if the file does; None while there is none.
        problem: An exception of the Python half.
        cut: Whether texts are shortened; ``details`` replies with all of it.
    """

    run: str
    css: str
    status: str
    word: str
    live: bool
    simulated: bool
    task: str | None
    since: float
    now: float
    elapsed: float | None
    eta: float | None
    low: float | None
    high: float | None
    note: str | None
    retry: bool
    poster: bool
    clip: str | None
    file: str | None
    size: str | None
    width: int | None
    height: int | None
    kind: str
    prompt: str
    parameters: list[tuple[str, str]]
    title: str | None
    text: str | None
    hint: str | None
    problem: str | None
    cost: str
    cost_note: str
    cut: bool


# -- monitor -----------------------------------------------------------------------------------------------------------


class Row(TypedDict):
    """A run as a row of a board.

    Attributes:
        live: Whether it is unfinished.
        here: Whether this kernel follows it.
        values: What distinguishes it from the others, by the columns' names.
        since: When it was submitted, or planned.
        elapsed: How long it took; None while it is unfinished.
        amount: The cost in its currency; None if it is unknown.
        note: What the end means for the user's money.
        clip: Whether it has a clip.
        reused: Whether its clip is an earlier run's.
        seconds: The length of the clip.
        can: What the user can ask for.
    """

    id: str
    status: str
    word: str
    live: bool
    here: bool
    simulated: bool
    provider: str
    model: str
    prompt: str
    variant: str | None
    values: dict[str, str]
    since: float
    elapsed: float | None
    eta: float | None
    low: float | None
    high: float | None
    cost: str
    amount: float | None
    kind: str | None
    error: str | None
    hint: str | None
    note: str | None
    sweep: str | None
    clip: bool
    reused: bool
    seconds: float | None
    rating: int | None
    tags: list[str]
    can: list[Literal["cancel", "resume", "retry"]]


class Totals(TypedDict):
    """The sums of a board.

    Attributes:
        statuses: How many runs have each status.
        reused: How many succeeded by an earlier run's clip: nothing was paid for them.
        spent: The known costs, one amount a currency.
        reserved: The part of ``spent`` that belongs to runs in progress.
        unknown: How many runs have an unknown cost.
        left: Seconds until the last clip, by the median of earlier runs.
        left_low: The same by their 10th percentile.
        left_high: The same by their 90th percentile.
    """

    runs: int
    done: int
    reused: int
    statuses: dict[str, int]
    spent: list[str]
    reserved: list[str]
    unknown: int
    left: float | None
    left_low: float | None
    left_high: float | None
    simulated: bool


class BoardHead(TypedDict):
    """What stands above the rows of a board.

    Attributes:
        title: The sweep's name, if it has one.
        same: What is equal in all runs: provider, model, duration, resolution.
        budgets: What is left of each budget.
        opens: Whether there is a place for what the board opens: further runs, studio, comparison, vote.
        code: A call that exports the sweep; "" if there is none.
    """

    title: str
    same: list[str]
    budgets: list[str]
    opens: bool
    code: str
    totals: Totals
    now: float


class BoardRows(BoardHead):
    """All rows of a board."""

    rows: list[Row]


class BoardNews(BoardRows):
    """The rows that changed, sent without a question.

    Attributes:
        gone: The ids of the runs that left the board.
    """

    type: Literal["rows"]
    gone: list[str]


class BoardFailure(TypedDict):
    """Why the rows could not be read, sent without a question."""

    type: Literal["problem"]
    text: str


class Quote(TypedDict):
    """What it costs to send runs again.

    Attributes:
        sends: How many runs would be sent, as text; "" if none.
        there: How many clips are there already, as text; "" if none.
        cost: "" if nothing would be sent, or no price is known.
        digest: Changes if the requests do.
        ask: The question that large plans are confirmed with; "" if there is none.
        notes: What stands against it, such as a budget.
        refused: Why these runs can't be sent again; "" if they can.
    """

    runs: int
    sends: str
    there: str
    cost: str
    digest: str
    ask: str
    notes: list[str]
    refused: str


class RunTexts(TypedDict):
    """Texts of a run at full length.

    Attributes:
        words: The tags that can be changed; the run keeps those that it was started with.
    """

    prompt: str
    words: list[str]


class Resumed(TypedDict):
    """What became of an order to resume runs."""

    note: str


# -- studio ------------------------------------------------------------------------------------------------------------


class Form(TypedDict):
    """What the studio's controls hold; the same in both directions.

    Attributes:
        request: Options of the request as they would be typed ("1..4", "768P,1080P"); switches as booleans.
        run: Options of the run.
        body: The prompts.
        mode: What the clip is made from: a request of another mode is refused.
    """

    request: dict[str, Any]
    run: dict[str, Any]
    body: str
    mode: NotRequired[str]


class ModeOffer(TypedDict):
    """What a clip can be made from."""

    name: str
    title: str


class Offer(TypedDict):
    """A model in a mode and a resolution."""

    model: str
    mode: str
    resolution: str | None
    durations: list[int]
    doubt: str


class SeedRange(TypedDict):
    """The seeds that a model takes."""

    low: int
    high: int


class ReferenceCounts(TypedDict):
    """How many pictures, clips and sounds a model takes as references."""

    images: int
    videos: int
    audios: int


class ModelOffer(TypedDict):
    """A model.

    Attributes:
        short: Its shortest name.
        seeds: The seeds that it takes; null if it takes none.
        aspect_ratios: By mode; a mode that is missing takes none.
        references: Null if it takes none.
    """

    name: str
    title: str
    short: str
    camera: bool
    seeds: SeedRange | None
    note: str
    prompt_max: int
    aspect_ratios: dict[str, list[str]]
    optimizer: bool
    watermark: bool
    references: ReferenceCounts | None


class TemplateOffer(TypedDict):
    """A template; ``picture`` and ``text`` are what it needs."""

    id: str
    name: str
    chinese: str
    picture: str | None
    text: str | None


class ProviderOffer(TypedDict):
    """What one provider offers.

    Attributes:
        state: Whether its runs are simulated or sent, or neither without a key.
        note: Why neither is possible.
    """

    name: str
    title: str
    state: Literal["simulated", "live", "no key"]
    note: str
    modes: list[ModeOffer]
    models: list[ModelOffer]
    default_model: str
    default_duration: int | None
    default_resolution: str | None
    offers: list[Offer]
    url_only: bool
    templates: list[TemplateOffer]


class Instruction(TypedDict):
    """A camera instruction."""

    english: str
    chinese: str
    meaning: str


class Catalog(TypedDict):
    """What the studio's controls offer, and the form to begin with.

    Attributes:
        provider: The one that is chosen at first.
    """

    provider: str
    providers: list[ProviderOffer]
    camera: list[Instruction]
    form: Form | None


class PlanFigures(TypedDict):
    """A plan in words.

    Attributes:
        balance: What the charged accounts have left; "" if that is not known.
        digest: Changes if the requests do.
    """

    count: str
    there: str
    sends: str
    cost: str
    balance: str
    time: str
    runs: int
    sentence: str
    digest: str


class Verdict(TypedDict):
    """A form after its check: its problems, the cell and the call, and the plan if nothing is wrong.

    Attributes:
        checked: How many runs were checked.
        cell: "" if it cannot be written.
    """

    problems: list[ProblemMessage]
    checked: int
    cell: str
    python: NotRequired[str]
    plan: NotRequired[PlanFigures]


class PowerLine(TypedDict):
    """What votes on a plan's clips can find, in one sentence; "" without variants."""

    sentence: str


class Begun(TypedDict):
    """What became of a press of Generate: the started runs, or the question to answer first."""

    runs: NotRequired[list[str]]
    ask: NotRequired[str]


class Uploaded(TypedDict):
    """A picture or reference that is kept; empty before its last chunk."""

    path: NotRequired[str]
    width: NotRequired[int | None]
    height: NotRequired[int | None]


class ReferenceFacts(TypedDict):
    """What a reference is; what isn't known of it, as of each that is given by URL, is None.

    Attributes:
        size: Of the file, as a text.
    """

    kind: Literal["image", "video", "audio"]
    name: str
    width: int | None
    height: int | None
    seconds: float | None
    size: str | None


# -- vote --------------------------------------------------------------------------------------------------------------


class VoteState(TypedDict):
    """The pair to judge now; nothing in it identifies a run.

    Attributes:
        token: Names the question about the pair; None if there is none.
        pair: Names the pair, which stays while its questions are asked.
        step: Which of several questions is asked; "" of a single one.
        prompt: The prompt, if both clips have the same one.
        sound: Whether a clip of the pair may have sound.
        sure: Whether further votes cannot change the result.
    """

    token: str | None
    pair: str | None
    question: str
    step: str
    prompt: str | None
    simulated: bool
    sound: bool
    given: int
    remaining: int
    undo: bool
    sure: bool
    ended: bool
    result: str


class Replies(TypedDict):
    """The JSON part of each reply, by the type of its question."""

    # player
    details: CardState
    cancel: None
    retry: None
    # player, compare
    video: None
    poster: None
    # monitor
    rows: BoardRows
    resume: Resumed
    texts: RunTexts
    quote: Quote
    again: Begun
    open: None
    # compare
    layout: Layout
    run: list[tuple[str, str]]
    rate: None
    tag: None
    note: None
    # studio
    catalog: Catalog
    check: Verdict
    load: Form
    upload: Uploaded
    reference: ReferenceFacts
    power: PowerLine
    generate: Begun
    # vote
    begin: VoteState
    clip: None
    vote: VoteState
    undo: VoteState
    end: VoteState
