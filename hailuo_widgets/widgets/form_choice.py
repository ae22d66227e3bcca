"""Checks that a request is the one chosen in the studio's form: its mode, its pictures, its price.

A request's mode follows from its arguments, so a form with a missing picture would be a request of another mode. The
form therefore names the chosen mode, and a request of another one is neither planned nor sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hailuo_widgets.domain.problem import error
from hailuo_widgets.domain.request import IMAGE_FIELDS
from hailuo_widgets.errors import ProblemCode, Reason, UsageError
from hailuo_widgets.provider import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hailuo_widgets.errors import Problem
    from hailuo_widgets.planning.plan import Plan
    from hailuo_widgets.widgets.messages import Form

__all__ = ["MODE_WORDS", "choice_problems", "fit_for_form", "refuse_changed", "refuse_other_modes"]

MODE_WORDS: Final = {
    "text_to_video": "Text",
    "image_to_video": "First frame",
    "first_last_frame": "First and last frame",
    "subject_to_video": "Subject",
    "template": "Template",
    "reference_to_video": "References",
}
NEEDED: Final = {
    "text_to_video": (),
    "image_to_video": ("first_frame",),
    "first_last_frame": ("first_frame", "last_frame"),
    "subject_to_video": ("subject",),
    "template": ("template",),
    "reference_to_video": ("references",),
}
TAKEN: Final = NEEDED | {"template": ("template", "first_frame")}
WORDS: Final = {
    "first_frame": "a first frame",
    "last_frame": "a last frame",
    "subject": "a subject image",
    "template": "a template",
    "references": "a reference",
}


def choice_problems(form: Mapping[str, Any]) -> tuple[Problem, ...]:
    """The missing arguments of the chosen mode, and those given for another mode."""
    mode = form.get("mode")
    if not isinstance(mode, str) or mode not in NEEDED:
        return (
            error(
                "mode", ProblemCode.MISSING, "Choose what the clip is made from.", f"{', '.join(MODE_WORDS.values())}"
            ),
        )
    request = form.get("request", {})
    given = {name for name in WORDS if _is_given(request.get(name))}
    found = [
        error(
            name,
            ProblemCode.MISSING,
            f"{'Choose' if name == 'template' else 'Add'} {WORDS[name]}.",
            "or choose another mode",
        )
        for name in NEEDED[mode]
        if name not in given
    ]
    found += [
        error(
            name,
            ProblemCode.CONFLICT,
            f"{MODE_WORDS[mode]} takes no {WORDS[name].split(' ', 1)[1]}.",
            "remove it, or choose another mode",
        )
        for name in ("template", *IMAGE_FIELDS, "references")
        if name in given and name not in TAKEN[mode]
    ]
    return tuple(found)


def _is_given(value: Any) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def refuse_other_modes(form: Mapping[str, Any], plan: Plan) -> None:
    """Refuse a plan with a run of another mode than the chosen one.

    Raises:
        UsageError: There is such a run; nothing was sent.
    """
    others = {p.request.mode for p in plan.runs} - {form.get("mode")}
    if others:
        told = ", ".join(sorted(MODE_WORDS.get(m, m) for m in others))
        raise UsageError(
            f"{MODE_WORDS[str(form['mode'])]} is chosen, and the request would be made from: {told}",
            argument="mode",
            hint="nothing was sent; choose the mode again",
        )


def refuse_changed(shown: Any, plan: Plan) -> None:
    """Refuse a plan that is no longer the one that was shown.

    ``shown`` holds its ``sends``, its ``cost`` and the ``digest`` of its requests. A variable of the notebook or a
    picture's file may have changed since.

    Raises:
        UsageError: Other runs would be sent now, or at another price; nothing was sent.
    """
    if not isinstance(shown, dict):
        return
    parts = plan.parts()
    now = {"sends": parts.sends, "cost": parts.cost, "digest": plan.digest}
    if any(shown.get(name) != value for name, value in now.items()):
        cost = f" for {parts.cost}" if parts.cost else ""
        raise UsageError(
            f"The plan has changed since it was shown: {parts.sends} to send{cost} now. Nothing was sent.",
            hint="look at the new figures, then press again",
            reason=Reason.PLAN_CHANGED,
        )


def fit_for_form(form: Form, default_provider: str) -> Form:
    """A cell's or a run's form for the controls: with its provider, without ``yes`` and ``dry_run``.

    Only a press of the button agrees to a cost, and without a press nothing is sent.

    Raises:
        UsageError: No control can hold one of its values, so another request would be sent.
    """
    request = form["request"]
    provider = str(request.setdefault("provider", default_provider))
    if "," in provider:
        raise UsageError(
            f"The form holds one provider, and the cell names {provider}.",
            hint="run the cell itself, or paste one for each provider",
        )
    if provider not in names():
        raise UsageError(f"Unknown provider {provider!r}.", hint=f"choose one of {', '.join(names())}")
    if "," in str(request.get("text", "")).replace("\\,", ""):
        raise UsageError(
            f"The form holds one text of a template's words, and the cell has several: {request['text']}.",
            hint="run the cell itself, or paste one for each text",
        )
    run = {name: value for name, value in form["run"].items() if name not in {"yes", "dry_run"}}
    return {**form, "run": run}
