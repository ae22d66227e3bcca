"""MiniMax's first video API (V1): four modes and templates, with errors in ``base_resp``.

MiniMax itself and the providers that pass its bodies on speak it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hailuo_widgets.domain.callback_format import CallbackFormat, ids_named
from hailuo_widgets.errors import InvalidRequest, Moderated, ProviderError
from hailuo_widgets.provider.interface import (
    Accepted,
    Clip,
    Code,
    HttpCall,
    HttpReply,
    Poll,
    Provider,
    Task,
    as_code,
    as_task_id,
    as_url,
    in_its_words,
)
from hailuo_widgets.provider.messages import PollState
from hailuo_widgets.provider.minimax_facts import CODES, FACTS, code_of_type
from hailuo_widgets.provider.options import given, with_options
from hailuo_widgets.provider.parse import message_of
from hailuo_widgets.provider.refusal_words import about_content, number_said
from hailuo_widgets.provider.task_status import as_written
from hailuo_widgets.provider.unknown_route import unknown_route

if TYPE_CHECKING:
    from hailuo_widgets.domain.request import Request

__all__ = ["STATES", "MiniMaxV1", "layers_of"]

STATES = {
    "preparing": "queued",
    "queueing": "queued",
    "processing": "running",
    "success": "succeeded",
    "fail": "failed",
    "failed": "failed",
}
TEMPLATE_CHANNEL = "template"
MOST_LAYERS = 3
UNLISTED = ("aspect_ratio", "seed", "width", "height")  # sent for an unlisted model alone


class MiniMaxV1(Provider):
    """MiniMax's V1 protocol: errors are HTTP 200 with a ``base_resp``; a finished task names a file to retrieve."""

    facts = FACTS
    codes = CODES
    callbacks: CallbackFormat | None = CallbackFormat(tasks=ids_named("task_id"), challenge=True)
    states = STATES
    ends = frozenset({"1026", "1027"})
    gone = frozenset({"2013"})  # a query has only an ID, so the ID is invalid
    prefix = "/v1"

    def channel(self, request: Request) -> str:
        """Return the endpoint: templates have their own, and only it knows their tasks."""
        return TEMPLATE_CHANNEL if request.template is not None else "video"

    def encode_create(self, request: Request, client_uuid: str) -> HttpCall:
        """Return ``POST /v1/video_generation``, or ``/v1/video_template_generation`` for a template."""
        del client_uuid
        if request.template is not None:
            return self._encode_template(request)
        model = self.facts.model(request.model)
        body: dict[str, Any] = {"model": request.model}
        if request.prompt.strip():
            body["prompt"] = request.prompt
        if request.unlisted:
            body |= given(request, {name: name for name in ("duration", "resolution", *UNLISTED)})
        elif not (model and model.fixed):  # the 01 series refuses both fields
            body |= {"duration": request.duration, "resolution": request.resolution}
        body["prompt_optimizer"] = request.prompt_optimizer
        optional = {
            "fast_pretreatment": request.fast_pretreatment,
            "aigc_watermark": request.watermark,
            "callback_url": request.callback_url,
            "first_frame_image": request.first_frame and request.first_frame.wire(),
            "last_frame_image": request.last_frame and request.last_frame.wire(),
        }
        body |= {k: v for k, v in optional.items() if v is not None}
        if request.subject is not None:
            body["subject_reference"] = [{"type": "character", "image": [request.subject.wire()]}]
        if request.unlisted:
            body = with_options(body, request.options)
        return HttpCall(method="POST", path=f"{self.prefix}/video_generation", json=body)

    def _encode_template(self, request: Request) -> HttpCall:
        row = self.facts.template(str(request.template))
        body: dict[str, Any] = {"template_id": row.id if row else str(request.template)}
        if request.first_frame is not None:
            body["media_inputs"] = [{"value": request.first_frame.wire()}]
        if request.text is not None:
            body["text_inputs"] = [{"value": request.text}]
        if request.callback_url is not None:
            body["callback_url"] = request.callback_url
        return HttpCall(method="POST", path=f"{self.prefix}/video_template_generation", json=body)

    def decode_create(self, reply: HttpReply, request: Request) -> Accepted:
        """Decode the reply: a task ID means that the request was accepted, whatever its code."""
        del request
        return self.accepted(reply)

    def encode_query(self, task: Task) -> HttpCall:
        """Return ``GET /v1/query/video_generation``, or the query of the templates' endpoint."""
        name = "video_template_generation" if task.channel == TEMPLATE_CHANNEL else "video_generation"
        return HttpCall(method="GET", path=f"{self.prefix}/query/{name}", params={"task_id": task.task_id})

    def decode_query(self, reply: HttpReply, task: Task) -> Poll:
        """Decode the reply. A code is about the query, except the two moderation codes, which end the task."""
        data = self.body(reply, asking=True)
        self.checked("task", self.task_named(data), task.task_id, reply)
        poll = self.read_poll(data, reply)
        if poll.clip is not None:
            self.checked("file", poll.clip.file_id, task.file_id, reply)
        return poll

    def task_named(self, data: dict[str, Any]) -> object:
        """Return the ID of the task that the reply is about; None if it has none."""
        return data.get("task_id")

    def read_poll(self, data: dict[str, Any], reply: HttpReply) -> Poll:
        """Return the poll that an object in MiniMax's format describes."""
        code, said = self.verdict(data)
        word = data.get("status")
        state = self.state(word)
        if state == PollState.SUCCEEDED:
            return self.finished(data, reply)
        if state == PollState.FAILED:
            return self.failed(code, said, reply, word=word)
        if code is not None:
            return self.about_task(code, said, reply)
        if not isinstance(word, str):
            raise self.unreadable(reply, "it names no status")
        return self.under_way(word)

    def finished(self, data: dict[str, Any], reply: HttpReply) -> Poll:
        """Return the poll of a succeeded task, with its link, or else the file to retrieve."""
        clip = self.clip(data)
        if clip.url is None and clip.file_id is None:
            raise self.unreadable(reply, "the provider finished the task and named neither a file nor a link")
        for layer in layers_of(data):
            file = layer.get("file")
            if isinstance(file, dict):
                self.checked("file", file.get("file_id"), as_task_id(layer.get("file_id")), reply)
        return Poll(state=PollState.SUCCEEDED, clip=clip)

    def clip(self, data: dict[str, Any]) -> Clip:
        """Return the links and the file ID in an object; a retrieved file's links come before ``video_url``."""
        found = data.get("file")
        file = found if isinstance(found, dict) else {}
        return Clip(
            url=as_url(file.get("download_url")) or as_url(data.get("video_url")),
            backup_url=as_url(file.get("backup_download_url")),
            file_id=as_task_id(data.get("file_id")) or as_task_id(file.get("file_id")),
        )

    def encode_link(self, task: Task, clip: Clip) -> HttpCall | None:
        """Return ``GET /v1/files/retrieve``; each call makes a new link."""
        del task
        if clip.file_id is None or clip.url is not None:
            return None
        return HttpCall(method="GET", path=f"{self.prefix}/files/retrieve", params={"file_id": clip.file_id})

    def decode_link(self, reply: HttpReply, clip: Clip) -> Clip:
        """Return the clip with the file's two links."""
        try:
            data = self.body(reply, asking=True)
        except ProviderError as e:
            raise self.known_late(e, reply) from None
        code, said = self.verdict(data)
        found = self.clip(data)
        self.checked("file", found.file_id, clip.file_id, reply)
        if found.url is None:
            word = data.get("status")
            if self.state(word) == PollState.FAILED:
                code = code or as_written(word)
                error = self.failed(code, said, reply, word=word).error or self.in_body(code, said, reply)
                # An undocumented word leaves the task as it is: the link may be requested again.
                error.ends_task = str(word).strip().casefold() in self.states
                raise error
            if code is not None:
                raise self.known_late(self.in_body(code, said, reply), reply)
            raise self.unreadable(reply, "it names no download_url")
        return Clip(url=found.url, backup_url=found.backup_url, file_id=clip.file_id)

    def known_late(self, error: ProviderError, reply: HttpReply) -> ProviderError:
        """Return the error of a link call; a refusal for the clip's content becomes the failure of the task.

        The reason may be in a type or a code beside the message, so the whole body is searched.
        """
        body = reply.body.decode("utf-8", "replace")
        about_clip = isinstance(error, InvalidRequest) and not unknown_route(reply) and about_content(body)
        if about_clip:
            row = Code(error=Moderated, meaning="the finished clip was withheld for its content")
            withheld = self.error(row, code=error.code or "failed", said=error.provider_message)
            withheld.trace_id = error.trace_id
            error = withheld
        error.ends_task = error.ends_task or isinstance(error, Moderated) or error.code in self.ends
        return error

    def row(self, code: str, said: str | None) -> Code | None:
        """Return the row of a numeric code, or of a type in the newer error format."""
        row = super().row(code, said)
        if row is None and (found := code_of_type(code, said)) is not None:
            row = in_its_words(found, said)
        return row

    def _envelope(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """Return code and message in the newer error format; a number in the message takes precedence over the type."""
        said, error = message_of(data), data.get("error")
        number = number_said(said)
        if number in self.codes:
            return number, said
        kind = error.get("type") if isinstance(error, dict) and data.get("type") == "error" else None
        return (kind if isinstance(kind, str) and code_of_type(kind, said) is not None else None), said

    def verdict(self, data: dict[str, Any]) -> tuple[str | None, str | None]:
        """Return code and message of ``base_resp``, or of an error in the newer format."""
        base = data.get("base_resp")
        if not isinstance(base, dict):
            return self._envelope(data)
        code, said = as_code(base.get("status_code")), base.get("status_msg")
        return (None if code == "0" else code), said if isinstance(said, str) else None


def layers_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a reply's object and those nested in it as ``data``, outermost first."""
    layers = [data]
    while isinstance(inner := layers[-1].get("data"), dict) and len(layers) < MOST_LAYERS:
        layers.append(inner)
    return layers
