"""What has to work, one function each; a sentence of what was seen is the answer."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from exchange import Answer, Exchange, get, post
from failure import RunFailed, wait_for
from load import Load, Outcome
from metrics import requests_served, total
from stage import MODEL, SimulatedEngine, Stage

SETTLE_SECONDS = 30.0
BLOCK = 16


def expect(holds: bool, what: str, seen: Any = "") -> None:
    """Fails the scenario when something does not hold."""
    if not holds:
        raise RunFailed(f"{what}: {seen!r}" if seen != "" else what)


def good(answer: Answer) -> Answer:
    """Gives the answer back when it is none of an error."""
    expect(answer.status == 200, f"status {answer.status}", answer.body[:300])
    return answer


def complete(stage: Stage, prompt: Any, **fields: Any) -> dict[str, Any]:
    """Sends a completion and gives its JSON."""
    body = {"model": MODEL, "prompt": prompt, "max_tokens": 4, **fields}
    answer: dict[str, Any] = good(post(stage.port, "/v1/completions", body)).json()
    return answer


def cached(answer: dict[str, Any]) -> int:
    """The prompt's tokens that the engine had cached."""
    tokens: int = answer["usage"]["prompt_tokens_details"]["cached_tokens"]
    return tokens


def completions(stage: Stage) -> str:
    """Texts and token ids, several prompts at a time."""
    text = complete(stage, "one two three")
    expect(text["usage"]["prompt_tokens"] == 3, "tokens of the text", text["usage"])
    ids = complete(stage, [1, 2, 3, 4])
    expect(ids["usage"]["prompt_tokens"] == 4, "tokens of the ids", ids["usage"])
    several = complete(stage, ["a b", "c"])
    expect(len(several["choices"]) == 2, "choices", several["choices"])
    return "text, token ids and a list of texts"


def chats(stage: Stage) -> str:
    """A conversation whose turns find the last one's prefix."""
    messages = [{"role": "system", "content": " ".join(f"t{i}" for i in range(1000))}]
    hits = 0
    for turn in range(6):
        messages.append({"role": "user", "content": f"question {turn}"})
        body = {"model": MODEL, "messages": messages, "max_tokens": 8}
        answer = good(post(stage.port, "/v1/chat/completions", body)).json()
        hits += cached(answer) > 0
        messages.append(answer["choices"][0]["message"])
    expect(hits >= 5, "turns that found the last one's prefix", hits)
    return f"{hits} of 5 later turns found their prefix"


def affinity(stage: Stage) -> str:
    """Prompts that came before go where they were."""
    # Long ones: approximations have coarse blocks, and a short rest of a prompt weighs less there.
    length = 1000
    prompts = [[length * n + i for i in range(length)] for n in range(1, 13)]
    for prompt in prompts:
        complete(stage, prompt)
    full = (length - 1) // BLOCK * BLOCK
    hits = sum(cached(complete(stage, prompt)) == full for prompt in prompts)
    expect(hits == len(prompts), "prompts that were found in full", hits)
    return f"{hits} of {len(prompts)} repeated prompts found all of their blocks"


def streams(stage: Stage) -> str:
    """Server-sent events come one by one, with the usage where it is asked for."""
    body = {
        "model": MODEL, "prompt": "stream this", "max_tokens": 200, "stream": True,
        "stream_options": {"include_usage": True},
    }
    answer = good(post(stage.port, "/v1/completions", body))
    events = answer.events()
    expect(events[-1] == "[DONE]", "the last event", events[-1])
    usage = json.loads(events[-2])["usage"]
    expect(usage["completion_tokens"] == 200, "usage", usage)
    expect(len(events) == 203, "events", len(events))
    expect(len(answer.piece_times) > 20, "pieces", len(answer.piece_times))
    return f"{len(events)} events in {len(answer.piece_times)} pieces"


def large_bodies(stage: Stage) -> str:
    """Bodies of 2 MB, in one piece and in chunks."""
    # Few words, or they would not fit into the engine.
    prompt = " ".join(chr(97 + n % 26) * 4096 for n in range(512))
    body = json.dumps({"model": MODEL, "prompt": prompt, "max_tokens": 2}).encode()
    for trailers in (None, {}):
        answer = good(post(stage.port, "/v1/completions", body, trailers=trailers)).json()
        expect(answer["usage"]["prompt_tokens"] == 512, "tokens", answer["usage"])
    return f"{len(body):,} bytes, twice"


def trailers(stage: Stage) -> str:
    """Trailers after a request's body."""
    body = json.dumps({"model": MODEL, "prompt": "a b c", "max_tokens": 2}).encode()
    answer = good(
        post(stage.port, "/v1/completions", body, trailers={"x-checksum": "1", "x-end": "2"})
    )
    expect(answer.json()["usage"]["prompt_tokens"] == 3, "tokens", answer.body)
    return "a chunked request with two trailers"


def no_bodies(stage: Stage) -> str:
    """Requests without a body."""
    models = good(get(stage.port, "/v1/models")).json()
    expect(models["data"][0]["id"] == MODEL, "models", models)
    return "GET /v1/models"


def errors(stage: Stage) -> str:
    """What the engine and the picker refuse is refused with their words."""
    answer = post(stage.port, "/v1/completions", {"model": "none", "prompt": "a"})
    expect(answer.status == 404, "an unknown model", answer.status)
    answer = post(stage.port, "/v1/completions", b"no JSON")
    expect(answer.status == 400, "no JSON", (answer.status, answer.body))
    expect(
        answer.body.startswith(b"inference error: BadRequest"), "the picker's words", answer.body
    )
    return "404 of the engine, 400 of the picker"


def chosen_destination(stage: Stage) -> str:
    """A client does not choose where Envoy connects to."""
    body = json.dumps({"model": MODEL, "prompt": "a", "max_tokens": 1}).encode()
    headers = {"x-gateway-destination-endpoint": "127.0.0.1:1"}
    good(post(stage.port, "/v1/completions", body, headers=headers))
    return "a client's own destination was ignored"


def concurrent_clients(stage: Stage) -> str:
    """64 clients at a time."""
    with Load(stage.port, 64) as load:
        load.run_for(5)
    failures = load.failures()
    expect(not failures, f"{len(failures)} requests failed", failures[:3])
    expect(len(load.outcomes) >= 64, "requests", len(load.outcomes))
    return f"{len(load.outcomes)} requests, none failed"


def running(stage: Stage) -> float:
    """Requests that the picker believes to be under way."""
    return total(stage.metrics_port, "llm_d_epp_request_running")


def disconnects(stage: Stage) -> str:
    """Clients that leave in the middle of a request, and in the middle of an answer."""
    def leave(number: int) -> None:
        with Exchange(stage.port) as exchange:
            if number % 2:
                exchange.send_part("/v1/completions", 100_000, b'{"model": "tiny", "prompt": "')
                return
            body = {"model": MODEL, "prompt": "a", "max_tokens": 400, "stream": True}
            exchange.send("POST", "/v1/completions", json.dumps(body).encode())
            exchange.head()

    with Load(stage.port, 4) as load:
        threads = [threading.Thread(target=leave, args=(number,)) for number in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    expect(not load.failures(), "requests of others failed", load.failures()[:3])
    wait_for(
        "no request under way", lambda: running(stage) == 0 or None, SETTLE_SECONDS, 0.1
    )
    return f"64 clients left; {len(load.outcomes)} requests of others, none failed"


def takes_requests(engine: SimulatedEngine) -> Callable[[], bool | None]:
    """A probe for whether an engine gets requests from now on."""
    before = requests_served(engine.port)
    return lambda: requests_served(engine.port) > before or None


def endpoint_changes(stage: Stage) -> str:
    """An engine joins and leaves the file while requests are sent."""
    original = list(stage.engines)
    with Load(stage.port, 16) as load:
        engine = stage.new_engine()
        engine.start()
        stage.list_endpoints([*original, engine])
        wait_for("requests at the new engine", takes_requests(engine), SETTLE_SECONDS, 0.05)
        load.run_for(1)
        stage.list_endpoints(original)
        wait_for(
            "no requests at the engine that left", lambda: is_idle(engine), SETTLE_SECONDS
        )
        load.run_for(1)
    served = requests_served(engine.port)
    with Load(stage.port, 16) as after:
        after.run_for(1)
    expect(requests_served(engine.port) == served, "requests at the engine that left")
    engine.stop()
    failures = load.failures() + after.failures()
    expect(not failures, f"{len(failures)} requests failed", failures[:3])
    return f"{len(load.outcomes)} requests meanwhile, none failed"


def is_idle(engine: SimulatedEngine) -> bool | None:
    """Gives True when an engine gets nothing for a second."""
    before = requests_served(engine.port)
    time.sleep(1)
    return requests_served(engine.port) == before or None


def late(failures: list[Outcome], moment: float, tolerance: float) -> list[Outcome]:
    """Failures of requests that were sent well after a moment."""
    return [outcome for outcome in failures if outcome.began > moment + tolerance]


def killed_engine(stage: Stage) -> str:
    """An engine dies under load, and comes back."""
    victim = stage.engines[1]
    with Load(stage.port, 32) as load:
        load.run_for(2)
        moment = time.monotonic()
        victim.kill()
        load.run_for(3)
        count = len(load.failures())
        victim.start()
        wait_for("requests at the engine again", takes_requests(victim), SETTLE_SECONDS, 0.05)
        load.run_for(1)
    failures = load.failures()
    early = [outcome for outcome in failures if outcome.ended < moment]
    expect(not early, "requests failed before", early[:3])
    # Whoever was sent there in the moment before anybody could know fails too.
    later = late(failures, moment, 0.5)
    expect(not later, "later requests failed", later[:3])
    expect(count == len(failures), "requests failed when the engine came back", failures[count:])
    expect(count <= 32, "more failed than were under way", count)
    after = len(late(failures, moment, 0.0))
    return (
        f"{count} of {len(load.outcomes)} requests failed, {after} of them sent after it died; "
        "none once it was known"
    )


def restarted_picker(stage: Stage) -> str:
    """The picker ends in good order and starts again; engines take turns meanwhile."""
    return without_picker(stage, stage.stop_picker, "stopped", failures_max=0)


def crashed_picker(stage: Stage) -> str:
    """The picker crashes and starts again."""
    return without_picker(stage, stage.kill_picker, "killed", failures_max=32)


def without_picker(
    stage: Stage, end: Callable[[], None], word: str, failures_max: int
) -> str:
    """Ends the picker under load, and starts it again."""
    with Load(stage.port, 32) as load:
        load.run_for(1)
        moment = time.monotonic()
        end()
        gone = time.monotonic()
        load.run_for(2)
        stage.start_picker()
        back = time.monotonic()
        load.run_for(2)
    failures = load.failures()
    later = late(failures, gone, 0.1)
    expect(not later, "requests failed without it", later[:3])
    expect(len(failures) <= failures_max, f"{len(failures)} requests failed", failures[:3])
    without = sum(gone < outcome.began < back for outcome in load.outcomes)
    wait_for(
        "requests at the picker again",
        lambda: total(stage.metrics_port, "llm_d_epp_request_total") > 0 or None,
        SETTLE_SECONDS,
        0.1,
    )
    return (
        f"{word} within {gone - moment:.1f} s; {without} requests without it, "
        f"{len(failures)} of {len(load.outcomes)} failed"
    )


def counted(stage: Stage) -> str:
    """The picker's metrics tell what happened, and its predictions were right."""
    port = stage.metrics_port
    ready = total(port, "llm_d_epp_ready_endpoints")
    expect(ready == 2, "ready endpoints", ready)
    complete(stage, list(range(200)))
    again = cached(complete(stage, list(range(200))))
    wait_for("no request under way", lambda: running(stage) == 0 or None, SETTLE_SECONDS, 0.1)
    picks = total(port, "kvindexer_epp_picks_total")
    precise = total(port, "kvindexer_epp_picks_total", 'basis="precise"')
    expect(again == (200 - 1) // BLOCK * BLOCK, "cached tokens", again)
    return f"{precise:.0f} of {picks:.0f} picks precise"


# Without any picker: what Envoy does by itself.
OPEN: list[Callable[[Stage], str]] = [
    completions, streams, large_bodies, trailers, no_bodies, chosen_destination, concurrent_clients,
]
BRIEF: list[Callable[[Stage], str]] = [
    completions, chats, affinity, streams, large_bodies, trailers, no_bodies, errors,
    chosen_destination, counted,
]
ALL: list[Callable[[Stage], str]] = [
    *BRIEF, concurrent_clients, disconnects, endpoint_changes, killed_engine, restarted_picker,
    crashed_picker,
]
