"""Settings of one simulator, as a frozen value, with the documents' figures as defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hailuo_widgets.simulator.faults import Fault

# KIE.ai Minimax API document, "Specs": 10 concurrent tasks per account. The other four documents name no such limit.
DOCUMENTED_CONCURRENCY: Mapping[str, int] = {"kie": 10}

# Seconds that a download URL lives. MiniMax: public documents say one hour for clips, nine for templates;
# KIE.ai Minimax API document: "Download TTL 20 minutes"; Pixazo and Runware documents: silent, so a day. fal.ai: files
# are kept for at least seven days. Replicate: files are deleted after an hour. A relay hands out MiniMax's own links.
DOCUMENTED_URL_LIFETIME: Mapping[str, float] = {
    "minimax": 3600.0,
    "template": 32400.0,
    "kie": 1200.0,
    "kkiai": 32400.0,
    "pixazo": 86400.0,
    "runware": 86400.0,
    "fal": 604800.0,
    "replicate": 3600.0,
    "relay": 32400.0,
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that one simulator can be told.

    Attributes:
        speed: How many times faster than the documented generation times; 20 makes a 768P clip about six seconds.
        latency: Fixed generation time in seconds; ``None`` draws from the documented distribution.
        random_seed: Makes generation times and unseeded variations repeatable, task by task; ``None`` is random.
        draft: Render a quarter of the width and height.
        keys: The keys that are accepted, each its own account; ``None`` accepts every key as one account.
        kkiai_envelope: The relay's query answer: MiniMax's body itself, or wrapped as New-API relays do.
        relay_answers: What the relay's queries look like. ``url``: the video's URL is in ``metadata.url`` and in the
            task's envelope. ``content``: only ``/v1/videos/{id}/content`` leads to it, as in the newest New-API.
            ``flat``: the shapes of docs.newapi.pro, without an envelope.
        replicate_list: Whether Replicate's ``output`` is a list with one URL instead of a URL.
        pixazo_list: Whether ``output.media_url`` of Pixazo's H3 is a list with one URL instead of a URL.
        strict: Also refuse what the documents allow although other public evidence says the live API does not.
        strict_fast: Of ``strict`` only this: MiniMax-Hailuo-2.3-Fast without a first frame is refused.
        strict_callback: Refuse a create whose ``callback_url`` fails the challenge; else it is just never called.
        url_lifetime: Seconds that a download URL lives; ``None`` is each document's figure.
        rpm: Create calls a minute and provider before the provider's rate-limit answer; ``None`` is no limit.
        rpm_counts_polls: Whether status queries count towards ``rpm`` too.
        concurrency: Unfinished tasks a provider holds at most: one number, or one by provider; ``None`` is each
            document's figure (KIE: 10), 0 is no limit.
        credits: What each account can spend, in the provider's own unit; ``None`` never runs out.
        failure_word: MiniMax's word for a failed task; the document says ``Fail``, some clients expect ``Failed``.
        eager: Render while "generating" instead of when the clip is first asked for; ``None`` does so
            only where the generation time is not a fixed ``latency``.
        faults: What goes wrong from the start.
    """

    speed: float = 20.0
    latency: float | None = None
    random_seed: int | None = None
    draft: bool = False
    keys: frozenset[str] | None = None
    kkiai_envelope: Literal["passthrough", "newapi"] = "passthrough"
    relay_answers: Literal["url", "content", "flat"] = "url"
    replicate_list: bool = False
    pixazo_list: bool = True
    strict: bool = False
    strict_fast: bool = False
    strict_callback: bool = False
    url_lifetime: float | None = None
    rpm: int | None = None
    rpm_counts_polls: bool = False
    concurrency: int | Mapping[str, int] | None = None
    credits: float | Mapping[str, float] | None = None
    failure_word: str = "Fail"
    eager: bool | None = None
    faults: Sequence[Fault | Mapping[str, Any]] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        """Refuse switches that mean nothing."""
        if not self.speed > 0:
            raise ValueError(f"speed={self.speed!r}: must be greater than 0; 20 is the default, 1 is the real pace")
        if self.latency is not None and self.latency < 0:
            raise ValueError(f"latency={self.latency!r}: must be 0 or more seconds, or None for documented times")
        if self.kkiai_envelope not in ("passthrough", "newapi"):
            raise ValueError(f"kkiai_envelope={self.kkiai_envelope!r}: allowed are 'passthrough' and 'newapi'")
        if self.relay_answers not in ("url", "content", "flat"):
            raise ValueError(f"relay_answers={self.relay_answers!r}: allowed are 'url', 'content' and 'flat'")

    def concurrency_of(self, provider: str) -> int | None:
        """Return how many unfinished tasks ``provider`` holds at most, ``None`` for no limit."""
        if self.concurrency is None:
            return DOCUMENTED_CONCURRENCY.get(provider)
        limit = self.concurrency if isinstance(self.concurrency, int) else self.concurrency.get(provider, 0)
        return limit or None

    def credits_of(self, provider: str) -> float | None:
        """Return what an account of ``provider`` can spend in all, ``None`` for any amount."""
        if self.credits is None or isinstance(self.credits, int | float):
            return self.credits
        return self.credits.get(provider)

    def lifetime_of(self, product: str) -> float:
        """Return the seconds that a download URL of a provider, or of a ``template``, lives."""
        return DOCUMENTED_URL_LIFETIME[product] if self.url_lifetime is None else self.url_lifetime

    @property
    def renders_early(self) -> bool:
        """Whether a clip is rendered while its task is still generating."""
        return self.latency is None if self.eager is None else self.eager
