"""Clients that ask without a pause while something else happens."""

import random
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Optional

from exchange import ExchangeFailed, post


@dataclass(frozen=True)
class Outcome:
    """How one request went."""

    began: float
    ended: float
    status: Optional[int]
    fault: str

    @property
    def is_good(self) -> bool:
        """Whether it was answered with what was asked for."""
        return self.status == 200


def ask(port: int, client: int, number: int) -> Outcome:
    """Sends one request of a client, which begins anew after five; every third is streamed."""
    prompt = random.Random(client * 1_000_003 + number // 5).choices(range(1000), k=40)
    words = prompt + list(range(number % 5))
    body = {
        "model": "tiny",
        "prompt": " ".join(f"t{word}" for word in words),
        "max_tokens": 8,
        "stream": number % 3 == 0,
    }
    began = time.monotonic()
    try:
        answer = post(port, "/v1/completions", body)
    except (ExchangeFailed, OSError) as error:
        return Outcome(began, time.monotonic(), None, str(error))
    text = answer.body.decode(errors="replace")
    # A stream that was cut off in good order is still cut off.
    if answer.status == 200 and body["stream"] and "[DONE]" not in text:
        return Outcome(began, time.monotonic(), None, "the stream has no end")
    fault = "" if answer.status == 200 else text[:200]
    return Outcome(began, time.monotonic(), answer.status, fault)


class Load:
    """So many clients, from entering the block to leaving it."""

    def __init__(self, port: int, clients: int) -> None:
        """Names the port to ask."""
        self.outcomes: list[Outcome] = []
        self._port = port
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(client,)) for client in range(clients)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, client: int) -> None:
        number = 0
        while not self._stop.is_set():
            # Appending to a list needs no lock.
            self.outcomes.append(ask(self._port, client, number))
            number += 1

    def run_for(self, seconds: float) -> None:
        """Lets the clients go on for a while."""
        self._stop.wait(seconds)

    def failures(self) -> list[Outcome]:
        """Gives the requests that were not answered as they should be."""
        return [outcome for outcome in self.outcomes if not outcome.is_good]
