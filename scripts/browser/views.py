"""What the views show of a fleet at rest, against the API, by mouse and by keyboard."""

from browser import View
from expecting import CaseFailed, expect, expect_in, grouped
from servers import Demo

PROMPT = "Once upon a time there was a cache, and it was warm."


def figures_are_the_apis(view: View, demo: Demo) -> str:
    """Compares the numbers on top with the overview."""
    page = view.open(demo.url)
    view.wait_for("document.querySelectorAll('.row').length > 0")
    state, _ = demo.overview()
    totals = state["totals"]
    exact = page.locator("#figure-exact").inner_text()
    expect("exact endpoints", exact, f"{totals['trust']['exact']} of {totals['endpoints']}")
    expect("blocks", page.locator("#figure-blocks").inner_text(), grouped(totals["blocks"]))
    traffic = state["traffic"]
    if traffic and traffic["requests"]:
        ratio = 100 * traffic["delivered_tokens"] / traffic["prompt_tokens"]
        expect("hit ratio", page.locator("#figure-hits").inner_text(), f"{ratio:.1f} %")
        cells = page.locator("#comparison tbody td").all_inner_texts()
        expect("predicted", cells[0:2], [grouped(traffic[of]["requests"]) for of in BOTH])
    return exact


BOTH = ("precise", "approximate")


def rows_are_the_apis(view: View, demo: Demo) -> str:
    """Compares each row of the endpoints with the overview, the residency and the sources."""
    page = view.open(demo.url)
    view.wait_for("document.querySelectorAll('.row').length > 0")
    _, endpoints = demo.overview()
    residency = {one["endpoint"]: one for one in demo.ask("v1/residency")["endpoints"]}
    for endpoint in endpoints:
        name = endpoint["endpoint"]
        row = page.locator(f'.row[data-name="{name}"]')
        held = residency[name]
        expect(f"trust of {name}", row.locator(".trust").inner_text(), held["trust"])
        blocks = next((one["blocks"] for one in held["tiers"] if one["tier"] == "gpu"), 0)
        expect(
            f"blocks of {name}",
            row.locator(".c-blocks div").first.inner_text(),
            f"{grouped(blocks)} / {grouped(held['capacity_blocks'])}",
        )
        expect(
            f"requests of {name}",
            row.locator(".c-requests").inner_text(),
            grouped(endpoint["requests"]),
        )
    return f"{len(endpoints)} rows"


def rows_are_sorted_filtered_and_opened_by_keyboard(view: View, demo: Demo) -> str:
    """Walks through the rows with the arrow keys, and opens one."""
    page = view.open(demo.url)
    view.wait_for("document.querySelectorAll('.row').length > 0")
    page.locator('.head [data-key="endpoint"] button').click()
    page.locator('.head [data-key="endpoint"] button').click()
    expect("direction", page.locator('[data-key="endpoint"]').get_attribute("aria-sort"), "descending")
    page.locator('.row[tabindex="0"]').focus()
    page.keyboard.press("Home")
    names = sorted(one["endpoint"] for one in demo.overview()[1])
    expect("first row", page.evaluate("document.activeElement.dataset.name"), names[-1])
    page.keyboard.press("ArrowDown")
    expect("second row", page.evaluate("document.activeElement.dataset.name"), names[-2])
    page.keyboard.press("Enter")
    view.wait_for("document.querySelector('#details').open")
    expect("details", page.locator("#details-title").inner_text(), names[-2])
    view.wait_for("document.querySelector('#details table tbody tr')")
    held = demo.ask(f"v1/residency?endpoint={names[-2]}")["endpoints"][0]
    expect_in("tiers", f"{grouped(held['tiers'][0]['blocks'])} / ", page.locator(".tier").inner_text())
    page.keyboard.press("Escape")
    view.wait_for("!document.querySelector('#details').open")
    page.get_by_label("Filter endpoints").fill(names[0])
    view.wait_for("document.querySelectorAll('.row').length === 1")
    page.get_by_label("Filter endpoints").fill("no such endpoint")
    view.wait_for("document.querySelector('#endpoints .state')")
    return names[-2]


def tree_is_the_apis(view: View, demo: Demo) -> str:
    """Opens prefixes by keyboard, and compares what is shown with the API."""
    page = view.open(demo.url, "prefixes")
    view.wait_for("document.querySelectorAll('.node').length > 0")
    answer = demo.ask("v1/prefixes?sort=value&limit=50")
    nodes = page.locator(".node")
    expect("prefixes", nodes.count(), len(answer["prefixes"]))
    for index, prefix in enumerate(answer["prefixes"][:10]):
        node = nodes.nth(index)
        expect(f"id {index}", node.get_attribute("data-id"), prefix["id"])
        expect("tokens", node.locator(".tokens").inner_text(), grouped(prefix["depth_tokens"]))
        expect_in("holders", f"{prefix['holder_count']}: ", node.locator(".who").inner_text())
        expect("reads", node.locator(".reads").inner_text(), grouped(prefix["reads"]))
    parent = next(one for one in answer["prefixes"] if one["children"] > 0)
    index = answer["prefixes"].index(parent)
    nodes.first.focus()
    for _ in range(index):
        page.keyboard.press("ArrowDown")
    expect("focus", page.evaluate("document.activeElement.dataset.id"), parent["id"])
    page.keyboard.press("ArrowRight")
    view.wait_for("document.querySelectorAll('.node[aria-level=\"2\"]').length > 0")
    children = demo.ask(f"v1/prefixes?sort=value&limit=50&parent={parent['id']}")["prefixes"]
    shown = page.locator('.node[aria-level="2"]')
    expect("children", shown.count(), len(children))
    expect("first child", shown.first.get_attribute("data-id"), children[0]["id"])
    page.keyboard.press("ArrowRight")
    expect("into it", page.evaluate("document.activeElement.dataset.id"), children[0]["id"])
    page.keyboard.press("ArrowLeft")
    expect("out of it", page.evaluate("document.activeElement.dataset.id"), parent["id"])
    page.keyboard.press("ArrowLeft")
    expect("closed", page.locator('.node[aria-level="2"]').count(), 0)
    page.get_by_role("button", name="Deepest").click()
    deepest = demo.ask("v1/prefixes?sort=depth&limit=50")["prefixes"][0]
    view.wait_for(f"document.querySelector('.node').dataset.id === '{deepest['id']}'")
    return f"{len(answer['prefixes'])} of {answer['total']} prefixes, {len(children)} below one"


def search_explains_a_prompt(view: View, demo: Demo) -> str:
    """Searches by keyboard, and compares the explanation with the API's."""
    page = view.open(demo.url)
    view.wait_for("document.querySelectorAll('.row').length > 0")
    page.keyboard.press("/")
    expect("focus", page.evaluate("document.activeElement.id"), "question")
    page.keyboard.type(PROMPT)
    page.keyboard.press("Enter")
    view.wait_for("document.querySelectorAll('.match').length > 0")
    expect("view", page.locator('[role="tab"][aria-selected="true"]').inner_text(), "Explain")
    compare_explanation(view, demo.ask("v1/explain", {"prompt": PROMPT}))
    page.keyboard.press("Escape")
    tokens = demo.recent_tokens
    page.fill("#question", str(tokens))
    page.press("#question", "Enter")
    view.wait_for("document.querySelector('.answer h2')?.textContent.startsWith('33 tokens')")
    answer = demo.ask("v1/explain", {"tokens": tokens})
    compare_explanation(view, answer)
    best = max(one["matched_tokens"] for one in answer["endpoints"])
    expect("the most that is held of a recent prompt", best, 32)
    return f"{page.locator('.match').count()} endpoints, twice"


def compare_explanation(view: View, answer: dict) -> None:
    """Compares the explanation that is shown with one of the API."""
    page = view.page
    size = page.locator(".answer h2").first.inner_text()
    expect_in("tokens", f"{grouped(answer['prompt_tokens'])} token", size)
    if answer["pick"]:
        expect_in("pick", answer["pick"]["endpoint"], page.locator("#pick h2").inner_text())
        expect_in("why", answer["pick"]["sentence"], page.locator("#pick").inner_text())
    for endpoint in answer["endpoints"]:
        line = page.locator(f'.match[data-name="{endpoint["endpoint"]}"]')
        seen = line.locator(".matched").inner_text()
        expect_in(endpoint["endpoint"], f"{grouped(endpoint['matched_tokens'])} tokens", seen)
        if endpoint["missing"]:
            # How long ago something was is a moment older here.
            words = endpoint["missing"]["sentence"].split()[:3]
            expect_in("reason", " ".join(words), line.locator(".why").inner_text())


def decisions_are_the_apis(view: View, demo: Demo) -> str:
    """Compares the decisions with the API, and opens one by keyboard."""
    page = view.open(demo.url, "decisions")
    if not demo.has_picker:
        view.wait_for("document.querySelector('#decisions .state')")
        return "none without a picker"
    view.wait_for("document.querySelectorAll('.decision').length > 0")
    decisions = demo.ask("v1/decisions?limit=100")["decisions"]
    rows = page.locator(".decision")
    expect("decisions", rows.count(), len(decisions))
    for index, one in enumerate(decisions[:20]):
        row = rows.nth(index)
        expect("id", row.get_attribute("data-id"), str(one["id"]))
        expect("endpoint", row.locator("td").first.inner_text(), one["endpoint"])
        for label, field in [
            ("predicted", "predicted_tokens"),
            ("delivered", "delivered_tokens"),
            ("regret", "regret_tokens"),
        ]:
            cell = row.locator(f'[data-label="{label}"]')
            expect(f"{label} of {one['id']}", cell.inner_text(), grouped(one[field]))
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    view.wait_for("document.querySelector('.candidates tbody tr')")
    shown = page.locator(".candidates tbody tr")
    expect("candidates", shown.count(), len(decisions[1]["candidates"]))
    expect_in(
        "picked", decisions[1]["endpoint"], shown.filter(has_text="picked").first.inner_text()
    )
    page.get_by_role("button", name="With regret").click()
    regretted = sum(1 for one in decisions if (one["regret_tokens"] or 0) > 0)
    view.wait_for(f"document.querySelectorAll('.decision').length === {regretted}")
    return f"{len(decisions)} decisions, {regretted} with regret"


def tabs_and_theme_work_by_keyboard(view: View, demo: Demo) -> str:
    """Goes through the tabs with the arrow keys, and changes the colours."""
    page = view.open(demo.url)
    page.locator("#tab-fleet").focus()
    seen = []
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        seen.append(page.locator('[role="tab"][aria-selected="true"]').inner_text())
    expect("tabs", seen, ["Prefixes", "Explain", "Decisions", "Fleet"])
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    if outline == "none":
        raise CaseFailed("the tab that has the focus does not show it")
    themes = []
    for _ in range(3):
        page.locator("#theme").press("Enter")
        themes.append(page.evaluate("document.documentElement.dataset.theme"))
    expect("themes", themes, ["light", "dark", "light"])
    return ", ".join(seen)


def nothing_comes_from_elsewhere(view: View, demo: Demo) -> str:
    """Looks at every request that the page made, in all views."""
    page = view.open(demo.url)
    for name in ("prefixes", "explain", "decisions", "fleet"):
        page.locator(f"#tab-{name}").click()
        view.wait_for("!document.querySelector('section:not([hidden]) .waiting')")
    elsewhere = [url for url in view.requests if not url.startswith((demo.url, "data:"))]
    expect("requests to elsewhere", elsewhere, [])
    return f"{len(view.requests)} requests, all to the server itself"


ALL = [
    figures_are_the_apis,
    rows_are_the_apis,
    rows_are_sorted_filtered_and_opened_by_keyboard,
    tree_is_the_apis,
    search_explains_a_prompt,
    decisions_are_the_apis,
    tabs_and_theme_work_by_keyboard,
    nothing_comes_from_elsewhere,
]
