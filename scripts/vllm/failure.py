"""What ends a run early, and waiting that may end it."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class RunFailed(Exception):
    """The run can't go on; the message says what was expected and what was seen."""


def wait_for(
    what: str,
    probe: Callable[[], Result | None],
    deadline_seconds: float,
    interval_seconds: float = 0.005,
) -> Result:
    """Returns the first answer of `probe` that is not None, or fails naming `what`."""
    end = time.monotonic() + deadline_seconds
    while (result := probe()) is None:
        if time.monotonic() > end:
            raise RunFailed(f"{what}: not within {deadline_seconds:g} s")
        time.sleep(interval_seconds)
    return result
