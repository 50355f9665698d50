"""The endpoint picker behind a real Envoy, before the engines."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import EngineSite
from failure import RunFailed, wait_for
from http_json import answers, fetch
from indexer import Indexer, endpoints_yaml
from model_server import ModelServer
from program import Program

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "workstation"
READY_SECONDS = 30.0


@dataclass(frozen=True)
class Routed:
    """What the picker told the client of the last request."""

    endpoint: str
    predicted_tokens: int
    basis: str


@dataclass(frozen=True)
class Shadow:
    """What one way of predicting made of the requests that were delivered."""

    requests: int
    predicted_tokens: int
    absolute_error_tokens: int
    wrong_requests: int
    regret_tokens: int

    @classmethod
    def of(cls, side: dict[str, Any]) -> "Shadow":
        """Reads one side of the answer to /v1/comparison."""
        return cls(*(side[field] for field in cls.__dataclass_fields__))

    def describe(self) -> str:
        """Tells the figures for people."""
        return (
            f"{self.absolute_error_tokens} tokens wrong in {self.wrong_requests} of "
            f"{self.requests} requests, regret {self.regret_tokens}"
        )


@dataclass(frozen=True)
class Comparison:
    """Both ways of predicting, beside what the engines delivered."""

    requests: int
    delivered_tokens: int
    precise: Shadow
    approximate: Shadow


@dataclass(frozen=True)
class RouterPorts:
    """Where Envoy and the picker listen."""

    gateway: int
    gateway_admin: int
    picker: int
    health: int
    metrics: int
    indexer: int


class Router(ModelServer):
    """`epp` and Envoy with the files of the example for a workstation."""

    def __init__(
        self, binary: Path, envoy: Path, sites: list[EngineSite], ports: RouterPorts, logs: Path
    ) -> None:
        """Writes the files and starts both programs."""
        super().__init__("the gateway", f"http://127.0.0.1:{ports.gateway}")
        self._logs = logs
        files = {"envoy": logs / "envoy.yaml", "epp": logs / "epp.yaml"}
        endpoints = logs / "epp-endpoints.yaml"
        endpoints.write_text(endpoints_yaml(sites))
        replaced = {
            "8080": ports.gateway,
            "9901": ports.gateway_admin,
            "9002": ports.picker,
            "8000": sites[0].http_port,
            "8001": sites[1].http_port,
        }
        text = (EXAMPLE / "envoy.yaml").read_text()
        for port, actual in replaced.items():
            text = text.replace(f"port_value: {port}}}", f"port_value: {actual}}}")
        files["envoy"].write_text(text)
        text = (EXAMPLE / "epp.yaml").read_text()
        files["epp"].write_text(text.replace("path: endpoints.yaml", f"path: {endpoints}"))
        self._epp = Program("epp", self._picker_command(binary, files["epp"], ports), logs / "epp.log")
        self._envoy = Program(
            "envoy",
            [str(envoy), "-c", str(files["envoy"]), "--concurrency", "1", "-l", "warning"],
            logs / "envoy.log",
        )
        self._ready = f"http://127.0.0.1:{ports.gateway_admin}/ready"
        self._api = f"http://127.0.0.1:{ports.indexer}"
        self.indexer = Indexer("the picker's indexer", self._epp, self._api)

    @staticmethod
    def _picker_command(binary: Path, configuration: Path, ports: RouterPorts) -> list[str]:
        return [
            str(binary),
            f"--config-file={configuration}",
            f"--grpc-port={ports.picker}",
            f"--grpc-health-port={ports.health}",
            f"--metrics-port={ports.metrics}",
            f"--admin-listen=127.0.0.1:{ports.indexer}",
            "--health-checking",
            "--emit-predictions",
        ]

    def wait_until_ready(self, endpoints: list[str]) -> None:
        """Waits until requests are routed with exact knowledge of all endpoints."""
        self.indexer.wait_until_ready()
        self.indexer.wait_until_rendering(READY_SECONDS)

        def is_exact() -> bool | None:
            return all(self.indexer.trust(name) == "exact" for name in endpoints) or None

        wait_for("the picker's exact knowledge of all endpoints", is_exact, READY_SECONDS)
        wait_for("Envoy's readiness", lambda: answers(self._ready) or None, READY_SECONDS)

    def routed(self) -> Routed:
        """Reads what the last answer says of its routing."""
        try:
            return Routed(
                self.headers["x-kvindexer-endpoint"].rpartition("/")[2],
                int(self.headers["x-kvindexer-predicted-tokens"]),
                self.headers["x-kvindexer-prediction"],
            )
        except (KeyError, AttributeError):
            raise RunFailed(f"an answer does not say how it was routed; see {self._logs}") from None

    def comparison(self) -> Comparison:
        """Asks the picker for precise and approximate prediction, each against what came of it."""
        total = json.loads(fetch(f"{self._api}/v1/comparison").body)["total"]
        return Comparison(
            total["requests"],
            total["delivered_tokens"],
            Shadow.of(total["precise"]),
            Shadow.of(total["approximate"]),
        )

    def stop(self) -> None:
        """Ends both programs in an orderly way."""
        self._envoy.stop()
        self.indexer.stop()
