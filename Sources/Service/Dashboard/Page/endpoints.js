// The list of endpoints. Only the rows that can be seen exist: 500 endpoints cost as much as 20.

const endpointList = {
  sort: { key: "trouble", isDescending: false },
  filter: "",
  states: new Set(),
  view: "rows",
  shown: [],
  /// Row elements by the endpoint's name.
  rows: new Map(),
  /// The name of the endpoint that the keyboard is on.
  current: null,

  columns: [
    ["trouble", "Trust", "c-trust"], ["endpoint", "Endpoint", "c-name"],
    ["part", "KV cache", "c-bars"], ["blocks", "Blocks", "c-blocks number"],
    ["hits", "Hits", "c-hits number"], ["requests", "Requests", "c-requests number"],
    ["load", "Load", "c-load number"], ["events_per_s", "Events /s", "c-events number"],
    ["last_event_s", "Last event", "wide number"],
  ],
  /// Columns whose largest value is the most interesting one.
  largestFirst: new Set(["part", "blocks", "hits", "requests", "load", "events_per_s", "last_event_s"]),

  start() {
    this.search = h("input", {
      type: "search", placeholder: "Filter by name, address, model", "aria-label": "Filter endpoints",
      oninput: () => { this.filter = this.search.value.trim().toLowerCase(); this.draw(); },
    });
    this.chips = h("div", { class: "chips", role: "group", "aria-label": "Only endpoints that are" });
    this.number = h("span", { class: "dim push", role: "status" });
    append(find("endpoint-tools"), [h("h2", {}, "Endpoints"), this.search, this.chips, this.number,
      segments("View", [["rows", "Rows"], ["grid", "Grid"]], "rows", (view) => {
        this.view = view;
        this.draw();
      })]);
    this.head = h("div", { class: "line fleet head", role: "row", "aria-rowindex": 1 },
      this.columns.map(([key, title, kind]) => h("div", { role: "columnheader", class: kind, "data-key": key },
        h("button", { type: "button", onclick: () => this.sortBy(key) }, title))));
    this.body = h("div", { class: "rows", role: "rowgroup", onkeydown: (event) => this.key(event) });
    this.table = h("div", { role: "grid", "aria-label": "Endpoints" }, this.head, this.body);
    this.cells = h("div", {
      class: "cells", role: "group", "aria-label": "Endpoints: arrow keys move, Enter opens",
      onkeydown: (event) => this.key(event),
    });
    this.grid = h("div", {}, this.cells, h("p", { class: "dim" },
      "Each cell is an endpoint, filled as far as its KV cache is. One with a sign is not exact."));
    fill(find("endpoints"), waiting(4));
    addEventListener("scroll", () => this.drawRows(), { passive: true });
    addEventListener("resize", () => this.draw());
  },

  sortBy(key) {
    const isSame = this.sort.key === key;
    this.sort = { key, isDescending: isSame ? !this.sort.isDescending : this.largestFirst.has(key) };
    this.draw();
  },

  value(endpoint, key) {
    switch (key) {
      case "trouble": return trouble[endpoint.state];
      case "blocks": return endpoint.tiers[0] ?? 0;
      case "part": return (endpoint.tiers[0] ?? 0) / (endpoint.capacity_blocks ?? this.largest);
      case "hits": return endpoint.prompt_tokens > 0 ? endpoint.delivered_tokens / endpoint.prompt_tokens : null;
      case "load": return endpoint.running === null ? null : endpoint.running + (endpoint.waiting ?? 0);
      default: return endpoint[key];
    }
  },

  order(a, b) {
    const { key, isDescending } = this.sort;
    const [left, right] = [this.value(a, key), this.value(b, key)];
    if (left !== right) {
      // What is not known comes last, whichever way.
      if (!isKnown(left) && typeof left !== "string") return 1;
      if (!isKnown(right) && typeof right !== "string") return -1;
      const order = typeof left === "string" ? byName(left, right) : left - right;
      if (order !== 0) return isDescending ? -order : order;
    }
    return byName(a.endpoint, b.endpoint);
  },

  draw() {
    const all = overview.endpoints;
    if (!all) return;
    if (all.length === 0) {
      this.number.textContent = "";
      fill(this.chips);
      return fill(find("endpoints"), empty("No endpoints yet",
        "List the model servers in a file, and start with --endpoints FILE; the file is watched, "
          + "so they appear here as soon as they are in it.",
        "kvindexer demo --stay shows simulated ones."));
    }
    this.largest = Math.max(1, ...all.map((one) => one.tiers[0] ?? 0));
    this.drawChips(all);
    this.shown = all.filter((one) => this.matches(one)).sort((a, b) => this.order(a, b));
    setText(this.number, this.shown.length === all.length
      ? plural(all.length, "endpoint") : `${count(this.shown.length)} of ${count(all.length)}`);
    const element = this.shown.length === 0
      ? this.nothing ??= empty("No endpoint is like that", "Clear the filter to see all of them.")
      : this.view === "rows" ? this.table : this.grid;
    if (find("endpoints").firstElementChild !== element) fill(find("endpoints"), element);
    if (this.view === "rows") this.drawRows(); else this.drawGrid();
  },

  matches(endpoint) {
    if (this.states.size > 0 && !this.states.has(endpoint.state)) return false;
    return !this.filter || [endpoint.endpoint, endpoint.address, endpoint.model ?? ""].some(
      (text) => text.toLowerCase().includes(this.filter));
  },

  drawChips(all) {
    const counts = {};
    for (const { state } of all) counts[state] = (counts[state] ?? 0) + 1;
    const states = Object.keys(trouble).filter((state) => counts[state] || this.states.has(state));
    const key = states.join();
    if (this.chips.dataset.key !== key) {
      this.chips.dataset.key = key;
      fill(this.chips, states.map((state) => h("button", {
        type: "button", "data-state": state, "aria-pressed": String(this.states.has(state)),
        onclick: (event) => {
          if (!this.states.delete(state)) this.states.add(state);
          event.currentTarget.setAttribute("aria-pressed", String(this.states.has(state)));
          this.draw();
        },
      }, trustMark(state, ""))));
    }
    for (const chip of this.chips.children) {
      const { state } = chip.dataset;
      setText(chip.querySelector("span span"), `${trustWords[state]} ${count(counts[state] ?? 0)}`);
    }
  },

  // Rows.

  get rowHeight() { return parseFloat(getComputedStyle(this.body).getPropertyValue("--row")); },

  drawRows() {
    if (this.view !== "rows" || !this.table.isConnected || find("fleet").hidden) return;
    for (const header of this.head.children) {
      setAttribute(header, "aria-sort", header.dataset.key !== this.sort.key ? null
        : this.sort.isDescending ? "descending" : "ascending");
    }
    const height = this.rowHeight;
    this.body.style.height = `${height * this.shown.length}px`;
    setAttribute(this.table, "aria-rowcount", this.shown.length + 1);
    const top = -this.body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(top / height) - 6);
    const end = Math.min(this.shown.length, Math.ceil((top + innerHeight) / height) + 6);
    const kept = new Set();
    const hasCurrent = this.shown.some((one) => one.endpoint === this.current);
    for (let index = first; index < end; index += 1) {
      const endpoint = this.shown[index];
      kept.add(endpoint.endpoint);
      const row = this.row(endpoint.endpoint);
      row.element.style.transform = `translateY(${index * height}px)`;
      setAttribute(row.element, "aria-rowindex", index + 2);
      const isCurrent = hasCurrent ? endpoint.endpoint === this.current : index === 0;
      setAttribute(row.element, "tabindex", isCurrent ? 0 : -1);
      row.show(endpoint);
    }
    for (const [name, row] of this.rows) {
      if (kept.has(name) || row.element === document.activeElement) continue;
      row.element.remove();
      this.rows.delete(name);
    }
  },

  row(name) {
    const known = this.rows.get(name);
    if (known) return known;
    const cells = this.columns.map(([key, , kind]) => h("div", { role: "gridcell", class: kind, "data-cell": key }));
    const element = h("div", {
      class: "line fleet row", role: "row", "data-name": name,
      onclick: () => details.open(name), onfocus: () => { this.current = name; },
    }, cells);
    const cell = Object.fromEntries(this.columns.map(([key], index) => [key, cells[index]]));
    const title = h("div", { class: "name" });
    const subtitle = h("div", { class: "sub" });
    const numbers = h("div");
    const lowerTiers = h("div", { class: "sub" });
    append(cell.endpoint, [title, subtitle]);
    append(cell.blocks, [numbers, lowerTiers]);
    const parts = { cell, title, subtitle, numbers, lowerTiers };
    const row = { element, state: "", show: (endpoint) => this.showRow(row, parts, endpoint) };
    this.body.append(element);
    this.rows.set(name, row);
    return row;
  },

  showRow(row, { cell, title, subtitle, numbers, lowerTiers }, endpoint) {
    // A row is drawn anew only where something about it has changed.
    const text = JSON.stringify([endpoint, this.largest]);
    if (row.shown === text) return;
    row.shown = text;
    if (row.state !== endpoint.state) {
      fill(cell.trouble, trustMark(endpoint.state));
      row.state = endpoint.state;
    }
    setAttribute(row.element, "title", endpoint.reason);
    setText(title, endpoint.endpoint);
    setText(subtitle, [endpoint.address, endpoint.model].filter(Boolean).join(" · "));
    subtitle.className = endpoint.reason ? "sub" : "sub address";
    if (endpoint.reason) setText(subtitle, endpoint.reason);
    const tiers = endpoint.tiers.length > 0 ? endpoint.tiers : [0];
    const scales = JSON.stringify([tiers, endpoint.capacity_blocks, this.largest]);
    if (row.scales !== scales) {
      row.scales = scales;
      fill(cell.part, h("div", { class: "bars" }, tiers.map((blocks, index) => tierBar(endpoint, index, blocks))));
    }
    const lower = tiers.slice(1).map((blocks, index) => (blocks > 0 ? `+ ${count(blocks)} ${overview.tiers[index + 1]}` : ""));
    setText(numbers, `${count(tiers[0])} / ${count(endpoint.capacity_blocks)}`);
    setText(lowerTiers, lower.filter(Boolean).join(", "));
    setText(cell.hits, percent(endpoint.delivered_tokens, endpoint.prompt_tokens));
    setText(cell.requests, count(endpoint.requests));
    setText(cell.load, endpoint.running === null ? unknown : `${endpoint.running} + ${endpoint.waiting ?? 0}`);
    setAttribute(cell.load, "title", `running + waiting requests`);
    setText(cell.events_per_s, amount(endpoint.events_per_s));
    setText(cell.last_event_s, isKnown(endpoint.last_event_s) ? duration(endpoint.last_event_s) : unknown);
  },

  // The grid: every endpoint as a cell that is filled as far as its cache is.

  drawGrid() {
    const names = this.shown.map((one) => one.endpoint).join("\n");
    if (this.cells.dataset.names !== names) {
      this.cells.dataset.names = names;
      fill(this.cells, this.shown.map(({ endpoint }) => h("button", {
        type: "button", class: "cell", "data-name": endpoint, tabindex: -1,
        onclick: () => details.open(endpoint), onfocus: () => { this.current = endpoint; },
      })));
    }
    const hasCurrent = this.shown.some((one) => one.endpoint === this.current);
    this.shown.forEach((endpoint, index) => {
      const cell = this.cells.children[index];
      const part = Math.min(this.value(endpoint, "part"), 1).toFixed(2);
      if (cell.dataset.trust !== endpoint.state) {
        cell.dataset.trust = endpoint.state;
        fill(cell, icon(endpoint.state));
      }
      cell.style.setProperty("--part", part);
      const label = `${endpoint.endpoint}: ${trustWords[endpoint.state]}, `
        + `${count(sum(endpoint.tiers))} of ${count(endpoint.capacity_blocks)} blocks`;
      setAttribute(cell, "aria-label", label);
      setAttribute(cell, "title", label);
      setAttribute(cell, "tabindex", (hasCurrent ? endpoint.endpoint === this.current : index === 0) ? 0 : -1);
    });
  },

  // The keyboard.

  key(event) {
    const index = this.shown.findIndex((one) => one.endpoint === this.current);
    const isGrid = this.view === "grid";
    const across = isGrid ? getComputedStyle(this.cells).gridTemplateColumns.split(" ").length : 1;
    const last = this.shown.length - 1;
    if ((event.key === "Enter" || event.key === " ") && index >= 0) {
      event.preventDefault();
      return details.open(this.current);
    }
    const to = {
      ArrowDown: index + across, ArrowUp: index - across, Home: 0, End: last,
      PageDown: index + 10 * across, PageUp: index - 10 * across,
      ArrowRight: isGrid ? index + 1 : undefined, ArrowLeft: isGrid ? index - 1 : undefined,
    }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.focus(Math.min(Math.max(to, 0), last));
  },

  focus(index) {
    this.current = this.shown[index].endpoint;
    if (this.view === "grid") {
      this.drawGrid();
      return this.cells.children[index].focus();
    }
    const height = this.rowHeight;
    const y = this.body.getBoundingClientRect().top + index * height;
    const covered = 90;
    if (y < covered) scrollBy(0, y - covered);
    if (y + height > innerHeight) scrollBy(0, y + height - innerHeight + 8);
    this.drawRows();
    this.rows.get(this.current)?.element.focus({ preventScroll: true });
  },
};

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

/// A tier of an endpoint against its capacity, or against the fullest endpoint's.
function tierBar(endpoint, index, blocks) {
  const tier = overview.tiers[index];
  const whole = index === 0 ? endpoint.capacity_blocks : null;
  const scale = whole ?? (index === 0 ? endpointList.largest
    : Math.max(1, ...overview.endpoints.map((one) => one.tiers[index] ?? 0)));
  const label = `${tier}: ${count(blocks)} of ${whole === null ? "an unknown number of" : count(whole)} blocks`;
  return bar(blocks, whole, { tier, scale, label });
}
