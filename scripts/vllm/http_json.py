"""JSON over HTTP to servers on this machine."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from failure import RunFailed

ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """A 200 answer."""

    body: bytes
    headers: Mapping[str, str]


def fetch(url: str, body: Any = None, method: str | None = None) -> Answer:
    """Returns a 200 answer; posts `body` as JSON when there is one."""
    data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
    headers = {} if data is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    # Proxies that the environment may name have no business with this machine's own servers.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=ANSWER_SECONDS) as answer:
            return Answer(answer.read(), answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode(errors="replace")
        raise RunFailed(f"{url} answered {error.code}: {text[:500]}") from None
    except OSError as error:
        raise RunFailed(f"{url} does not answer: {error}") from None


def fetch_json(url: str, body: Any = None, method: str | None = None) -> Any:
    """Returns the JSON of a 200 answer."""
    return json.loads(fetch(url, body, method).body)


def answers(url: str) -> bool:
    """Tells whether a GET of `url` is answered with 200."""
    try:
        fetch(url)
    except RunFailed:
        return False
    return True
