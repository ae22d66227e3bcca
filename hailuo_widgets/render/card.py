"""Run card: the summary of one run as static HTML and as plain text.

A `Card` holds the texts to show; this module only lays them out. It does no I/O and reads no clock.
The result of `render_html` is saved in notebooks, so it must work without a kernel and without scripts. In an untrusted
notebook it must also work without `<style>`, ids and `<source>`, which JupyterLab's sanitizer removes (measured with
JupyterLab 4.6). Styles are therefore inline, colors fall back to `currentColor`, and the video is one `<video src>`.
The class `mathjax_ignore` keeps JupyterLab from typesetting "$0.28 … $0.30" as a formula.

Units: seconds, bytes, pixels; times are aware datetimes. All texts are escaped here.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from hailuo_widgets.domain.run import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = [
    "Card",
    "format_bytes",
    "format_seconds",
    "poster_url",
    "render_html",
    "render_text",
    "safe_video_src",
    "status_word",
]


def status_word(status: str, *, reused: bool) -> str:
    """Return a status as shown to people; a run that reused a clip is "Reused" instead of "Succeeded"."""
    return "Reused" if reused and status == Status.SUCCEEDED else Status(status).label


MAX_POSTER_BYTES: Final = 15_000
_TERMINAL_PROMPT: Final = 100
_MINUTE: Final = 60
_HOUR: Final = 3600
_KILO: Final = 1000
_ROUNDS_TO_A_MEGABYTE: Final = 999_500
_EMBEDDED: Final = "data:video/mp4;base64,"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_TERMINAL_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")

# A reopened notebook without its kernel shows "Error displaying widget: model not found" under the card, and before
# that "Loading widget...", forever if no kernel starts. This style hides these panels: they contain only text, while a
# working widget contains elements, hence :not(:has(*)). Untrusted notebooks drop the style, but show no widget either.
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
    """The texts and values that a card shows of one run, at one moment.

    Attributes:
        run_id: our ID of the run.
        status: a `Status`, or its text.
        provider: the provider's title.
        model: the model's title.
        mode: text to video, image to video, …
        prompt: the whole prompt.
        simulated: whether the simulator made the clip, not the provider.
        reused: whether the run shows the clip of an earlier run, so that nothing was paid.
        parameters: label and text of each setting, for example ("seed", "7 (sent)").
        results: those of them that the run brought and no request asked for, for example ("seed returned", "7").
        task_id: the provider's ID, once there is one.
        created_at: when the run was planned.
        started_at: when its create call was sent; elapsed time counts from here, or else from `created_at`.
        finished_at: when it ended.
        elapsed_s: seconds from start to end, or to now.
        eta_s: expected seconds from start to end; None if unknown.
        eta_low_s: lower end of the usual range.
        eta_high_s: upper end of the usual range; beyond it the player says so.
        cost: "$0.28" or "unknown".
        cost_note: where the cost comes from ("list price", "reported", "simulated, nothing billed").
        error_title: the error in a few words.
        error_text: the error's message.
        error_hint: what to do next.
        can_retry_download: whether the clip was made and only its download failed (downloading again is free).
        video_src: relative, https or embedded MP4 URL for the static player; any other is not shown.
        video_bytes: the MP4's size.
        sha256: the MP4's SHA-256, hexadecimal.
        width: the clip's width.
        height: the clip's height.
        poster: a JPEG of at most 15 kB and 320 px; a larger one is left out of the static card.

    Raises:
        ValueError: the status is none.
    """

    run_id: str
    status: Status
    provider: str
    model: str
    mode: str
    prompt: str
    simulated: bool
    created_at: datetime
    reused: bool = False
    parameters: tuple[tuple[str, str], ...] = ()
    results: tuple[tuple[str, str], ...] = ()
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
        """Take the status as text too; raise ValueError for an unknown one."""
        try:
            object.__setattr__(self, "status", Status(self.status))
        except ValueError:
            raise ValueError(f"status is {self.status!r}; it must be one of {', '.join(Status)}") from None

    @property
    def live(self) -> bool:
        """Whether the run is in progress."""
        return self.status.live

    @property
    def note(self) -> str | None:
        """A sentence on what the end means for the user's money; None if the error says it, or nothing is to say."""
        if self.status == Status.CANCELLED and self.error_text:
            return None
        return self.status.note(sent=self.task_id is not None)

    @property
    def css_class(self) -> str:
        """The CSS class that connects the static card to its widget: safe characters only, unique to the run."""
        slug = re.sub(r"[^A-Za-z0-9-]", "-", self.run_id)
        if slug != self.run_id:
            slug = f"{slug[:40]}-{hashlib.sha256(self.run_id.encode()).hexdigest()[:8]}"
        return f"hailuo-run-{slug}"


def format_seconds(seconds: float) -> str:
    """Return a duration as text: `8 s`, `1 min 05 s`, `1 h 02 min`."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"


def format_bytes(size: int) -> str:
    """Return a file size in decimal units: `840 B`, `12 kB`, `1.4 MB`."""
    if size < _KILO:
        return f"{size} B"
    if size < _ROUNDS_TO_A_MEGABYTE:
        return f"{size / _KILO:.0f} kB"
    return f"{size / _KILO**2:.1f} MB"


def safe_video_src(src: str | None) -> str | None:
    """Return `src` if a page may load it (relative, https, embedded MP4), else None."""
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
    """Return the card as HTML: one `div.hailuo-card` that needs no kernel and no script."""
    parts = [_head(card), _media(card), _prompt(card), _trouble(card), _parameters(card), _foot(card)]
    style = (
        "box-sizing:border-box;max-width:560px;margin:4px 0;padding:10px 12px;"
        f"border:1px solid {_LINE};border-radius:8px;font-size:13px;line-height:1.45;overflow-wrap:anywhere"
    )
    inner = "".join(part for part in parts if part)
    return f'{_STYLE}<div class="hailuo-card {card.css_class} mathjax_ignore" style="{style}">{inner}</div>'


def render_text(card: Card) -> str:
    """Return the card for a terminal: three to six lines without control characters."""
    badge = " · SIMULATED" if card.simulated else ""
    prompt = _one_line(card.prompt)
    if len(prompt) > _TERMINAL_PROMPT:
        prompt = f"{prompt[: _TERMINAL_PROMPT - 1]}…"
    lines = [f"[{card.status}] {_kind(card)}{badge} · {card.run_id}", f"  “{prompt}”"]
    if card.parameters:
        lines.append("  " + ", ".join(f"{label} {value}" for label, value in card.parameters))
    lines.append("  " + " · ".join(_facts(card)))
    trouble = _sentences([text for text in (_error_line(card), card.note, card.error_hint) if text])
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
    note = card.note
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
    """Return cost, time, dimensions and file size as texts."""
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


def _sentences(texts: Sequence[str]) -> str:
    """Join texts on one line; each but the last ends as a sentence."""
    ends = (".", "!", "?", ":", ";", "…", "。")
    ended = [text if text.rstrip().endswith(ends) else f"{text.rstrip()}." for text in texts[:-1]]
    return " ".join([*ended, *texts[-1:]])


def _error_line(card: Card) -> str:
    return ": ".join(text for text in (card.error_title, card.error_text) if text)


def poster_url(poster: bytes | None) -> str | None:
    """Return the poster as a data URL; None if it is not a JPEG, or too large for a notebook."""
    if not poster or not poster.startswith(b"\xff\xd8\xff") or len(poster) > MAX_POSTER_BYTES:
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(poster).decode('ascii')}"


def _text(text: str, *, keep_lines: bool = False) -> str:
    """Escape `text` for an element or a quoted attribute, and remove control characters."""
    if not keep_lines:
        text = text.replace("\n", " ")
    return html.escape(_CONTROL.sub("", text), quote=True)


def _one_line(text: str, *, keep_indent: bool = False) -> str:
    """Return `text` on one line without terminal control sequences."""
    indent = text[: len(text) - len(text.lstrip(" "))] if keep_indent else ""
    return indent + " ".join(_TERMINAL_UNSAFE.sub(" ", text).split())
