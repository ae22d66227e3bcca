"""Replicate provider: MiniMax's official models as predictions.

Sources of the rows. ``PAGE``: the models' API pages at replicate.com, which name the fields of Hailuo 02 and 2.3.
``DOC``: Replicate's pages on predictions, their life cycle and webhooks. ``FAST_PAGE``: a third party's page with the
fields of Hailuo 2.3 Fast. No page that names a price per clip was read, so prices are unknown, and so is what a
canceled prediction costs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hailuo_widgets.errors import AuthError, InsufficientCredits, InvalidRequest, Moderated, RateLimited, TaskLost
from hailuo_widgets.provider import (
    MIB,
    Accepted,
    Auth,
    CallbackCheck,
    CallbackFormat,
    Cancelled,
    CancelOutcome,
    Candidate,
    Candidates,
    Clip,
    Code,
    Facts,
    HttpCall,
    HttpReply,
    ImageRules,
    Mode,
    Model,
    Offer,
    Poll,
    PollState,
    Provider,
    Request,
    Task,
    as_task_id,
    as_url,
    ids_named,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.provider import Callback, Settings
    from hailuo_widgets.redaction.secret import Secret

__all__ = ["CODES", "FACTS", "Replicate", "make"]

PAGE = "the model's API page at replicate.com"
DOC = "Replicate's pages on predictions and webhooks"
FAST_PAGE = "a third party's page with the fields of Hailuo 2.3 Fast"
H23, FAST, H02 = "minimax/hailuo-2.3", "minimax/hailuo-2.3-fast", "minimax/hailuo-02"
T2V, I2V, FL = Mode.TEXT_TO_VIDEO, Mode.IMAGE_TO_VIDEO, Mode.FIRST_LAST_FRAME
SKEW_S = 300.0  # the largest difference between a signature's time and ours
REMOVED = Code(error=TaskLost, meaning="Replicate has removed the clip: it keeps the files of a prediction for an hour")
DEADLINE = "the prediction was not started, or not finished, in time"

MODELS = (
    Model(name=H23, title="Hailuo 2.3", short_names=("2.3", "hailuo-2.3"), camera=True, source=PAGE),
    Model(name=FAST, title="Hailuo 2.3 Fast", short_names=("2.3-fast", "hailuo-2.3-fast"), camera=True, source=PAGE),
    Model(name=H02, title="Hailuo 02", short_names=("02", "hailuo-02"), camera=True, source=PAGE),
)
LENGTHS = {"768P": (6, 10), "1080P": (6,)}
OFFERS = (
    *(
        Offer(model=model, mode=mode, resolution=resolution, durations=durations, source=source)
        for model, modes, source in ((H23, (T2V, I2V), PAGE), (FAST, (I2V,), FAST_PAGE), (H02, (T2V, I2V, FL), PAGE))
        for mode in modes
        for resolution, durations in LENGTHS.items()
    ),
    *(Offer(model=H02, mode=mode, resolution="512P", durations=(6, 10), source=PAGE) for mode in (T2V, I2V)),
)

# The numbers of "status" in an error's body.
CODES = {
    "400": Code(error=InvalidRequest, meaning="the request was refused as invalid"),
    "401": Code(error=AuthError, meaning="the token was refused", fatal=True),
    "402": Code(error=InsufficientCredits, meaning="the account is out of credit", fatal=True),
    "403": Code(error=AuthError, meaning="the token may not use this", fatal=True),
    "404": Code(error=InvalidRequest, meaning="Replicate does not know the model or the version"),
    "422": Code(error=InvalidRequest, meaning="a field of the input was refused"),
    "429": Code(error=RateLimited, meaning="too many requests", again=True),
}

FACTS = Facts(
    name="replicate",
    title="Replicate",
    base_url="https://api.replicate.com",
    auth=Auth(header="Authorization", prefix="Bearer "),
    default_model=H23,
    models=MODELS,
    offers=OFFERS,
    prices=(),
    images=ImageRules(
        max_bytes=20 * MIB,
        short_side_over=300,
        ratio=(2 / 5, 5 / 2),
        source="the MiniMax document: the limits of the models themselves",
    ),
    source=DOC,
    prompt_max=2000,
    optimizer=True,
    callback=True,
    key_page="https://replicate.com/account/api-tokens",
    key_variables=("REPLICATE_API_TOKEN", "REPLICATE_API_KEY"),
    simulated=True,
)


def _signed(callback: Callback, task: str, key: Secret) -> CallbackCheck:
    """Check Replicate's signature: HMAC-SHA256 over ``<webhook id>.<unix seconds>.<body>``, with a recent time."""
    del task
    stamp, name = callback.headers.get("webhook-timestamp", ""), callback.headers.get("webhook-id", "")
    given = callback.headers.get("webhook-signature", "")
    if not (given and name and re.fullmatch(r"[0-9]{1,12}", stamp)):
        return CallbackCheck.MISSING
    if abs(int(stamp) - callback.at) > SKEW_S:
        return CallbackCheck.EXPIRED
    try:
        secret = base64.b64decode(key.reveal().removeprefix("whsec_"), validate=True)
    except ValueError:
        return CallbackCheck.FORGED
    made = hmac.new(secret, f"{name}.{stamp}.".encode() + callback.body, hashlib.sha256).digest()
    expected = base64.b64encode(made)
    words = [word.partition(",")[2].encode("utf-8", "replace") for word in given.split()]
    return CallbackCheck.GOOD if any(hmac.compare_digest(w, expected) for w in words) else CallbackCheck.FORGED


class Replicate(Provider):
    """Predictions of official models: create, ask, cancel, list."""

    facts = FACTS
    codes = CODES
    states = MappingProxyType(
        {
            "starting": "queued",
            "processing": "running",
            "succeeded": "succeeded",
            "failed": "failed",
            "canceled": "failed",
            "aborted": "failed",
        }
    )
    callbacks = CallbackFormat(tasks=ids_named("id"), secret="REPLICATE_WEBHOOK_SECRET", check=_signed)  # noqa: S106 - a variable's name

    # -- requests -------------------------------------------------------------------------------------------------

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return ``POST /v1/models/{owner}/{name}/predictions``."""
        del client_uuid
        given: dict[str, Any] = {
            "prompt": request.prompt,
            "duration": request.duration,
            "resolution": request.resolution.lower() if request.resolution else None,
            "aspect_ratio": request.aspect_ratio,
            "seed": request.seed,
            "prompt_optimizer": None if request.unlisted and not request.prompt_optimizer else request.prompt_optimizer,
            "first_frame_image": request.first_frame and request.first_frame.wire(),
            "last_frame_image": request.last_frame and request.last_frame.wire(),
        }
        body: dict[str, Any] = {"input": {k: v for k, v in given.items() if v is not None} | dict(request.options)}
        if request.callback_url is not None:
            body |= {"webhook": request.callback_url, "webhook_events_filter": ["start", "completed"]}
        return HttpCall(method="POST", path=f"/v1/models/{quote(request.model.strip('/'))}/predictions", json=body)

    def encode_query(self, task: Task) -> HttpCall:
        """Return ``GET /v1/predictions/{id}``."""
        return HttpCall(method="GET", path=f"/v1/predictions/{quote(task.task_id, safe='')}")

    def encode_cancel(self, task: Task) -> HttpCall | None:
        """Return ``POST /v1/predictions/{id}/cancel``."""
        return HttpCall(method="POST", path=f"/v1/predictions/{quote(task.task_id, safe='')}/cancel")

    def encode_list(self, request: Request, page: int) -> HttpCall | None:
        """Return ``GET /v1/predictions``: the newest hundred; further pages have a cursor instead of a number."""
        del request
        return HttpCall(method="GET", path="/v1/predictions") if page == 1 else None

    # -- replies --------------------------------------------------------------------------------------------------

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """Return the HTTP status in an error's body, and its title and detail."""
        texts = [text for name in ("title", "detail") if isinstance(text := data.get(name), str)]
        status = data.get("status")
        code = str(status) if isinstance(status, int) and not isinstance(status, bool) else None
        error = data.get("error")
        said = ": ".join(texts) or (error if isinstance(error, str) else None)
        return code, said

    def task_id_of(self, data: dict[str, Any]) -> str | None:
        """Return the prediction's ID, which stands beside its status in words."""
        return as_task_id(data.get("id")) if isinstance(data.get("status"), str) else None

    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """Decode the reply: a prediction."""
        del request
        return self.accepted(reply)

    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """Decode the prediction."""
        data = self.body(reply, asking=True)
        code, said = self.verdict(data)
        word = data.get("status")
        if not isinstance(word, str):
            raise self.in_body(code, said, reply) if code else self.unreadable(reply, "it names no status")
        self.checked("task", data.get("id"), task.task_id, reply)
        state = self.state(word)
        if state == PollState.SUCCEEDED:
            return self._finished(data, reply)
        if state == PollState.FAILED:
            return self.failed(
                None, said or (DEADLINE if word.strip().casefold() == "aborted" else None), reply, word=word
            )
        return self.under_way(word)

    def _finished(self, data: dict[str, Any], reply: HttpReply) -> Poll:
        link = next((url for found in _links(data.get("output")) if (url := as_url(found))), None)
        if link is None and data.get("data_removed") is True:
            raise self.error(REMOVED, code="data_removed", said=None, reply=reply)
        if link is None:
            raise self.unreadable(reply, "it succeeded and names no video")
        return Poll(state=PollState.SUCCEEDED, clip=Clip(url=link))

    def row(self, code: str, said: str | None) -> Code | None:
        """The table's row; the words of a failed prediction say whether it was moderated."""
        if not code and said and _SENSITIVE.search(said):
            return Code(error=Moderated, meaning="the prompt, an image or the clip was refused for its content")
        return super().row(code, said)

    def decode_cancel(self, reply: HttpReply, task: Task) -> Cancelled:
        """Decode the reply, the prediction as it is then: one that has ended cannot be canceled."""
        data = self.body(reply, asking=True)
        word = data.get("status")
        if not isinstance(word, str):
            code, said = self.verdict(data)
            raise self.in_body(code, said, reply) if code else self.unreadable(reply, "it names no status")
        self.checked("task", data.get("id"), task.task_id, reply)
        ended = self.state(word) in {PollState.SUCCEEDED, PollState.FAILED} and word.strip().casefold() != "canceled"
        return Cancelled(outcome=CancelOutcome.TOO_LATE if ended else CancelOutcome.UNKNOWN, said=plain(word) or None)

    def decode_list(self, reply: HttpReply) -> Candidates:
        """Decode the page of predictions; what was asked for is in each one's ``input``, if it is still there."""
        data = self.body(reply, asking=True)
        found = data.get("results")
        if not isinstance(found, list):
            raise self.unreadable(reply, "it is no list of predictions")
        tasks = [task for item in found if isinstance(item, dict) and (task := _candidate(item)) is not None]
        return Candidates(tasks=tuple(tasks))


_SENSITIVE = re.compile(r"\bsensitive\b|\bflagged\b|\bnsfw\b|\(E005\)|content polic", re.IGNORECASE)


def _links(output: object) -> Iterator[object]:
    for item in output if isinstance(output, list) else [output]:
        yield item.get("url") if isinstance(item, dict) else item


def _candidate(item: dict[str, Any]) -> Candidate | None:
    task_id = as_task_id(item.get("id"))
    if task_id is None:
        return None
    found = item.get("input")
    asked = found if isinstance(found, dict) else {}
    resolution, duration = asked.get("resolution"), asked.get("duration")
    return Candidate(
        task_id=task_id,
        model=plain(model) if isinstance(model := item.get("model"), str) else None,
        created_at=_moment(item.get("created_at")),
        status=plain(word) if isinstance(word := item.get("status"), str) else None,
        resolution=plain(resolution).upper() if isinstance(resolution, str) else None,
        duration=duration if isinstance(duration, int) and not isinstance(duration, bool) else None,
    )


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else None


def make(settings: Settings) -> Provider:
    """Return the provider, for the registry."""
    del settings
    return Replicate()
