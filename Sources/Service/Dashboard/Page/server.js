// Talking with the server that the page came from.

/// What went wrong with a request, for people.
class Problem extends Error {
  constructor(title, message, status = 0) {
    super(message);
    this.title = title;
    this.status = status;
  }
}

const server = {
  token: sessionStorage.getItem("kvindexer-token"),

  headers(more = {}) {
    return this.token ? { ...more, Authorization: `Bearer ${this.token}` } : more;
  },

  /// The answer's JSON, or a Problem.
  async request(path, body) {
    let response;
    try {
      response = await fetch(path, {
        method: body === undefined ? "GET" : "POST", cache: "no-store",
        headers: this.headers(body === undefined ? {} : { "Content-Type": "application/json" }),
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch {
      throw new Problem("The server does not answer", "It may have been stopped, or the network "
        + "is down. The page goes on trying.");
    }
    if (response.ok) return response.json();
    throw await this.problem(response);
  },

  async problem(response) {
    const answer = await response.json().catch(() => null);
    const message = answer?.error?.message ?? `status ${response.status}`;
    if (response.status === 401) {
      tokenDialog.ask(this.token !== null);
      return new Problem("A token is needed", message, 401);
    }
    if (response.status === 404) return new Problem("Not here", message, 404);
    return new Problem("The server refused", message, response.status);
  },
};

const tokenDialog = {
  /// - wasWrong: Whether a token was sent and not taken.
  ask(wasWrong) {
    const dialog = find("token");
    if (dialog.open) return;
    setText(find("token-fault"), wasWrong ? "The server does not know that token." : "");
    find("token-value").value = "";
    dialog.showModal();
  },
};

find("token").addEventListener("close", () => {
  const value = find("token-value").value.trim();
  if (!value) return;
  server.token = value;
  sessionStorage.setItem("kvindexer-token", value);
  document.dispatchEvent(new Event("token"));
});

/// Follows the server's state: one that ends is begun again, later each time until it holds.
const live = {
  state: "waiting",
  updatedAt: null,
  failures: 0,
  nextTryAt: 0,
  problem: null,
  abort: null,
  staleAfter: 5000,
  hopelessAfter: 15_000,

  async run(take) {
    for (;;) {
      this.abort = new AbortController();
      try {
        await this.follow(take);
        this.problem = new Problem("The connection ended", "The server ended it.");
      } catch (error) {
        this.problem = error instanceof Problem ? error : new Problem(
          "The server does not answer", "It may have been stopped, or the network is down.");
      }
      this.failures += 1;
      const delay = Math.min(500 * 2 ** this.failures, 10_000);
      this.nextTryAt = performance.now() + delay;
      this.setState(this.problem.status > 0 ? "refused" : "gone");
      await new Promise((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, delay);
      });
    }
  },

  async follow(take) {
    const response = await fetch("v1/stream", {
      headers: server.headers(), cache: "no-store", signal: this.abort.signal,
    });
    if (!response.ok) throw await server.problem(response);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const data = text.slice(0, end).split("\n").find((line) => line.startsWith("data: "));
        text = text.slice(end + 2);
        if (!data) continue;
        this.failures = 0;
        this.updatedAt = performance.now();
        this.setState("live");
        take(JSON.parse(data.slice(6)));
      }
    }
  },

  /// Notices that nothing came for long; to be called a few times a second.
  check() {
    const age = this.updatedAt === null ? 0 : performance.now() - this.updatedAt;
    if (this.state === "live" && age > this.staleAfter) this.setState("stale");
    if (this.state === "stale" && age > this.hopelessAfter) this.abort.abort();
    this.show(age / 1000);
  },

  setState(state) {
    this.state = state;
    this.check();
  },

  show(age) {
    const words = {
      waiting: "Connecting", live: "Live", stale: "Stale", gone: "No connection",
      refused: this.problem?.status === 401 ? "Token needed" : "Refused",
    };
    setAttribute(find("live"), "data-state", this.state);
    setText(find("live").firstElementChild, words[this.state]);
    const isTrouble = ["stale", "gone", "refused"].includes(this.state);
    document.body.classList.toggle("is-old", isTrouble);
    const banner = find("banner");
    banner.hidden = !isTrouble;
    if (!isTrouble) return;
    setAttribute(banner, "data-state", this.state);
    const old = this.updatedAt === null ? ""
      : ` What is shown is from ${clock((Date.now() - (performance.now() - this.updatedAt)) / 1000)}.`;
    const wait = Math.max(0, Math.ceil((this.nextTryAt - performance.now()) / 1000));
    // What changes every second is not read out every second.
    const [said, shown] = banner.children;
    setText(said, this.state === "stale"
      ? "The server has stopped to send updates." : `${this.problem.title}. ${this.problem.message}`);
    setText(shown, this.state === "stale"
      ? `No update for ${count(age)} s.${old}` : `${old} Next try in ${wait} s.`);
  },
};

document.addEventListener("token", () => live.wake?.());
