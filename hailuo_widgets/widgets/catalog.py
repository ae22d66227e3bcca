"""Catalog of the studio's controls: each provider's facts as JSON.

Its reader is ``js/studio``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hailuo_widgets.domain.camera import INSTRUCTIONS
from hailuo_widgets.domain.request import Mode
from hailuo_widgets.domain.run import SIMULATOR
from hailuo_widgets.errors import HailuoError
from hailuo_widgets.widgets.form_choice import MODE_WORDS

if TYPE_CHECKING:
    from hailuo_widgets.domain.catalog import Facts, Model
    from hailuo_widgets.widgets.messages import Catalog, Form, ModelOffer, Offer, ProviderOffer
    from hailuo_widgets.workspace.workspace import Workspace

__all__ = ["catalog_of"]


def catalog_of(session: Workspace, form: Form | None) -> Catalog:
    """All providers, the camera instructions and the configured provider; ``form`` fills the controls."""
    return {
        "provider": session.settings.provider,
        "providers": [_provider(session, name) for name in session.accounts.usable()],
        "camera": [{"english": i.english, "chinese": i.chinese, "meaning": i.meaning} for i in INSTRUCTIONS],
        "form": form,
    }


def _provider(session: Workspace, name: str) -> ProviderOffer:
    provider = session.engine.accounts.provider(name)
    facts = provider.facts
    state: Literal["simulated", "live", "no key"]
    note = ""
    try:
        origin = session.engine.accounts.origin(provider)
        state = "simulated" if origin == SIMULATOR else "live"
    except HailuoError as e:
        state, note = "no key", e.message
    offers: list[Offer] = [
        {"model": o.model, "mode": o.mode, "resolution": o.resolution, "durations": list(o.durations), "doubt": o.doubt}
        for o in facts.offers
    ]
    offered = {o["mode"] for o in offers} | ({Mode.TEMPLATE.value} if facts.templates else set())
    modes = [name for name in MODE_WORDS if name in offered]
    return {
        "name": facts.name,
        "title": facts.title,
        "state": state,
        "note": note,
        "modes": [{"name": m, "title": MODE_WORDS[m]} for m in modes],
        "models": [_model(facts, m) for m in facts.models],
        "default_model": facts.default_model,
        "default_duration": facts.default_duration,
        "default_resolution": facts.default_resolution,
        "offers": offers,
        "url_only": facts.images.url_only,
        "templates": [
            {"id": t.id, "name": t.english, "chinese": t.chinese, "picture": t.picture, "text": t.text}
            for t in facts.templates
        ],
    }


def _model(facts: Facts, model: Model) -> ModelOffer:
    of_model = facts.of(model.name)
    seeds, references = of_model.seeds, of_model.references
    modes = dict.fromkeys(o.mode for o in facts.offers if o.model == model.name)
    ratios = {mode: list(of_model.aspect_ratios(mode)) for mode in modes}
    return {
        "name": model.name,
        "title": model.title,
        "short": model.short_names[0] if model.short_names else model.name,
        "camera": model.camera,
        "seeds": {"low": seeds.low, "high": seeds.high} if seeds else None,
        "note": model.note,
        "prompt_max": of_model.prompt_max,
        "aspect_ratios": {mode: found for mode, found in ratios.items() if found},
        "optimizer": of_model.optimizer,
        "watermark": of_model.watermark,
        "references": {"images": references.images, "videos": references.videos, "audios": references.audios}
        if references
        else None,
    }
