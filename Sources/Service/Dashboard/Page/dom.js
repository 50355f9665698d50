// Elements are made of text only: nothing that a server says can become markup.

const svgNames = new Set(["svg", "use", "path", "line", "text", "g", "rect", "title"]);

/// Makes an element; children are elements, texts, or lists of them, and null is left out.
function h(name, attributes = {}, ...children) {
  const element = svgNames.has(name)
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key.startsWith("--")) element.style.setProperty(key, value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/// Puts other children in the place of those that an element has.
function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/// Changes an element's text, without work where it is that already.
function setText(element, text) {
  const value = String(text);
  if (element.textContent !== value) element.textContent = value;
}

function setAttribute(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

const find = (id) => document.getElementById(id);

function icon(name, kind = "") {
  return h("svg", { "aria-hidden": "true", class: kind }, h("use", { href: `#i-${name}` }));
}

function trustMark(trust, word = trustWords[trust] ?? trust) {
  return h("span", { class: "trust", "data-trust": trust }, icon(trust), h("span", {}, word));
}

/// A share of a whole as a bar; a whole of null has no end.
function bar(part, whole, { tier = "gpu", scale = whole, label } = {}) {
  return h("div", {
    class: whole === null ? "bar open-ended" : "bar", "data-tier": tier, title: label,
    role: "img", "aria-label": label,
  }, h("i", { "--part": Math.min(part / Math.max(scale ?? part, 1), 1).toFixed(4) }));
}

// What takes the place of a view's content.

function waiting(lines = 4) {
  return h("div", { class: "card", role: "status", "aria-label": "Loading" },
    Array.from({ length: lines }, () => h("div", { class: "waiting" })));
}

function empty(title, ...sentences) {
  return h("div", { class: "state" }, h("h2", {}, title), sentences.map((text) => h("p", {}, text)));
}

function fault(problem, again) {
  return h("div", { class: "state fault", role: "alert" },
    h("h2", {}, problem.title), h("p", {}, problem.message),
    again && h("button", { type: "button", onclick: again }, "Try again"));
}

/// A group of buttons of which one is pressed.
function segments(label, choices, chosen, choose) {
  const group = h("div", { class: "segments", role: "group", "aria-label": label });
  for (const [value, text] of choices) {
    group.append(h("button", {
      type: "button", "aria-pressed": String(value === chosen), "data-value": value,
      onclick: (event) => {
        for (const button of group.children) {
          button.setAttribute("aria-pressed", String(button === event.currentTarget));
        }
        choose(value);
      },
    }, text));
  }
  return group;
}
