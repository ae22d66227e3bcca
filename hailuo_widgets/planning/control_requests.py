"""Null control of a sweep: one request twice, in two arms whose clips differ by chance alone.

What raters prefer between two arms of one request is noise: it shows how large a difference must be to mean anything.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from hailuo_widgets.domain.request import CONTROL_ARMS, Control

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hailuo_widgets.domain.catalog import Facts, Seeds
    from hailuo_widgets.domain.request import Request

__all__ = ["control_requests"]

LARGEST_SEED = 99_999  # for a model whose range isn't known; every provider takes it


def control_requests(requests: Sequence[Request], facts: Facts) -> list[Request]:
    """Return the requests of a null control: the first request's in each arm, draw by draw.

    Each arm has as many as the sweep has draws (seeds and replicates) at one provider. If the first request has a fixed
    seed, each has a seed of its own, else they are replicates. All follow from what is compared: the same sweep has the
    same control, with more seeds it has more of it, and a sweep of other requests has another one.

    Args:
        requests: The sweep's requests, in order; at least one.
        facts: The facts of the first request's provider.
    """
    draws: dict[str, set[tuple[int | None, int]]] = {}
    for request in requests:
        draws.setdefault(request.provider, set()).add((request.seed, request.replicate))
    first = requests[0]
    conditions = sorted({request.condition.hash for request in requests})
    comparison = hashlib.sha256(" ".join(conditions).encode()).hexdigest()[:16]
    taken = {request.seed for request in requests}
    found = []
    for replicate in range(1, max(map(len, draws.values())) + 1):
        for arm in CONTROL_ARMS:
            one = replace(first, replicate=replicate, control=Control(arm=arm, comparison=comparison))
            if first.fixed_seed is not None:
                one = replace(one, seed=_seed(one, taken, facts.seeds_of(first.model) or facts.seeds))
                taken.add(one.seed)
            found.append(one)
    return found


def _seed(request: Request, taken: set[int | None], seeds: Seeds | None) -> int:
    """Return a seed in the model's range that no other run of the sweep has, the same one each time."""
    low, high = (0, LARGEST_SEED) if seeds is None else (max(seeds.low, 0), seeds.high)
    seed = low + int(replace(request, seed=None).hash[:16], 16) % (high - low + 1)
    while seed in taken:
        seed = low + (seed + 1 - low) % (high - low + 1)
    return seed
