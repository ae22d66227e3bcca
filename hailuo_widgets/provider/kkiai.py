"""kkiai provider, a relay that takes MiniMax's own bodies below ``/minimax/v1``.

Sources of the rows: ``DOC``, the kkiai document (the specification), which only shows the create call; ``PAGE``,
kkiai's public pages; and replies of other relays with the same software. The reply to a query is MiniMax's, or has
MiniMax's object inside the relay's envelope. No source names a price.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hailuo_widgets.domain.catalog import Auth, Facts, Model, Offer
from hailuo_widgets.errors import AuthError, InsufficientCredits, Moderated, ProviderError, RateLimited
from hailuo_widgets.provider import minimax_facts, minimax_v1
from hailuo_widgets.provider.interface import (
    UNKNOWN_TASK,
    USED_UP,
    Clip,
    Code,
    HttpReply,
    Poll,
    as_code,
    as_task_id,
    as_url,
)
from hailuo_widgets.provider.messages import PollState
from hailuo_widgets.provider.parse import as_path, message_of
from hailuo_widgets.provider.task_paths import NOT_USED, leads_away, path_at, task_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.provider.interface import Provider, Task
    from hailuo_widgets.settings.settings import Settings

__all__ = ["CODES", "FACTS", "Kkiai", "make"]

DOC = "kkiai document"
PAGE = "kkiai's public pages, 2026-07"
H23, H02 = "MiniMax-Hailuo-2.3", "MiniMax-Hailuo-02"
T2V, I2V, FL = "text_to_video", "image_to_video", "first_last_frame"
_720 = (
    "720P: the kkiai document lists it as the default of 'other models', and names none; at MiniMax the 01 series "
    "alone has it"
)

MODELS = tuple(
    Model(name=name, title=title, short_names=short, camera=True, fast_pretreatment=True, source=DOC)
    for name, title, short in (
        (H23, "Hailuo 2.3", ("2.3", "hailuo-2.3")),
        (H02, "Hailuo 02", ("02", "hailuo-02")),
    )
)

_LENGTHS = (("768P", (6, 10), ""), ("1080P", (6,), ""), ("720P", (6,), _720))
OFFERS = (
    *(
        Offer(model=model, mode=mode, resolution=resolution, durations=durations, source=DOC, doubt=why)
        for model in (H23, H02)
        for mode in (T2V, I2V)
        for resolution, durations, why in _LENGTHS
    ),
    Offer(model=H02, mode=FL, resolution="768P", durations=(6, 10), source=PAGE),
    Offer(model=H02, mode=FL, resolution="1080P", durations=(6,), source=PAGE),
)

_KEY = Code(error=AuthError, meaning="the key was refused", fatal=True)
# Numeric codes are MiniMax's own; codes in words are the relay's.
CODES = minimax_facts.CODES | {
    "2049": _KEY,
    "task_not_exist": UNKNOWN_TASK,
    "invalid_api_key": _KEY,
    "insufficient_user_quota": Code(
        error=InsufficientCredits, meaning="the relay's account is out of quota", fatal=True
    ),
    "insufficient_quota": Code(error=InsufficientCredits, meaning="the relay's account is out of quota", fatal=True),
    "rate_limit_exceeded": Code(error=RateLimited, meaning="too many requests", again=True),
    "model_not_found": Code(
        error=ProviderError,
        meaning="the relay has no channel for this model",
        hint="the key's group may not have it: see the relay's console",
    ),
}

FACTS = Facts(
    name="kkiai",
    title="kkiai",
    base_url="https://www.kkiai.com",
    hosts=("https://www.kkiai.com",),
    auth=Auth(header="Authorization", prefix="Bearer "),
    default_model=H23,
    models=MODELS,
    offers=OFFERS,
    prices=(),
    images=minimax_facts.FACTS.images,
    source=DOC,
    prompt_max=2000,
    optimizer=True,
    watermark=True,
    callback=True,
    poll_floor_s=5.0,
    key_page="https://www.kkiai.com",
    simulated=True,
)

STATES = minimax_v1.STATES | {
    "not_start": "queued",
    "submitted": "queued",
    "queued": "queued",
    "in_progress": "running",
    "failure": "failed",
    "completed": "succeeded",
    "succeeded": "succeeded",
}
CONTENT_PATH = "/v1/videos/{id}/content"
VIDEO = "video"  # the value of "object" in the format of OpenAI
_YES = frozenset({"success", "0", "200"})


class Kkiai(minimax_v1.MiniMaxV1):
    """MiniMax's protocol through the relay."""

    facts = FACTS
    codes = CODES
    states = STATES
    prefix = "/minimax/v1"
    keyed_links = True

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """Return MiniMax's code, or else the envelope's, or that of an OpenAI-style ``error``."""
        code, said = super().verdict(data)
        if code is not None:
            return code, said
        error = data.get("error")
        for found in (data.get("code"), error.get("code") if isinstance(error, dict) else None):
            word = as_code(found)
            if word is not None and word.casefold() not in _YES:
                return word, message_of(data)
        return None, said

    def row(self, code: str, said: str | None) -> Code | None:
        """The relay's codes in words; a family of them by what its names have in common."""
        row = super().row(code, said)
        folded = code.casefold()
        if row is None and ("quota" in folded or "daily_limit" in folded):
            return USED_UP
        if row is None and "concurrency_limit" in folded:
            return Code(error=RateLimited, meaning="too many tasks at once", again=True)
        if row is None and folded in {"sensitive_words_detected", "prompt_blocked"}:
            return Code(error=Moderated, meaning="the prompt was refused for its content", hint="reword it")
        return row

    def task_named(self, data: dict[str, Any]) -> object:
        """Return the relay's own task ID, which is outermost; an inner one is MiniMax's ID for the relay."""
        named = next((named for layer in (_inside(data), data) if (named := layer.get("task_id"))), None)
        return named or (data.get("id") if data.get("object") == VIDEO else None)

    def read_poll(self, data: dict[str, Any], reply: HttpReply) -> Poll:
        """Return the poll of a reply that is MiniMax's object, or contains it."""
        envelope = _inside(data)
        word = envelope.get("status")
        if not isinstance(word, str):
            return super().read_poll(data, reply)
        state = self.state(word)
        if state == PollState.SUCCEEDED:
            return self.finished(data, reply)
        if state == PollState.FAILED:
            code, said = super().verdict(_inside(envelope))
            reason = envelope.get("fail_reason")
            return self.failed(code, reason if isinstance(reason, str) and reason else said, reply, word=word)
        return self.under_way(word)

    def finished(self, data: dict[str, Any], reply: HttpReply) -> Poll:
        """Return the poll of a succeeded task; without a link, the clip is at ``/v1/videos/{id}/content``."""
        named = as_task_id(data.get("id")) if data.get("object") == VIDEO else None
        clip = self.clip(data)
        if named is None or clip.url is not None or clip.file_id is not None:
            return super().finished(data, reply)
        return Poll(
            state=PollState.SUCCEEDED, clip=replace(clip, url=CONTENT_PATH.replace("{id}", quote(named, safe="")))
        )

    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """Decode the reply. A link that the key goes to is a file's, or our own task's ``/v1/videos/{id}/content``."""
        poll = super().decode_query(reply, task)
        clip = poll.clip
        if clip is None:
            return poll
        away = [self._leads_away(url, task.task_id, reply.origin) for url in (clip.url, clip.backup_url)]
        if not any(away):
            return poll
        kept = replace(clip, url=None if away[0] else clip.url, backup_url=None if away[1] else clip.backup_url)
        if kept.url is None and self.encode_link(task, kept) is None:
            kept = replace(kept, url=CONTENT_PATH.replace("{id}", quote(task.task_id, safe="")))
        return replace(poll, clip=kept, warning=f"the link of the clip {NOT_USED}")

    def decode_link(self, reply: HttpReply, clip: Clip) -> Clip:
        """Return the clip with the file's links, which are no routes of the relay."""
        found = super().decode_link(reply, clip)
        if self._leads_away(found.url, None, reply.origin):
            raise self.unreadable(reply, "it names no download_url, but a route of the relay")
        return replace(found, backup_url=None) if self._leads_away(found.backup_url, None, reply.origin) else found

    def link_takes_key(self, link: str, task: Task, origin: str) -> bool:
        """Return whether a link is a file's or our own task's content route."""
        return not self._leads_away(link, task.task_id, origin)

    def _leads_away(self, link: str | None, task_id: str | None, origin: str) -> bool:
        """Return whether a link is at the relay itself, and neither a file's nor our task's content route."""
        bases = {origin, *self.facts.origins}
        path = path_at(link, bases)
        own = task_id is not None and task_path(link, task_id, CONTENT_PATH, bases=bases)
        return path is not None and not own and leads_away(path)

    def clip(self, data: dict[str, Any]) -> Clip:
        """Return the clip's links: those of the retrieved file, then those in every other place that relays use."""
        envelope = _inside(data)
        inner = _inside(envelope)
        layers = (inner, envelope, data)
        files = [f for layer in layers if isinstance(f := layer.get("file"), dict)]
        # On success, the relay puts the link or the file's ID into fail_reason; this is tried last.
        odd = envelope.get("fail_reason")
        links = (
            *(f.get(name) for f in files for name in ("download_url", "url")),
            *(layer.get(name) for name in ("result_url", "video_url", "url") for layer in layers),
            *(meta.get("url") for layer in layers if isinstance(meta := layer.get("metadata"), dict)),
            *(link for layer in layers for link in _videos(layer)),
            odd,
        )
        ids = (*(layer.get("file_id") for layer in layers), *(f.get("file_id") for f in files), odd)
        return Clip(
            url=next((url for link in links if (url := as_url(link) or as_path(link))), None),
            backup_url=next((url for f in files if (url := as_url(f.get("backup_download_url")))), None),
            file_id=next((known for i in ids if (known := as_task_id(i)) and known.isdigit()), None),
        )


def _inside(data: dict[str, Any]) -> dict[str, Any]:
    found = data.get("data")
    return found if isinstance(found, dict) else {}


def _videos(layer: dict[str, Any]) -> Iterator[object]:
    videos = layer.get("videos")
    for video in videos if isinstance(videos, list) else ():
        if isinstance(video, dict):
            yield video.get("videoURL")
            yield video.get("url")


def make(settings: Settings) -> Provider:
    """Return the provider, for the registry."""
    del settings
    return Kkiai()
