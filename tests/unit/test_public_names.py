"""Tests of the public names, and that importing the package loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hailuo_widgets as hw


@pytest.mark.parametrize("name", hw.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each name of ``__all__`` can be had, documented."""
    value = getattr(hw, name)
    assert value is not None
    assert name == "__version__" or value.__doc__


def test_an_unknown_name_is_an_attribute_error() -> None:
    """What is not public is not there."""
    with pytest.raises(AttributeError, match="no attribute 'genrate'"):
        _ = hw.genrate  # type: ignore[attr-defined]  # the promise is that it is not


def test_opening_the_package_loads_nothing_heavy() -> None:
    """``import hailuo_widgets`` leaves pandas, httpx, SQLAlchemy, anywidget, av and Pillow alone."""
    heavy = {"pandas", "httpx", "sqlalchemy", "anywidget", "ipywidgets", "av", "PIL", "numpy"}
    code = "import sys, hailuo_widgets; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(out.stdout.split())


def test_a_run_log_is_made_without_sqlalchemy() -> None:
    """A run log loads SQLAlchemy when it is first asked, in its own thread, and not when it is made."""
    code = (
        "import sys; from hailuo_widgets.store.runlog import RunLog; log = RunLog('sqlite://'); "
        "before = 'sqlalchemy' in sys.modules; found = log.call(log.find); "
        "print(before, found, 'sqlalchemy' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "[]", "True"]
