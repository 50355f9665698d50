"""Routes requests by the indexer's predictions and compares these with what engines deliver."""

import random
from collections import Counter
from dataclasses import dataclass

from engine import BLOCK_TOKENS, Engine
from failure import RunFailed, wait_for
from indexer import Indexer, Prediction
from workload import Prompt, Workload

SETTLE_SECONDS = 5.0
SHARE_OF_MOVED_REQUESTS = 0.25


@dataclass(frozen=True)
class Outcome:
    """One prediction beside what the engine then reported."""

    endpoint: str
    prompt: Prompt
    predicted: Prediction
    delivered_tokens: int

    @property
    def is_equal(self) -> bool:
        """Whether the indexer claimed to know exactly, and was right."""
        is_right = self.predicted.matched_tokens == self.delivered_tokens
        return is_right and self.predicted.trust == "exact"

    def describe(self) -> str:
        """Tells predicted from delivered for people."""
        reason = f" ({self.predicted.reason})" if self.predicted.reason else ""
        return (
            f"{self.endpoint}, {self.prompt.describe()}: predicted "
            f"{self.predicted.matched_tokens}, trust {self.predicted.trust}{reason}; "
            f"delivered {self.delivered_tokens}"
        )


@dataclass(frozen=True)
class Sequence:
    """A prompt and its reply, as some engine has computed them."""

    tokens: list[int]
    salt: str | None


class Trial:
    """Sends requests one after the other and keeps every outcome."""

    def __init__(self, engines: list[Engine], indexer: Indexer, seed: int) -> None:
        """Prepares the workload; nothing is sent yet."""
        self.outcomes: list[Outcome] = []
        self._engines = {engine.name: engine for engine in engines}
        self._indexer = indexer
        self._random = random.Random(seed)
        self._workload = Workload(seed)
        self._requests: Counter[str] = Counter()
        self._served: dict[str, list[Sequence]] = {name: [] for name in self._engines}

    def run(self, requests: int, among: list[str]) -> None:
        """Sends the next prompts of the workload to some of the endpoints."""
        for _ in range(requests):
            self._request(self._workload.next_prompt(), among)

    def settle(self, name: str) -> None:
        """Waits until the indexer has applied all that the engine has announced so far.

        A request may leave nothing but removals, which no answer shows. So the engine serves a
        block that nobody has seen: its events come in order, and this one comes last.
        """
        marker = self._workload.tokens(BLOCK_TOKENS)
        self._engines[name].complete(marker, None, max_tokens=1)
        self._wait_for_match(name, Sequence(marker, None), BLOCK_TOKENS, "a marker block")

    def credited_sequences(self, name: str) -> int:
        """Counts the sequences that the endpoint has served and is credited a part of."""
        return sum(self._match(name, s).matched_tokens > 0 for s in self._served[name])

    def newest_credit(self, name: str) -> Prediction:
        """Asks what the endpoint is credited of the sequence that it has served last."""
        return self._match(name, self._served[name][-1])

    def trust(self, name: str) -> Prediction:
        """Asks what the indexer says about an endpoint and some prompt."""
        return self._indexer.score(self._workload.tokens(BLOCK_TOKENS), None)[name]

    def _request(self, prompt: Prompt, among: list[str]) -> None:
        predictions = self._indexer.score(prompt.tokens, prompt.salt)
        name = self._choose(predictions, among)
        self._requests[name] += 1
        reply = self._engines[name].complete(prompt.tokens, prompt.salt, prompt.max_tokens)
        outcome = Outcome(name, prompt, predictions[name], reply.cached_tokens)
        self.outcomes.append(outcome)
        self._workload.learn(prompt, reply.output)
        sequence = Sequence(prompt.tokens + reply.output, prompt.salt)
        self._served[name].append(sequence)
        self.settle(name)
        # The last token that was sampled has not been computed on.
        resident = (len(sequence.tokens) - 1) // BLOCK_TOKENS * BLOCK_TOKENS
        self._wait_for_match(name, sequence, resident, outcome.describe())

    def _choose(self, predictions: dict[str, Prediction], among: list[str]) -> str:
        if missing := set(among) - set(predictions):
            raise RunFailed(f"/v1/score leaves out {', '.join(sorted(missing))}")
        best = max(among, key=lambda n: (predictions[n].matched_tokens, -self._requests[n]))
        others = [name for name in among if name != best]
        if others and self._random.random() < SHARE_OF_MOVED_REQUESTS:
            return self._random.choice(others)
        return best

    def _match(self, name: str, sequence: Sequence) -> Prediction:
        # One more token, because an engine always computes a prompt's last token anew.
        return self._indexer.score(sequence.tokens + sequence.tokens[:1], sequence.salt)[name]

    def _wait_for_match(self, name: str, sequence: Sequence, tokens: int, after: str) -> None:
        def is_matched() -> bool | None:
            return True if self._match(name, sequence).matched_tokens >= tokens else None

        wait_for(f"{tokens} tokens matched at {name} after {after}", is_matched, SETTLE_SECONDS)
