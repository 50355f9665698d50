#!/usr/bin/env python3
"""Compares kvindexer's predictions with what two real vLLM servers deliver.

Prints `N of M predictions equal` as its last line, and exits 1 on any difference, when an
endpoint is ever credited what its engine has lost, and when text becomes other tokens than those
that the engine reads.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from engine import Engine, EngineSite
from failure import RunFailed
from indexer import Indexer
from model_server import MODEL_NAME
from phases import Run
from ports import free_ports
from renderer import Renderer
from router import Router, RouterPorts
from trial import Outcome

DOCTOR_SECONDS = 300.0


def report(outcomes: list[Outcome], broken_promises: list[str]) -> bool:
    """Prints totals and all that is wrong; returns whether nothing is."""
    prompt_tokens = sum(outcome.prompt_tokens for outcome in outcomes)
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


class Stage:
    """All servers of a run."""

    def __init__(self, options: argparse.Namespace, sockets: Path) -> None:
        """Picks ports; `start` starts everything."""
        ports = iter(free_ports(8))
        self._options = options
        self._sockets = sockets
        self._sites = [
            EngineSite(f"vllm-{i}", next(ports), next(ports), next(ports)) for i in range(2)
        ]
        self._indexer_url = f"http://127.0.0.1:{next(ports)}"
        self._renderer_url = f"http://127.0.0.1:{next(ports)}"
        self.engines = [
            Engine(site, options.vllm, options.model, options.logs / f"{site.name}.log")
            for site in self._sites
        ]
        self.indexers: dict[str, Indexer] = {}
        self._renderers: list[Renderer] = []

    def start(self) -> None:
        """Starts everything: what takes long first, and indexers for engines that answer."""
        for engine in self.engines:
            engine.start()
        self._start_renderer("render-tcp", self._renderer_url, "renderer")
        self._start_renderer("render-uds", f"unix:{self._sockets}/render.sock", MODEL_NAME)
        for engine in self.engines:
            engine.wait_until_healthy()
        self._start_indexer("the endpoints", "kvindexer", self._indexer_url, [])
        for renderer in self._renderers:
            renderer.check_alive()
            options = ["--render-url", renderer.location, "--render-model", renderer.model_name]
            name = f"kvindexer-{renderer.name}"
            location = f"unix:{self._sockets}/{name}.sock"
            self._start_indexer(renderer.name, name, location, options)
        for indexer in self.indexers.values():
            indexer.wait_until_ready()

    def examine(self) -> None:
        """Has `kvindexer doctor` examine the engines, and the indexer: nothing may be wrong."""
        endpoints = self._options.logs / "endpoints.yaml"
        for subject in [["--endpoints", str(endpoints)], ["--server", self._indexer_url]]:
            command = [str(self._options.kvindexer), "doctor", *subject, "--strict"]
            command += ["--timeout", "60s"]
            done = subprocess.run(
                command, stdout=subprocess.PIPE, text=True, timeout=DOCTOR_SECONDS, check=False
            )
            print(done.stdout, flush=True)
            if done.returncode != 0:
                raise RunFailed(f"doctor {subject[0]} ended with {done.returncode}")

    def start_router(self) -> Router:
        """Starts the picker and Envoy."""
        ports = RouterPorts(*free_ports(6))
        options = self._options
        return Router(options.epp, options.envoy, self._sites, ports, options.logs)

    def start_late_indexer(self, name: str, options: Sequence[str]) -> Indexer:
        """Starts an indexer that has not followed the engines so far, and waits for it."""
        binary, logs = self._options.kvindexer, self._options.logs
        location = f"http://127.0.0.1:{free_ports(1)[0]}"
        indexer = Indexer.start(name, binary, self._sites, location, logs, options)
        indexer.wait_until_ready()
        return indexer

    def _start_renderer(self, name: str, location: str, model_name: str) -> None:
        vllm, model, logs = self._options.vllm, self._options.model, self._options.logs
        self._renderers.append(Renderer(name, location, model_name, vllm, model, logs))

    def _start_indexer(self, way: str, name: str, location: str, options: list[str]) -> None:
        binary, logs = self._options.kvindexer, self._options.logs
        self.indexers[way] = Indexer.start(name, binary, self._sites, location, logs, options)

    def stop(self) -> None:
        """Ends everything in an orderly way."""
        for indexer in self.indexers.values():
            indexer.stop()
        for renderer in self._renderers:
            renderer.stop()
        for engine in self.engines:
            engine.stop()


def drive(options: argparse.Namespace, sockets: Path) -> bool:
    """Starts everything, runs all phases and ends everything."""
    logs: Path = options.logs
    logs.mkdir(parents=True, exist_ok=True)
    for old in [*logs.glob("*.log"), *logs.glob("state/*")]:
        old.unlink()
    stage = Stage(options, sockets)
    try:
        stage.start()
        stage.examine()
        run = Run(stage.engines, stage.indexers, options.seed)
        try:
            run.all_phases(stage.start_router, stage.start_late_indexer, logs / "state")
        except RunFailed:
            report(run.outcomes, run.broken_promises)
            raise
        return report(run.outcomes, run.broken_promises)
    finally:
        # A second interrupt must not leave servers behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stage.stop()


def parse_options() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description="Compares kvindexer's predictions with what two vLLM servers deliver."
    )
    parser.add_argument("--kvindexer", type=Path, required=True, help="the program under test")
    parser.add_argument("--epp", type=Path, required=True, help="the picker under test")
    parser.add_argument("--envoy", type=Path, required=True, help="Envoy's binary")
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
        # Paths of Unix sockets are short; the folder for logs need not be.
        with tempfile.TemporaryDirectory(prefix="kvindexer-") as sockets:
            return 0 if drive(options, Path(sockets)) else 1
    except RunFailed as failure:
        print(f"e2e-vllm: {failure}; logs are in {options.logs}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("e2e-vllm: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
