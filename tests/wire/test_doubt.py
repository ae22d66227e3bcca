"""Tests of the HTTP statuses that mean "certainly not accepted": only those that the documents name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hailuo_widgets.errors import ProviderError
from hailuo_widgets.provider.interface import HttpReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from hailuo_widgets.domain.request import Request
    from hailuo_widgets.provider.interface import Provider

# MiniMax's video API (v2), Runware's page on errors, New-API's and KIE's codes, Pixazo's document and skill page.
DOCUMENTED = {
    "minimax": {400, 401, 402, 403, 422, 429},
    "minimax h3": {400, 401, 402, 403, 422, 429},
    "kie": {400, 401, 402, 403, 404, 422, 429, 433, 455},
    "kkiai": {400, 401, 402, 403, 422, 429},
    "pixazo": {400, 401, 402, 403, 404, 413, 422, 429},
    "pixazo h3": {400, 401, 402, 403, 404, 413, 422, 429},
    "runware": {400, 401, 402, 403, 422, 429},
}
BODIES = {
    "no object": json.dumps([]).encode(),
    "words": json.dumps({"message": "the request has timed out upstream"}).encode(),
    "nothing": b"",
}
ROUTERS = {404, 405, 501}  # what a router says of an address that it does not have is in test_routes


@pytest.mark.parametrize("name", DOCUMENTED)
@pytest.mark.parametrize("body", BODIES)
def test_a_status_that_no_document_has_is_no_refusal(
    open_: Callable[..., Provider], ask: Callable[..., Request], name: str, body: str
) -> None:
    """All statuses from 300 to 999: a create that meets one of no document may have been accepted."""
    provider = open_(name.partition(" ")[0])
    request = ask(provider, model="MiniMax-H3") if " " in name else ask(provider)
    for status in range(300, 1000):
        if status in ROUTERS:
            continue
        reply = HttpReply(status=status, headers={"content-type": "application/json"}, body=BODIES[body])
        with pytest.raises(ProviderError) as caught:
            provider.decode_create(reply, request)
        documented = status in DOCUMENTED[name]
        assert caught.value.accepted is (False if documented else None), status
        assert not (caught.value.fatal and caught.value.accepted is None), status
