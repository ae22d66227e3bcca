"""Archive of clips: downloaded once, checked, and kept under names of our own.

- `archive`: the folder (`Archive`), and a kept clip (`Archived`)
- `fetch`: one download with its tries; `response`: its response headers and refusals; `gzip_body`: a packed body
- `part`: a half-done file and its owner; `disk`: durable writes
- `mp4`: the walk over a file's boxes; `whole_file`: whether a file is whole; `poster`: a small still of it
- `trusted_paths`: the file that a row of the log names, if any
- `inputs`: the pictures that requests were made from
"""

from __future__ import annotations

from hailuo_widgets.archive.archive import Archive, Archived, NotWholeError, relative_src
from hailuo_widgets.archive.fetch import Stream, fetch
from hailuo_widgets.archive.partial_download import Part
from hailuo_widgets.archive.poster import poster
from hailuo_widgets.archive.trusted_paths import clip_in, clips_in, open_clip, open_regular, read_regular

__all__ = [
    "Archive",
    "Archived",
    "NotWholeError",
    "Part",
    "Stream",
    "clip_in",
    "clips_in",
    "fetch",
    "open_clip",
    "open_regular",
    "poster",
    "read_regular",
    "relative_src",
]
