// How numbers and states are written; what is not known is a dash.

const unknown = "–";
const wholeNumbers = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const isKnown = (value) => value !== null && value !== undefined && Number.isFinite(value);

const count = (value) => (isKnown(value) ? wholeNumbers.format(value) : unknown);

/// A number that may be small, without more digits than it deserves.
function amount(value) {
  if (!isKnown(value)) return unknown;
  if (value > 0 && value < 0.05) return "< 0.1";
  return Math.abs(value) < 10 && !Number.isInteger(value) ? tenths.format(value) : count(value);
}

const perSecond = (value) => (isKnown(value) ? `${amount(value)} /s` : unknown);

const percent = (part, whole) =>
  isKnown(part) && whole > 0 ? `${tenths.format((100 * part) / whole)} %` : unknown;

function bytes(value) {
  if (!isKnown(value)) return unknown;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let index = 0;
  for (; value >= 1024 && index < units.length - 1; index += 1) value /= 1024;
  return `${index > 0 && value < 100 ? tenths.format(value) : count(value)} ${units[index]}`;
}

function milliseconds(value) {
  if (!isKnown(value)) return unknown;
  if (value < 1) return `${count(value * 1000)} µs`;
  return value < 1000 ? `${amount(value)} ms` : `${amount(value / 1000)} s`;
}

function duration(seconds) {
  if (!isKnown(seconds)) return unknown;
  if (seconds < 1) return "< 1 s";
  if (seconds < 60) return `${amount(seconds)} s`;
  if (seconds < 3600) return `${count(Math.floor(seconds / 60))} min`;
  if (seconds < 172_800) return `${count(Math.floor(seconds / 3600))} h`;
  return `${count(Math.floor(seconds / 86_400))} days`;
}

const ago = (seconds) => (isKnown(seconds) ? `${duration(seconds)} ago` : "never");

const clock = (unix) =>
  isKnown(unix) ? new Date(unix * 1000).toLocaleTimeString("en-GB") : unknown;

const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

const trustWords = {
  exact: "exact", lagging: "lagging", bootstrapping: "bootstrapping", degraded: "degraded",
  silent: "silent", mismatched: "mismatched", dead: "dead", connecting: "connecting",
  not_followed: "not followed", down: "down",
};

/// Trouble first: what needs a person most has the smallest number.
const trouble = {
  down: 0, dead: 1, mismatched: 2, silent: 3, degraded: 4, connecting: 5, not_followed: 6,
  bootstrapping: 7, lagging: 8, exact: 9,
};

const byName = new Intl.Collator("en", { numeric: true }).compare;
