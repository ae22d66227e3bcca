"""Pixazo provider: MiniMax's models behind Azure API Management, polled by POST, or by GET for H3.

The model is implied by the path, and polling has an API of its own. ``pixazo_h3.py`` has the rows of H3. Sources of the
other rows: ``DOC``, the Pixazo document (the specification), which only has image to video; ``SKILL``, Pixazo's public
skill page, which lists a second operation for text to video, without its fields and its price.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hailuo_widgets.domain.callback_format import CallbackFormat, ids_named
from hailuo_widgets.domain.catalog import Auth, Facts, Model, Offer, Price
from hailuo_widgets.errors import AuthError, Moderated
from hailuo_widgets.provider import minimax_facts, minimax_v1, pixazo_h3
from hailuo_widgets.provider.interface import REFUSALS, Accepted, Clip, Code, HttpCall, Poll, Task, as_code, as_url
from hailuo_widgets.provider.parse import as_object, message_of
from hailuo_widgets.provider.refusal_words import about_content
from hailuo_widgets.provider.task_ids import asked_by_request_id
from hailuo_widgets.provider.task_paths import NOT_USED, task_path

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import HttpReply, Provider
    from hailuo_widgets.settings.settings import Settings

__all__ = ["CODES", "FACTS", "Pixazo", "make"]

DOC = "Pixazo document"
SKILL = "Pixazo's public skill page (2026-07)"
FAST, H23 = "MiniMax-Hailuo-2.3-Fast", "MiniMax-Hailuo-2.3"
T2V, I2V = "text_to_video", "image_to_video"
NO_CACHE = {"Cache-Control": "no-cache"}

_TEXT = (
    f"text to video at Pixazo: its document has image to video alone; {SKILL} lists POST /minimax-hailuo-ai/v1/generate"
    " too, without its fields or its price"
)
_LONG_1080 = "10 s at 1080P: the Pixazo document allows any pair; MiniMax, which makes the clip, has 6 s alone at 1080P"

FACTS = Facts(
    name="pixazo",
    title="Pixazo",
    base_url="https://gateway.pixazo.ai",
    hosts=("https://gateway.pixazo.ai",),
    auth=Auth(header="Ocp-Apim-Subscription-Key"),
    default_model=FAST,
    models=(
        Model(
            name=FAST,
            title="Hailuo 2.3 Fast",
            short_names=("2.3-fast", "hailuo-2.3-fast"),
            camera=True,
            fast_pretreatment=True,
            note="takes a first frame always; the only model of the document, never named on the wire",
            source=DOC,
        ),
        Model(
            name=H23,
            title="Hailuo 2.3",
            short_names=("2.3", "hailuo-2.3"),
            camera=True,
            fast_pretreatment=True,
            note="text to video, from outside the document",
            source=SKILL,
        ),
        pixazo_h3.MODEL,
    ),
    offers=(
        Offer(model=FAST, mode=I2V, resolution="768P", durations=(6, 10), source=DOC),
        Offer(
            model=FAST,
            mode=I2V,
            resolution="1080P",
            durations=(6, 10),
            source=DOC,
            doubtful_durations={10: _LONG_1080},
        ),
        Offer(model=H23, mode=T2V, resolution="768P", durations=(6, 10), source=SKILL, doubt=_TEXT),
        Offer(model=H23, mode=T2V, resolution="1080P", durations=(6,), source=SKILL, doubt=_TEXT),
        *pixazo_h3.OFFERS,
    ),
    prices=(
        Price(model=FAST, resolution=None, duration=6, micros=350_000, currency="USD", source=DOC, as_of="2026-11"),
    ),
    images=minimax_facts.FACTS.images,
    source=DOC,
    prompt_max=2000,
    prompt_min=1,
    optimizer=True,
    watermark=True,
    callback=True,
    poll_floor_s=5.0,
    key_page="https://api-console.pixazo.ai/api_keys",
    simulated=True,
)

CODES = minimax_facts.CODES | {
    "2049": Code(error=AuthError, meaning="the key was refused behind the provider", fatal=True)
}


STATES = minimax_v1.STATES | {
    "queued": "queued",
    "completed": "succeeded",
    "error": "failed",
    "cancelled": "failed",
}
REQUESTS = "requests"  # the channel of Pixazo's newer API
STATUS_PATH = "/v2/requests/status/{id}"
WITHHELD = Code(error=Moderated, meaning="the prompt, a picture or the clip was refused for its content")


class Pixazo(minimax_v1.MiniMaxV1):
    """MiniMax's bodies without the model's name. Errors are HTTP statuses, from the API or from Azure."""

    facts = FACTS
    codes = CODES
    callbacks = CallbackFormat(tasks=ids_named("task_id", "request_id"), challenge=True)
    refusals = REFUSALS | {404, 413}
    create_path = "/minimax-hailuo-ai/v1/imageToVideo"
    text_path = "/minimax-hailuo-ai/v1/generate"
    states = STATES
    query_path = "/minimax-hailuo-ai-polling/v1/getStatus"

    def channel(self, request: Request) -> str:
        """Return the API that will know the task: for H3 and an unlisted model, the newer one."""
        newer = request.unlisted or request.model == pixazo_h3.H3
        return REQUESTS if newer else super().channel(request)

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return ``POST /minimax-hailuo-ai/v1/imageToVideo``, ``…/generate`` without a first frame, or H3's call."""
        if self.channel(request) == REQUESTS:
            return replace(pixazo_h3.encode(request), headers=NO_CACHE)
        body: dict[str, Any] = {
            k: v for k, v in super().encode_create(request, client_uuid).json.items() if k != "model"
        }
        path = self.text_path if request.first_frame is None else self.create_path
        return HttpCall(method="POST", path=path, json=body, headers=NO_CACHE)

    def accepted(self, reply: HttpReply) -> Accepted:
        """Decode the reply; a task of Pixazo's newer API gets that API's channel.

        The polling address in the reply is the documented one, which is made of the ID; any other is not used.
        """
        found = super().accepted(reply)
        data = as_object(reply)
        if asked_by_request_id(data) != found.task_id:
            return found
        named = data.get("polling_url")
        bases = {reply.origin, *self.facts.origins}
        strange = bool(named) and task_path(named, found.task_id, STATUS_PATH, bases=bases) is None
        said = [found.warning, f"polling_url {NOT_USED}" if strange else None]
        return replace(found, channel=REQUESTS, warning="; ".join(filter(None, said)) or None)

    def encode_query(self, task: Task) -> HttpCall:
        """Return ``POST /minimax-hailuo-ai-polling/v1/getStatus``, which creates nothing, or the newer API's query."""
        if task.channel == REQUESTS:
            path = STATUS_PATH.replace("{id}", quote(task.task_id, safe=""))
            return HttpCall(method="GET", path=path, headers=NO_CACHE)
        return HttpCall(method="POST", path=self.query_path, json={"task_id": task.task_id}, headers=NO_CACHE)

    def encode_link(self, task: Task, clip: Any) -> None:
        """Return None, because the poll has the link."""
        del task, clip

    def task_named(self, data: dict[str, Any]) -> object:
        """Return ``task_id``, or the newer API's ``request_id``."""
        return data.get("task_id") or asked_by_request_id(data)

    def clip(self, data: dict[str, Any]) -> Clip:
        """Return the clip in MiniMax's format, or in the newer API's ``output.media_url`` (a link or a list)."""
        found = super().clip(data)
        output = data.get("output")
        media = output.get("media_url") if isinstance(output, dict) else None
        link = next((url for item in (media if isinstance(media, list) else [media]) if (url := as_url(item))), None)
        return found if found.url or link is None else replace(found, url=link)

    def finished(self, data: dict[str, Any], reply: HttpReply) -> Poll:
        """Return the poll of a succeeded task. A link is required, because there is no call that makes one."""
        if self.clip(data).url is None:
            raise self.unreadable(reply, "the provider finished the task and named no link")
        return super().finished(data, reply)

    def failed(self, code: str | None, said: str | None, reply: HttpReply, *, word: object = None) -> Poll:
        """Return the poll of a failed task; without a code, the message tells whether its content was refused."""
        poll = super().failed(code, said, reply, word=word)
        if code is None and about_content(said):
            return replace(poll, error=self.error(WITHHELD, code="failed", said=said, reply=reply))
        return poll

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """Return MiniMax's code; a reply with an ``error`` in words and without code and task is an error too."""
        code, said = super().verdict(data)
        if code is None and data.get("error") and self.task_named(data) is None and self.task_id_of(data) is None:
            return as_code(data.get("statusCode")) or "error", message_of(data)
        return code, said


def make(settings: Settings) -> Provider:
    """Return the provider, for the registry."""
    del settings
    return Pixazo()
