// A chart of lines over time. Lines differ in their dashes as well as in their colours, and the
// legend tells their values at the cursor, which the mouse or the arrow keys move.

class Chart {
  /// - series: A list of {name, value: (point) => number or null}.
  /// - options: How values and the axis are written; `max`, the end of the axis, where it is not
  ///   the largest value.
  constructor(title, series, { format, tick = format, max = null }) {
    Object.assign(this, { series, format, tick, max, points: [], cursor: null, span: Chart.spans[0] });
    this.at = h("span", { class: "at" });
    this.plot = h("svg", {
      class: "plot", tabindex: "0", role: "img",
      onpointermove: (event) => this.point(event),
      onpointerleave: () => this.move(null),
      onkeydown: (event) => this.key(event),
      onblur: () => this.move(null),
    });
    this.title = title;
    this.legend = h("ul", { class: "legend" });
    this.values = series.map((one, index) => {
      const value = h("b", {}, unknown);
      this.legend.append(h("li", {},
        h("svg", { "aria-hidden": "true", viewBox: "0 0 22 8" },
          h("path", { class: `s${index}`, d: "M0 4H22" })),
        h("span", { class: "dim" }, one.name), value));
      return value;
    });
    this.element = h("figure", { class: "card chart" },
      h("header", {}, h("figcaption", {}, title), this.at), this.plot, this.legend);
    this.rules = [0, 1, 2].map(() => [h("line", { class: "rule" }), h("text", {})]);
    this.starts = [h("text", {}), h("text", { "text-anchor": "end" })];
    this.paths = series.map((_, index) => h("path", { class: `s${index}` }));
    this.needle = h("line", { class: "cursor", visibility: "hidden" });
    append(this.plot, [this.rules, this.starts, this.needle, this.paths]);
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  /// The lengths that the axis of time can have, in seconds.
  static spans = [60, 120, 300, 600];

  set(points) {
    this.points = points;
    this.draw();
  }

  get area() {
    const { width, height } = this.size ?? { width: 0, height: 0 };
    return { left: 52, right: Math.max(width - 4, 40), top: 8, bottom: Math.max(height - 20, 20) };
  }

  x(time) {
    const { left, right } = this.area;
    return right - ((this.end - time) / this.span) * (right - left);
  }

  draw() {
    const box = this.plot.getBoundingClientRect();
    if (box.width === 0) return;
    this.size = { width: box.width, height: box.height };
    const { left, right, top, bottom } = this.area;
    this.end = this.points.at(-1)?.time ?? 0;
    const age = this.end - (this.points[0]?.time ?? 0);
    this.span = Chart.spans.find((span) => span >= age) ?? Chart.spans.at(-1);
    const all = this.points.flatMap((point) => this.series.map((one) => one.value(point)));
    const top0 = this.max ?? Chart.ceiling(Math.max(0, ...all.filter(isKnown)));
    const y = (value) => bottom - (Math.min(value, top0) / top0) * (bottom - top);
    this.rules.forEach(([rule, label], index) => {
      const value = (top0 * index) / 2;
      for (const [name, at] of [["x1", left], ["x2", right], ["y1", y(value)], ["y2", y(value)]]) {
        rule.setAttribute(name, at);
      }
      label.setAttribute("x", 0);
      label.setAttribute("y", y(value) + 4);
      setText(label, this.tick(value));
    });
    this.starts[0].setAttribute("x", left);
    this.starts[1].setAttribute("x", right);
    for (const label of this.starts) label.setAttribute("y", bottom + 16);
    setText(this.starts[0], `−${this.span / 60} min`);
    setText(this.starts[1], "now");
    this.paths.forEach((path, index) => path.setAttribute("d", this.line(this.series[index], y)));
    this.show();
  }

  /// A path through the means of at most a hundred pieces of the time, with a gap where nothing is
  /// known.
  line({ value }, y) {
    const length = Math.max(this.span / 100, 2);
    const pieces = new Map();
    for (const point of this.points) {
      const number = value(point);
      if (!isKnown(number) || this.end - point.time > this.span) continue;
      const key = Math.floor(point.time / length);
      const piece = pieces.get(key) ?? { time: 0, sum: 0, count: 0 };
      piece.time += point.time;
      piece.sum += number;
      piece.count += 1;
      pieces.set(key, piece);
    }
    let text = "";
    let last = null;
    for (const [key, { time, sum: all, count: number }] of pieces) {
      const verb = last !== null && key - last <= 3 ? "L" : "M";
      text += `${verb}${this.x(time / number).toFixed(1)} ${y(all / number).toFixed(1)}`;
      last = key;
    }
    return text;
  }

  static ceiling(value) {
    if (value <= 0) return 1;
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 4, 5, 10].map((step) => step * power).find((end) => end >= value);
  }

  // The cursor.

  point(event) {
    const x = event.clientX - this.plot.getBoundingClientRect().left;
    const distances = this.points.map((point) => Math.abs(this.x(point.time) - x));
    this.move(distances.indexOf(Math.min(...distances)));
  }

  key(event) {
    const last = this.points.length - 1;
    const from = this.cursor ?? last;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape") return this.move(null);
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.move(Math.min(Math.max(to, 0), last));
  }

  move(index) {
    this.cursor = index === null || index < 0 ? null : index;
    this.show();
  }

  show() {
    const point = this.points[this.cursor ?? this.points.length - 1];
    this.series.forEach((one, index) => {
      const value = point ? one.value(point) : null;
      setText(this.values[index], isKnown(value) ? this.format(value) : unknown);
    });
    setText(this.at, point && this.cursor !== null ? clock(point.time) : "");
    const isShown = point && this.cursor !== null;
    this.needle.setAttribute("visibility", isShown ? "visible" : "hidden");
    if (isShown) {
      const { top, bottom } = this.area;
      const x = this.x(point.time);
      for (const [name, at] of [["x1", x], ["x2", x], ["y1", top], ["y2", bottom]]) {
        this.needle.setAttribute(name, at);
      }
    }
    const now = this.series.map((one, index) => `${one.name} ${this.values[index].textContent}`);
    setAttribute(this.plot, "aria-label", `${this.title}: ${now.join(", ")}. Arrow keys go back in time.`);
  }
}
