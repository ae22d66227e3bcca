"""The words burnt into every frame: SIMULATED, the prompt, and what the clip was made from."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from hailuo_widgets.simulator.render.camera import WORDS
from hailuo_widgets.simulator.render.counter import strip_box

if TYPE_CHECKING:
    from hailuo_widgets.simulator.render.clip import Clip

# Pillow's own font has Latin letters; where a prompt needs others, the first of these that has them is taken.
_SYSTEM_FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simhei.ttf",
)
_NO_GLYPH = "\U0010ffff"
_AMBER = (255, 210, 70, 255)
_WHITE = (255, 255, 255, 255)
_PALE = (225, 230, 238, 255)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=64)
def _font(path: str, size: int) -> Font | None:
    """Return a font, Pillow's own for an empty path, ``None`` where the system lacks it."""
    if not path:
        return ImageFont.load_default(size)
    try:
        return ImageFont.truetype(path, size) if Path(path).exists() else None
    except OSError:
        return None


def _missing(text: str, font: Font) -> set[str]:
    """Return the characters that a font shows as its box for unknown ones."""
    box = bytes(font.getmask(_NO_GLYPH))
    return {char for char in set(text) if not char.isspace() and bytes(font.getmask(char)) == box}


def fitting(text: str, size: int) -> tuple[str, Font]:
    """Return a text that can be shown, and a font to show it in.

    Where no font has all of its letters, camera words become their English names, and each run of other unknown
    letters becomes a note of how many they are.
    """
    fonts = [font for path in ("", *_SYSTEM_FONTS) if (font := _font(path, size)) is not None]
    for font in fonts:
        if not _missing(text, font):
            return text, font
    for word, name in WORDS.items():
        if not word.isascii():
            text = re.sub(rf"(?<=[\[【,，、]){re.escape(word)}(?=[\]】,，、])", name.capitalize(), text)
    font = min(fonts, key=lambda candidate: len(_missing(text, candidate)))
    unknown = _missing(text, font)
    if unknown:
        run = f"[{re.escape(''.join(sorted(unknown)))}]+"
        text = re.sub(run, lambda match: f"<{len(match[0])} letters>", text)
    return text, font


def label_of(clip: Clip) -> str:
    """Return the line that says what a clip was made from; it names a seed only if one was sent."""
    variation = f"variation {clip.variation & 0xFFFF:04x}"
    if clip.seed is None:
        seed = f"no seed · {variation}"
    else:
        seed = f"seed {clip.seed}" + (f" · {variation}" if clip.variation else "")
    return f"{seed} · {clip.model} · {clip.width}×{clip.height} · {clip.duration:g} s"


def _wrap(draw: ImageDraw.ImageDraw, text: str, font: Font, width: float, lines: int) -> list[str]:
    """Break a text into at most so many lines, the last one shortened."""
    broken: list[str] = []
    rest = text
    while rest and len(broken) < lines:
        fits = len(rest)
        while fits > 1 and draw.textlength(rest[:fits], font=font) > width:
            fits -= max(1, fits // 16)
        if fits < len(rest):
            space = rest.rfind(" ", 0, fits + 1)
            fits = space if space > fits // 2 else fits
        broken.append(rest[:fits].rstrip())
        rest = rest[fits:].lstrip()
    if rest:
        last = broken[-1]
        while last and draw.textlength(f"{last}…", font=font) > width:
            last = last[:-1]
        broken[-1] = f"{last}…"
    return broken


def overlay(clip: Clip) -> list[tuple[Image.Image, int, int]]:
    """Return the translucent pictures with all words, each with its left and top edge."""
    width, height = clip.size
    unit = min(width, height) / 768
    pad = max(4, round(20 * unit))
    return [_badge(unit, pad), _scrim(clip, width, height, unit, pad)]


def _badge(unit: float, pad: int) -> tuple[Image.Image, int, int]:
    size = max(13, round(40 * unit))
    font = _font("", size) or ImageFont.load_default(size)
    word = "SIMULATED"
    stroke = max(0.5, size / 26)
    left, top, right, bottom = font.getbbox(word)
    inner = round(size * 0.4)
    box = (round(right - left) + 2 * inner + round(2 * stroke), round(bottom - top) + 2 * inner)
    plate = Image.new("RGBA", (box[0] + box[0] % 2, box[1] + box[1] % 2))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((0, 0, box[0] - 1, box[1] - 1), radius=size // 3, fill=(12, 16, 26, 190))
    draw.text(
        (inner + stroke - left, inner - top), word, font=font, fill=_AMBER, stroke_width=stroke, stroke_fill=_AMBER
    )
    return plate, pad, pad


def _scrim(clip: Clip, width: int, height: int, unit: float, pad: int) -> tuple[Image.Image, int, int]:
    """Draw prompt and label over a shade that fades out upwards."""
    prompt_size, label_size = max(10, round(27 * unit)), max(8, round(18 * unit))
    strip_left, strip_top, _ = strip_box(width, height)
    words = " ".join(clip.prompt.split()) or "(no prompt)"
    shown, font = fitting(f"{clip.title}: {words}" if clip.title else words, prompt_size)
    label, small = fitting(label_of(clip) + (" · AIGC" if clip.watermark else ""), label_size)
    probe = ImageDraw.Draw(Image.new("L", (1, 1)))
    lines = _wrap(probe, shown, font, width - 2 * pad, 2)
    beside = strip_left > width / 2  # in a narrow frame the label stands above the strip
    labels = _wrap(probe, label, small, (strip_left if beside else width) - 2 * pad, 2)
    line, label_line = round(prompt_size * 1.3), round(label_size * 1.3)
    label_top = (height if beside else strip_top) - pad // 2 - label_line * len(labels)
    label_top = min(strip_top, label_top)
    text_top = label_top - line * len(lines) - pad // 3
    top = max(0, (text_top - 2 * pad) // 2 * 2)
    shade = Image.new("RGBA", (width, height - top), (8, 10, 18, 0))
    ramp = Image.linear_gradient("L").resize(shade.size).point([min(205, value * 2) for value in range(256)])
    shade.putalpha(ramp)
    draw = ImageDraw.Draw(shade)
    for row, text in enumerate(lines):
        draw.text((pad, text_top - top + row * line), text, font=font, fill=_WHITE)
    for row, text in enumerate(labels):
        draw.text((pad, label_top - top + row * label_line), text, font=small, fill=_PALE)
    return shade, 0, top
