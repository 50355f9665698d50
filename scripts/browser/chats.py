"""Chats through the demo's Envoy, so that there is a prompt of ours to explain."""

import json
import re
import urllib.request
from typing import Optional

from servers import Demo

WORDS = (
    "the cache keeps what was read so that nobody reads it twice and a prompt that begins "
    "as another one did finds its beginning there"
).split()


def story(words: int) -> str:
    """Gives a text of so many words."""
    return " ".join(WORDS[(number * number) % len(WORDS)] for number in range(words))


def gateway_url(demo: Demo) -> Optional[str]:
    """Gives Envoy's address; None where the demo does without."""
    found = re.search(r"Envoy     (\S+)", demo.text)
    return found.group(1) if found else None


def chat(demo: Demo, text: str) -> None:
    """Sends a chat of one message, where the picker sends it."""
    url = gateway_url(demo)
    if url is None:
        return
    body = {
        "model": "simulated",
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 4,
    }
    request = urllib.request.Request(
        f"{url}/v1/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        reply.read()


def tell_stories(demo: Demo) -> str:
    """Sends stories of different lengths; gives one that engines hold different parts of."""
    for words in (60, 180, 120, 240):
        chat(demo, story(words))
    return story(240)
