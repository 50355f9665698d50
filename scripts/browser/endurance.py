#!/usr/bin/env python3
"""Watches the dashboard beside a demo at full load: frame times, long tasks, work, memory.

Prints a table, and the same as JSON.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from browser import DESKTOP, View, chromium
from servers import Demo

WARM_UP_SECONDS = 10
PHASES = ("start", "middle", "end")

# Counts the time between frames, and tasks that kept the page busy for more than 50 ms.
RECORDER = """
() => {
  const record = { frames: [], tasks: [] };
  window.record = record;
  let last = performance.now();
  const frame = (now) => {
    record.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) record.tasks.push(entry.duration);
  }).observe({ type: "longtask" });
}
"""
TAKE = """
() => {
  const { frames, tasks } = window.record;
  const sorted = frames.sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  gc();
  const seen = {
    frames: frames.length, p50: at(0.5), p99: at(0.99), longest: at(1),
    tasks: tasks.length, busy: tasks.reduce((all, one) => all + one, 0),
    heap: performance.memory.usedJSHeapSize, nodes: document.querySelectorAll("*").length,
  };
  record.frames = [];
  record.tasks = [];
  return seen;
}
"""


def resident_bytes(process: int) -> int:
    """Gives the memory of a process."""
    status = Path(f"/proc/{process}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def token_cache_bytes(demo: Demo) -> float:
    """Gives what the cache of rendered prompts takes: it grows until it is full, by design."""
    lines = demo.ask_bytes("metrics").decode().splitlines()
    name = "kvindexer_render_cache_bytes "
    return next((float(line[len(name) :]) for line in lines if line.startswith(name)), 0.0)


def use(view: View, seconds: float) -> None:
    """Uses the page as a person would, for a while."""
    page = view.page
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name in ("fleet", "prefixes", "decisions", "fleet"):
            page.locator(f"#tab-{name}").click()
            page.mouse.wheel(0, 400)
            left = max(0.0, end - time.monotonic())
            page.wait_for_timeout(1000 * min(left, 12 if name == "fleet" else 4))
            page.mouse.wheel(0, -400)


def watch(view: View, demo: Demo, minutes: float) -> list[dict[str, Any]]:
    """Gives what was seen in each third of the time."""
    view.open(demo.url)
    view.wait_for("document.querySelectorAll('.row').length > 0")
    use(view, WARM_UP_SECONDS)
    view.page.evaluate(RECORDER)
    view.watch_work()
    seen = []
    for phase in PHASES:
        before = demo.overview()[0]
        work = view.work_seconds()
        use(view, minutes * 60 / len(PHASES))
        row = view.page.evaluate(TAKE)
        after = demo.overview()[0]
        seconds = after["time"] - before["time"]
        requests = after["traffic"]["requests"] - before["traffic"]["requests"]
        row |= {
            "phase": phase,
            "work_per_s": (view.work_seconds() - work) / seconds,
            "resident": resident_bytes(demo.program.process_id),
            "token_cache": token_cache_bytes(demo),
            "requests_per_s": requests / seconds,
            "events_per_s": after["totals"]["events_per_s"],
            "index": after["totals"]["index_bytes"],
        }
        seen.append(row)
        demo.program.check_alive()
    return seen


def table(rows: list[dict[str, Any]]) -> str:
    """Writes what was seen as lines."""
    head = (
        "phase   frames  p50 ms  p99 ms  longest ms  long tasks  work ms/s  page MiB  elements"
        "  server MiB  of it tokens  index KiB  requests/s  events/s"
    )
    lines = [
        f"{row['phase']:<6} {row['frames']:>7,} {row['p50']:>7.1f} {row['p99']:>7.1f}"
        f" {row['longest']:>11.1f} {row['tasks']:>11} {1000 * row['work_per_s']:>10.1f}"
        f" {row['heap'] / 2**20:>9.1f} {row['nodes']:>9,} {row['resident'] / 2**20:>11.1f}"
        f" {row['token_cache'] / 2**20:>13.1f}"
        f" {row['index'] / 1024:>10,.0f} {row['requests_per_s']:>11.1f}"
        f" {row['events_per_s']:>9,.0f}"
        for row in rows
    ]
    return "\n".join([head, *lines])


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kvindexer", type=Path, required=True, help="the program")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--engines", type=int, default=4)
    parser.add_argument("--json", type=Path, help="where the same goes as JSON")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="browser-") as folder, chromium() as browser:
        # Longer than it is watched: its requests have to last.
        seconds = int(options.minutes * 60) + 300
        demo = Demo(options.kvindexer, options.engines, seconds, Path(folder))
        view = View(browser, DESKTOP)
        try:
            rows = watch(view, demo, options.minutes)
        finally:
            view.close()
            demo.stop()
    print(table(rows))
    result = {"minutes": options.minutes, "engines": options.engines, "phases": rows}
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    if view.errors:
        print(f"the page had errors: {view.errors[:3]}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
