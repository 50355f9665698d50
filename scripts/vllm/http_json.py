"""JSON over HTTP to servers on this machine."""

import json
import urllib.error
import urllib.request
from typing import Any

from failure import RunFailed

ANSWER_SECONDS = 60.0


def fetch(url: str, body: Any = None, method: str | None = None) -> bytes:
    """Returns the body of a 200 answer; posts `body` as JSON when there is one."""
    data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
    headers = {} if data is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers, method=method)
    # Proxies that the environment may name have no business with this machine's own servers.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=ANSWER_SECONDS) as answer:
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode(errors="replace")
        raise RunFailed(f"{url} answered {error.code}: {text[:500]}") from None
    except OSError as error:
        raise RunFailed(f"{url} does not answer: {error}") from None


def fetch_json(url: str, body: Any = None, method: str | None = None) -> Any:
    """Returns the JSON of a 200 answer."""
    return json.loads(fetch(url, body, method))


def answers(url: str) -> bool:
    """Tells whether a GET of `url` is answered with 200."""
    try:
        fetch(url)
    except RunFailed:
        return False
    return True
