"""Interface for providers, and the registry of them.

All that a provider of another package needs is imported from here: the base class, the values that it takes and
returns, and the rows of its table of facts. The errors are public names of ``hailuo_widgets``.
"""

from __future__ import annotations

from hailuo_widgets.domain.catalog import (
    MIB,
    Auth,
    Facts,
    ImageRules,
    MediaLimits,
    Model,
    Offer,
    Option,
    Price,
    ReferenceRules,
    Seeds,
    Surcharge,
    Template,
)
from hailuo_widgets.domain.images import Image, InputFile
from hailuo_widgets.domain.references import MediaKind, Reference
from hailuo_widgets.domain.request import Mode, Request, Source
from hailuo_widgets.provider.interface import (
    AGAIN_FREE,
    HTTP_CODES,
    MIX_UP,
    REFUSALS,
    UNKNOWN_TASK,
    USED_UP,
    Accepted,
    Clip,
    Code,
    HttpCall,
    HttpReply,
    Poll,
    PollState,
    Provider,
    Results,
    Task,
    as_code,
    as_micros,
    as_seed,
    as_task_id,
    as_url,
    in_its_words,
    read_json,
    trace_id,
)
from hailuo_widgets.provider.registry import names, open_provider
from hailuo_widgets.settings.settings import Settings

__all__ = [
    "AGAIN_FREE",
    "HTTP_CODES",
    "MIB",
    "MIX_UP",
    "REFUSALS",
    "UNKNOWN_TASK",
    "USED_UP",
    "Accepted",
    "Auth",
    "Clip",
    "Code",
    "Facts",
    "HttpCall",
    "HttpReply",
    "Image",
    "ImageRules",
    "InputFile",
    "MediaKind",
    "MediaLimits",
    "Mode",
    "Model",
    "Offer",
    "Option",
    "Poll",
    "PollState",
    "Price",
    "Provider",
    "Reference",
    "ReferenceRules",
    "Request",
    "Results",
    "Seeds",
    "Settings",
    "Source",
    "Surcharge",
    "Task",
    "Template",
    "as_code",
    "as_micros",
    "as_seed",
    "as_task_id",
    "as_url",
    "in_its_words",
    "names",
    "open_provider",
    "read_json",
    "trace_id",
]
