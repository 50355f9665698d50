#!/usr/bin/env python3
"""Compares kvindexer's predictions with what two real vLLM servers deliver.

Prints `N of M predictions equal` as its last line, and exits 1 on any difference.
"""

import argparse
import signal
import sys
import time
from pathlib import Path

from engine import Engine, EngineSite
from failure import RunFailed, wait_for
from indexer import Indexer
from ports import free_ports
from trial import Outcome, Trial

STEADY_REQUESTS = 240
RESET_REQUESTS = 12
ONE_DOWN_REQUESTS = 12
RESTARTED_REQUESTS = 40
EXACT_SECONDS = 30.0
# Well above the longest pause between two attempts to reconnect.
LOSS_SECONDS = 5.0


class Run:
    """The phases of the comparison, in order."""

    def __init__(self, engines: list[Engine], indexer: Indexer, seed: int) -> None:
        """Takes running servers; `start` in the driver has started them."""
        self._names = [engine.name for engine in engines]
        self._engines = engines
        self._indexer = indexer
        self.trial = Trial(engines, indexer, seed)
        self._started = time.monotonic()

    def all_phases(self) -> None:
        """Runs every phase; a broken promise raises RunFailed."""
        self.steady()
        self.reset(self._engines[0])
        self.crash(self._engines[1])
        self.restart(self._engines[1])

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
        self._say(f"reset of {engine.name}: nothing credited, then {RESET_REQUESTS} requests")

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
        self._say(f"crash of {engine.name}: nothing credited, “{reason}”")

    def restart(self, engine: Engine) -> None:
        """The dead server comes back on its ports with an empty cache."""
        engine.start()
        engine.wait_until_healthy()
        self._expect_no_credit(engine.name, "when it is back")
        self._wait_until_exact(engine.name)
        self._expect_no_credit(engine.name, "when its new stream is exact")
        self.trial.run(RESTARTED_REQUESTS, self._names)
        self._say(f"restart of {engine.name}: nothing credited, {RESTARTED_REQUESTS} requests")

    def _wait_until_exact(self, name: str) -> None:
        def is_exact() -> bool | None:
            return True if self._indexer.trust(name) == "exact" else None

        wait_for(f"trust in {name} exact", is_exact, EXACT_SECONDS)

    def _expect_credit(self, name: str) -> None:
        if not self.trial.credited_sequences(name):
            raise RunFailed(f"{name} is credited nothing of what it has served")

    def _expect_no_credit(self, name: str, when: str) -> None:
        if count := self.trial.credited_sequences(name):
            raise RunFailed(f"{name} is credited {count} sequences of its old cache {when}")

    def _say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._started:5.1f} s] {text}", flush=True)


def report(outcomes: list[Outcome]) -> bool:
    """Prints totals and differences; returns whether every prediction was equal."""
    prompt_tokens = sum(len(outcome.prompt.tokens) for outcome in outcomes)
    cached_tokens = sum(outcome.delivered_tokens for outcome in outcomes)
    hits = sum(outcome.delivered_tokens > 0 for outcome in outcomes)
    print(
        f"hits: {hits} of {len(outcomes)} requests, "
        f"{cached_tokens} of {prompt_tokens} prompt tokens"
    )
    differences = [outcome for outcome in outcomes if not outcome.is_equal]
    for outcome in differences:
        print(f"different: {outcome.describe()}")
    print(f"{len(outcomes) - len(differences)} of {len(outcomes)} predictions equal", flush=True)
    return not differences


def drive(options: argparse.Namespace) -> bool:
    """Starts everything, runs all phases and ends everything."""
    ports = iter(free_ports(7))
    sites = [EngineSite(f"vllm-{i}", next(ports), next(ports), next(ports)) for i in range(2)]
    logs: Path = options.logs
    logs.mkdir(parents=True, exist_ok=True)
    for old in logs.glob("*.log"):
        old.unlink()
    engines = [
        Engine(site, options.vllm, options.model, logs / f"{site.name}.log") for site in sites
    ]
    indexer: Indexer | None = None
    try:
        for engine in engines:
            engine.start()
        for engine in engines:
            engine.wait_until_healthy()
        indexer = Indexer(options.kvindexer, sites, next(ports), logs)
        indexer.wait_until_ready()
        run = Run(engines, indexer, options.seed)
        try:
            run.all_phases()
        finally:
            all_equal = report(run.trial.outcomes)
        return all_equal
    finally:
        # A second interrupt must not leave servers behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if indexer is not None:
            indexer.stop()
        for engine in engines:
            engine.stop()


def parse_options() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description="Compares kvindexer's predictions with what two vLLM servers deliver."
    )
    parser.add_argument("--kvindexer", type=Path, required=True, help="the program under test")
    parser.add_argument("--vllm", type=Path, required=True, help="vLLM's console script")
    parser.add_argument("--model", type=Path, required=True, help="what make_model.py has made")
    parser.add_argument("--logs", type=Path, required=True, help="folder for logs and settings")
    parser.add_argument("--seed", type=int, default=7, help="of the workload and the routing")
    return parser.parse_args()


def main() -> int:
    """Returns the exit status."""
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return 0 if drive(options) else 1
    except RunFailed as failure:
        print(f"e2e-vllm: {failure}; logs are in {options.logs}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("e2e-vllm: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
