#!/usr/bin/env python3
"""Compares kvindexer's predictions with what two real vLLM servers deliver.

Prints `N of M predictions equal` as its last line, and exits 1 on any difference, and when an
endpoint is ever credited what its engine has lost.
"""

import argparse
import signal
import sys
from pathlib import Path

from engine import Engine, EngineSite
from failure import RunFailed
from indexer import Indexer
from phases import Run
from ports import free_ports
from trial import Outcome


def report(outcomes: list[Outcome], broken_promises: list[str]) -> bool:
    """Prints totals and all that is wrong; returns whether nothing is."""
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
    for text in broken_promises:
        print(f"broken: {text}")
    print(f"{len(outcomes) - len(differences)} of {len(outcomes)} predictions equal", flush=True)
    return not differences and not broken_promises


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
        except RunFailed:
            report(run.trial.outcomes, run.broken_promises)
            raise
        return report(run.trial.outcomes, run.broken_promises)
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
