"""Detection of replies from a router that doesn't know the address.

Such a call has reached no service. The formats are those of relays, proxies and web frameworks for an unknown path or
method: OpenAI, New-API, Pixazo, Spring, Azure, Kong, Amazon, ASP.NET, FastAPI, Express, Go, and proxies' pages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hailuo_widgets.provider.parse import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hailuo_widgets.provider.messages import HttpReply

__all__ = ["no_such_task", "unknown_route"]

NOT_FOUND, NOT_ALLOWED, NOT_IMPLEMENTED, FORBIDDEN, OK = 404, 405, 501, 403, 200
_LONGEST = 2000  # characters of a text that are searched
_VERB = "(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)"
# Phrases that only routers use, anywhere in a text.
_ROUTERS = re.compile(
    rf"invalid url \({_VERB}|unknown request url|cannot {_VERB} /|{_VERB} :?/\S* (?:was )?not found"
    r"|\b(?:endpoint|route|url|uri|path|page|api|operation|handler|static resource|backend)\b[^.]{0,80}\b"
    r"(?:not (?:be )?(?:found|exist)|does not exist|unknown|unavailable)"
    r"|\b(?:no|unknown|unrecogni[sz]ed|undefined|invalid|unsupported|missing) (?:matching |such |static )?"
    r"(?:endpoint|route|operation|handler|path|resource|url|uri|api)\b"
    r"|no resource matched|default backend|method not allowed|not_implemented|could not be found on this server",
    re.IGNORECASE,
)
# The bare phrases of HTTP: a router's if they stand alone, because a service names what it did not find.
_BARE = re.compile(
    r"(?:error[\s:]*)?(?:http[\s/]*)?(?:404)?[\s:-]*(?:error)?[\s:-]*"
    r"(?:the )?(?:requested )?(?:resource|page|url|object)?\s*(?:was |could )?not[\s_-]*(?:be )?found[\s.!]*",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:tasks?|taskid|jobs?|videos?|records?|files?|models?|generations?|predictions?|clips?|images?|requests?|"
    r"users?|account|template)\b[\w\s'\":-]{0,60}\b(?:not|does|expired|unknown)\b",
    re.IGNORECASE,
)
_NO_TASK = re.compile(
    r"\b(?:tasks?|task[\s_-]?id|taskuuid|jobs?|records?|recordinfo|generations?|predictions?|video)\b[\w\s'\":#.-]{0,90}?"
    r"(?:not[\s_-]*(?:be[\s_-]*)?(?:found|exist|known)|no longer|does ?n['o]t|expired|unknown|invalid|is null)"
    r"|(?:no such|unknown|invalid|non-?existent|expired|cannot find(?: the)?|could not find(?: the)?) "
    r"(?:task|job|record|generation|prediction|video)"
    r"|task_not_exist|task_not_found|任务.{0,12}(?:不存在|未找到|已过期|已失效)|找不到.{0,6}任务",
    re.IGNORECASE,
)
_TEXTS = ("error", "message", "msg", "detail", "title", "error_msg", "errormessage", "errors", "reason", "description")
_CODES = ("status", "statuscode", "code", "errorcode", "httpcode")
_IDS = frozenset({"taskid", "taskuuid", "recordid", "jobid", "id", "fileid", "videouuid", "pollingurl"})


def unknown_route(reply: HttpReply) -> bool:
    """Return whether a reply to any call means that there is nothing at this address.

    A reply with a task ID never does, whatever its message, and neither does a service's "task not found".
    """
    value = as_json(reply.body)
    if isinstance(value, dict):
        return not _names_a_task(value) and _in_json(reply.status, value)
    if reply.status == NOT_ALLOWED:
        return True
    if reply.status != NOT_FOUND:
        return False
    text = reply.body[: 4 * _LONGEST].decode("utf-8", "replace")[:_LONGEST].strip()
    if not text or text[0] == "<" or "html" in reply.headers.get("content-type", ""):
        return True
    return _says_so(text)


def no_such_task(text: str | None) -> bool:
    """Return whether a message says that the service doesn't have the task; it is not a router's then."""
    return text is not None and _NO_TASK.search(text[:_LONGEST]) is not None


def _in_json(status: int, data: dict[str, Any]) -> bool:
    texts = list(_texts(data))
    if status == OK:  # some services always reply 200, with the status in the body
        status = next((code for code in _codes(data) if code in {NOT_FOUND, NOT_ALLOWED}), OK)
    if status == NOT_ALLOWED:
        return True
    if status == NOT_FOUND:
        return not data or any(_says_so(text) for text in texts)
    if status == NOT_IMPLEMENTED:
        return any("not_implemented" in text or text.casefold() == "api not implemented" for text in texts)
    # Amazon's reply to an unknown path, with any key.
    return status == FORBIDDEN and any(text.casefold() == "missing authentication token" for text in texts)


def _says_so(text: str) -> bool:
    text = text.strip()[:_LONGEST]
    first = text.split("\n", 1)[0].strip()
    if _BARE.fullmatch(text) or _BARE.fullmatch(first):
        return True
    bare = _without_paths(text)
    return (_ROUTERS.search(text) or _ROUTERS.search(bare)) is not None and _OTHERS.search(bare) is None


def _without_paths(text: str) -> str:
    """Return the text without its paths, because ``/v1/query/video_generation`` is not about a missing video."""
    return re.sub(r"\S*/\S*", " ", text)


def _texts(data: dict[str, Any]) -> Iterator[str]:
    for name, value in data.items():
        folded = name.casefold()
        if folded in _TEXTS:
            if isinstance(value, str):
                yield value
            elif isinstance(value, dict):
                yield from _texts(value)
            elif isinstance(value, list):
                for item in value[:5]:
                    if isinstance(item, dict):
                        yield from _texts(item)
        elif folded == "code" and isinstance(value, str):
            yield value


def _codes(data: dict[str, Any]) -> Iterator[int]:
    for name, value in data.items():
        if name.casefold().replace("_", "") not in _CODES or isinstance(value, bool):
            continue
        if isinstance(value, int):
            yield value
        elif isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(NOT_FOUND)):
            yield int(value)


def _names_a_task(value: Any, depth: int = 4) -> bool:
    """Return whether there is a task ID anywhere in a reply."""
    if depth == 0:
        return False
    if isinstance(value, list):
        return any(_names_a_task(item, depth - 1) for item in value)
    if not isinstance(value, dict):
        return False
    for name, held in value.items():
        if name.casefold().replace("_", "") in _IDS and isinstance(held, (str, int)) and held not in {"", 0}:
            return True
        if isinstance(held, (dict, list)) and _names_a_task(held, depth - 1):
            return True
    return False
