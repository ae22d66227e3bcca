"""Tests of the player's look: legible in both themes and complete in a narrow window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.conftest import Notebook

pytestmark = [pytest.mark.browser, pytest.mark.kernel, pytest.mark.slow]

CLIP = """%%hailuo --model 2.3 --duration 6
A hot-air balloon drifts over misty mountains at sunset, golden light, [Truck right, Pedestal up]"""
LEGIBLE = 4.5  # WCAG 2.2, 1.4.3
# The least contrast of any text in the player against the player's ground, by WCAG's formula; a canvas reads colours.
CONTRAST = """player => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const over = (colour, ground) => {
    context.fillStyle = ground;
    context.fillRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map(value => value / 255)
      .map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = getComputedStyle(player).backgroundColor;
  const behind = over(ground, 'white');
  const words = [...player.querySelectorAll('*')].filter(element =>
    element.checkVisibility() && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
    && !element.closest('.hailuo-veil'));
  const contrasts = words.map(element => {
    const before = over(getComputedStyle(element).color, ground);
    return (Math.max(before, behind) + 0.05) / (Math.min(before, behind) + 0.05);
  });
  return { least: Math.min(...contrasts), words: words.length };
}"""
OVERHANG = """player => Math.max(...[player, ...player.querySelectorAll('*')].filter(part => part.checkVisibility())
  .map(part => part.getBoundingClientRect().right)) - player.closest('.jp-OutputArea').getBoundingClientRect().right"""


def test_themes_and_widths(open_notebook: Callable[..., Notebook], tmp_path: Path) -> None:
    """Every word of the player stands out from its ground in light and dark, and nothing juts out at 480 pixels."""
    notebook = open_notebook("%load_ext hailuo_widgets", CLIP)
    notebook.run_all()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.theme(theme)
        for width in (1000, 480):
            notebook.page.set_viewport_size({"width": width, "height": 1000})
            player = notebook.cell(1).locator(".hailuo-player")
            player.scroll_into_view_if_needed()
            notebook.page.wait_for_function("() => document.querySelector('.hailuo-player video').readyState >= 2")
            notebook.page.screenshot(path=tmp_path / f"{theme[11:].lower()}-{width}.png")
            found = player.evaluate(CONTRAST)
            assert found["words"] > 8
            assert found["least"] >= LEGIBLE, (theme, width)
            assert player.evaluate(OVERHANG) <= 0, (theme, width)
