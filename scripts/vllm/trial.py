"""Routes requests by the indexer's predictions and compares these with what engines deliver."""

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any, Protocol

from engine import BLOCK_TOKENS, Engine
from failure import RunFailed, wait_for
from indexer import Indexer, Prediction
from model_server import ModelServer, Served
from router import Router

SETTLE_SECONDS = 5.0
SHARE_OF_MOVED_REQUESTS = 0.25
# Neither the tokenizer's special tokens nor its single bytes.
TOKEN_RANGE = range(300, 4000)


class Prompt(Protocol):
    """One request as a client would send it."""

    @property
    def salt(self) -> str | None:
        """The cache salt."""

    def question(self) -> dict[str, Any]:
        """What to ask the indexer before."""

    def send_to(self, server: ModelServer) -> Served:
        """Has it served."""

    def describe(self) -> str:
        """Names the request for people, without its text or tokens."""


class Workload(Protocol):
    """An endless stream of prompts that is the same for the same seed and replies."""

    def next_prompt(self) -> Any:
        """Takes some user's next turn."""

    def learn(self, prompt: Any, served: Served) -> None:
        """Continues the prompt's conversation with the reply to it."""


@dataclass(frozen=True)
class Outcome:
    """One prediction beside what the engine then reported."""

    endpoint: str
    what: str
    predicted: Prediction
    prompt_tokens: int
    delivered_tokens: int

    @property
    def is_equal(self) -> bool:
        """Whether the indexer claimed to know exactly, and was right."""
        predicted = self.predicted
        is_right = predicted.matched_tokens == self.delivered_tokens
        return is_right and predicted.prompt_tokens == self.prompt_tokens and self._is_exact

    @property
    def _is_exact(self) -> bool:
        return self.predicted.trust == "exact" and self.predicted.tokens_from != "estimated"

    def describe(self) -> str:
        """Tells predicted from delivered for people."""
        predicted = self.predicted
        reason = f" ({predicted.reason})" if predicted.reason else ""
        return (
            f"{self.endpoint}, {self.what}: predicted {predicted.matched_tokens} of "
            f"{predicted.prompt_tokens} tokens {predicted.tokens_from}, trust {predicted.trust}"
            f"{reason}; delivered {self.delivered_tokens} of {self.prompt_tokens}"
        )


@dataclass(frozen=True)
class Sequence:
    """A prompt and its reply, as some engine has computed them."""

    tokens: list[int]
    salt: str | None


class Trial:
    """Sends requests one after the other and keeps every outcome."""

    def __init__(
        self, engines: list[Engine], indexer: Indexer, workload: Workload, seed: int
    ) -> None:
        """Takes engines and an indexer that run; nothing is sent yet."""
        self.outcomes: list[Outcome] = []
        self._engines = {engine.name: engine for engine in engines}
        self._indexer = indexer
        self._random = random.Random(seed)
        self._workload = workload
        self._requests: Counter[str] = Counter()
        self._served: dict[str, list[Sequence]] = {name: [] for name in self._engines}

    def run(self, requests: int, among: list[str]) -> None:
        """Sends the next prompts of the workload to some of the endpoints."""
        for _ in range(requests):
            self._request(self._workload.next_prompt(), among)

    def route(self, requests: int, router: Router) -> None:
        """Sends the next prompts of the workload through the gateway, which chooses."""
        for _ in range(requests):
            prompt = self._workload.next_prompt()
            served = prompt.send_to(router)
            routed = router.routed()
            predicted = Prediction(
                len(served.prompt), "rendered", routed.predicted_tokens, routed.basis, None
            )
            self._record(prompt, routed.endpoint, predicted, served)

    def alternate(self, requests: int) -> None:
        """Sends the next prompts of the workload to one engine after the other."""
        names = sorted(self._engines)
        for number in range(requests):
            prompt = self._workload.next_prompt()
            name = names[number % len(names)]
            predicted = self._indexer.predict(**prompt.question())[name]
            self._record(prompt, name, predicted, prompt.send_to(self._engines[name]))

    def settle(self, name: str) -> None:
        """Waits until the indexer has applied all that the engine has announced so far.

        A request may leave nothing but removals, which no answer shows. So the engine serves a
        block that nobody has seen: its events come in order, and this one comes last.
        """
        marker = self._unseen_block()
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
        return self._indexer.predict(tokens=self._unseen_block())[name]

    def _request(self, prompt: Prompt, among: list[str]) -> None:
        predictions = self._indexer.predict(**prompt.question())
        name = self._choose(predictions, among)
        self._requests[name] += 1
        self._record(prompt, name, predictions[name], prompt.send_to(self._engines[name]))

    def _record(self, prompt: Prompt, name: str, predicted: Prediction, served: Served) -> None:
        outcome = Outcome(
            name, prompt.describe(), predicted, len(served.prompt), served.cached_tokens
        )
        self.outcomes.append(outcome)
        self._workload.learn(prompt, served)
        sequence = Sequence(served.prompt + served.output, prompt.salt)
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

    def _unseen_block(self) -> list[int]:
        return self._random.choices(TOKEN_RANGE, k=BLOCK_TOKENS)

    def _match(self, name: str, sequence: Sequence) -> Prediction:
        # One more token, because an engine always computes a prompt's last token anew.
        tokens = sequence.tokens + sequence.tokens[:1]
        return self._indexer.predict(tokens=tokens, cache_salt=sequence.salt)[name]

    def _wait_for_match(self, name: str, sequence: Sequence, tokens: int, after: str) -> None:
        def is_matched() -> bool | None:
            return True if self._match(name, sequence).matched_tokens >= tokens else None

        wait_for(f"{tokens} tokens matched at {name} after {after}", is_matched, SETTLE_SECONDS)
