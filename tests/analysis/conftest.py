"""Path setup for the modules beside these tests, which the benchmark uses too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
