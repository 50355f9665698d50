"""Engines, epp and Envoy, started with the files of examples/ on other ports."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from exchange import ExchangeFailed, get, post
from failure import wait_for
from ports import free_ports
from program import Program

START_SECONDS = 60.0
MODEL = "tiny"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TLS_BLOCK = re.compile(r"\n    transport_socket:\n(      .*\n)+")


def is_up(port: int, path: str) -> Optional[bool]:
    """Gives True when a port answers a GET with 200, and None otherwise."""
    try:
        return get(port, path).status == 200 or None
    except (OSError, ExchangeFailed):
        return None


class SimulatedEngine:
    """A simulated engine: its ports stay, its process may be killed and started again."""

    def __init__(self, name: str, kvindexer: Path, logs: Path) -> None:
        """Picks ports."""
        self.name = name
        self.port, self.events_port, self.replay_port = free_ports(3)
        self._kvindexer = kvindexer
        self._log = logs / f"{name}.log"
        self._program: Optional[Program] = None

    def start(self) -> None:
        """Starts it with an empty cache, and waits until it answers."""
        ports = {
            "--port": self.port,
            "--events-port": self.events_port,
            "--replay-port": self.replay_port,
        }
        options = [word for name, port in ports.items() for word in (name, str(port))]
        self._program = Program(
            self.name, [str(self._kvindexer), "engine", "--model", MODEL, *options], self._log
        )
        wait_for(f"start of {self.name}", lambda: is_up(self.port, "/health"), START_SECONDS)

    def kill(self) -> None:
        """Ends it as a crash does."""
        if self._program:
            self._program.kill()

    def stop(self) -> None:
        """Ends it in good order."""
        if self._program:
            self._program.stop()

    def entry(self, has_events: bool) -> str:
        """Describes it in an endpoints file."""
        lines = [
            f"- name: {self.name}",
            '  address: "127.0.0.1"',
            f'  port: "{self.port}"',
        ]
        if has_events:
            lines += [
                "  kvEvents:",
                f"    endpoint: tcp://127.0.0.1:{self.events_port}",
                f"    replayEndpoint: tcp://127.0.0.1:{self.replay_port}",
            ]
        else:
            lines.append("  kvEvents: {ranks: 0}")
        return "\n".join(lines) + "\n"


class Stage:
    """Everything that runs, in a folder with the files of one example."""

    def __init__(
        self,
        example: str,
        binaries: Path,
        envoy: Path,
        folder: Path,
        logs: Path,
        is_secure: bool,
        has_picker: bool,
    ) -> None:
        """Picks ports and writes the files."""
        self._example = EXAMPLES / example
        self._binaries, self._envoy_binary = binaries, envoy
        self._folder, self._logs = folder, logs
        self._is_secure, self._has_picker = is_secure, has_picker
        self.port, self._admin_port, self._ext_proc_port, self._health_port = free_ports(4)
        self.metrics_port, self._indexer_port = free_ports(2)
        self.engines = [
            SimulatedEngine(f"vllm-{i}", binaries / "kvindexer", logs) for i in range(2)
        ]
        self._picker: Optional[Program] = None
        self._envoy: Optional[Program] = None
        (folder / "epp.yaml").write_text((self._example / "epp.yaml").read_text())
        (folder / "envoy.yaml").write_text(self._envoy_configuration())
        self.list_endpoints(self.engines)

    def _envoy_configuration(self) -> str:
        text = (self._example / "envoy.yaml").read_text()
        ports = {
            8080: self.port,
            9901: self._admin_port,
            9002: self._ext_proc_port,
            8000: self.engines[0].port,
            8001: self.engines[1].port,
        }
        text = re.sub(
            r"port_value: (\d+)", lambda match: f"port_value: {ports[int(match[1])]}", text
        )
        return text if self._is_secure else TLS_BLOCK.sub("\n", text + "\n")

    def list_endpoints(self, engines: Sequence[SimulatedEngine]) -> None:
        """Puts an endpoints file in the place of the last one, in one step."""
        has_events = "tcp://" in (self._example / "endpoints.yaml").read_text()
        draft = self._folder / "endpoints.new"
        draft.write_text("endpoints:\n" + "".join(engine.entry(has_events) for engine in engines))
        draft.rename(self._folder / "endpoints.yaml")

    def new_engine(self) -> SimulatedEngine:
        """Makes an engine that no file lists yet; it is ended with the others."""
        name = f"vllm-{len(self.engines)}"
        engine = SimulatedEngine(name, self._binaries / "kvindexer", self._logs)
        self.engines.append(engine)
        return engine

    def start(self) -> None:
        """Starts everything, and waits until a request is answered."""
        for engine in self.engines:
            engine.start()
        if self._has_picker:
            self.start_picker()
        self._envoy = Program(
            "envoy",
            [
                str(self._envoy_binary), "--config-path", str(self._folder / "envoy.yaml"),
                "--log-level", "warning", "--concurrency", "2", "--use-dynamic-base-id",
            ],
            self._logs / "envoy.log",
        )
        wait_for("start of Envoy", lambda: is_up(self._admin_port, "/ready"), START_SECONDS)
        wait_for("an answer", self._answers, START_SECONDS)

    def _answers(self) -> Optional[bool]:
        body = {"model": MODEL, "prompt": "hello", "max_tokens": 1}
        try:
            return post(self.port, "/v1/completions", body).status == 200 or None
        except (OSError, ExchangeFailed):
            return None

    def start_picker(self) -> None:
        """Starts epp and waits until it serves its metrics."""
        command = [
            str(self._binaries / "epp"),
            "--config-file=epp.yaml",
            "--health-checking",
            f"--grpc-port={self._ext_proc_port}",
            f"--grpc-health-port={self._health_port}",
            f"--metrics-port={self.metrics_port}",
            f"--admin-listen=127.0.0.1:{self._indexer_port}",
            "--bind-address=127.0.0.1",
        ]
        if not self._is_secure:
            command.append("--secure-serving=false")
        # Paths in the configuration are relative to the folder that epp runs in.
        words = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(self._folder), *command]
        self._picker = Program("epp", words, self._logs / "epp.log")
        wait_for("start of epp", self._picker_is_up, START_SECONDS)

    def _picker_is_up(self) -> Optional[bool]:
        if self._picker:
            self._picker.check_alive()
        return is_up(self.metrics_port, "/metrics")

    def stop_picker(self) -> None:
        """Ends epp in good order."""
        if self._picker:
            self._picker.stop()

    def kill_picker(self) -> None:
        """Ends epp as a crash does."""
        if self._picker:
            self._picker.kill()

    def stop(self) -> None:
        """Ends everything."""
        if self._envoy:
            self._envoy.stop()
        self.stop_picker()
        for engine in self.engines:
            engine.stop()
