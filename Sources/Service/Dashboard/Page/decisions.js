// The last picks: what was predicted, what came, and what a better pick would have had.

const decisionList = {
  shownMax: 100,
  only: "all",
  isPaused: false,
  /// Newest first.
  all: [],
  opened: new Set(),
  /// The rows of decisions that were drawn, by id, each with the text that it was drawn from.
  drawn: new Map(),

  start() {
    this.note = h("span", { class: "dim push", role: "status" });
    this.pause = h("button", { type: "button", "aria-pressed": "false", onclick: () => {
      this.isPaused = !this.isPaused;
      setAttribute(this.pause, "aria-pressed", String(this.isPaused));
    } }, "Pause");
    this.rows = h("tbody", { onkeydown: (event) => this.key(event) });
    this.table = h("div", { class: "card scroll" }, h("table", { "aria-label": "Decisions, newest first" },
      h("thead", {}, h("tr", {}, [["Time"], ["Endpoint"], ["Rests on"], ["Prompt", 1], ["Predicted", 1], ["Delivered", 1],
        ["Off by", 1], ["Regret", 1], ["TTFT", 1], ["Decided in", 1], ["State"]].map(([title, isNumber]) =>
        h("th", { scope: "col", class: isNumber ? "number" : null }, title)))), this.rows));
    this.body = h("div", {}, waiting(6));
    append(find("decisions"), [h("div", { class: "tools" },
      segments("Show", [["all", "All"], ["wrong", "Wrong predictions"], ["regret", "With regret"]], "all",
        (only) => { this.only = only; this.draw(); }),
      this.note, this.pause), this.body]);
    setInterval(() => {
      if (!this.isPaused && !document.hidden && !find("decisions").hidden) this.load();
    }, 2000);
  },

  show() { this.load(); },

  async load() {
    if (this.isLoading) return;
    this.isLoading = true;
    try {
      const answer = await server.request(`v1/decisions?limit=${this.shownMax}`);
      this.all = answer.decisions;
      setText(this.note, `${count(answer.kept)} kept${answer.forgotten > 0 ? `, ${count(answer.forgotten)} older ones forgotten` : ""}`);
      this.draw();
    } catch (problem) {
      fill(this.body, fault(problem, () => this.load()));
    }
    this.isLoading = false;
  },

  draw() {
    const shown = this.all.filter((one) => this.only === "all"
      || (this.only === "wrong" ? isKnown(one.delivered_tokens) && one.delivered_tokens !== one.predicted_tokens
        : one.regret_tokens > 0));
    if (shown.length === 0) {
      return fill(this.body, this.all.length > 0
        ? empty("None of the last decisions is like that", `${plural(this.all.length, "decision")} looked at.`)
        : empty("Nothing was decided yet", "Requests that epp routes appear here, and scores that were asked for with a "
          + "request_id, so that POST /v1/feedback can tell what became of them."));
    }
    const focused = document.activeElement?.dataset?.id;
    const before = this.drawn;
    this.drawn = new Map();
    const rows = shown.map((one) => {
      const text = JSON.stringify([one, this.opened.has(one.id)]);
      const known = before.get(one.id);
      const elements = known?.text === text ? known.elements : this.row(one);
      this.drawn.set(one.id, { text, elements });
      return elements;
    });
    fill(this.rows, rows);
    if (this.body.firstElementChild !== this.table) fill(this.body, this.table);
    const current = focused ? this.rowOf(focused) : null;
    current?.focus({ preventScroll: true });
    this.letTab(current ?? this.rows.firstElementChild);
  },

  rowOf(id) { return this.rows.querySelector(`.decision[data-id="${CSS.escape(id)}"]`); },

  /// Lets the tab key reach one row, and the arrow keys the others.
  letTab(row) {
    for (const one of this.rows.querySelectorAll('[tabindex="0"]')) one.tabIndex = -1;
    row.tabIndex = 0;
  },

  row(one) {
    const isOpen = this.opened.has(one.id);
    const error = isKnown(one.delivered_tokens) ? one.delivered_tokens - one.predicted_tokens : null;
    const number = (label, text, more = {}) => h("td", { ...more, class: `number ${more.class ?? ""}`, "data-label": label }, text);
    const row = h("tr", {
      class: "decision", "data-id": one.id, tabindex: -1, "aria-expanded": String(isOpen),
      onclick: () => this.toggle(one.id),
    },
    h("th", { scope: "row", title: one.request_id }, clock(one.time)),
    h("td", {}, one.endpoint ?? "nowhere"),
    h("td", { class: "wide" }, h("span", { class: one.basis === "exact" ? "" : "dim" }, one.basis)),
    number("prompt", count(one.prompt_tokens), { class: "wide" }),
    number("predicted", count(one.predicted_tokens)),
    number("delivered", count(one.delivered_tokens)),
    number("off by", error === null ? unknown : error === 0 ? "0" : `${error > 0 ? "+" : "−"}${count(Math.abs(error))}`,
      { class: error ? "off" : "", title: causeSentences[one.error_cause] }),
    number("regret", count(one.regret_tokens), { class: one.regret_tokens > 0 ? "off" : "",
      title: one.regret_tokens > 0 ? `${one.best_endpoint} had ${count(one.best_tokens)}` : null }),
    number("TTFT", milliseconds(one.ttft_ms), { class: "wide" }),
    number("decided in", milliseconds(isKnown(one.decision_us) ? one.decision_us / 1000 : null), { class: "wide" }),
    h("td", { class: "wide" }, one.status));
    return isOpen ? [row, this.candidates(one)] : [row];
  },

  candidates(one) {
    const cause = causeSentences[one.error_cause];
    return h("tr", { class: "candidates" }, h("td", { colspan: 11 },
      h("p", { class: "dim" }, [one.request_id && `request ${one.request_id}`, one.model, `tokens ${one.tokens_from}`,
        isKnown(one.output_tokens) && plural(one.output_tokens, "output token"), cause].filter(Boolean).join(" · ")),
      h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Candidate"), ["Predicted", "Precise", "Approximate", "Score"].map(
        (title) => h("th", { scope: "col", class: "number" }, title)))),
      h("tbody", {}, one.candidates.map((candidate) => h("tr", {},
        h("td", {}, candidate.endpoint, " ", candidate.picked && h("span", { class: "tag" }, "picked")),
        [candidate.predicted_tokens, candidate.precise_tokens, candidate.approximate_tokens].map((tokens) => h("td", { class: "number" }, count(tokens))),
        h("td", { class: "number" }, isKnown(candidate.score) ? candidate.score.toFixed(3) : unknown)))))));
  },

  toggle(id) {
    if (!this.opened.delete(id)) this.opened.add(id);
    this.draw();
    this.rowOf(String(id))?.focus({ preventScroll: true });
  },

  key(event) {
    const row = event.target.closest(".decision");
    if (!row) return;
    const rows = [...this.rows.querySelectorAll(".decision")];
    const index = rows.indexOf(row);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return this.toggle(Number(row.dataset.id));
    }
    if (to === undefined || !rows[to]) return;
    event.preventDefault();
    this.letTab(rows[to]);
    rows[to].focus();
  },
};

const causeSentences = {
  events_lagging: "The engine had more than its events had told.",
  reservation_unfulfilled: "A reservation did not come true.",
  evicted_since: "Blocks were evicted between the decision and the request.",
  emptied: "The engine emptied its cache, or was restarted, between the decision and the request.",
  source_not_exact: "The endpoint's events were not exact.",
  estimated_tokens: "The prompt's tokens were only estimated.",
  not_followed: "The endpoint's events are not followed.",
  unknown: "Why is not known.",
};
