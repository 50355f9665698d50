"""The page when things are not as they should be."""

from pathlib import Path

from browser import PHONE, View
from expecting import CaseFailed, expect, expect_in
from playwright.sync_api import Browser
from servers import Indexer, endpoints_file

TOKEN = "a-token-for-the-dashboard"
STATE = "document.querySelector('#live').dataset.state"
MARKUP = '<img src=x onerror="document.title=1">'

# Relative luminance and contrast, as WCAG 2 defines them.
CONTRASTS = """
() => {
  const style = getComputedStyle(document.documentElement);
  const context = document.createElement("canvas").getContext("2d");
  const light = (name) => {
    context.fillStyle = style.getPropertyValue(name).trim();
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map((one) => {
      const part = one / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pairs = ["--text", "--dim", "--link", "--good", "--warn", "--bad", "--idle"].flatMap(
    (text) => ["--ground", "--surface", "--raised"].map((ground) => [text, ground]));
  pairs.push(["--on-accent", "--accent"], ["--text", "--warn-ground"], ["--text", "--bad-ground"]);
  return pairs.map(([text, ground]) => {
    const [high, low] = [light(text), light(ground)].sort((a, b) => b - a);
    return [`${text} on ${ground}`, (high + 0.05) / (low + 0.05)];
  });
}
"""


def no_endpoints(browser: Browser, kvindexer: Path, logs: Path) -> str:
    """Draws what there is to say of an empty fleet."""
    indexer = Indexer(kvindexer, endpoints_file([]), logs)
    indexer.start()
    view = View(browser, PHONE)
    try:
        page = view.open(indexer.url)
        view.wait_for("document.querySelector('#endpoints .state')")
        expect_in("empty fleet", "No endpoints yet", page.locator("#endpoints").inner_text())
        page.locator("#tab-prefixes").click()
        view.wait_for("document.querySelector('#prefixes .state')")
        page.locator("#tab-decisions").click()
        view.wait_for("document.querySelector('#decisions .state')")
        expect("errors", view.errors, [])
        return page.locator("#decisions h2").inner_text()
    finally:
        view.close()
        indexer.stop()


def gone_and_back(browser: Browser, kvindexer: Path, logs: Path) -> str:
    """Kills the server, and starts it again at the same address."""
    indexer = Indexer(kvindexer, endpoints_file(["one"]), logs)
    indexer.start()
    view = View(browser, PHONE, "dark")
    try:
        page = view.open(indexer.url)
        view.wait_for(f"{STATE} === 'live'")
        indexer.kill()
        view.wait_for(f"{STATE} === 'gone'")
        banner = page.locator("#banner").inner_text()
        expect_in("banner", "What is shown is from", banner)
        page.locator("#tab-prefixes").click()
        view.wait_for("document.querySelector('#prefixes .state.fault')")
        indexer.start()
        view.wait_for(f"{STATE} === 'live'")
        if page.locator("#banner").is_visible():
            raise CaseFailed("the banner stays although the server is back")
        page.get_by_role("button", name="Try again").click()
        view.wait_for("!document.querySelector('#prefixes .fault')")
        return banner
    finally:
        view.close()
        indexer.stop()


def stale_and_fresh(browser: Browser, kvindexer: Path, logs: Path) -> str:
    """Lets the server stand still for longer than five seconds."""
    indexer = Indexer(kvindexer, endpoints_file(["one"]), logs)
    indexer.start()
    view = View(browser, PHONE)
    try:
        page = view.open(indexer.url)
        view.wait_for(f"{STATE} === 'live'")
        indexer.freeze(True)
        view.wait_for(f"{STATE} === 'stale'")
        banner = page.locator("#banner").inner_text()
        expect_in("banner", "No update for", banner)
        indexer.freeze(False)
        view.wait_for(f"{STATE} === 'live'")
        return banner
    finally:
        indexer.freeze(False)
        view.close()
        indexer.stop()


def token_wanted(browser: Browser, kvindexer: Path, logs: Path) -> str:
    """Asks for a token, refuses a wrong one, and keeps the right one for the tab."""
    indexer = Indexer(kvindexer, endpoints_file(["one"]), logs, TOKEN)
    indexer.start()
    view = View(browser, PHONE)
    try:
        page = view.open(indexer.url)
        view.wait_for("document.querySelector('#token').open")
        page.fill("#token-value", "no-such-token-here")
        page.keyboard.press("Enter")
        view.wait_for("document.querySelector('#token-fault').textContent.length > 0")
        fault = page.locator("#token-fault").inner_text()
        view.wait_for("document.querySelector('#token').open")
        page.fill("#token-value", TOKEN)
        page.keyboard.press("Enter")
        view.wait_for(f"{STATE} === 'live'")
        page.reload()
        view.wait_for(f"{STATE} === 'live'")
        expect("kept", page.evaluate("Object.keys(localStorage).length"), 0)
        return fault
    finally:
        view.close()
        indexer.stop()


def five_hundred_endpoints(browser: Browser, kvindexer: Path, logs: Path) -> str:
    """Lists 500 endpoints, one of which has a name that would be markup, and walks to the last."""
    names = [f"engine-{number}" for number in range(500)]
    indexer = Indexer(kvindexer, endpoints_file(names), logs)
    indexer.start()
    view = View(browser, PHONE)
    try:
        page = view.open(indexer.url)
        view.wait_for("document.querySelectorAll('.row').length > 0")
        rows = page.locator(".row").count()
        if rows > 40:
            raise CaseFailed(f"{rows} rows exist although few can be seen")
        page.locator('.row[tabindex="0"]').focus()
        page.keyboard.press("End")
        view.wait_for("document.activeElement.dataset.name === 'engine-499'")
        page.keyboard.press("Home")
        view.wait_for("document.activeElement.dataset.name === 'engine-0'")
        page.get_by_label("Filter endpoints").fill("engine-37")
        view.wait_for("document.querySelectorAll('.row').length === 11")
        page.get_by_label("Filter endpoints").fill("")
        page.get_by_role("button", name="Grid").click()
        view.wait_for("document.querySelectorAll('.cell').length === 500")
        page.locator('.cell[tabindex="0"]').focus()
        page.keyboard.press("End")
        page.keyboard.press("Enter")
        view.wait_for("document.querySelector('#details').open")
        wide = page.evaluate("document.documentElement.scrollWidth")
        expect("width", wide, PHONE["width"])
        expect("errors", view.errors, [])
        size = len(indexer.ask_bytes("v1/overview"))
        if size > 100_000:
            raise CaseFailed(f"the overview has {size} bytes")
        return f"{rows} rows at a time, {size} bytes"
    finally:
        view.close()
        indexer.stop()


def names_are_no_markup(browser: Browser, kvindexer: Path, logs: Path) -> str:
    """Shows a name that would be an image as the text that it is."""
    indexer = Indexer(kvindexer, endpoints_file([MARKUP]), logs)
    indexer.start()
    view = View(browser, PHONE)
    try:
        page = view.open(indexer.url)
        view.wait_for("document.querySelectorAll('.row').length === 1")
        expect("name", page.locator(".row .name").inner_text(), MARKUP)
        page.locator(".row").click()
        view.wait_for("document.querySelector('#details').open")
        expect("title", page.locator("#details-title").inner_text(), MARKUP)
        expect("images", page.locator("img").count(), 0)
        expect("errors", view.errors, [])
        return MARKUP
    finally:
        view.close()
        indexer.stop()


def colours_have_contrast(browser: Browser, kvindexer: Path, logs: Path) -> str:
    """Computes the contrast of every text colour on every ground, in both palettes."""
    indexer = Indexer(kvindexer, endpoints_file([]), logs)
    indexer.start()
    lowest = 21.0
    try:
        for scheme in ("light", "dark"):
            view = View(browser, PHONE, scheme)
            pairs = view.open(indexer.url).evaluate(CONTRASTS)
            view.close()
            for name, contrast in pairs:
                lowest = min(lowest, contrast)
                if contrast < 4.5:
                    raise CaseFailed(f"{name} has a contrast of {contrast:.2f} in {scheme}")
        return f"at least {lowest:.1f}"
    finally:
        indexer.stop()


ALL = [
    no_endpoints,
    gone_and_back,
    stale_and_fresh,
    token_wanted,
    five_hundred_endpoints,
    names_are_no_markup,
    colours_have_contrast,
]
