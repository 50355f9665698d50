// The tree of prefixes: runs of blocks without a branch, each opened for those that go on from it.

const prefixTree = {
  sort: "value",
  endpoint: "",
  /// The page's size of each level.
  limit: 50,
  deepest: 1,

  start() {
    this.tree = h("div", {
      role: "tree", "aria-label": "Prefixes: arrow keys move and open", onkeydown: (event) => this.key(event),
    });
    this.body = h("div");
    this.note = h("span", { class: "dim push", role: "status" });
    this.only = h("input", {
      type: "search", placeholder: "Only of endpoint", "aria-label": "Only prefixes of an endpoint", list: "endpoint-names",
      onchange: () => { this.endpoint = this.only.value.trim(); this.load(); },
    });
    append(find("prefixes"), [h("div", { class: "tools" },
      segments("Order", [["value", "Most valuable"], ["depth", "Deepest"], ["holders", "Most holders"],
        ["last_hit", "Last hit"]], "value", (sort) => { this.sort = sort; this.load(); }),
      this.only, h("datalist", { id: "endpoint-names" }), this.note,
      h("button", { type: "button", onclick: () => this.load() }, "Refresh")), this.body]);
  },

  show() {
    fill(find("endpoint-names"), (overview.endpoints ?? []).map((one) => h("option", { value: one.endpoint })));
    if (!this.isLoaded) this.load();
  },

  query(parent, cursor) {
    const query = new URLSearchParams({ sort: this.sort, limit: this.limit });
    for (const [name, value] of Object.entries({ parent, cursor, endpoint: this.endpoint })) {
      if (value) query.set(name, value);
    }
    return `v1/prefixes?${query}`;
  },

  async load() {
    const turn = this.turn = (this.turn ?? 0) + 1;
    if (!this.isLoaded) fill(this.body, waiting(6));
    try {
      const answer = await server.request(this.query());
      if (turn !== this.turn) return;
      this.isLoaded = true;
      this.deepest = Math.max(1, ...answer.prefixes.map((one) => one.depth_tokens));
      setText(this.note, `${plural(answer.total, "run")} · as of ${clock(Date.now() / 1000)}`);
      if (answer.prefixes.length === 0) {
        return fill(this.body, empty("No prefixes here", this.endpoint
          ? "This endpoint holds none, or there is no endpoint of this name."
          : "They appear as soon as an engine caches a block and says so."));
      }
      fill(this.tree, this.nodes(answer, null, 0));
      this.tree.firstElementChild.tabIndex = 0;
      fill(this.body, h("div", { class: "tree" }, h("div", { class: "line tree-head", "aria-hidden": "true" },
        ["Blocks", h("span", { class: "wide" }, "Place in the prompt"), h("span", { class: "number" }, "Tokens"),
          "Holders", h("span", { class: "number" }, "Reads"), h("span", { class: "wide number" }, "Last hit"),
          h("span", { class: "number" }, "Value")].map((title) => h("span", { class: title.className }, title))),
      this.tree));
    } catch (problem) {
      if (turn === this.turn) fill(this.body, fault(problem, () => this.load()));
    }
  },

  /// Tree items of one answer, and a button for the rest of it.
  nodes(answer, parent, level) {
    const nodes = answer.prefixes.map((prefix) => this.node(prefix, level));
    if (answer.next) {
      const more = h("button", {
        type: "button", class: "more", tabindex: -1, role: "treeitem", "aria-level": level + 1, "--level": level,
        onclick: () => this.more(more, parent, answer.next, level),
      }, "More …");
      nodes.push(more);
    }
    return nodes;
  },

  node(prefix, level) {
    const end = prefix.first_block + prefix.blocks;
    const blockTokens = prefix.depth_tokens / Math.max(prefix.depth_blocks, 1);
    const names = prefix.holders.map((one) => one.endpoint + (one.rank > 0 ? `/${one.rank}` : ""));
    const others = prefix.holder_count - Math.min(prefix.holder_count, 3);
    const who = `${count(prefix.holder_count)}: ${names.slice(0, 3).join(", ")}${others > 0 ? ` + ${others}` : ""}`;
    const node = h("div", {
      class: "line node", role: "treeitem", tabindex: -1, "aria-level": level + 1, "--level": level,
      "aria-expanded": prefix.children > 0 ? "false" : null, "data-id": prefix.id, title: `${prefix.id}\n${names.join(", ")}`,
      onclick: () => { this.focus(node); this.toggle(node); },
    },
    h("div", { class: "what" }, icon("open", prefix.children > 0 ? "" : "leaf"),
      h("span", {}, `${count(prefix.first_block)} – ${count(end)}`),
      prefix.children > 0 && h("span", { class: "dim" }, plural(prefix.children, "branch", "branches"))),
    h("div", { class: "span wide", "--from": (prefix.first_block * blockTokens) / this.deepest,
      "--part": (prefix.blocks * blockTokens) / this.deepest }, h("i")),
    h("div", { class: "number tokens" }, count(prefix.depth_tokens)),
    h("div", { class: "who" }, who),
    h("div", { class: "number reads" }, count(prefix.reads)),
    h("div", { class: "number wide dim" }, ago(prefix.last_hit_s)),
    h("div", { class: "number value" }, count(Math.round(prefix.value))));
    node.level = level;
    node.hasChildren = prefix.children > 0;
    return node;
  },

  async more(button, parent, cursor, level) {
    button.disabled = true;
    try {
      const answer = await server.request(this.query(parent, cursor));
      const nodes = this.nodes(answer, parent, level);
      button.replaceWith(...nodes);
      if (nodes.length > 0) this.focus(nodes[0]);
    } catch (problem) {
      button.disabled = false;
      setText(button, `${problem.title}. Try again`);
    }
  },

  // Opening and closing.

  async toggle(node) {
    if (!node.hasChildren) return;
    if (node.getAttribute("aria-expanded") === "true") return this.close(node);
    node.setAttribute("aria-expanded", "true");
    node.setAttribute("aria-busy", "true");
    try {
      const answer = await server.request(this.query(node.dataset.id));
      if (node.getAttribute("aria-expanded") === "true") {
        node.after(...this.nodes(answer, node.dataset.id, node.level + 1));
      }
    } catch (problem) {
      node.setAttribute("aria-expanded", "false");
      setText(this.note, `${problem.title}. ${problem.message}`);
    }
    node.removeAttribute("aria-busy");
  },

  close(node) {
    node.setAttribute("aria-expanded", "false");
    while (node.nextElementSibling && levelOf(node.nextElementSibling) > node.level) {
      node.nextElementSibling.remove();
    }
  },

  focus(node) {
    for (const one of this.tree.querySelectorAll('[tabindex="0"]')) one.tabIndex = -1;
    node.tabIndex = 0;
    node.focus();
  },

  key(event) {
    const node = event.target.closest('[role="treeitem"]');
    if (!node) return;
    const isOpen = node.getAttribute("aria-expanded") === "true";
    const actions = {
      ArrowDown: () => node.nextElementSibling,
      ArrowUp: () => node.previousElementSibling,
      Home: () => this.tree.firstElementChild,
      End: () => this.tree.lastElementChild,
      ArrowRight: () => (isOpen ? node.nextElementSibling : this.toggle(node) && null),
      ArrowLeft: () => (isOpen ? this.close(node) : parentOf(node)),
      Enter: () => (node.matches("button") ? node.click() : this.toggle(node) && null),
      " ": () => (node.matches("button") ? node.click() : this.toggle(node) && null),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    const to = action();
    if (to instanceof Element) this.focus(to);
  },
};

const levelOf = (node) => Number(node.getAttribute("aria-level")) - 1;

function parentOf(node) {
  let one = node.previousElementSibling;
  while (one && levelOf(one) >= levelOf(node)) one = one.previousElementSibling;
  return one;
}
