"""kvindexer as a child process, and what it answers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import MODEL_NAME, EngineSite
from failure import RunFailed, wait_for
from http_json import answers, fetch_json
from program import Program

READY_SECONDS = 20.0


@dataclass(frozen=True)
class Prediction:
    """What the indexer says about one endpoint and one prompt."""

    matched_tokens: int
    trust: str
    reason: str | None


class Indexer:
    """A running `kvindexer serve`."""

    def __init__(self, binary: Path, sites: list[EngineSite], port: int, logs: Path) -> None:
        """Writes the endpoints file and starts the indexer on it."""
        endpoints = logs / "endpoints.yaml"
        endpoints.write_text(endpoints_yaml(sites))
        listen = f"127.0.0.1:{port}"
        command = [str(binary), "serve", "--endpoints", str(endpoints), "--listen", listen]
        self._url = f"http://{listen}"
        self._program = Program("kvindexer", command, logs / "kvindexer.log")

    def wait_until_ready(self) -> None:
        """Waits until the indexer says that it serves."""
        wait_for("readiness of kvindexer", self._readiness, READY_SECONDS)

    def score(self, tokens: list[int], salt: str | None) -> dict[str, Prediction]:
        """Asks which endpoint holds how much of a prompt; the keys are endpoint names."""
        body = {"model": MODEL_NAME, "tokens": tokens, "cache_salt": salt}
        reply = self._ask("/v1/score", body)
        return {
            item["endpoint"]: Prediction(item["matched_tokens"], item["trust"], item["reason"])
            for item in reply["endpoints"]
        }

    def trust(self, endpoint: str) -> str:
        """Returns the trust state of the endpoint's only source."""
        return str(self._source(endpoint)["trust"])

    def removed_blocks(self, endpoint: str) -> int:
        """Returns how many blocks the endpoint's engine has announced as removed."""
        return int(self._source(endpoint)["counters"]["removed_blocks"])

    def stop(self) -> None:
        """Ends the indexer in an orderly way."""
        self._program.stop()

    def _source(self, endpoint: str) -> dict[str, Any]:
        listed: list[dict[str, Any]] = self._ask("/v1/sources")["sources"]
        sources = [source for source in listed if source["endpoint"] == endpoint]
        if len(sources) != 1:
            raise RunFailed(f"/v1/sources lists {len(sources)} sources of {endpoint}, not one")
        return sources[0]

    def _ask(self, path: str, body: Any = None) -> Any:
        self._program.check_alive()
        return fetch_json(self._url + path, body)

    def _readiness(self) -> bool | None:
        self._program.check_alive()
        return True if answers(f"{self._url}/readyz") else None


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
