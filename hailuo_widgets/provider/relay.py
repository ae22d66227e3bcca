"""Relay provider: any relay with New-API's routes, at the address that ``RELAY_BASE_URL`` gives.

Sources: ``SOURCE``, New-API's router and its Hailuo plug-in. There are three routes, and the relay's owner says which
of them it has: OpenAI's videos, New-API's own task envelope, and MiniMax's bodies passed through. Answers are told
apart by their shape, whichever route was asked. The plug-in reads the resolution from ``size``, and takes frames and
switches from ``metadata`` under MiniMax's names; what it does not read, it leaves out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hailuo_widgets.provider import Auth, Facts, HttpCall, Mode, Model, Offer, Option, Request, Task, minimax_facts
from hailuo_widgets.provider.kkiai import CODES, STATES, Kkiai

if TYPE_CHECKING:
    from hailuo_widgets.provider import Provider, Settings

__all__ = ["FACTS", "Relay", "make"]

SOURCE = "New-API's router and Hailuo plug-in, 2026-10"
H23, FAST, H02, H3 = "MiniMax-Hailuo-2.3", "MiniMax-Hailuo-2.3-Fast", "MiniMax-Hailuo-02", "MiniMax-H3"
T2V, I2V, FL = Mode.TEXT_TO_VIDEO, Mode.IMAGE_TO_VIDEO, Mode.FIRST_LAST_FRAME
GENERATIONS, VIDEOS, MINIMAX = "video/generations", "videos", "minimax"
ROUTES = {GENERATIONS: "/v1/video/generations", VIDEOS: "/v1/videos"}
H3_DOUBT = "New-API has H3 only lately, and how its fields are passed on is a guess"
LENGTHS = {"768P": (6, 10), "1080P": (6,)}

MODELS = (
    *(
        Model(name=name, title=title, short_names=short, camera=True, fast_pretreatment=True, source=SOURCE)
        for name, title, short in (
            (H23, "Hailuo 2.3", ("2.3", "hailuo-2.3")),
            (FAST, "Hailuo 2.3 Fast", ("2.3-fast", "hailuo-2.3-fast")),
            (H02, "Hailuo 02", ("02", "hailuo-02")),
        )
    ),
    Model(
        name=H3,
        title="MiniMax H3",
        short_names=("h3", "minimax-h3"),
        seeds_elsewhere="Runware takes a seed for H3: provider='runware' (--provider runware)",
        prompt_max=7000,
        optimizer=False,
        watermark=False,
        aspect_ratios={T2V: ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")},
        default_aspect_ratio={T2V: "16:9"},
        source=SOURCE,
    ),
)
OFFERS = (
    *(
        Offer(model=model, mode=mode, resolution=resolution, durations=durations, source=SOURCE)
        for model, modes in ((H23, (T2V, I2V)), (FAST, (I2V,)), (H02, (T2V, I2V, FL)))
        for mode in modes
        for resolution, durations in LENGTHS.items()
    ),
    *(
        Offer(model=H3, mode=mode, resolution=resolution, durations=tuple(range(4, 16)), source=SOURCE, doubt=H3_DOUBT)
        for mode in (T2V, I2V, FL)
        for resolution in ("768P", "2K")
    ),
)

FACTS = Facts(
    name="relay",
    title="Relay",
    base_url="",  # there is no relay that everyone means
    auth=Auth(header="Authorization", prefix="Bearer "),
    default_model=H23,
    models=MODELS,
    offers=OFFERS,
    prices=(),
    images=minimax_facts.FACTS.images,
    source=SOURCE,
    prompt_max=2000,
    optimizer=True,
    watermark=True,
    callback=False,
    options=(
        Option(
            name="route",
            kind=str,
            help="which of the relay's routes is used; the relay's own pages name it",
            allowed=(GENERATIONS, VIDEOS, MINIMAX),
            sent=False,
        ),
        Option(
            name="prefix",
            kind=str,
            help="with route=minimax: what stands before /video_generation in the relay's address",
            seen=("/minimax/v1", "/v1", "/hailuo/v1"),
            sent=False,
        ),
    ),
    poll_floor_s=5.0,
    simulated=True,
)
WORDS = STATES | {"pending": "queued", "unknown": "queued"}
OURS = frozenset(option.name for option in FACTS.options if not option.sent)


class Relay(Kkiai):
    """The three routes; the channel of a task is the route that knows it."""

    facts = FACTS
    codes = CODES
    states = WORDS
    callbacks = None
    default_channel = GENERATIONS

    def channel(self, request: Request) -> str:
        """Return the route, and with MiniMax's bodies also what stands before it in the address."""
        route = str(request.options.get("route") or GENERATIONS)
        if route != MINIMAX:
            return route
        return f"{MINIMAX}:{_prefix(str(request.options.get('prefix') or self.prefix))}"

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return ``POST`` of the route."""
        channel = self.channel(request)
        options = {name: value for name, value in request.options.items() if name not in OURS}
        if channel.startswith(MINIMAX):
            call = super().encode_create(replace(request, options={}), client_uuid)
            path = channel.removeprefix(f"{MINIMAX}:") + call.path.removeprefix(self.prefix)
            return replace(call, path=path, json={**call.json, **options})
        body: dict[str, Any] = {"model": request.model, "prompt": request.prompt}
        if request.duration is not None:
            body |= {"duration": request.duration, "seconds": str(request.duration)}
        if request.resolution is not None:
            body["size"] = request.resolution
        if request.first_frame is not None:
            body["image"] = request.first_frame.wire()
        return HttpCall(
            method="POST", path=ROUTES[channel], json={**body, "metadata": self._metadata(request), **options}
        )

    def _metadata(self, request: Request) -> dict[str, Any]:
        """Return MiniMax's own fields, which the relay's body does not have."""
        always = self.facts.of(request.model).optimizer and not request.unlisted
        optimizer = request.prompt_optimizer if always else request.prompt_optimizer or None
        fields = {
            "prompt_optimizer": optimizer,
            "fast_pretreatment": request.fast_pretreatment,
            "aigc_watermark": request.watermark,
            "ratio": request.aspect_ratio,
            "seed": request.seed,
            "first_frame_image": request.first_frame and request.first_frame.wire(),
            "last_frame_image": request.last_frame and request.last_frame.wire(),
        }
        return {name: value for name, value in fields.items() if value is not None}

    def encode_query(self, task: Task) -> HttpCall:
        """Return ``GET`` of the task at its route."""
        channel = task.channel or self.default_channel
        if channel.startswith(MINIMAX):
            prefix = _prefix(channel.removeprefix(f"{MINIMAX}:"))
            return HttpCall(method="GET", path=f"{prefix}/query/video_generation", params={"task_id": task.task_id})
        path = ROUTES.get(channel, ROUTES[GENERATIONS])
        return HttpCall(method="GET", path=f"{path}/{quote(task.task_id, safe='')}")

    def encode_link(self, task: Task, clip: Any) -> HttpCall | None:
        """Return the retrieval of a file for MiniMax's own bodies; elsewhere the poll has the link."""
        call = super().encode_link(task, clip)
        if call is None or not task.channel.startswith(MINIMAX):
            return None
        prefix = _prefix(task.channel.removeprefix(f"{MINIMAX}:"))
        return replace(call, path=prefix + call.path.removeprefix(self.prefix))

    def address_hint(self) -> str:
        """Return the hint if the relay doesn't have the route."""
        return (
            f"check {self.facts.base_url_variable}, or use another route: --option route={VIDEOS}, "
            f"route={GENERATIONS} or route={MINIMAX}"
        )


def _prefix(text: str) -> str:
    """Return the beginning of a path: letters, digits and single slashes, with one at its start."""
    parts = [quote(part, safe="") for part in text.split("/") if part not in {"", ".", ".."}]
    return "".join(f"/{part}" for part in parts)


def make(settings: Settings) -> Provider:
    """Return the provider, for the registry."""
    del settings
    return Relay()
