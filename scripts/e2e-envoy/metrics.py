"""Numbers out of Prometheus' text format."""

from exchange import get
from failure import RunFailed


def total(port: int, name: str, *labels: str) -> float:
    """Adds up the samples of a metric whose labels hold all of `labels`, such as `end="failed"`."""
    answer = get(port, "/metrics")
    if answer.status != 200:
        raise RunFailed(f"port {port}: /metrics answered {answer.status}")
    found = 0.0
    for line in answer.body.decode().splitlines():
        sample, _, value = line.rpartition(" ")
        base, _, rest = sample.partition("{")
        if base == name and all(label in rest for label in labels):
            found += float(value)
    return found


def requests_served(port: int) -> float:
    """Tokens that an engine has looked up: grows with every request that it takes."""
    return total(port, "vllm:prefix_cache_queries_total")
