// The frame: views, theme, keyboard, and the state that keeps them all up to date.

const views = { fleet: null, prefixes: prefixTree, explain: explainer, decisions: decisionList };
const tabs = Object.keys(views).map((name) => find(`tab-${name}`));

function showView(name) {
  for (const tab of tabs) {
    const isShown = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(isShown));
    tab.tabIndex = isShown ? 0 : -1;
    find(tab.getAttribute("aria-controls")).hidden = !isShown;
  }
  // With a slash, so that no element has this name and nothing scrolls there.
  if (location.hash !== `#/${name}`) history.replaceState(null, "", `#/${name}`);
  views[name]?.show();
  if (name === "fleet") draw();
}

for (const tab of tabs) tab.addEventListener("click", () => showView(tab.id.slice(4)));

find("tabs").addEventListener("keydown", (event) => {
  const index = tabs.indexOf(document.activeElement);
  const to = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined || index < 0) return;
  event.preventDefault();
  const tab = tabs[(to + tabs.length) % tabs.length];
  tab.focus();
  showView(tab.id.slice(4));
});

// The theme: the system's, until one is chosen.

const themes = ["system", "light", "dark"];
const darkSystem = matchMedia("(prefers-color-scheme: dark)");

function showTheme() {
  const chosen = localStorage.getItem("kvindexer-theme") ?? "system";
  const theme = chosen === "system" ? (darkSystem.matches ? "dark" : "light") : chosen;
  document.documentElement.dataset.theme = theme;
  const button = find("theme");
  fill(button, icon(chosen));
  const label = `Colours: ${chosen === "system" ? "as the system" : chosen}`;
  button.setAttribute("aria-label", `${label}. Change them`);
  button.title = label;
}

find("theme").addEventListener("click", () => {
  const chosen = localStorage.getItem("kvindexer-theme") ?? "system";
  localStorage.setItem("kvindexer-theme", themes[(themes.indexOf(chosen) + 1) % themes.length]);
  showTheme();
});
darkSystem.addEventListener("change", showTheme);

// The search and the keyboard.

find("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = find("question").value;
  if (!text.trim()) return;
  showView("explain");
  explainer.search(text);
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
  if (event.key === "/") {
    event.preventDefault();
    find("question").focus();
  }
});

function draw() {
  if (!overview.totals || document.hidden) return;
  showFigures();
  if (find("fleet").hidden) return;
  showCharts();
  showComparison();
  endpointList.draw();
}

document.addEventListener("visibilitychange", draw);

showTheme();
endpointList.start();
details.start();
prefixTree.start();
explainer.start();
decisionList.start();
const viewOfAddress = () => (location.hash.slice(2) in views ? location.hash.slice(2) : "fleet");
showView(viewOfAddress());
addEventListener("hashchange", () => showView(viewOfAddress()));
setInterval(() => live.check(), 250);
live.run((state) => {
  overview.take(state);
  setText(find("role"), overview.routes ? "epp" : "serve");
  document.title = `${state.totals.trust.exact} of ${state.totals.endpoints} exact · kv-indexer`;
  requestAnimationFrame(draw);
});
