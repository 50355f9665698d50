#!/usr/bin/env python3
"""Draws the pictures of the dashboard in docs/screenshots: every size, colour and fleet."""

import argparse
import io
import signal
import sys
import tempfile
import time
from pathlib import Path

from browser import DESKTOP, PHONE, View, chromium
from chats import WORDS, story, tell_stories
from PIL import Image
from playwright.sync_api import Browser
from servers import Demo

FLEETS = [4, 200]
SIZES = [("desktop", DESKTOP), ("phone", PHONE)]
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"


def save(view: View, path: Path) -> None:
    """Writes what is seen as a picture of few bytes."""
    picture = Image.open(io.BytesIO(view.page.screenshot())).convert("RGB")
    # This method keeps colours that few pixels have, such as those of signs.
    method = Image.Quantize.MAXCOVERAGE
    picture.quantize(256, method, dither=Image.Dither.NONE).save(path, "PNG", optimize=True)
    print(f"{path.name}: {path.stat().st_size:,} bytes", flush=True)


def draw_fleet(browser: Browser, demo: Demo, engines: int, folder: Path) -> None:
    """Draws the endpoints in both sizes and colours."""
    for size, viewport in SIZES:
        for scheme in ("dark", "light"):
            view = View(browser, viewport, scheme)
            page = view.open(demo.url)
            view.wait_for("document.querySelectorAll('.row').length > 0")
            if size == "phone" and engines > 4:
                page.evaluate("document.querySelector('#endpoint-tools').scrollIntoView()")
                page.evaluate("scrollBy(0, -50)")
            page.wait_for_timeout(1500)
            save(view, folder / f"fleet-{engines}-{size}-{scheme}.png")
            view.close()
    if engines > 4:
        view = View(browser, DESKTOP, "dark")
        view.open(demo.url).get_by_role("button", name="Grid").click()
        view.wait_for(f"document.querySelectorAll('.cell').length === {engines}")
        save(view, folder / f"grid-{engines}-desktop-dark.png")
        view.close()


def draw_views(browser: Browser, demo: Demo, folder: Path) -> None:
    """Draws the other views, and an endpoint's details."""
    prompt = story(WORDS)
    for size, viewport, scheme in [("desktop", DESKTOP, "light"), ("phone", PHONE, "dark")]:
        view = View(browser, viewport, scheme)
        page = view.open(demo.url, "prefixes")
        view.wait_for("document.querySelectorAll('.node').length > 0")
        page.locator('.node[aria-expanded="false"]').first.click()
        view.wait_for("document.querySelectorAll('.node[aria-level=\"2\"]').length > 0")
        save(view, folder / f"prefixes-{size}-{scheme}.png")
        page.locator("#tab-explain").click()
        page.get_by_role("button", name="Chat message").click()
        page.fill("#prompt", prompt)
        tell_stories(demo)
        page.get_by_role("button", name="Explain", exact=True).click()
        view.wait_for("document.querySelectorAll('.match').length > 0")
        page.locator("#tab-explain").focus()
        if size == "phone":
            page.evaluate("document.querySelector('#tabs').scrollIntoView()")
        save(view, folder / f"explain-{size}-{scheme}.png")
        page.locator("#tab-decisions").click()
        if demo.has_picker:
            view.wait_for("document.querySelectorAll('.decision').length > 0")
            page.get_by_role("button", name="Pause").click()
            page.locator(".decision", has_text="completed").nth(1).click()
            page.wait_for_timeout(300)
        save(view, folder / f"decisions-{size}-{scheme}.png")
        view.close()
    view = View(browser, DESKTOP, "dark")
    page = view.open(demo.url)
    view.wait_for("document.querySelectorAll('.row').length > 0")
    page.locator(".row").nth(1).click()
    view.wait_for("document.querySelector('#details table tbody tr')")
    save(view, folder / "details-desktop-dark.png")
    view.close()


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kvindexer", type=Path, required=True, help="the program")
    parser.add_argument("--seconds", type=int, default=60, help="how much past there is")
    parser.add_argument("--engines", type=int, choices=FLEETS, help="draw this fleet only")
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="browser-") as logs, chromium() as browser:
        for engines in [options.engines] if options.engines else FLEETS:
            demo = Demo(options.kvindexer, engines, 3600, Path(logs))
            try:
                time.sleep(options.seconds)
                draw_fleet(browser, demo, engines, options.folder)
                if engines == FLEETS[0]:
                    draw_views(browser, demo, options.folder)
            finally:
                demo.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
