"""Chats through the demo's Envoy, so that there is a prompt of ours to explain."""

import json
import re
import urllib.request
from typing import Optional

from servers import Demo

WORDS = 240
VOCABULARY = (
    "the cache keeps what was read so that nobody reads it twice and a prompt that begins "
    "as another one did finds its beginning there"
).split()


def story(words: int) -> str:
    """Gives a text of so many words."""
    return " ".join(VOCABULARY[(number * number) % len(VOCABULARY)] for number in range(words))


def gateway_url(demo: Demo) -> Optional[str]:
    """Gives Envoy's address; None where the demo does without."""
    found = re.search(r"Envoy     (\S+)", demo.text)
    return found.group(1) if found else None


def chat(url: str, text: str) -> None:
    """Sends a chat of one message to an engine, or to Envoy."""
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


def tell_stories(demo: Demo) -> None:
    """Sends beginnings of a story past the picker to engines, and all of it where that wants."""
    engines = re.findall(r"engine-\d+ +(http\S+)", demo.text)
    for engine, words in zip(engines, (64, 160)):
        chat(engine, story(words))
    chat(gateway_url(demo) or engines[-1], story(WORDS))
