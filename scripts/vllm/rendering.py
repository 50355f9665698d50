"""Compares the tokens that requests of every shape become with those that the engine reads."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import Engine
from failure import RunFailed
from indexer import Indexer
from kvindexer_client import Scores
from shapes import CHAT, COMPLETIONS, MESSAGES, RESPONSES, Shape, all_shapes
from trial import Outcome, Trial

# What the indexer takes beside `messages`; the rest of a chat does not touch its tokens.
CHAT_FIELDS = [
    "messages",
    "tools",
    "tool_choice",
    "chat_template_kwargs",
    "add_generation_prompt",
    "continue_final_message",
    "cache_salt",
]
WANTED = {"return_tokens": True}


@dataclass(frozen=True)
class Reading:
    """What the engine has read of a request."""

    prompts: list[list[int]]
    cached_tokens: int


class RenderComparison:
    """Sends every shape to an engine, and asks every indexer for its tokens."""

    def __init__(self, engine: Engine, indexers: Mapping[str, Indexer], trial: Trial) -> None:
        """Takes indexers by the way they render; the first one follows the engine, too."""
        self.differences: list[str] = []
        self.equal_lists = 0
        self._engine = engine
        self._indexers = indexers
        self._trial = trial

    def run(self) -> list[Outcome]:
        """Compares all shapes; returns what was predicted of the second request of each."""
        return [
            outcome
            for number, shape in enumerate(all_shapes())
            if (outcome := self._compare(shape, number)) is not None
        ]

    def _compare(self, shape: Shape, number: int) -> Outcome | None:
        reading = self._send(shape)
        # Clients differ in how they write JSON.
        raw = json.dumps(shape.body, ensure_ascii=number % 2 == 0, indent=number % 3 or None)
        for way, indexer in self._indexers.items():
            request = {"path": shape.path, "body": raw}
            if shape.gives_tokens:
                self._expect(shape, way, reading, indexer.scores(**request, **WANTED), ["given"])
                continue
            origins = ["rendered", "cached"]
            self._expect(shape, way, reading, indexer.scores(**request, **WANTED), origins)
            # The second time nobody has to be asked.
            self._expect(shape, way, reading, indexer.scores(**request, **WANTED), ["cached"])
            if shape.path == CHAT:
                fields = {name: shape.body[name] for name in CHAT_FIELDS if name in shape.body}
                scores = indexer.scores(**fields, **WANTED)
                self._expect(shape, f"{way}, messages", reading, scores, origins)
        return self._predict(shape, raw) if shape.prompts == 1 else None

    def _expect(
        self, shape: Shape, how: str, reading: Reading, scores: Scores, origins: list[str]
    ) -> None:
        tokens = scores.tokens if shape.prompts > 1 else [scores.tokens]
        if tokens == reading.prompts and scores.tokens_from in origins:
            self.equal_lists += 1
            return
        seen = f"{scores.prompt_tokens} tokens {scores.tokens_from}"
        if scores.reason:
            seen += f" ({scores.reason})"
        counts = [len(prompt) for prompt in reading.prompts]
        self.differences.append(f"{shape.name} ({how}): {seen}; the engine read {counts}")

    def _predict(self, shape: Shape, raw: str) -> Outcome:
        """Asks how much of a request that was served before is cached, and has it served again."""
        name, indexer = self._engine.name, next(iter(self._indexers.values()))
        self._trial.settle(name)
        prediction = indexer.predict(path=shape.path, body=raw)[name]
        again = self._send(shape)
        return Outcome(name, shape.name, prediction, len(again.prompts[0]), again.cached_tokens)

    def _send(self, shape: Shape) -> Reading:
        body = {name: value for name, value in shape.body.items() if not name.startswith("stream")}
        if shape.path in (COMPLETIONS, CHAT):
            body["return_token_ids"] = True
        reply = self._engine.ask(shape.path, body)
        prompts = self._prompts(shape, body, reply)
        read, cached = usage(shape, reply)
        if read != sum(map(len, prompts)):
            raise RunFailed(f"{shape.name}: the engine read {read} tokens, not {prompts}")
        return Reading(prompts, cached)

    def _prompts(self, shape: Shape, body: dict[str, Any], reply: Any) -> list[list[int]]:
        if shape.path == COMPLETIONS:
            return [choice["prompt_token_ids"] for choice in reply["choices"]]
        if shape.path == CHAT:
            return [reply["prompt_token_ids"]]
        if shape.path in (MESSAGES, RESPONSES):
            # These answers tell only how many tokens there were.
            return [self._engine.ask(shape.path + "/render", body)["token_ids"]]
        return [body["token_ids"]]


def usage(shape: Shape, reply: Any) -> tuple[int, int]:
    """Returns how many tokens the engine has read, and how many of them were cached."""
    told = reply["usage"]
    if shape.path == MESSAGES:
        cached = told["cache_read_input_tokens"]
        return told["input_tokens"] + told["cache_creation_input_tokens"] + cached, cached
    if shape.path == RESPONSES:
        return told["input_tokens"], told["input_tokens_details"]["cached_tokens"]
    return told["prompt_tokens"], told["prompt_tokens_details"]["cached_tokens"]
