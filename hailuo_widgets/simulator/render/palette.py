"""Colours of a scene: a prompt's own words choose them where they can, its hash where they do not."""

from __future__ import annotations

import re
from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The colours of one kind of scene, red, green and blue in 0 to 255.

    Attributes:
        words: Words in a prompt that ask for it.
        top: The sky overhead.
        low: The sky at the horizon.
        light: Sun or moon.
        far: The farthest hill.
        near: The nearest one.
        stars: Whether there are stars.
        ground: What the hills are: ``woods``, ``dunes`` or ``waves``.
        motes: Brightness that is added by what drifts in the air; 0 for clear air.
    """

    words: str
    top: Colour
    low: Colour
    light: Colour
    far: Colour
    near: Colour
    stars: bool = False
    ground: str = "woods"
    motes: int = 60


PALETTES = (
    Palette(
        words="dawn sunrise morning 清晨 日出",
        top=(70, 110, 175),
        low=(255, 205, 170),
        light=(255, 240, 205),
        far=(172, 150, 178),
        near=(38, 50, 78),
    ),
    Palette(
        words="dusk sunset evening golden 日落 黄昏",
        top=(52, 38, 92),
        low=(255, 138, 76),
        light=(255, 214, 120),
        far=(150, 82, 110),
        near=(36, 20, 46),
    ),
    Palette(
        words="night moon star dark midnight 夜 月",
        top=(8, 12, 38),
        low=(44, 66, 124),
        light=(238, 240, 226),
        far=(46, 62, 108),
        near=(9, 13, 30),
        stars=True,
        motes=80,
    ),
    Palette(
        words="snow winter ice cold arctic 雪 冬",
        top=(104, 146, 196),
        low=(228, 238, 248),
        light=(255, 252, 240),
        far=(186, 206, 226),
        near=(62, 92, 124),
        motes=90,
    ),
    Palette(
        words="forest tree jungle garden green spring 森林 树",
        top=(92, 160, 190),
        low=(222, 240, 200),
        light=(255, 250, 214),
        far=(128, 178, 150),
        near=(18, 60, 48),
    ),
    Palette(
        words="sea ocean wave boat water lake river beach 海 水 船",
        top=(40, 110, 180),
        low=(196, 230, 240),
        light=(255, 246, 214),
        far=(72, 146, 186),
        near=(10, 52, 92),
        ground="waves",
    ),
    Palette(
        words="desert sand dune canyon camel 沙漠",
        top=(86, 130, 178),
        low=(252, 214, 150),
        light=(255, 244, 206),
        far=(226, 170, 112),
        near=(120, 62, 34),
        ground="dunes",
    ),
    Palette(
        words="autumn fall leaf leaves fox 秋",
        top=(120, 140, 170),
        low=(255, 218, 160),
        light=(255, 238, 190),
        far=(206, 140, 92),
        near=(84, 34, 24),
    ),
    Palette(
        words="city neon street robot cyber space 城市",
        top=(22, 14, 58),
        low=(214, 70, 150),
        light=(120, 240, 240),
        far=(96, 52, 132),
        near=(18, 12, 40),
        stars=True,
    ),
)


def palette_for(prompt: str, number: int) -> Palette:
    """Return the palette of a prompt: the one that most of its words ask for, else by ``number``."""
    text = prompt.lower()
    words = set(re.findall(r"[a-z]+", text))
    votes = [
        sum(word in words or f"{word}s" in words if word.isascii() else word in text for word in palette.words.split())
        for palette in PALETTES
    ]
    best = max(votes)
    return PALETTES[votes.index(best) if best else number % len(PALETTES)]
