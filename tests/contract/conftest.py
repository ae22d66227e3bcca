"""Fixtures of the contract tests: each dialect of the five providers, spoken to the simulator.

A `Line` goes the way of a run without the engine's waits: plan, encode, HTTP over loopback, decode. The simulator
shares no code with the client, so that both have read the documents on their own.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import pytest

from hailuo_widgets.api.session import Session
from hailuo_widgets.engine import provider_client as fake_provider_module
from hailuo_widgets.provider.accounts import Accounts
from hailuo_widgets.settings.settings import Settings
from hailuo_widgets.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hailuo_widgets.domain.catalog import Facts, Offer
    from hailuo_widgets.domain.request import Request

PROVIDERS = ("minimax", "kie", "kkiai", "pixazo", "runware")
DIALECTS = ("minimax", "kie", "kie-jobs", "kkiai", "kkiai-newapi", "pixazo", "runware")
KEY = "sk-CANARY-contract"
PICTURE, OTHER_PICTURE = "https://pictures.example/fox.png", "https://pictures.example/wolf.png"
FRAMES: Mapping[str, dict[str, Any]] = {
    "text_to_video": {},
    "image_to_video": {"first_frame": PICTURE},
    "first_last_frame": {"first_frame": PICTURE, "last_frame": OTHER_PICTURE},
    "subject_to_video": {"subject": PICTURE},
    "reference_to_video": {"references": [PICTURE, OTHER_PICTURE]},
}
FEW = 4  # of more durations in a row, the first, the last and one between them are tried


def provider_of(dialect: str) -> str:
    """The provider that a dialect is one of."""
    return dialect.partition("-")[0]


def settings_of(dialect: str) -> dict[str, Any]:
    """What a session is told to speak it."""
    return {"kie_dialect": "jobs"} if dialect == "kie-jobs" else {}


def facts_of(dialect: str) -> Facts:
    """The table of a dialect's provider, asked for without a store or a network."""
    settings = Settings.resolve(settings_of(dialect), environ={})
    return Accounts(settings).provider(provider_of(dialect)).facts


@dataclass(frozen=True, kw_only=True)
class Case:
    """One thing that a catalog offers: what a user would give, and what must come of it."""

    dialect: str
    mode: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    resolution: str | None = None
    duration: int | None = None

    def __str__(self) -> str:
        told = (self.dialect, *(str(v) for k, v in self.arguments.items() if k in {"model", "template"}), self.mode)
        return " ".join((*told, self.resolution or "", f"{self.duration} s" if self.duration else "")).strip()


def _offered(dialect: str, facts: Facts, offer: Offer) -> Iterator[Case]:
    seconds: tuple[int | None, ...] = offer.durations or (None,)
    if len(seconds) > FEW:
        seconds = (seconds[0], seconds[len(seconds) // 2], seconds[-1])
    for duration in seconds:
        given: dict[str, Any] = {"model": offer.model, "prompt": "A fox runs, [Push in]", **FRAMES[offer.mode]}
        if offer.resolution is not None:
            given["resolution"] = offer.resolution
        elif facts.sizes and offer.mode == "text_to_video":
            given |= dict(zip(("width", "height"), facts.sizes["1080P"], strict=True))
        if duration is not None:
            given["duration"] = duration
        yield Case(dialect=dialect, mode=offer.mode, arguments=given, resolution=offer.resolution, duration=duration)


def catalog() -> list[Case]:
    """Every model × mode × resolution × duration of every dialect, and every template."""
    cases: list[Case] = []
    for dialect in DIALECTS:
        facts = facts_of(dialect)
        for offer in facts.offers:
            if offer.mode != "upscale":  # it is of a clip: see test_minimax_v2
                cases += _offered(dialect, facts, offer)
        for row in facts.templates:
            given = {"template": row.id}
            given |= {"first_frame": PICTURE} if row.picture else {}
            given |= {"text": "a lion"} if row.text else {}
            cases.append(Case(dialect=dialect, mode="template", arguments=given))
    return cases


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``offered``: the whole catalog; ``dialect``: each way of speaking to a provider."""
    if "offered" in metafunc.fixturenames:
        metafunc.parametrize("offered", catalog(), ids=str)
    marks = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    given = {name for names in marks for name in ([names] if isinstance(names, str) else names)}
    if "dialect" in set(metafunc.fixturenames) - given:
        metafunc.parametrize("dialect", DIALECTS)


class Line:
    """A client and a provider that speak one dialect."""

    def __init__(self, dialect: str, session: Session, simulator: Simulator, runner: asyncio.Runner) -> None:
        self.dialect = dialect
        self.name = provider_of(dialect)
        self.session = session
        self.simulator = simulator
        self._runner = runner

    @property
    def charged(self) -> int:
        """How many create calls the provider has accepted, and so billed."""
        return self.simulator.world.tasks.creates().get(self.name, 0)

    @property
    def sent(self) -> dict[str, Any]:
        """The latest request that reached the provider."""
        return [r for r in self.simulator.requests if r["provider"] == self.name][-1]

    @property
    def provider(self) -> Any:
        """The client's side of the dialect."""
        return self.session.engine.accounts.provider(self.name)

    def request(self, prompt: str = "A fox runs", **arguments: Any) -> Request:
        """A checked request."""
        plan = self.session.plan(prompt, provider=self.name, ask_log=False, reuse=False, **arguments)
        return plan.runs[0].request

    def simple(self, prompt: str = "A fox runs") -> Request:
        """A request that the provider's documents show: with a first frame where they know no other."""
        return self.request(prompt, **(FRAMES["image_to_video"] if self.name == "pixazo" else {}))

    def create(self, request: Request, client_uuid: str | None = None) -> Any:
        """The create call, and what the client makes of its answer: ``task_id``, or the error."""
        return self._runner.run(self._create(request, client_uuid or str(uuid4())))

    def query(self, request: Request, task_id: str, index: int = 0) -> Any:
        """The query, and what the client makes of its answer: a poll, with its link, or the error."""
        return self._runner.run(self._query(request, task_id, index))

    async def _fake_provider(self, request: Request) -> Any:
        return await self.session.engine.clients.client_of(self.session._new(request, self.simulator.url))

    async def _create(self, request: Request, client_uuid: str) -> Any:
        fake_provider = await self._fake_provider(request)
        return await fake_provider.create(await fake_provider.prepared(request), client_uuid)

    async def _query(self, request: Request, task_id: str, index: int) -> Any:
        fake_provider = await self._fake_provider(request)
        kind: Any = vars(fake_provider_module)["Task"]
        task = kind(task_id=task_id, channel=self.provider.channel(request), result_index=index)
        poll = await fake_provider.query(task)
        if poll.clip is None or poll.clip.url is not None:
            return poll
        return type(poll)(state=poll.state, clip=await fake_provider.link(task, poll.clip))


class Connect(Protocol):
    """Opens a line to a provider."""

    def __call__(self, dialect: str, *, key: str = KEY, **switches: Any) -> Line:
        """The line; ``switches`` are the simulator's, and give it one of its own."""


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """One loop for all calls, as a notebook has."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def fake_providers() -> Iterator[Callable[[str], Simulator]]:
    """The providers whose clips are there at once: one for all dialects, and one for the relay's envelope."""
    with ExitStack() as stack:
        running: dict[str, Simulator] = {}

        def fake_provider(dialect: str) -> Simulator:
            envelope = "newapi" if dialect == "kkiai-newapi" else "passthrough"
            if envelope not in running:
                simulator = Simulator(latency=0.0, draft=True, random_seed=1, kkiai_envelope=envelope)
                running[envelope] = stack.enter_context(simulator)
            return running[envelope]

        yield fake_provider


@pytest.fixture(scope="session")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Session]]:
    """A session for each dialect's settings."""
    with ExitStack() as stack:
        opened: dict[str, Session] = {}

        def session(dialect: str) -> Session:
            kind = settings_of(dialect).get("kie_dialect", "")
            if kind not in opened:
                home = tmp_path_factory.mktemp("client")
                opened[kind] = Session(home=home, mode="live", notice=lambda _: None, **settings_of(dialect))
                stack.callback(opened[kind].close)
            return opened[kind]

        yield session


@pytest.fixture
def connect(
    runner: asyncio.Runner,
    fake_providers: Callable[[str], Simulator],
    sessions: Callable[[str], Session],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Connect]:
    """Open lines: to the shared providers, as if they had just started, or to one with switches of its own."""
    with ExitStack() as stack:

        def opened(dialect: str, *, key: str = KEY, **switches: Any) -> Line:
            if switches:
                envelope = "newapi" if dialect == "kkiai-newapi" else "passthrough"
                options = {"latency": 0.0, "draft": True, "kkiai_envelope": envelope, **switches}
                simulator = stack.enter_context(Simulator(**options))
            else:
                simulator = fake_providers(dialect)
                simulator.reset()
            name = provider_of(dialect).upper()
            monkeypatch.setenv(f"{name}_BASE_URL", simulator.url)
            monkeypatch.setenv(f"{name}_API_KEY", key)
            return Line(dialect, sessions(dialect), simulator, runner)

        yield opened


@pytest.fixture
def picture() -> Callable[[int, int], bytes]:
    """Encoded pictures of any size."""
    import io

    from PIL import Image

    def encoded(width: int, height: int) -> bytes:
        target = io.BytesIO()
        Image.linear_gradient("L").resize((width, height)).convert("RGB").save(target, "PNG")
        return target.getvalue()

    return encoded


@pytest.fixture
def offers() -> Callable[[str], list[Case]]:
    """What a dialect's catalog offers."""
    return lambda dialect: [c for c in catalog() if c.dialect == dialect]
