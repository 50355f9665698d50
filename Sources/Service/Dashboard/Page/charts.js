// The numbers on top, the curves below them, and precise against approximate.

/// The state as the page keeps it: the newest of each, and ten minutes of points.
const overview = {
  points: [],
  take(state) {
    const known = this.points.at(-1)?.time ?? 0;
    const fresh = rowsOf(state.point_columns, state.points).filter((point) => point.time > known);
    this.points = this.points.concat(fresh).slice(-300);
    Object.assign(this, state, {
      points: this.points, endpoints: rowsOf(state.endpoint_columns, state.endpoints),
    });
    for (const endpoint of this.endpoints) {
      endpoint.model = endpoint.model === null ? null : state.models[endpoint.model];
      endpoint.reason = endpoint.reason === null ? null : state.reasons[endpoint.reason];
      endpoint.state = endpoint.health === "down" ? "down" : endpoint.trust;
    }
  },
};

/// Rows under columns, as objects.
function rowsOf(columns, rows) {
  return rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])));
}

/// A ratio over the last ten seconds up to a point: two seconds have too few requests.
function ratio(part, whole) {
  return (point) => {
    const end = overview.points.indexOf(point);
    let [above, below] = [0, 0];
    for (const one of overview.points.slice(Math.max(0, end - 4), end + 1)) {
      above += one[part] ?? 0;
      below += one[whole] ?? 0;
    }
    return below > 0 ? (100 * above) / below : null;
  };
}

const hitChart = new Chart("Hit ratio", [
  { name: "delivered", value: ratio("delivered_tokens", "prompt_tokens") },
  { name: "precise", value: ratio("precise_tokens", "precise_prompt_tokens") },
  { name: "approximate", value: ratio("approximate_tokens", "approximate_prompt_tokens") },
], { max: 100, format: (value) => percent(value, 100), tick: (value) => `${value} %` });

const eventChart = new Chart("Blocks", [
  { name: "stored", value: (point) => point.stored_per_s },
  { name: "removed", value: (point) => point.removed_per_s },
], { format: (value) => (value >= 10_000 ? `${count(value / 1000)} k/s` : perSecond(value)) });

const lagChart = new Chart("Event lag", [
  { name: "p50", value: (point) => point.lag_p50_ms },
  { name: "p99", value: (point) => point.lag_p99_ms },
  { name: "applied p99", value: (point) => point.apply_p99_ms },
], { format: milliseconds });

const comparison = h("section", { class: "card", id: "comparison", "aria-label": "Precise against approximate" });

append(find("charts"), [hitChart.element, eventChart.element, lagChart.element, comparison]);

const figures = [
  ["exact", "Exact endpoints"], ["hits", "Hit ratio, delivered"], ["events", "Events"],
  ["lag", "Event lag, p99"], ["blocks", "Resident blocks"], ["index", "Index"],
].map(([id, title]) => {
  const value = h("dd", { id: `figure-${id}` }, unknown);
  const note = h("dd", { class: "note" });
  find("figures").append(h("div", {}, h("dt", {}, title), value, note));
  return [id, { value, note }];
});
const figure = Object.fromEntries(figures);

/// Requests a second that ended, over the last ten seconds.
function requestRate() {
  const last = overview.points.slice(-6);
  if (last.length < 2) return null;
  return sum(last.slice(1).map((point) => point.requests)) / (last.at(-1).time - last[0].time);
}

function showFigures() {
  const { totals, traffic } = overview;
  const set = (id, value, unit, note) => {
    const text = `${value}|${unit}`;
    if (figure[id].shown !== text) fill(figure[id].value, value, unit && h("small", {}, ` ${unit}`));
    figure[id].shown = text;
    setText(figure[id].note, note);
    setAttribute(figure[id].note, "title", note);
  };
  const others = totals.endpoints - totals.trust.exact;
  set("exact", count(totals.trust.exact), `of ${count(totals.endpoints)}`,
    others === 0 ? "none in doubt" : `${count(others)} in doubt`);
  set("hits", percent(traffic.delivered_tokens, traffic.prompt_tokens), "",
    traffic.requests > 0 || overview.routes ? plural(traffic.requests, "request") : "no responses are seen here");
  set("events", amount(totals.events_per_s), "/s", overview.routes
    ? `${amount(requestRate())} requests /s` : `${amount(totals.scores_per_s)} scores asked for /s`);
  set("lag", milliseconds(totals.lag_p99_ms), "", `applied in ${milliseconds(totals.apply_p99_ms)}`);
  set("blocks", count(totals.blocks), "", `${count(totals.unique_blocks)} distinct`);
  set("index", bytes(totals.index_bytes), "",
    `${percent(totals.index_bytes, totals.index_bytes_max)} of ${bytes(totals.index_bytes_max)}`);
}

function showCharts() {
  for (const chart of [hitChart, eventChart, lagChart]) chart.set(overview.points);
}

function showComparison() {
  const { traffic } = overview;
  const text = JSON.stringify(traffic);
  if (comparison.dataset.shown === text) return;
  comparison.dataset.shown = text;
  if (traffic.requests === 0) {
    fill(comparison, h("h2", {}, "Precise against approximate"), h("p", {}, overview.routes
      ? "Both are predicted for every request. They are compared when the first response tells "
        + "how much of its prompt was cached."
      : "Where requests are routed by epp, or reported to /v1/feedback, this compares what both "
        + "ways predict with what is delivered."));
    return;
  }
  const { precise, approximate } = traffic;
  const row = (name, of) => h("tr", {}, h("th", { scope: "row" }, name),
    h("td", { class: "number" }, of(precise)), h("td", { class: "number" }, of(approximate)));
  fill(comparison, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Predicted"),
      h("th", { scope: "col", class: "number" }, "precise"),
      h("th", { scope: "col", class: "number" }, "approximate"))),
    h("tbody", {},
      row("requests", (one) => count(one.requests)),
      row("hit ratio", (one) => percent(one.predicted_tokens, one.prompt_tokens)),
      row("tokens off, a request", (one) => amount(one.absolute_error_tokens / one.requests)),
      row("regret, a request", (one) => amount(one.regret_tokens / one.requests)))),
  h("p", {}, "Regret: cached tokens that a better pick would have had."));
}
