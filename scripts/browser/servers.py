"""What the page is served by: the demo, or an indexer alone."""

import json
import os
import re
import signal
import tempfile
import urllib.request
from pathlib import Path
from typing import Any, Optional

from failure import RunFailed, wait_for
from ports import free_ports
from program import Program

START_SECONDS = 60.0


class Server:
    """A process that serves the dashboard at an address that stays."""

    url: str
    token: Optional[str] = None

    def ask(self, path: str, body: Optional[dict[str, Any]] = None) -> Any:
        """Gives the JSON of a path of the API."""
        return json.loads(self.ask_bytes(path, body))

    def ask_bytes(self, path: str, body: Optional[dict[str, Any]] = None) -> bytes:
        """Gives what a path of the API answers."""
        request = urllib.request.Request(
            self.url + path, data=None if body is None else json.dumps(body).encode()
        )
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.read()

    def overview(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Gives the state, and its endpoints by their columns."""
        state = self.ask("v1/overview")
        rows = [dict(zip(state["endpoint_columns"], row)) for row in state["endpoints"]]
        return state, rows


class Demo(Server):
    """`kvindexer demo`, whose engines, picker and index stay up when its requests have ended."""

    def __init__(self, kvindexer: Path, engines: int, seconds: int, logs: Path) -> None:
        """Starts it, and waits for its address."""
        self._log = logs / f"demo-{engines}.log"
        self.program = Program(
            "demo",
            [
                *(str(kvindexer), "demo", "--stay"),
                *("--engines", str(engines), "--seconds", str(seconds)),
            ],
            self._log,
        )
        try:
            found = wait_for(
                "the demo's address",
                lambda: re.search(r"^Dashboard (\S+)", self.text),
                START_SECONDS + engines,
            )
        except RunFailed:
            self.program.kill()
            raise
        self.url = found.group(1)

    @property
    def text(self) -> str:
        """Gives what it has printed."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def has_picker(self) -> bool:
        """Tells whether requests go through Envoy and epp."""
        return "Envoy     http" in self.text

    @property
    def recent_tokens(self) -> list[int]:
        """Gives the tokens of a prompt that the demo prints at its end."""
        found = re.search(r'"tokens":\[([\d,]+)\]', self.text)
        return [int(token) for token in found.group(1).split(",")] if found else []

    def wait_until_quiet(self, seconds: float) -> None:
        """Waits until all of its requests have ended, and the overview has taken them in."""
        wait_for("the end of the demo", lambda: "Everything stays up" in self.text or None, seconds)
        seen: list[tuple[float, Any]] = []

        def is_settled() -> Optional[bool]:
            state = self.overview()[0]
            if not seen or seen[-1][0] != state["time"]:
                seen.append((state["time"], [state["traffic"], state["totals"]["residencies"]]))
            return (len(seen) > 2 and seen[-1][1] == seen[-2][1]) or None

        wait_for("an overview at rest", is_settled, seconds)

    def stop(self) -> None:
        """Ends it."""
        self.program.stop()


class Indexer(Server):
    """`kvindexer serve` on a port of its own."""

    def __init__(
        self, kvindexer: Path, endpoints: str, logs: Path, token: Optional[str] = None
    ) -> None:
        """Writes its files; it does not run yet."""
        self._kvindexer = kvindexer
        self._logs = logs
        self._folder = tempfile.TemporaryDirectory(prefix="dashboard-")
        folder = Path(self._folder.name)
        self._file = folder / "endpoints.yaml"
        self._file.write_text(endpoints)
        self._options: list[str] = []
        self.token = token
        if token:
            tokens = folder / "tokens"
            tokens.write_text(token + "\n")
            self._options = ["--token-file", str(tokens)]
        self._port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self._port}/"
        self._program: Optional[Program] = None

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        self._program = Program(
            "serve",
            [
                *(str(self._kvindexer), "serve", "--endpoints", str(self._file)),
                *("--listen", f"127.0.0.1:{self._port}", "--grpc-listen", "none"),
                *("--render-url", "off", "--no-engine-metrics"),
                *self._options,
            ],
            self._logs / "serve.log",
        )
        wait_for("start of the indexer", self._is_up, START_SECONDS)

    def _is_up(self) -> Optional[bool]:
        try:
            with urllib.request.urlopen(self.url + "healthz", timeout=1) as reply:
                return reply.status == 200
        except OSError:
            return None

    def freeze(self, is_frozen: bool) -> None:
        """Lets it stand still, as a machine does that swaps, or go on."""
        assert self._program
        os.kill(self._program.process_id, signal.SIGSTOP if is_frozen else signal.SIGCONT)

    def kill(self) -> None:
        """Ends it as a crash does."""
        if self._program:
            self._program.kill()
            self._program = None

    def stop(self) -> None:
        """Ends it, and removes its files."""
        self.kill()
        self._folder.cleanup()


def endpoints_file(names: list[str], events: bool = True) -> str:
    """Gives an endpoints file of servers that do not exist."""
    lines = ["endpoints:"] if names else ["endpoints: []"]
    for number, name in enumerate(names):
        lines.append(f"- name: {json.dumps(name)}")
        lines.append(f'  address: "127.0.0.1"\n  port: "{20000 + number}"\n  model: nothing')
        if events:
            lines.append(f"  kvEvents: {{endpoint: 'tcp://127.0.0.1:{21000 + number}'}}")
        else:
            lines.append("  kvEvents: {ranks: 0}")
    return "\n".join(lines) + "\n"
