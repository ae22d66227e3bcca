"""The card of one run: what is shown of it, as static HTML and as plain text.

A `Card` is a snapshot in words, made by whoever knows the run; this module only lays it out. No I/O, no clock.
`render_html` is what a saved notebook keeps, so it must live without a kernel, without scripts and, in somebody
else's untrusted notebook, without `<style>`, ids and `<source>`: JupyterLab's sanitiser takes those away
(measured with JupyterLab 4.6). Layout is therefore inline, colours fall back to `currentColor`, and the video is
one `<video src>`. `mathjax_ignore` keeps JupyterLab from setting "$0.28 … $0.30" as a formula.

Units: seconds, bytes, pixels; times are aware datetimes. Texts may hold anything: all of it is escaped here.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "LIVE",
    "NOTES",
    "STATUS_WORDS",
    "Card",
    "format_bytes",
    "format_seconds",
    "poster_url",
    "render_html",
    "render_text",
    "safe_video_src",
    "status_word",
]

STATUS_WORDS: Final[dict[str, str]] = {
    "planned": "Planned",
    "submitting": "Submitting",
    "queued": "Queued",
    "running": "Running",
    "downloading": "Downloading",
    "succeeded": "Succeeded",
    "failed": "Failed",
    "unconfirmed": "Unconfirmed",
    "cancelled": "Cancelled",
    "skipped": "Skipped",
    "lost": "Lost",
}
"""Every status of a run and its word on the card."""


def status_word(status: str, *, reused: bool) -> str:
    """A status as people see it: a run that took another run's clip succeeded, and nothing was paid for it."""
    return "Reused" if reused and status == "succeeded" else STATUS_WORDS[status]


LIVE: Final = frozenset({"planned", "submitting", "queued", "running", "downloading"})
"""The statuses that are not an end."""

NOTES: Final[dict[str, str]] = {
    "cancelled": "We stopped following it; the provider may still finish and bill it.",
    "unconfirmed": (
        "The answer to the create call was lost: it may have been billed, and is never sent again by itself."
    ),
    "skipped": "It was never sent, so nothing was billed for it.",
    "lost": "The provider did not know the task, or its video expired. %hailuo retry asks again, for free.",
}
"""What an end means for the user's money, in one sentence."""

MAX_POSTER_BYTES: Final = 15_000
_TERMINAL_PROMPT: Final = 100
_MINUTE: Final = 60
_HOUR: Final = 3600
_KILO: Final = 1000
_ROUNDS_TO_A_MEGABYTE: Final = 999_500
_EMBEDDED: Final = "data:video/mp4;base64,"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TERMINAL_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")

# A reopened notebook whose kernel is gone says "Error displaying widget: model not found" under the card, and until it
# has looked for one "Loading widget...", for ever where no kernel starts. Those panels hold text alone, a living
# widget's holds elements: hence :not(:has(*)). Untrusted notebooks drop this style, and show no widget either.
_STYLE: Final = (
    "<style>.jp-OutputArea:has(.hailuo-card)>.jp-OutputArea-child>"
    ".jp-OutputArea-output:is(.jupyter-widgets,.lm-Panel):not(:has(*)){display:none}</style>"
)
_LINE: Final = "rgba(128,128,128,.35)"
_TONES: Final[dict[str, str]] = {
    "succeeded": "#2e8b57",
    "failed": "#d64545",
    "lost": "#d64545",
    "unconfirmed": "#c77700",
    "cancelled": "#888888",
    "skipped": "#888888",
}


@dataclass(frozen=True, kw_only=True)
class Card:
    """What is shown of one run at one moment.

    Attributes:
        run_id: our id of the run.
        status: one of `STATUS_WORDS`.
        provider: the gateway's name.
        model: the model's name, as the user knows it.
        mode: text to video, image to video, …
        prompt: the whole prompt.
        simulated: whether the simulator, not the provider, made it.
        reused: whether it shows the clip of an earlier run, so that nothing was paid for it.
        parameters: label and value of each setting, as they are to be read ("seed", "7 (sent)").
        task_id: the provider's id, once there is one.
        created_at: when the run was planned.
        started_at: when its create call was sent; elapsed time counts from here, else from `created_at`.
        finished_at: when it reached its end.
        elapsed_s: seconds it took (ended runs) or has taken so far.
        eta_s: expected seconds from start to end, None where nobody knows.
        eta_low_s: lower end of what is usual.
        eta_high_s: upper end of what is usual; beyond it the player says so.
        cost: "$0.28" or "unknown".
        cost_note: where the figure comes from ("list price", "reported", "simulated, nothing billed").
        error_title: what went wrong in a few words.
        error_text: the error's own sentence.
        error_hint: the next thing to do.
        can_retry_download: whether the provider made the clip and only fetching it failed (fetching again is free).
        video_src: relative, https or embedded MP4 URL for the static player; anything else is not shown.
        video_bytes: size of the MP4.
        sha256: its digest, hexadecimal.
        width: its width.
        height: its height.
        poster: a JPEG of at most 15 kB and 320 px; a larger one is left out of the static card.

    Raises:
        ValueError: for a status that is none of `STATUS_WORDS`.
    """

    run_id: str
    status: str
    provider: str
    model: str
    mode: str
    prompt: str
    simulated: bool
    created_at: datetime
    reused: bool = False
    parameters: tuple[tuple[str, str], ...] = ()
    task_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    elapsed_s: float | None = None
    eta_s: float | None = None
    eta_low_s: float | None = None
    eta_high_s: float | None = None
    cost: str = "unknown"
    cost_note: str = ""
    error_title: str | None = None
    error_text: str | None = None
    error_hint: str | None = None
    can_retry_download: bool = False
    video_src: str | None = None
    video_bytes: int | None = None
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    poster: bytes | None = None

    def __post_init__(self) -> None:
        """Refuse a status that nothing here could show."""
        if self.status not in STATUS_WORDS:
            raise ValueError(f"status is {self.status!r}; it must be one of {', '.join(STATUS_WORDS)}")

    @property
    def live(self) -> bool:
        """Whether the run is still on its way."""
        return self.status in LIVE

    @property
    def css_class(self) -> str:
        """The class that ties the static card to its widget: safe letters only, unique to the run."""
        slug = re.sub(r"[^A-Za-z0-9-]", "-", self.run_id)
        if slug != self.run_id:
            slug = f"{slug[:40]}-{hashlib.sha256(self.run_id.encode()).hexdigest()[:8]}"
        return f"hailuo-run-{slug}"


def format_seconds(seconds: float) -> str:
    """Seconds as people say them: `8 s`, `1 min 05 s`, `1 h 02 min`."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"


def format_bytes(size: int) -> str:
    """A file's size in decimal units: `840 B`, `12 kB`, `1.4 MB`."""
    if size < _KILO:
        return f"{size} B"
    if size < _ROUNDS_TO_A_MEGABYTE:
        return f"{size / _KILO:.0f} kB"
    return f"{size / _KILO**2:.1f} MB"


def safe_video_src(src: str | None) -> str | None:
    """`src` if a page may load it (relative, https, embedded MP4), else None."""
    if not src or re.search(r"[\x00-\x20\x7f\\]", src):
        return None
    if src.startswith(_EMBEDDED):
        return src
    try:
        parts = urlsplit(src)
    except ValueError:
        return None
    if parts.scheme == "https" and parts.netloc:
        return src
    relative = not parts.scheme and not parts.netloc and not src.startswith("/")
    return src if relative else None


def render_html(card: Card) -> str:
    """The static card: one `div.hailuo-card` that needs neither kernel nor script."""
    parts = [_head(card), _media(card), _prompt(card), _trouble(card), _parameters(card), _foot(card)]
    style = (
        "box-sizing:border-box;max-width:560px;margin:4px 0;padding:10px 12px;"
        f"border:1px solid {_LINE};border-radius:8px;font-size:13px;line-height:1.45;overflow-wrap:anywhere"
    )
    inner = "".join(part for part in parts if part)
    return f'{_STYLE}<div class="hailuo-card {card.css_class} mathjax_ignore" style="{style}">{inner}</div>'


def render_text(card: Card) -> str:
    """The card for a terminal: three to six lines, free of control characters."""
    badge = " · SIMULATED" if card.simulated else ""
    prompt = _one_line(card.prompt)
    if len(prompt) > _TERMINAL_PROMPT:
        prompt = f"{prompt[: _TERMINAL_PROMPT - 1]}…"
    lines = [f"[{card.status}] {_kind(card)}{badge} · {card.run_id}", f"  “{prompt}”"]
    if card.parameters:
        lines.append("  " + ", ".join(f"{label} {value}" for label, value in card.parameters))
    lines.append("  " + " · ".join(_facts(card)))
    trouble = " ".join(text for text in (_error_line(card), NOTES.get(card.status), card.error_hint) if text)
    if trouble:
        lines.append(f"  {trouble}")
    if card.video_src:
        shown = "embedded MP4" if card.video_src.startswith(_EMBEDDED) else card.video_src
        lines.append(f"  {shown}")
    return "\n".join(_one_line(line, keep_indent=True) for line in lines)


def _head(card: Card) -> str:
    tone = _TONES.get(card.status)
    dot = f' style="color:{tone}"' if tone else ""
    badge = (
        '<span style="border:1px solid;border-radius:4px;padding:0 5px;margin-left:8px;font-size:11px;'
        'font-weight:600">SIMULATED</span>'
        if card.simulated
        else ""
    )
    word = status_word(card.status, reused=card.reused)
    return (
        f'<div><strong><span{dot}>●</span> {word}</strong>{badge}<span style="opacity:.7;margin-left:8px">'
        f"{_text(_kind(card))}</span></div>"
    )


def _media(card: Card) -> str:
    poster = poster_url(card.poster)
    src = safe_video_src(card.video_src)
    box = "display:block;width:100%;max-width:560px;height:auto;margin:8px 0;border-radius:6px"
    if src:
        still = f' poster="{poster}"' if poster else ""
        size = f' width="{card.width:d}" height="{card.height:d}"' if card.width and card.height else ""
        return f'<video src="{_text(src)}"{still}{size} controls muted loop preload="none" style="{box}"></video>'
    if poster:
        return f'<img src="{poster}" alt="First frame of the clip" style="{box}">'
    return ""


def _prompt(card: Card) -> str:
    if not card.prompt:
        return ""
    return (
        '<div dir="auto" style="white-space:pre-wrap;unicode-bidi:isolate;margin:6px 0">'
        f"{_text(card.prompt, keep_lines=True)}</div>"
    )


def _trouble(card: Card) -> str:
    note = NOTES.get(card.status)
    if card.live:
        note = "As it stood when this cell was last saved. %hailuo resume picks it up."
    lines = []
    if card.error_title:
        lines.append(f"<strong>{_text(card.error_title)}</strong>")
    lines.extend(_text(text, keep_lines=True) for text in (card.error_text, note, card.error_hint) if text)
    if not lines:
        return ""
    body = "".join(f'<div style="white-space:pre-wrap">{line}</div>' for line in lines)
    tone = _TONES.get(card.status, _LINE)
    return f'<div style="border-left:3px solid {tone};padding-left:8px;margin:8px 0">{body}</div>'


def _parameters(card: Card) -> str:
    if not card.parameters:
        return ""
    items = "".join(
        f'<span style="display:inline-block;margin-right:14px"><span style="opacity:.7">{_text(label)}</span> '
        f"{_text(value)}</span>"
        for label, value in card.parameters
    )
    return f'<div style="margin:6px 0 0">{items}</div>'


def _foot(card: Card) -> str:
    facts = [_text(fact) for fact in _facts(card)]
    src = safe_video_src(card.video_src)
    if src and not src.startswith(_EMBEDDED):
        name = unquote(urlsplit(src).path.rsplit("/", 1)[-1]) or src
        facts.append(f'<a href="{_text(src)}">{_text(name)}</a>')
    ids = " · ".join(_text(text) for text in (f"run {card.run_id}", f"task {card.task_id}" if card.task_id else ""))
    ids = ids.removesuffix(" · ")
    return (
        f'<div style="margin:4px 0 0">{" · ".join(facts)}</div>'
        f'<div style="opacity:.7;font-size:11px;margin:2px 0 0">{ids}</div>'
    )


def _facts(card: Card) -> list[str]:
    """Cost, time and file, each in words; a cost that nobody knows is called unknown."""
    cost = "cost unknown" if card.cost == "unknown" else card.cost
    facts = [f"{cost} ({card.cost_note})" if card.cost_note else cost]
    if card.elapsed_s is not None:
        spent = format_seconds(card.elapsed_s)
        facts.append(f"{spent} so far" if card.live else f"took {spent}")
    if card.width and card.height:
        facts.append(f"{card.width} × {card.height}")
    if card.video_bytes is not None:
        facts.append(format_bytes(card.video_bytes))
    return facts


def _kind(card: Card) -> str:
    return " · ".join(text for text in (card.provider, card.model, card.mode) if text)


def _error_line(card: Card) -> str:
    return ": ".join(text for text in (card.error_title, card.error_text) if text)


def poster_url(poster: bytes | None) -> str | None:
    """The poster as a data URL; None for what is no JPEG or would swell the notebook."""
    if not poster or not poster.startswith(b"\xff\xd8\xff") or len(poster) > MAX_POSTER_BYTES:
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(poster).decode('ascii')}"


def _text(text: str, *, keep_lines: bool = False) -> str:
    """`text` for an element or a quoted attribute, without control characters."""
    if not keep_lines:
        text = text.replace("\n", " ")
    return html.escape(_CONTROL.sub("", text), quote=True)


def _one_line(text: str, *, keep_indent: bool = False) -> str:
    """`text` on one line that cannot steer the terminal."""
    indent = text[: len(text) - len(text.lstrip(" "))] if keep_indent else ""
    return indent + " ".join(_TERMINAL_UNSAFE.sub(" ", text).split())
