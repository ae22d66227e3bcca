"""Tests of a provider from another package: one file and one entry point, without access to bundled names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "toy-provider"
version = "1.0"
dependencies = ["hailuo-widgets"]

[project.entry-points."hailuo_widgets.providers"]
toy = "toy_provider:make"
minimax = "toy_provider:make"
"""

MODULE = '''
"""A provider that takes a prompt and answers with an id."""

from hailuo_widgets.provider import (
    Accepted, Auth, Clip, Facts, HttpCall, ImageRules, Model, Offer, Poll, Provider, as_task_id, as_url
)

FACTS = Facts(
    name="toy",
    title="Toy",
    base_url="https://toy.example",
    auth=Auth(header="X-Key"),
    default_model="toy-1",
    models=(Model(name="toy-1", title="Toy 1", short_names=("1",)),),
    offers=(Offer(model="toy-1", mode="text_to_video", resolution="768P", durations=(6,), source="its document"),),
    prices=(),
    images=ImageRules(max_bytes=1_000_000, source="its document"),
    source="its document",
    prompt_max=100,
)


class Toy(Provider):
    facts = FACTS
    codes = {}

    def encode_create(self, request, client_uuid):
        return HttpCall(method="POST", path="/clips", json={"prompt": request.prompt})

    def decode_create(self, reply, request):
        task_id = as_task_id(self.body(reply).get("id"))
        if task_id is None:
            raise self.unreadable(reply, "it names no task")
        return Accepted(task_id=task_id)

    def encode_query(self, task):
        return HttpCall(method="GET", path=f"/clips/{task.task_id}")

    def decode_query(self, reply, task):
        url = as_url(self.body(reply, asking=True).get("url"))
        return Poll(state="succeeded", clip=Clip(url=url)) if url else Poll(state="running")


def make(settings):
    return Toy()
'''

# As the documentation of 0.1.0 had it: a third party's package must go on working without a change.
OLD_MODULE = '''
"""A provider that takes a prompt and answers with an id."""

from hailuo_widgets.domain.catalog import Auth, Facts, ImageRules, Model, Offer
from hailuo_widgets.gateways.base import Accepted, Clip, HttpCall, Poll, Provider, as_task_id, as_url, read_json

FACTS = Facts(
    name="toy",
    title="Toy",
    base_url="https://toy.example",
    auth=Auth(header="X-Key"),
    default_model="toy-1",
    models=(Model(name="toy-1", title="Toy 1", short_names=("1",)),),
    offers=(Offer(model="toy-1", mode="text_to_video", resolution="768P", durations=(6,), source="its document"),),
    prices=(),
    images=ImageRules(max_bytes=1_000_000, source="its document"),
    source="its document",
    prompt_max=100,
)


class Toy(Provider):
    facts = FACTS
    codes = {}

    def encode_create(self, request, client_uuid):
        return HttpCall(method="POST", path="/clips", json={"prompt": request.prompt})

    def decode_create(self, reply, request):
        task_id = as_task_id(self.body(reply).get("id"))
        if task_id is None:
            raise self.unreadable(reply, "it names no task")
        return Accepted(task_id=task_id)

    def encode_query(self, task):
        return HttpCall(method="GET", path=f"/clips/{task.task_id}")

    def decode_query(self, reply, task):
        url = as_url(self.body(reply, asking=True).get("url"))
        return Poll(state="succeeded", clip=Clip(url=url)) if url else Poll(state="running")


def make(settings):
    return Toy()
'''

USE = """
from hailuo_widgets.provider import HttpReply, Request, Settings, names, open_provider

settings = Settings.resolve({}, environ={})
toy = open_provider("Toy", settings)
request = Request(prompt="a fox", provider="toy", model="toy-1")
reply = HttpReply(status=200, headers={}, body=b'{"id": 7}')
print(",".join(names()))
print(toy.encode_create(request, "").json, toy.decode_create(reply, request).task_id)
print(type(open_provider("minimax", settings)).__module__)
"""

OLD_USE = """
from hailuo_widgets.domain.request import Request
from hailuo_widgets.gateways import names, open_provider
from hailuo_widgets.gateways.base import HttpReply
from hailuo_widgets.settings import Settings

settings = Settings.resolve({}, environ={})
toy = open_provider("Toy", settings)
request = Request(prompt="a fox", provider="toy", model="toy-1")
reply = HttpReply(status=200, headers={}, body=b'{"id": 7}')
print(",".join(names()))
print(toy.encode_create(request, "").json, toy.decode_create(reply, request).task_id)
print(type(open_provider("minimax", settings)).__module__)
"""


def install(folder: Path, module: str) -> Path:
    """Install a package with that module by pip; the folder to put on the path."""
    (folder / "src" / "toy_provider").mkdir(parents=True)
    (folder / "src" / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    (folder / "src" / "toy_provider" / "__init__.py").write_text(module, "utf-8")
    site = folder / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps"]
    command = [*pip, "--no-index", "--no-build-isolation", "--target", str(site), str(folder / "src")]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return site


def run(site: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a new interpreter that sees the installed package, warnings shown."""
    return subprocess.run(
        [sys.executable, "-W", "always::DeprecationWarning", "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])},
        cwd=site,
    )


SHOWN = [
    "minimax,kie,kkiai,pixazo,runware,fal,replicate,relay,toy",
    "{'prompt': 'a fox'} 7",
    "hailuo_widgets.provider.minimax",
]


def test_a_toy_package_brings_a_provider(tmp_path: Path) -> None:
    """Installed beside ours, its provider is found by name, after the bundled ones; it takes none of their names."""
    done = run(install(tmp_path, MODULE), USE)
    assert done.stdout.splitlines() == SHOWN
    assert "hailuo_widgets" not in done.stderr


def test_a_package_written_for_the_old_path_still_works(tmp_path: Path) -> None:
    """The example of the earlier documentation works unchanged, with a warning that names the new import path."""
    site = install(tmp_path, OLD_MODULE)
    assert run(site, OLD_USE).stdout.splitlines() == SHOWN
    done = run(site, USE)
    assert done.stdout.splitlines() == SHOWN
    warned = [line for line in done.stderr.splitlines() if "DeprecationWarning" in line]
    assert len(warned) == 1
    assert warned[0].startswith(str(site / "toy_provider" / "__init__.py"))
    assert "hailuo_widgets.provider" in warned[0]


def test_the_public_path_has_every_name_of_the_old_one() -> None:
    """What could be imported from the old paths is imported from ``hailuo_widgets.provider``: the same objects."""
    from hailuo_widgets import provider
    from hailuo_widgets.provider import interface as base

    assert {name for name in base.__all__ if getattr(provider, name) is not getattr(base, name)} == set()
