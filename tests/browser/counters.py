"""Reader of the frame numbers that the simulator draws into its clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hailuo_widgets.simulator import read_frame_counter
from hailuo_widgets.simulator.render.counter import CELLS, strip_box

if TYPE_CHECKING:
    from playwright.sync_api import Locator

__all__ = ["counted"]

# What a video shows is a frame or two of the page behind what it says of itself.
STANDS = """async scope => {
  const stands = video => video.readyState >= 2 && !video.seeking;
  const frame = () => new Promise(requestAnimationFrame);
  const end = performance.now() + 90000;
  for (let still = 0; still < 3; ) {
    const videos = [...scope.querySelectorAll('video')];
    still = videos.every(stands) ? still + 1 : 0;
    if (performance.now() > end) {
      throw new Error('after 90 s: ' + videos.map(v => `${v.readyState} ${v.seeking} ${v.currentTime}`).join(', '));
    }
    await frame();
  }
}"""
STRIP = """(video, [left, top, width, height]) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  return Array.from(context.getImageData(left, top, width, height).data);
}"""


def counted(scope: Locator) -> list[int | None]:
    """The number of the frame that each video shows, once all of them stand; None where none can be read."""
    scope.evaluate(STANDS)
    found = []
    for video in scope.locator("video").all():
        width, height = video.evaluate("video => [video.videoWidth, video.videoHeight]")
        left, top, cell = strip_box(width, height)
        strip = video.evaluate(STRIP, [left, top, CELLS * cell, cell])
        frame = np.zeros((height, width, 3), np.uint8)
        frame[top : top + cell, left : left + CELLS * cell] = np.array(strip, np.uint8).reshape(cell, -1, 4)[..., :3]
        found.append(read_frame_counter(frame))
    return found
