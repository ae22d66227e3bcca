"""The modules beside these tests are found by their names; the bench uses them too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
