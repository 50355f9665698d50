#!/usr/bin/env python3
"""Clicks through the dashboard in Chromium, and compares what it shows with the API.

Prints a line for each case and a summary; exits 1 when one has failed.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import states
import views
from browser import DESKTOP, View, chromium
from expecting import CaseFailed, expect
from failure import RunFailed
from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError
from servers import Demo

DEMO_SECONDS = 4
QUIET_SECONDS = 60.0


class Report:
    """Counts cases, and prints a line for each."""

    def __init__(self, words: list[str]) -> None:
        """Keeps to cases whose name has one of the words; all without words."""
        self._words = words
        self.failed: list[str] = []

    def wants(self, case: Callable) -> bool:
        """Tells whether a case is to be run."""
        return not self._words or any(word in case.__name__ for word in self._words)

    def run(self, case: Callable, act: Callable[[], str]) -> None:
        """Runs a case."""
        name = case.__name__.replace("_", " ")
        began = time.monotonic()
        try:
            line = f"ok      {name}: {act()}"
        except (CaseFailed, RunFailed, BrowserError, OSError, KeyError, ValueError) as error:
            self.failed.append(name)
            line = f"FAILED  {name}: {type(error).__name__}: {error}"
        print(f"{line} ({time.monotonic() - began:.1f} s)", flush=True)


def run_views(browser: Browser, report: Report, kvindexer: Path, logs: Path) -> None:
    """Runs what needs a fleet with a past."""
    cases = [case for case in views.ALL if report.wants(case)]
    if not cases:
        return
    demo = Demo(kvindexer, 4, DEMO_SECONDS, logs)
    try:
        demo.wait_until_quiet(QUIET_SECONDS)
        for case in cases:
            view = View(browser, DESKTOP)

            def act(case: Callable = case, view: View = view) -> str:
                seen = case(view, demo)
                expect("errors of the page", view.errors, [])
                return seen

            report.run(case, act)
            view.close()
    finally:
        demo.stop()


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kvindexer", type=Path, required=True, help="the program")
    parser.add_argument("--only", action="append", default=[], metavar="WORD")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    report = Report(options.only)
    with tempfile.TemporaryDirectory(prefix="browser-") as folder, chromium() as browser:
        logs = Path(folder)
        run_views(browser, report, options.kvindexer, logs)
        for case in states.ALL:
            if report.wants(case):
                report.run(
                    case, lambda case=case: case(browser, options.kvindexer, logs)
                )
    failed = len(report.failed)
    print("browser: " + (f"{failed} cases failed" if failed else "everything works"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
