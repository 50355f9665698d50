"""What answers requests for completions and chats: an engine, or a gateway before engines."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failure import RunFailed
from http_json import fetch

MODEL_NAME = "tiny"


@dataclass(frozen=True)
class Served:
    """What an engine says about one request that it has served."""

    prompt: list[int]
    output: list[int]
    text: str
    cached_tokens: int


class ModelServer:
    """A server of one model."""

    def __init__(self, name: str, url: str) -> None:
        """Names the server; nothing is sent yet."""
        self.name = name
        self._url = url
        # Of the last answer.
        self.headers: Mapping[str, str] = {}

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
        answer = fetch(self._url + path, body)
        self.headers = answer.headers
        return json.loads(answer.body)

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
