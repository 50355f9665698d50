"""kvindexer as a child process, and what it answers to its own client for Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import EngineSite
from failure import RunFailed, wait_for
from http_json import fetch, fetch_json
from kvindexer_client import Client, Scores
from model_server import MODEL_NAME
from program import Program

READY_SECONDS = 20.0
# Long after any answer on a busy machine: a late one would be no signal.
ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class Prediction:
    """What the indexer says about one endpoint and one prompt."""

    prompt_tokens: int
    tokens_from: str
    matched_tokens: int
    trust: str
    reason: str | None


class Indexer:
    """A running `kvindexer serve`, or the indexer inside a picker."""

    def __init__(self, name: str, program: Program, location: str) -> None:
        """Takes a program that serves the API at `http://HOST:PORT` or `unix:/PATH`."""
        self.name = name
        self._location = location
        self._program = program
        self._client = Client(location, deadline=ANSWER_SECONDS)

    @classmethod
    def start(
        cls,
        name: str,
        binary: Path,
        sites: list[EngineSite],
        location: str,
        logs: Path,
        options: Sequence[str] = (),
    ) -> "Indexer":
        """Writes the endpoints file and starts the indexer on it."""
        endpoints = logs / "endpoints.yaml"
        endpoints.write_text(endpoints_yaml(sites))
        command = [str(binary), "serve", "--endpoints", str(endpoints), "--grpc-listen", "none"]
        command += ["--listen", location.removeprefix("http://"), *options]
        return cls(name, Program(name, command, logs / f"{name}.log"), location)

    def wait_until_ready(self) -> None:
        """Waits until the indexer says that it serves."""
        wait_for(f"readiness of {self.name}", self._readiness, READY_SECONDS)

    def wait_until_rendering(self, seconds: float) -> None:
        """Waits until text becomes tokens."""

        def is_rendering() -> bool | None:
            return True if self.scores(prompt="x").tokens_from != "estimated" else None

        wait_for(f"rendering through {self.name}", is_rendering, seconds, 0.1)

    def scores(self, **request: Any) -> Scores:
        """Asks with the client's own words, and insists on an answer."""
        self._program.check_alive()
        scores = self._client.score(model=MODEL_NAME, **request)
        if not scores.signal:
            raise RunFailed(f"{self.name} gave no signal: {scores.reason}")
        return scores

    def predict(self, **request: Any) -> dict[str, Prediction]:
        """Asks which endpoint holds how much of a prompt; the keys are endpoint names."""
        scores = self.scores(**request)
        return {
            item.endpoint: Prediction(
                scores.prompt_tokens,
                scores.tokens_from or "",
                item.matched_tokens,
                item.trust,
                item.reason or scores.reason,
            )
            for item in scores.endpoints
        }

    def trust(self, endpoint: str) -> str:
        """Returns the trust state of the endpoint's only source."""
        return str(self._source(endpoint)["trust"])

    def removed_blocks(self, endpoint: str) -> int:
        """Returns how many blocks the endpoint's engine has announced as removed."""
        return int(self._source(endpoint)["counters"]["removed_blocks"])

    def engine_snapshots(self, endpoint: str) -> dict[str, int]:
        """Returns how the endpoint's engine answered requests for a snapshot, by outcome."""
        self._program.check_alive()
        family = f'kvindexer_engine_snapshots_total{{endpoint="{endpoint}",rank="0",outcome="'
        page = fetch(f"{self._location}/metrics").body.decode()
        samples = [line.removeprefix(family) for line in page.splitlines() if family in line]
        pairs = [sample.split('"} ') for sample in samples]
        return {outcome: int(float(count)) for outcome, count in pairs}

    def kill(self) -> None:
        """Ends the indexer at once."""
        self._client.close()
        self._program.kill()

    def stop(self) -> None:
        """Ends the indexer in an orderly way."""
        self._client.close()
        self._program.stop()

    def _source(self, endpoint: str) -> dict[str, Any]:
        self._program.check_alive()
        listed: list[dict[str, Any]] = fetch_json(f"{self._location}/v1/sources")["sources"]
        sources = [source for source in listed if source["endpoint"] == endpoint]
        if len(sources) != 1:
            raise RunFailed(f"/v1/sources lists {len(sources)} sources of {endpoint}, not one")
        return sources[0]

    def _readiness(self) -> bool | None:
        self._program.check_alive()
        return True if self._client.ready() else None


def endpoints_yaml(sites: list[EngineSite]) -> str:
    """Lists the engines the way that kvindexer reads them."""
    lines = ["endpoints:"]
    for site in sites:
        lines += [
            f"- name: {site.name}",
            '  address: "127.0.0.1"',
            f'  port: "{site.http_port}"',
            f"  model: {MODEL_NAME}",
            "  kvEvents:",
            f'    endpoint: "tcp://127.0.0.1:{site.events_port}"',
            f'    replayEndpoint: "tcp://127.0.0.1:{site.replay_port}"',
        ]
    return "\n".join(lines) + "\n"
