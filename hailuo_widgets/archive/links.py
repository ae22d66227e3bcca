"""How a notebook names a clip: a relative address, which JupyterLab serves and a copied folder keeps."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from urllib.parse import quote


def relative_src(path: Path, notebook_dir: Path) -> str | None:
    """The address of a file as seen from the notebook's folder, quoted for a URL.

    Args:
        path: The file.
        notebook_dir: The folder that the notebook is in.

    Returns:
        Such as ``hailuo_runs/videos/01J.mp4``; None where no relative address can work: on another drive, or
        through a hidden folder, which Jupyter does not serve.
    """
    try:
        parts = PurePath(os.path.relpath(path, notebook_dir)).parts
    except ValueError:  # another drive (Windows)
        return None
    if any(part.startswith(".") and part != ".." for part in parts):
        return None
    return "/".join(quote(part, safe="") for part in parts)
