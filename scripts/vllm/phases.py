"""The phases of a run: steady service, reset, crash, restart, text, chats, routing, recovery."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from chat_workload import ChatWorkload
from engine import START_SECONDS, Engine
from failure import RunFailed, wait_for
from indexer import Indexer
from recovery import Recovery, StartIndexer
from rendering import RenderComparison
from router import Router
from token_workload import TokenWorkload
from trial import Outcome, Trial

STEADY_REQUESTS = 160
RESET_REQUESTS = 12
ONE_DOWN_REQUESTS = 12
RESTARTED_REQUESTS = 40
CHATS = 200
ROUND_ROBIN_CHATS = 200
ROUTED_CHATS = 500
EXACT_SECONDS = 30.0
# Well above the longest pause between two attempts to reconnect.
LOSS_SECONDS = 5.0


class Run:
    """The phases of the comparison, in order."""

    def __init__(self, engines: list[Engine], indexers: Mapping[str, Indexer], seed: int) -> None:
        """Takes servers that run and answer; indexers by the way that they get tokens.

        All phases but the one that compares tokens use the first indexer only.
        """
        self._names = [engine.name for engine in engines]
        self._engines = engines
        self._indexers = indexers
        self._indexer = next(iter(indexers.values()))
        self.trial = Trial(engines, self._indexer, TokenWorkload(seed), seed)
        self._chats = Trial(engines, self._indexer, ChatWorkload(seed), seed + 1)
        self._rendered: list[Outcome] = []
        self._routed: list[Outcome] = []
        self._recovered: list[Outcome] = []
        self._seed = seed
        self.broken_promises: list[str] = []
        self._started = time.monotonic()

    def all_phases(
        self, start_router: Callable[[], Router], start_indexer: StartIndexer, state: Path
    ) -> None:
        """Runs every phase; RunFailed means that the rest makes no sense.

        The picker and its gateway run in one phase only, and so do indexers that start late.
        """
        self.steady()
        self.reset(self._engines[0])
        self.crash(self._engines[1])
        self.restart(self._engines[1])
        self.render(self._engines[0])
        self.chat()
        router = start_router()
        try:
            self.routed(router)
        finally:
            router.stop()
        self.recover(start_indexer, state)

    @property
    def outcomes(self) -> list[Outcome]:
        """All predictions so far."""
        return [
            *self.trial.outcomes, *self._rendered, *self._chats.outcomes, *self._routed,
            *self._recovered,
        ]

    def steady(self) -> None:
        """Both servers serve, and evict."""
        for name in self._names:
            self._wait_until_exact(name)
        self.trial.run(STEADY_REQUESTS, self._names)
        removed = {name: self._indexer.removed_blocks(name) for name in self._names}
        self._say(f"steady: {STEADY_REQUESTS} requests, evicted blocks: {removed}")
        if not all(removed.values()):
            raise RunFailed("a cache was never full: nothing was evicted")
        if not any(outcome.delivered_tokens for outcome in self.trial.outcomes):
            raise RunFailed("no request found anything cached")

    def reset(self, engine: Engine) -> None:
        """One server forgets its cache and goes on."""
        self._expect_credit(engine.name)
        engine.reset_prefix_cache()
        # The engine announces the reset with the events of its next request.
        self.trial.settle(engine.name)
        self._expect_no_credit(engine.name, "after its reset")
        self._wait_until_exact(engine.name)
        self.trial.run(RESET_REQUESTS, [engine.name])
        self._say(f"reset of {engine.name}: forgotten, then {RESET_REQUESTS} requests")

    def crash(self, engine: Engine) -> None:
        """One server dies; the other one serves."""
        self._expect_credit(engine.name)
        engine.kill()

        def loss() -> str | None:
            if self.trial.credited_sequences(engine.name):
                return None
            seen = self.trial.trust(engine.name)
            return seen.reason if seen.trust != "exact" else None

        reason = wait_for(f"loss of {engine.name} noticed, with a reason", loss, LOSS_SECONDS)
        others = [name for name in self._names if name != engine.name]
        self.trial.run(ONE_DOWN_REQUESTS, others)
        self._say(f"crash of {engine.name}: “{reason}”, {ONE_DOWN_REQUESTS} requests elsewhere")

    def restart(self, engine: Engine) -> None:
        """The dead server comes back on its ports with an empty cache."""
        engine.start()
        ghosts: list[str] = []

        def is_back() -> bool | None:
            credit = self.trial.newest_credit(engine.name)
            if credit.matched_tokens:
                ghosts.append(f"{credit.matched_tokens} tokens, trust {credit.trust}")
            return True if credit.trust == "exact" and engine.is_healthy() else None

        wait_for(f"{engine.name} healthy and exact again", is_back, START_SECONDS)
        if ghosts:
            text = f"{engine.name} was credited its old cache while it started again: {ghosts[0]}"
            self.broken_promises.append(text)
        self._expect_no_credit(engine.name, "after its restart")
        self.trial.run(RESTARTED_REQUESTS, self._names)
        self._say(f"restart of {engine.name}: exact, then {RESTARTED_REQUESTS} requests")

    def render(self, engine: Engine) -> None:
        """Requests of every shape become the tokens that the engine reads."""
        for indexer in self._indexers.values():
            indexer.wait_until_rendering(START_SECONDS)
        comparison = RenderComparison(engine, self._indexers, self.trial)
        self._rendered += comparison.run()
        self.broken_promises += comparison.differences
        ways = ", ".join(self._indexers)
        self._say(f"render through {ways}: {comparison.equal_lists} token lists equal")

    def chat(self) -> None:
        """Both servers serve chats, which are rendered to be scored."""
        self._chats.run(CHATS, self._names)
        hits = sum(outcome.delivered_tokens > 0 for outcome in self._chats.outcomes)
        self._say(f"chat: {CHATS} requests, {hits} hits")
        if not hits:
            raise RunFailed("no chat found anything cached")

    def routed(self, router: Router) -> None:
        """A real Envoy with the picker serves chats, and the same chats go round robin."""
        router.wait_until_ready(self._names)
        ratios = []
        for is_routed in [False, True]:
            self._empty_caches(router.indexer)
            trial = Trial(self._engines, router.indexer, ChatWorkload(self._seed + 2), self._seed)
            if is_routed:
                trial.route(ROUTED_CHATS, router)
                self._routed = trial.outcomes
            else:
                trial.alternate(ROUND_ROBIN_CHATS)
            compared = trial.outcomes[:ROUND_ROBIN_CHATS]
            cached = sum(outcome.delivered_tokens for outcome in compared)
            ratios.append(cached / sum(outcome.prompt_tokens for outcome in compared))
        share = Counter(outcome.endpoint for outcome in self._routed)
        self._say(
            f"routed through Envoy: {ROUTED_CHATS} chats, {dict(share)}; cached tokens of the first "
            f"{ROUND_ROBIN_CHATS} {ratios[1]:.1%}, round robin {ratios[0]:.1%}"
        )
        if ratios[1] <= ratios[0]:
            self.broken_promises.append("round robin found more cached tokens than the picker")
        self._compare(router)

    def recover(self, start_indexer: StartIndexer, state: Path) -> None:
        """Engines and indexers come and go; what is exact is right, and the rest says so."""
        recovery = Recovery(self._engines, self._indexer, start_indexer, state, self._seed + 3)
        self._recovered = recovery.outcomes
        try:
            recovery.restart_idle()
            self._say("restarted while idle, with a small ring: exact, nothing of before credited")
            reason = recovery.join_late()
            self._say(f"joined late: exact where the ring reaches back, else “{reason}”")
            recovery.kill_indexer()
            self._say("indexer killed and started from its snapshot: exact")
        finally:
            self.broken_promises += recovery.broken_promises

    def _compare(self, router: Router) -> None:
        """Sets what the picker says of both ways of predicting against what was seen here."""
        found = router.comparison()
        self._say(
            f"shadow comparison: {found.requests} requests, {found.delivered_tokens} cached tokens; "
            f"precise: {found.precise.describe()}; approximate: {found.approximate.describe()}"
        )
        delivered = sum(outcome.delivered_tokens for outcome in self._routed)
        if (found.requests, found.delivered_tokens) != (len(self._routed), delivered):
            self.broken_promises.append(f"the picker saw other deliveries than {delivered} tokens")
        if found.precise.requests != len(self._routed) or found.precise.absolute_error_tokens:
            self.broken_promises.append(f"precise prediction: {found.precise.describe()}")

    def _empty_caches(self, indexer: Indexer) -> None:
        trial = Trial(self._engines, indexer, ChatWorkload(self._seed), self._seed)
        for engine in self._engines:
            engine.reset_prefix_cache()
            trial.settle(engine.name)

    def _wait_until_exact(self, name: str) -> None:
        def is_exact() -> bool | None:
            return True if self._indexer.trust(name) == "exact" else None

        wait_for(f"trust in {name} exact", is_exact, EXACT_SECONDS)

    def _expect_credit(self, name: str) -> None:
        if not self.trial.credited_sequences(name):
            raise RunFailed(f"{name} is credited nothing of what it has served")

    def _expect_no_credit(self, name: str, when: str) -> None:
        if count := self.trial.credited_sequences(name):
            text = f"{name} is credited {count} sequences of its old cache {when}"
            self.broken_promises.append(text)

    def _say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._started:5.1f} s] {text}", flush=True)
