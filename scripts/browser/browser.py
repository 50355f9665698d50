"""Chromium, driven by Playwright."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from expecting import CaseFailed
from playwright.sync_api import Browser, Page, sync_playwright

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Runs Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            # Its sandbox needs rights that a container's root has not got.
            args=["--no-sandbox", "--enable-precise-memory-info", "--js-flags=--expose-gc"],
        )
        try:
            yield browser
        finally:
            browser.close()


class View:
    """One page, with what went wrong in it."""

    def __init__(self, browser: Browser, size: dict[str, int], scheme: str = "light") -> None:
        """Opens an empty page."""
        self._context = browser.new_context(
            viewport=size, color_scheme=scheme, locale="en-GB", reduced_motion="reduce"
        )
        self.page: Page = self._context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console", lambda message: message.type == "error" and self._note(message.text)
        )
        self.page.on("request", lambda request: self.requests.append(request.url))

    def _note(self, text: str) -> None:
        # Chromium writes a line for every answer that is no success, which tests want to see.
        if not text.startswith("Failed to load resource"):
            self.errors.append(text)

    def open(self, url: str, view: str = "fleet") -> Page:
        """Goes to a view of a dashboard."""
        self.page.goto(f"{url}#/{view}")
        return self.page

    def wait_for(self, script: str, seconds: float = 20) -> None:
        """Waits until an expression of JavaScript holds.

        Playwright's own waiting is refused by the page's policy, which forbids `eval`.
        """
        end = time.monotonic() + seconds
        while not self.page.evaluate(f"Boolean({script})"):
            if time.monotonic() > end:
                raise CaseFailed(f"waited in vain for {script}")
            self.page.wait_for_timeout(30)

    def watch_work(self) -> None:
        """Begins to count the processor time of the page's main thread."""
        self._session = self._context.new_cdp_session(self.page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def work_seconds(self) -> float:
        """Gives that time: unlike frames, it does not depend on what else the machine does."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    def close(self) -> None:
        """Closes the page."""
        self._context.close()
