"""One vLLM server on the CPU, with a small cache and KV events."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from failure import RunFailed, wait_for
from http_json import answers, fetch_json
from program import Program

MODEL_NAME = "tiny"
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


@dataclass(frozen=True)
class Served:
    """What an engine says about one request that it has served."""

    prompt: list[int]
    output: list[int]
    text: str
    cached_tokens: int


class Engine:
    """A vLLM server that can be started, killed and started again on its ports."""

    def __init__(self, site: EngineSite, vllm: Path, model: Path, log: Path) -> None:
        """Describes the server; `start` starts it."""
        self.name = site.name
        self._url = f"http://127.0.0.1:{site.http_port}"
        self._command = ["nice", "-n", "5", *serve_command(site, vllm, model)]
        self._log = log
        self._program: Program | None = None

    def start(self) -> None:
        """Starts the server; `wait_until_healthy` follows."""
        self._program = Program(self.name, self._command, self._log, ENVIRONMENT)

    def wait_until_healthy(self) -> None:
        """Waits until the server takes requests."""
        what = f"health of {self.name}, see {self._log}"
        wait_for(what, lambda: self.is_healthy() or None, START_SECONDS, 0.2)

    def is_healthy(self) -> bool:
        """Tells whether the server takes requests; fails when it has ended instead."""
        if self._program is not None:
            self._program.check_alive()
        return answers(f"{self._url}/health")

    def complete(self, prompt: list[int], salt: str | None, max_tokens: int) -> Served:
        """Serves one prompt of token ids; exactly `max_tokens` tokens come back."""
        reply = self._generate("/v1/completions", {"prompt": prompt}, salt, max_tokens)
        choice = reply["choices"][0]
        served = self._served(reply, choice["prompt_token_ids"], choice["text"], max_tokens)
        if served.prompt != prompt:
            raise RunFailed(f"{self.name} served another prompt than it was given")
        return served

    def chat(self, fields: dict[str, Any], salt: str | None, max_tokens: int) -> Served:
        """Serves one chat of messages, tools and so on; `max_tokens` tokens come back."""
        reply = self._generate("/v1/chat/completions", fields, salt, max_tokens)
        text = reply["choices"][0]["message"]["content"] or ""
        return self._served(reply, reply["prompt_token_ids"], text, max_tokens)

    def ask(self, path: str, body: Any) -> Any:
        """Returns the answer to any request that must succeed."""
        return fetch_json(self._url + path, body)

    def _generate(
        self, path: str, fields: dict[str, Any], salt: str | None, max_tokens: int
    ) -> Any:
        body = {
            "model": MODEL_NAME,
            **fields,
            "max_tokens": max_tokens,
            "temperature": 0,
            "ignore_eos": True,
            "return_token_ids": True,
        }
        return self.ask(path, body if salt is None else {**body, "cache_salt": salt})

    def _served(self, reply: Any, prompt: list[int], text: str, max_tokens: int) -> Served:
        usage, output = reply["usage"], reply["choices"][0]["token_ids"]
        if usage["prompt_tokens"] != len(prompt) or len(output) != max_tokens:
            raise RunFailed(f"{self.name} read {usage}, wrote {len(output)} of {max_tokens} tokens")
        return Served(prompt, output, text, usage["prompt_tokens_details"]["cached_tokens"])

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


def serve_command(site: EngineSite, vllm: Path, model: Path) -> list[str]:
    """Builds the command line of a server."""
    events = {
        "enable_kv_cache_events": True,
        "publisher": "zmq",
        # With a wildcard the engine binds; with any other host it would connect.
        "endpoint": f"tcp://*:{site.events_port}",
        "replay_endpoint": f"tcp://127.0.0.1:{site.replay_port}",
        "topic": f"kv@127.0.0.1:{site.http_port}@{MODEL_NAME}",
    }
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
