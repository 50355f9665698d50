#!/usr/bin/env python3
r"""What rendering a chat's next turn costs, and what a cache of rendered prefixes could save of it.

usage: render_cost.py URL MODEL

Renders conversations that grow by one turn, and beside each the new turn alone: no cache of
prefixes could do less. Start a renderer first:

  VLLM_ALLOW_LONG_MAX_MODEL_LEN=1 .vllm/bin/vllm launch render .work/e2e-vllm/model --port 8100 \
      --served-model-name tiny --max-model-len 65536
"""

import http.client
import json
import random
import statistics
import sys
import time
import urllib.parse

REPETITIONS = 40
TURN_WORDS = 60
TURNS = [2, 20, 80, 160]


class Renderer:
    def __init__(self, url, model):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
        self.model = model

    def render(self, messages):
        """Renders a chat; returns its tokens and the milliseconds that it took."""
        body = json.dumps({"model": self.model, "messages": messages, "max_tokens": 1})
        start = time.perf_counter()
        self.connection.request(
            "POST", "/v1/chat/completions/render", body, {"Content-Type": "application/json"}
        )
        reply = self.connection.getresponse()
        data = reply.read()
        elapsed = (time.perf_counter() - start) * 1000
        if reply.status != 200:
            sys.exit(f"render_cost: {reply.status}: {data[:300]}")
        return len(json.loads(data)["token_ids"]), elapsed


def message(role, words):
    return {"role": role, "content": " ".join(f"word{random.randrange(5000)}" for _ in range(words))}


def main():
    random.seed(1)
    renderer = Renderer(*sys.argv[1:3])
    print("turns  tokens  whole ms  last turn alone ms  share that a prefix cache could save")
    for turns in TURNS:
        whole, alone = [], []
        tokens = 0
        for _ in range(REPETITIONS):
            roles = ["user", "assistant"] * (turns // 2)
            messages = [message(role, TURN_WORDS) for role in [*roles, "user"]]
            tokens, elapsed = renderer.render(messages)
            whole.append(elapsed)
            alone.append(renderer.render(messages[-1:])[1])
        whole, alone = statistics.median(whole), statistics.median(alone)
        print(f"{turns:5}  {tokens:6}  {whole:8.2f}  {alone:18.2f}  {1 - alone / whole:.0%}")


if __name__ == "__main__":
    main()
