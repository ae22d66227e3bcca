"""Refusals of a call, in words common to all gateways.

Each gateway's module translates them into the codes of its own document.
"""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "no_key",  # the header with the key is missing or empty
    "wrong_key",  # the key is not accepted
    "credits",  # the account cannot pay
    "quota",  # what the key itself may use is used up
    "rate",  # too many calls
    "concurrency",  # too many unfinished tasks
    "prompt",  # the prompt is missing, empty or too long
    "moderation",  # the prompt is not allowed
    "output_moderation",  # the clip is not allowed
    "image",  # an image is unreadable or of a wrong kind or shape
    "image_size",  # an image has too many bytes
    "params",  # any other parameter
    "not_found",  # no such task or file
    "conflict",  # the identifier is in use
    "generation",  # the generation failed
    "route",  # no such endpoint or method
    "server",  # the gateway broke
]


class RefusalError(Exception):
    """A gateway's refusal.

    Attributes:
        reason: Which kind, for the gateway's own code.
        message: The sentence for the caller.
        parameter: The name of the argument at fault, where there is one.
        code: The gateway's own code where a fault asks for it by name, overriding the reason's.
    """

    def __init__(self, reason: Reason, message: str, *, parameter: str = "", code: str | int | None = None) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = sendable(message)
        self.parameter = sendable(parameter)
        self.code = code


def sendable(text: str) -> str:
    """Return a text without lone surrogates, which JSON can bring along and no answer can hold."""
    return text.encode("utf-8", "replace").decode()
