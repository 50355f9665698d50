// Who has a prompt, who has not, and why.

const explainer = {
  kind: "text",

  start() {
    this.prompt = h("textarea", {
      id: "prompt", rows: 3, spellcheck: "false", placeholder: "Once upon a time there was a cache",
      onkeydown: (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.form.requestSubmit();
      },
    });
    this.model = h("select", { "aria-label": "Model" });
    this.kinds = segments("The prompt is", [["text", "Text"], ["chat", "Chat message"], ["tokens", "Token ids"]],
      "text", (kind) => { this.kind = kind; });
    this.form = h("form", { id: "ask", onsubmit: (event) => { event.preventDefault(); this.ask(); } },
      h("label", { for: "prompt" }, "A prompt: which endpoints hold how much of it, and why not more?"),
      this.prompt,
      h("div", { class: "tools" }, this.kinds, this.model, h("button", { class: "primary" }, "Explain"),
        h("span", { class: "dim" }, "Ctrl + Enter. Nothing is sent to a model, and nothing is booked.")));
    this.result = h("div", { class: "answer", "aria-live": "polite" });
    append(find("explain"), [this.form, this.result]);
    this.isIdle = true;
    fill(this.result, empty("Ask for a prompt", "The answer tells, for every endpoint, how many leading tokens "
      + "it would reuse, which block is the first one missing, and why."));
  },

  show() {
    const models = overview.models ?? [];
    this.model.hidden = models.length < 2;
    const key = models.join();
    if (this.model.dataset.key === key) return;
    this.model.dataset.key = key;
    fill(this.model, models.map((name) => h("option", { value: name }, name)));
  },

  /// Asks for a text that was typed elsewhere.
  search(text) {
    this.prompt.value = text;
    const isTokens = /^\[?\s*\d+(\s*,\s*\d+)+\s*\]?$/.test(text);
    for (const button of this.kinds.children) {
      if (button.dataset.value === (isTokens ? "tokens" : this.kind === "tokens" ? "text" : this.kind)) button.click();
    }
    this.ask();
  },

  body() {
    const text = this.prompt.value;
    const model = this.model.hidden || !this.model.value ? {} : { model: this.model.value };
    if (this.kind === "chat") return { ...model, messages: [{ role: "user", content: text }] };
    if (this.kind === "text") return { ...model, prompt: text };
    const numbers = text.replace(/^[\s[]+|[\]\s]+$/g, "").split(/[\s,]+/).filter(Boolean);
    const wrong = numbers.find((number) => !/^\d+$/.test(number));
    if (wrong !== undefined || numbers.length === 0) {
      throw new Problem("These are no token ids", wrong === undefined
        ? "Write numbers with commas between them." : `“${wrong}” is not a number; write numbers with commas between them.`);
    }
    return { ...model, tokens: numbers.map(Number) };
  },

  async ask() {
    const turn = this.turn = (this.turn ?? 0) + 1;
    if (!this.prompt.value.trim()) return this.prompt.focus();
    fill(this.result, waiting(4));
    try {
      const answer = await server.request("v1/explain", this.body());
      if (turn === this.turn) fill(this.result, this.answer(answer));
    } catch (problem) {
      if (turn === this.turn) fill(this.result, fault(problem, () => this.ask()));
    }
  },

  answer(answer) {
    const { tokens, pick } = answer;
    const endpoints = [...answer.endpoints].sort((a, b) =>
      Number(b.picked) - Number(a.picked) || b.matched_tokens - a.matched_tokens || byName(a.endpoint, b.endpoint));
    const size = [
      `${plural(answer.prompt_tokens, "token")}`,
      isKnown(answer.block_size) && `${plural(answer.full_blocks, "full block")} of ${answer.block_size}`,
      isKnown(answer.usable_blocks) && `${count(answer.usable_blocks)} usable`,
      answer.lora && `adapter ${answer.lora}`, answer.cache_salt && "with a cache salt",
    ].filter(Boolean).join(" · ");
    return [
      h("section", { class: "card" }, h("h2", {}, size),
        h("p", { class: "sentence", id: "tokens-sentence" }, tokens?.sentence ?? ""),
        answer.reason && h("p", { class: "off" }, answer.reason)),
      pick && h("section", { class: "card", id: "pick" }, h("h2", {}, pick.endpoint ? `It would go to ${pick.endpoint}` : "It would go nowhere"),
        h("p", { class: "sentence" }, pick.sentence),
        pick.given_up && h("p", { class: "sentence" }, pick.given_up.sentence ?? this.givenUp(pick.given_up))),
      h("section", { class: "card", id: "matches", "aria-label": "Endpoints" },
        endpoints.length === 0 ? h("p", { class: "dim" }, "There are no endpoints.")
          : this.limited(endpoints, answer)),
    ];
  },

  givenUp({ endpoint, tokens, for: reasons }) {
    return `${endpoint} holds ${plural(tokens, "token")} more, and was given up for `
      + `${reasons.map((one) => one.scorer).join(" and ")}.`;
  },

  /// The first endpoints, and the rest on demand: there may be 500.
  limited(endpoints, answer) {
    const first = 30;
    const lines = endpoints.slice(0, first).map((one) => this.match(one, answer));
    if (endpoints.length > first) {
      const rest = h("button", {
        type: "button", onclick: () => rest.replaceWith(...endpoints.slice(first).map((one) => this.match(one, answer))),
      }, `Show ${count(endpoints.length - first)} more`);
      lines.push(rest);
    }
    return lines;
  },

  match(endpoint, answer) {
    const tiers = Object.entries(endpoint.tiers).filter(([tier, tokens]) => tokens > 0 && tier !== "gpu");
    const why = endpoint.missing?.sentence ?? (endpoint.matched_tokens > 0 ? "It holds all that can be reused." : "");
    const name = endpoint.endpoint + (endpoint.rank > 0 ? ` rank ${endpoint.rank}` : "");
    return h("div", { class: "match", "data-name": endpoint.endpoint },
      h("div", { class: "name" }, name, endpoint.picked && h("span", { class: "tag" }, "picked"),
        endpoint.filtered_by && h("span", { class: "tag bad" }, `left out by ${endpoint.filtered_by}`),
        endpoint.trust !== "exact" && trustMark(endpoint.trust)),
      bar(endpoint.matched_tokens, answer.prompt_tokens, { label: `${count(endpoint.matched_tokens)} of ${count(answer.prompt_tokens)} tokens` }),
      h("div", { class: "number matched" }, `${count(endpoint.matched_tokens)} tokens`,
        tiers.map(([tier, tokens]) => h("div", { class: "dim" }, `${count(tokens)} from ${tier}`)),
        endpoint.prediction && endpoint.prediction.basis !== "exact" && h("div", { class: "dim" },
          `predicted ${count(endpoint.prediction.tokens)}, ${endpoint.prediction.basis}`),
        endpoint.reserved_tokens > 0 && h("div", { class: "dim" }, `+ ${count(endpoint.reserved_tokens)} reserved`)),
      h("div", { class: "why" }, why, endpoint.reason && h("div", { class: "dim" }, endpoint.reason)),
      endpoint.scores?.length > 0 && h("details", {}, h("summary", {}, `score ${endpoint.score_total?.toFixed(3) ?? unknown}`),
        h("table", {}, h("tbody", {}, endpoint.scores.map((one) => h("tr", {}, h("th", { scope: "row" }, one.scorer),
          h("td", { class: "number" }, `${one.weight} × ${one.score.toFixed(3)}`),
          h("td", { class: "number" }, (one.weight * one.score).toFixed(3))))))));
  },
};
