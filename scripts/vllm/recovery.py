"""What an indexer knows that starts late, or again: exact where it can be, else it says so."""

from collections.abc import Callable, Sequence
from pathlib import Path

from engine import START_SECONDS, Engine
from failure import RunFailed, wait_for
from indexer import Indexer
from token_workload import TokenWorkload
from trial import Outcome, Trial

# A ring so small that it does not reach back to the engine's start.
RING_MESSAGES = 16
BEFORE_REQUESTS = 24
REQUESTS = 16
REQUESTS_WHILE_DOWN = 4
EXACT_SECONDS = 30.0
# Any prompt: it is the trust that is asked for.
PROBE = list(range(300, 400))

StartIndexer = Callable[[str, Sequence[str]], Indexer]


class Recovery:
    """Late joins and a killed indexer, with one engine whose ring reaches back and one without."""

    def __init__(
        self, engines: list[Engine], followed: Indexer, start_indexer: StartIndexer, state: Path,
        seed: int,
    ) -> None:
        """Takes engines that run, and an indexer that has followed them from their start."""
        self._whole, self._wrapped = engines
        self._engines = engines
        self._followed = followed
        self._start_indexer = start_indexer
        self._state = state
        self._seed = seed
        self._workload = TokenWorkload(seed)
        self.outcomes: list[Outcome] = []
        self.broken_promises: list[str] = []

    def restart_idle(self) -> None:
        """An engine is killed while it rests, and comes back with a small ring."""
        engine = self._wrapped
        trial = self._trial(self._followed)
        trial.run(2, [engine.name])
        engine.kill()
        engine.start(ring_messages=RING_MESSAGES)
        engine.wait_until_healthy()
        self._wait_for_trust(self._followed, engine.name, "exact")
        if trial.credited_sequences(engine.name):
            self.broken_promises.append(f"{engine.name} is credited what it held before")
        trial.run(BEFORE_REQUESTS, [e.name for e in self._engines])
        self.outcomes += trial.outcomes

    def join_late(self) -> str:
        """An indexer starts when the engines have served for a while; returns what it says."""
        late = self._start_indexer("kvindexer-late", [])
        try:
            self._wait_for_trust(late, self._whole.name, "exact")
            reason = self._reason(late, self._wrapped.name)
            if not reason.startswith("joinedLate"):
                self.broken_promises.append(f"{self._wrapped.name}, joined late: “{reason}”")
            self._expect_no_snapshot(late)
            # The same users go on: what they hit was stored before the indexer came.
            self._compare(late, [self._whole.name])
        finally:
            late.stop()
        return reason

    def kill_indexer(self) -> None:
        """An indexer is killed, the engines go on, and it begins from its snapshot."""
        options = ["--state-dir", str(self._state), "--snapshot-interval", "500ms"]
        names = [engine.name for engine in self._engines]
        indexer = self._start_indexer("kvindexer-killed", options)
        try:
            # With an empty cache its history is known, whatever the ring has.
            self._wrapped.reset_prefix_cache()
            self._trial(indexer).settle(self._wrapped.name)
            for name in names:
                self._wait_for_trust(indexer, name, "exact")
            self._compare(indexer, names)
            self._wait_for_snapshot()
        finally:
            indexer.kill()
        away = self._trial(self._followed)
        away.run(REQUESTS_WHILE_DOWN, [self._whole.name])
        self.outcomes += away.outcomes
        indexer = self._start_indexer("kvindexer-killed", options)
        try:
            for name in names:
                self._wait_for_trust(indexer, name, "exact")
            self._compare(indexer, names)
        finally:
            indexer.stop()

    def _expect_no_snapshot(self, indexer: Indexer) -> None:
        """An engine that offers none takes a request for one without harm, and says so."""
        whole, wrapped = self._whole.name, self._wrapped.name

        def is_answered() -> bool | None:
            return True if indexer.engine_snapshots(wrapped)["not_offered"] else None

        wait_for(f"an answer of {wrapped} to a request for a snapshot", is_answered, EXACT_SECONDS)
        asked = {name: indexer.engine_snapshots(name) for name in (whole, wrapped)}
        expected = {"taken": 0, "not_offered": 0, "failed": 0}
        if asked != {whole: expected, wrapped: expected | {"not_offered": 1}}:
            self.broken_promises.append(f"requests for snapshots ended otherwise: {asked}")

    def _trial(self, indexer: Indexer) -> Trial:
        return Trial(self._engines, indexer, self._workload, self._seed)

    def _compare(self, indexer: Indexer, names: list[str]) -> None:
        trial = self._trial(indexer)
        trial.run(REQUESTS, names)
        if not any(outcome.delivered_tokens for outcome in trial.outcomes):
            raise RunFailed("no request found anything cached")
        self.outcomes += trial.outcomes

    def _wait_for_snapshot(self) -> None:
        """Waits until a snapshot was begun and ended after now."""
        file = self._state / "snapshot"
        for _ in range(2):
            before = file.stat().st_mtime_ns if file.exists() else None

            def is_new(before: int | None = before) -> bool | None:
                return True if file.exists() and file.stat().st_mtime_ns != before else None

            wait_for("a new snapshot", is_new, EXACT_SECONDS)

    @staticmethod
    def _wait_for_trust(indexer: Indexer, name: str, trust: str) -> None:
        def is_so() -> bool | None:
            return True if indexer.predict(tokens=PROBE)[name].trust == trust else None

        wait_for(f"trust of {indexer.name} in {name} {trust}", is_so, START_SECONDS)

    @staticmethod
    def _reason(indexer: Indexer, name: str) -> str:
        def reason() -> str | None:
            seen = indexer.predict(tokens=PROBE)[name]
            return seen.reason if seen.trust == "degraded" else None

        return wait_for(f"{name} degraded", reason, EXACT_SECONDS)
