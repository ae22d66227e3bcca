"""The archive: clips brought here once, checked, and kept under names of our own.

- `files`: the folder (`Archive`), and what a kept clip is (`Archived`)
- `fetch`: one download with its tries; `answers`: what a server's answer says
- `part`, `owners`: half-done files, and whose they are
- `boxes`, `mp4`: is it a whole MP4; `whole`: by decoding, where its boxes leave a doubt; `poster`: a small still of it
- `door`: which file a row of the log names, if any
- `inputs`: the pictures that requests were made from; `links`: how a notebook names a clip; `disk`: what all share
"""

from __future__ import annotations

from hailuo_widgets.archive.archive import Archive, Archived, NotWholeError
from hailuo_widgets.archive.fetch import Stream, fetch
from hailuo_widgets.archive.links import relative_src
from hailuo_widgets.archive.mp4 import ContainerError, Mp4Facts, check_container
from hailuo_widgets.archive.part import Part
from hailuo_widgets.archive.poster import poster
from hailuo_widgets.archive.trusted_paths import clip_in, clips_in, open_clip, open_regular, read_regular

__all__ = [
    "Archive",
    "Archived",
    "ContainerError",
    "Mp4Facts",
    "NotWholeError",
    "Part",
    "Stream",
    "check_container",
    "clip_in",
    "clips_in",
    "fetch",
    "open_clip",
    "open_regular",
    "poster",
    "read_regular",
    "relative_src",
]
