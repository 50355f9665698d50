#!/usr/bin/env python3
"""Runs simulated engines, epp and real Envoy with the files of examples/, and what has to work.

Prints a line for each scenario and a summary; exits 1 when one has failed.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from exchange import ExchangeFailed
from failure import RunFailed
from scenarios import ALL, BRIEF, OPEN
from stage import Stage


@dataclass(frozen=True)
class Act:
    """Scenarios with one set of files."""

    name: str
    example: str
    scenarios: list[Callable[[Stage], str]]
    is_secure: bool = True
    has_picker: bool = True


ACTS = [
    Act("precise", "workstation", ALL),
    Act("approximate", "workstation-approximate", BRIEF, is_secure=False),
    Act("fail-open", "workstation", OPEN, has_picker=False),
]


def play(act: Act, options: argparse.Namespace, folder: Path) -> list[str]:
    """Runs the scenarios of an act; returns the names of those that failed."""
    logs = options.logs / act.name
    logs.mkdir(parents=True, exist_ok=True)
    for old in logs.glob("*.log"):
        old.unlink()
    stage = Stage(
        act.example, options.binaries, options.envoy, folder, logs, act.is_secure, act.has_picker
    )
    failed: list[str] = []
    try:
        stage.start()
        for scenario in act.scenarios:
            name = f"{act.name}: {scenario.__name__.replace('_', ' ')}"
            if options.only and not any(word in name for word in options.only):
                continue
            began = time.monotonic()
            try:
                seen = f"ok      {name}: {scenario(stage)}"
            except (RunFailed, ExchangeFailed, OSError, KeyError, ValueError) as error:
                failed.append(name)
                seen = f"FAILED  {name}: {type(error).__name__}: {error}"
            print(f"{seen} ({time.monotonic() - began:.1f} s)", flush=True)
    except RunFailed as failure:
        failed.append(f"{act.name}: start")
        print(f"FAILED  {act.name}: {failure}; logs are in {logs}", flush=True)
    finally:
        stage.stop()
    return failed


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--binaries", type=Path, required=True, help="the folder of kvindexer and epp"
    )
    parser.add_argument("--envoy", type=Path, required=True, help="Envoy's program")
    parser.add_argument("--logs", type=Path, required=True, help="the folder for logs")
    parser.add_argument("--act", action="append", choices=[act.name for act in ACTS])
    parser.add_argument("--only", action="append", metavar="WORD", help="scenarios with this word")
    options = parser.parse_args()
    options.binaries = options.binaries.resolve()
    options.logs = options.logs.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    failed: list[str] = []
    for act in ACTS:
        if options.act and act.name not in options.act:
            continue
        with tempfile.TemporaryDirectory(prefix="epp-") as folder:
            failed += play(act, options, Path(folder))
    for name in failed:
        print(f"failed: {name}")
    print("e2e-envoy: " + (f"{len(failed)} scenarios failed" if failed else "everything works"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
