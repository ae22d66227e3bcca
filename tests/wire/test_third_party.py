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

# As the present documentation has it: a queue that is asked, fetched from, cancelled, listed and called back from.
QUEUE_MODULE = '''
"""A provider with a queue."""

from dataclasses import replace
from urllib.parse import urlsplit

from hailuo_widgets.provider import (
    Amount, Auth, Balance, CallbackFormat, Cancelled, CancelOutcome, Candidate, Candidates, Clip, Facts, HttpCall,
    ImageRules, Model, Offer, Poll, PollState, Provider, as_code, as_micros, as_task_id, as_url, ids_named
)

FACTS = Facts(
    name="toy",
    title="Toy",
    base_url="https://toy.example",
    auth=Auth(header="Authorization", prefix="Token "),
    default_model="toy-1",
    models=(Model(name="toy-1", title="Toy 1"),),
    offers=(Offer(model="toy-1", mode="text_to_video", resolution="768P", durations=(6,), source="its document"),),
    prices=(),
    images=ImageRules(max_bytes=1_000_000, source="its document"),
    source="its document",
    prompt_max=100,
    callback=True,
    key_variables=("TOY_TOKEN", "TOY_API_KEY"),
)


class Toy(Provider):
    facts = FACTS
    codes = {}
    states = {"waiting": "queued", "done": "succeeded", "cancelled": "failed"}
    callbacks = CallbackFormat(tasks=ids_named("job"))
    cancel_only_when = frozenset({PollState.QUEUED})
    cancelled_costs = CancelOutcome.FREE

    def verdict(self, data):
        error = data.get("error")
        return (as_code(error.get("kind")), error.get("text")) if isinstance(error, dict) else (None, None)

    def encode_create(self, request, client_uuid):
        return HttpCall(method="POST", path="/jobs", json={"prompt": request.prompt})

    def decode_create(self, reply, request):
        accepted = self.accepted(reply)
        parts = urlsplit(as_url(self.body(reply).get("status_url")) or "")
        own = f"{parts.scheme}://{parts.netloc}" == self.facts.base_url
        return replace(accepted, details={"path": parts.path} if own else {})

    def encode_query(self, task):
        return HttpCall(method="GET", path=task.details.get("path", f"/jobs/{task.task_id}"))

    def decode_query(self, reply, task):
        data = self.body(reply, asking=True)
        word = data.get("state")
        if self.state(word) == PollState.SUCCEEDED:
            return Poll(state=PollState.SUCCEEDED, clip=Clip())
        if self.state(word) == PollState.FAILED:
            return self.failed(*self.verdict(data), reply, word=word)
        return self.under_way(word)

    def encode_link(self, task, clip):
        return HttpCall(method="GET", path=f"/jobs/{task.task_id}/result")

    def decode_link(self, reply, clip):
        data = self.body(reply, asking=True) if reply.status < 400 else {"error": {"kind": "refused", "text": "no"}}
        code, said = self.verdict(data)
        if code is not None:
            raise self.task_failed(code, said, reply)
        return replace(clip, url=as_url(data.get("url")))

    def encode_cancel(self, task):
        return HttpCall(method="DELETE", path=f"/jobs/{task.task_id}")

    def decode_cancel(self, reply, task):
        data = self.body(reply, asking=True)
        return Cancelled(outcome=CancelOutcome.FREE if data.get("cancelled") else CancelOutcome.TOO_LATE)

    def encode_list(self, request, page):
        return HttpCall(method="GET", path="/jobs", params={"page": str(page)})

    def decode_list(self, reply):
        jobs = self.body(reply, asking=True).get("jobs") or []
        return Candidates(tasks=tuple(Candidate(task_id=as_task_id(job["id"])) for job in jobs))

    def encode_balance(self):
        return HttpCall(method="GET", path="/balance")

    def decode_balance(self, reply):
        micros = as_micros(self.body(reply, asking=True).get("dollars"))
        return Balance(amounts=(Amount(micros=micros, currency="USD"),), source="its document")


def make(settings):
    return Toy()
'''

QUEUE_USE = """
import json
from hailuo_widgets import UsageError
from hailuo_widgets.provider import Clip, HttpReply, Request, Settings, Task, open_provider
from hailuo_widgets.provider.accounts import Accounts

def say(**body):
    return HttpReply(status=200, headers={}, body=json.dumps(body).encode())

settings = Settings.resolve({"mode": "simulated"}, environ={})
toy = open_provider("toy", settings)
request = Request(prompt="a fox", provider="toy", model="toy-1")
accepted = toy.decode_create(say(job_id="7", status_url="https://toy.example/queue/7"), request)
foreign = toy.decode_create(say(job_id="7", status_url="https://evil.example/queue/7"), request)
task = Task(task_id="7", details=accepted.details)
print(accepted.task_id, toy.encode_query(task).path, toy.encode_query(Task(task_id="7", details=foreign.details)).path)
print(toy.decode_query(say(state="waiting"), task).state, toy.decode_query(say(state="cancelled"), task).cancelled)
print(toy.decode_link(say(url="https://clips.example/x.mp4"), toy.decode_query(say(state="done"), task).clip).url)
try:
    toy.decode_link(say(error={"kind": "refused", "text": "no"}), Clip())
except Exception as e:
    print(type(e).__name__, e.ends_task, e.provider_message)
print(toy.decode_cancel(say(cancelled=True), task).outcome, toy.decode_list(say(jobs=[{"id": 7}])).tasks[0].task_id)
print(toy.decode_balance(say(dollars=4.5)).amounts[0].micros, list(toy.callbacks.tasks({"job": "7"})))
print(sorted(Accounts(settings).callback_formats()))
try:
    Accounts(settings).origin(toy)
except UsageError as e:
    print(e.message.split(":")[0], "TOY_TOKEN" in e.hint)
"""

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


def test_a_queue_is_written_from_the_page_alone(tmp_path: Path) -> None:
    """Addresses for later calls, a failure that the result tells, cancel, list, balance, callbacks, own variables."""
    done = run(install(tmp_path, QUEUE_MODULE), QUEUE_USE)
    assert done.stdout.splitlines() == [
        "7 /queue/7 /jobs/7",
        "queued True",
        "https://clips.example/x.mp4",
        "ProviderError True no",
        "free 7",
        "4500000 ['7']",
        "['fal', 'kie', 'kkiai', 'minimax', 'pixazo', 'replicate', 'runware', 'toy']",
        "provider='toy' True",
    ]
    assert "hailuo_widgets" not in done.stderr


def test_the_public_path_has_every_name_of_the_old_one() -> None:
    """What could be imported from the old paths is imported from ``hailuo_widgets.provider``: the same objects."""
    from hailuo_widgets import provider
    from hailuo_widgets.provider import interface as base

    assert {name for name in base.__all__ if getattr(provider, name) is not getattr(base, name)} == set()
