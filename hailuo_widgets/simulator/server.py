"""A simulator that runs: uvicorn in a thread of its own, on this machine only."""

from __future__ import annotations

import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from hailuo_widgets.simulator.app import make_app
from hailuo_widgets.simulator.settings import Settings
from hailuo_widgets.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Self

    from hailuo_widgets.simulator.faults import Fault

_START_SECONDS = 30.0
_GRACE_SECONDS = 1


class _Server(uvicorn.Server):
    """uvicorn, saying when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepts = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepts.set()


class Simulator:
    """All gateways on one loopback origin.

    Args:
        home: Folder that keeps tasks, pictures and clips; ``None`` is a temporary one that goes with the object.
        port: TCP port on 127.0.0.1; 0 takes a free one, and keeps it over `stop` and `start`.
        keys: The keys that are accepted; ``None`` accepts any.
        faults: What goes wrong from the start; see `hailuo_widgets.simulator.faults`.
        **settings: Any other field of `hailuo_widgets.simulator.settings.Settings`, such as ``speed`` or ``latency``.
    """

    def __init__(
        self,
        home: Path | str | None = None,
        *,
        port: int = 0,
        keys: Iterable[str] | None = None,
        faults: Iterable[Fault | Mapping[str, Any]] = (),
        **settings: Any,
    ) -> None:
        # Read now, so that a misspelt switch or fault is an error where it was written.
        self._settings = Settings(keys=None if keys is None else frozenset(keys), faults=tuple(faults), **settings)
        self._temporary = tempfile.TemporaryDirectory(prefix="hailuo-simulator-") if home is None else None
        self.home = Path(self._temporary.name if self._temporary else home or ".").resolve()
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._world: World | None = None

    def __repr__(self) -> str:
        """Show where it serves, or that it does not."""
        return f"<Simulator {self.url if self.running else 'stopped'}>"

    @property
    def running(self) -> bool:
        """Whether it serves."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def port(self) -> int:
        """The TCP port; 0 before the first start where none was asked for."""
        return self._port

    @property
    def url(self) -> str:
        """Origin to use as every provider's base URL."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def world(self) -> World:
        """What the gateways share, for looking inside.

        Raises:
            RuntimeError: The simulator is not running.
        """
        if self._world is None:
            raise RuntimeError("the simulator is not running; call start() first")
        return self._world

    def start(self) -> Self:
        """Serve; return once connections are accepted. A running simulator is left alone."""
        if self.running:
            return self
        # asyncio turns Nagle's algorithm off only where the protocol is named; with it, each answer takes 40 ms longer.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self._port))
        except OSError as error:
            listener.close()
            raise OSError(error.errno, f"port {self._port} cannot be taken ({error}); 0 takes a free one") from error
        self._port = listener.getsockname()[1]
        for folder in (*reversed(self.home.absolute().parents), self.home):  # it holds prompts and pictures
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
        self._world = World(self.home, self._settings)
        self._world.url = self.url
        config = uvicorn.Config(
            make_app(self._world),
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        self._server = server = _Server(config)
        self._thread = threading.Thread(
            target=server.run, args=([listener],), name=f"simulator-{self._port}", daemon=True
        )
        self._thread.start()
        if not server.accepts.wait(_START_SECONDS):
            self.stop()
            raise RuntimeError(f"the simulator did not start on {self.url} within {_START_SECONDS:.0f} s")
        return self

    def stop(self) -> None:
        """Stop serving and join the thread. What is in the home stays; a stopped simulator is left alone."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        if self._world is not None:
            self._world.close()
        self._server = self._thread = self._world = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def state(self) -> dict[str, Any]:
        """What ``GET /simulator/state`` answers."""
        return self.world.state()

    @property
    def creates(self) -> dict[str, int]:
        """How many create calls were accepted, and so charged: by provider, and ``total``."""
        return dict(self.state["creates"])

    @property
    def spent(self) -> dict[str, float]:
        """What was paid to each provider, in the provider's unit; what was cancelled for free counts nothing."""
        return dict(self.state["spent"])

    @property
    def requests(self) -> list[dict[str, Any]]:
        """Every request so far, without the values of keys; see `hailuo_widgets.simulator.journal.Journal.open`."""
        return self.world.journal.entries()

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """Every task, oldest first."""
        return list(self.state["tasks"])

    def fault(self, kind: str, **fields: Any) -> None:
        """Arm one more fault; see `hailuo_widgets.simulator.faults.Fault` for the fields."""
        self.world.faults.add({"kind": kind, **fields})

    def clear_faults(self) -> None:
        """Disarm all faults."""
        self.world.faults.clear()

    def reset(self) -> None:
        """Forget tasks, requests, faults and callbacks; rendered files stay."""
        self.world.reset()
