// One endpoint, with all that the server says of it.

const details = {
  name: null,

  start() {
    const dialog = find("details");
    dialog.addEventListener("close", () => { this.name = null; });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    setInterval(() => { if (this.name !== null && !document.hidden) this.refresh(); }, 2000);
  },

  open(name) {
    this.name = name;
    this.residency = null;
    this.prefixes = null;
    this.problem = null;
    this.body = h("div", {}, waiting(5));
    fill(find("details"), h("div", { class: "top" },
      h("h2", { id: "details-title" }, name),
      h("button", { type: "button", class: "icon plain", "aria-label": "Close", onclick: () => find("details").close() },
        icon("close"))), this.body);
    this.draw();
    find("details").showModal();
    this.refresh();
  },

  async refresh() {
    const { name } = this;
    const query = `endpoint=${encodeURIComponent(name)}`;
    try {
      const [residency, prefixes] = await Promise.all([
        server.request(`v1/residency?${query}`), server.request(`v1/prefixes?${query}&limit=8`),
      ]);
      if (this.name !== name) return;
      this.problem = null;
      this.residency = residency.endpoints.find((one) => one.endpoint === name) ?? null;
      this.prefixes = prefixes.prefixes;
    } catch (problem) {
      if (this.name !== name) return;
      this.problem = problem;
    }
    this.draw();
  },

  draw() {
    const endpoint = overview.endpoints?.find((one) => one.endpoint === this.name);
    if (!endpoint) {
      return fill(this.body, empty("This endpoint is gone", "It is no longer in the endpoints file."));
    }
    const held = this.residency;
    fill(this.body,
      h("p", {}, trustMark(endpoint.state)),
      endpoint.reason && h("p", {}, endpoint.reason),
      h("h3", {}, "About"), facts([
        ["Address", endpoint.address], ["Model", endpoint.model ?? "any"],
        ["Block size", endpoint.block_size === null ? "not known before its first event"
          : `${endpoint.block_size} tokens`],
        ["Ranks", count(endpoint.ranks)],
        ["Load", endpoint.running === null ? "nobody asks this engine"
          : `${endpoint.running} running, ${endpoint.waiting ?? 0} waiting`],
        ["Requests", endpoint.requests === null ? unknown
          : `${count(endpoint.requests)}, hits ${percent(endpoint.delivered_tokens, endpoint.prompt_tokens)}`],
        ["Last event", ago(endpoint.last_event_s)],
      ]),
      h("h3", {}, "KV cache"),
      (held?.tiers ?? overviewTiers(endpoint)).map((tier) => tierLine(endpoint, tier)),
      held && facts([
        ["Age", `${duration(held.age_s)} on average, oldest ${duration(held.oldest_s)}`],
        ["Churn", `${perSecond(held.stored_per_s)} stored, ${perSecond(held.removed_per_s)} removed`],
        ["Turnover", held.turnover_s === null ? unknown : `once in ${duration(held.turnover_s)}`],
        ["Index", bytes(held.index_bytes)],
      ]),
      held?.ranks?.length > 1 && [h("h3", {}, "Ranks"), ranksTable(held.ranks)],
      h("h3", {}, "Its most valuable prefixes"),
      this.problem ? h("p", { class: "dim" }, this.problem.message)
        : this.prefixes === null ? h("div", { class: "waiting" })
          : this.prefixes.length === 0 ? h("p", { class: "dim" }, "It holds none.")
            : prefixTable(this.prefixes));
  },
};

function facts(rows) {
  return h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function overviewTiers(endpoint) {
  return endpoint.tiers.map((blocks, index) => ({
    tier: overview.tiers[index], blocks, tokens: blocks * (endpoint.block_size ?? 0),
    capacity_blocks: index === 0 ? endpoint.capacity_blocks : null, bytes: null, shared_blocks: null,
  }));
}

function tierLine(endpoint, tier) {
  const whole = tier.capacity_blocks;
  const notes = [
    `${count(tier.tokens)} tokens`, isKnown(tier.bytes) && bytes(tier.bytes),
    isKnown(tier.shared_blocks)
      && `${percent(tier.shared_blocks, tier.blocks)} of it other endpoints hold too`,
  ].filter(Boolean);
  return h("div", { class: "tier" }, h("span", {}, tier.tier),
    bar(tier.blocks, whole, { tier: tier.tier, scale: whole ?? endpointList.largest,
      label: `${tier.tier}: ${count(tier.blocks)} blocks` }),
    h("span", { class: "number" }, `${count(tier.blocks)} / ${count(whole)} blocks`),
    h("span", { class: "dim" }, notes.join(" · ")));
}

function ranksTable(ranks) {
  return h("table", {},
    h("thead", {}, h("tr", {}, ["Rank", "Trust", "Blocks"].map((title, index) =>
      h("th", { scope: "col", class: index === 2 ? "number" : null }, title)))),
    h("tbody", {}, ranks.map((rank) => h("tr", { title: rank.reason },
      h("td", {}, rank.rank), h("td", {}, trustMark(rank.trust)),
      h("td", { class: "number" }, count(sum(rank.tiers.map((tier) => tier.blocks))))))));
}

function prefixTable(prefixes) {
  return h("div", { class: "scroll" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Prefix", "Tokens", "Holders", "Reads", "Value"].map((title, index) =>
      h("th", { scope: "col", class: index > 0 ? "number" : null }, title)))),
    h("tbody", {}, prefixes.map((prefix) => h("tr", {},
      h("td", { class: "code" }, prefix.id.slice(0, 8)),
      [prefix.depth_tokens, prefix.holder_count, prefix.reads, Math.round(prefix.value)].map(
        (value) => h("td", { class: "number" }, count(value))))))));
}
