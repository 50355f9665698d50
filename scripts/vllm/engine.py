"""One vLLM server on the CPU, with a small cache and KV events."""

import json
from dataclasses import dataclass
from pathlib import Path

from failure import RunFailed, wait_for
from http_json import answers, fetch_json
from model_server import MODEL_NAME, ModelServer
from program import Program

BLOCK_TOKENS = 32
# The engine keeps one block for itself.
CACHE_BLOCKS = 128
CONTEXT_TOKENS = 2048
START_SECONDS = 240.0

# Without them requests with tools are refused, by renderers too.
TOOL_FLAGS = ["--enable-auto-tool-choice", "--tool-call-parser", "hermes"]

ENVIRONMENT = {
    "VLLM_SERVER_DEV_MODE": "1",  # Serves /reset_prefix_cache.
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}


@dataclass(frozen=True)
class EngineSite:
    """The name and the ports that an engine keeps over restarts."""

    name: str
    http_port: int
    events_port: int
    replay_port: int


class Engine(ModelServer):
    """A vLLM server that can be started, killed and started again on its ports."""

    def __init__(self, site: EngineSite, vllm: Path, model: Path, log: Path) -> None:
        """Describes the server; `start` starts it."""
        super().__init__(site.name, f"http://127.0.0.1:{site.http_port}")
        self._site = site
        self._vllm = vllm
        self._model = model
        self._log = log
        self._program: Program | None = None

    def start(self, ring_messages: int | None = None) -> None:
        """Starts the server; `wait_until_healthy` follows.

        Its replay ring keeps so many messages, as many as vLLM likes unless told.
        """
        command = serve_command(self._site, self._vllm, self._model, ring_messages)
        self._program = Program(self.name, ["nice", "-n", "5", *command], self._log, ENVIRONMENT)

    def wait_until_healthy(self) -> None:
        """Waits until the server takes requests."""
        what = f"health of {self.name}, see {self._log}"
        wait_for(what, lambda: self.is_healthy() or None, START_SECONDS, 0.2)

    def is_healthy(self) -> bool:
        """Tells whether the server takes requests; fails when it has ended instead."""
        if self._program is not None:
            self._program.check_alive()
        return answers(f"{self._url}/health")

    def reset_prefix_cache(self) -> None:
        """Empties the cache; the engine announces it with the events of its next step."""
        reply = fetch_json(f"{self._url}/reset_prefix_cache", method="POST")
        if reply != {"success": True}:
            raise RunFailed(f"{self.name} did not reset its cache: {reply}")

    def kill(self) -> None:
        """Kills all processes of the server at once, as a crash of its machine would."""
        if self._program is not None:
            self._program.kill()

    def stop(self) -> None:
        """Ends the server in an orderly way."""
        if self._program is not None:
            self._program.stop()


def serve_command(
    site: EngineSite, vllm: Path, model: Path, ring_messages: int | None = None
) -> list[str]:
    """Builds the command line of a server."""
    events = {
        "enable_kv_cache_events": True,
        "publisher": "zmq",
        # With a wildcard the engine binds; with any other host it would connect.
        "endpoint": f"tcp://*:{site.events_port}",
        "replay_endpoint": f"tcp://127.0.0.1:{site.replay_port}",
        "topic": f"kv@127.0.0.1:{site.http_port}@{MODEL_NAME}",
    }
    if ring_messages is not None:
        events["buffer_steps"] = ring_messages
    options = {
        "--host": "127.0.0.1",
        "--port": site.http_port,
        "--served-model-name": MODEL_NAME,
        "--dtype": "bfloat16",
        "--max-model-len": CONTEXT_TOKENS,
        "--max-num-seqs": 4,
        "--block-size": BLOCK_TOKENS,
        "--num-gpu-blocks-override": CACHE_BLOCKS,
        "--kv-cache-memory-bytes": "64M",
        "--kv-events-config": json.dumps(events),
    }
    flags = ["--enforce-eager", "--enable-prefix-caching", "--enable-prompt-tokens-details"]
    pairs = [str(word) for option in options.items() for word in option]
    # Without it the render endpoints answer 403.
    flags.append("--enable-scale-out")
    return [str(vllm), "serve", str(model), *flags, *pairs, *TOOL_FLAGS]
