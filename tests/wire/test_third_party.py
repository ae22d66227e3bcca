"""A provider from another package: one file and one entry point, found by its name, and no door for bundled names."""

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
name = "toy-gateway"
version = "1.0"
dependencies = ["hailuo-widgets"]

[project.entry-points."hailuo_widgets.providers"]
toy = "toy_gateway:make"
minimax = "toy_gateway:make"
"""

MODULE = '''
"""A gateway that takes a prompt and answers with an id."""

from hailuo_widgets.domain.catalog import Auth, Facts, ImageRules, Model, Offer
from hailuo_widgets.provider.base import Accepted, Clip, HttpCall, Poll, Provider, as_task_id, as_url, read_json

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
from hailuo_widgets.domain.request import Request
from hailuo_widgets.provider import names, open_provider
from hailuo_widgets.provider.base import HttpReply
from hailuo_widgets.settings.settings import Settings

settings = Settings.resolve({}, environ={})
toy = open_provider("Toy", settings)
request = Request(prompt="a fox", provider="toy", model="toy-1")
reply = HttpReply(status=200, headers={}, body=b'{"id": 7}')
print(",".join(names()))
print(toy.encode_create(request, "").json, toy.decode_create(reply, request).task_id)
print(type(open_provider("minimax", settings)).__module__)
"""


def test_a_toy_package_brings_a_provider(tmp_path: Path) -> None:
    """Installed beside ours, its provider is found by name, after the bundled five; it takes none of their names."""
    (tmp_path / "src" / "toy_gateway").mkdir(parents=True)
    (tmp_path / "src" / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    (tmp_path / "src" / "toy_gateway" / "__init__.py").write_text(MODULE, "utf-8")
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps"]
    command = [*pip, "--no-index", "--no-build-isolation", "--target", str(site), str(tmp_path / "src")]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-c", USE],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        cwd=tmp_path,
    )
    assert done.stdout.splitlines() == [
        "minimax,kie,kkiai,pixazo,runware,toy",
        "{'prompt': 'a fox'} 7",
        "hailuo_widgets.provider.minimax",
    ]
