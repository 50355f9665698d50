"""Answers as the indexer gives them."""

from typing import Any


def endpoint_score(name: str, matched: int, score: float) -> dict[str, Any]:
    """One endpoint of an answer."""
    return {
        "endpoint": name,
        "address": "127.0.0.1:8000",
        "block_size": 16,
        "matched_tokens": matched,
        "matched_blocks": matched // 16,
        "tiers": {"gpu": matched},
        "reserved_tokens": 0,
        "score": score,
        "trust": "exact",
        "reason": None,
    }


def scores(**changes: Any) -> dict[str, Any]:
    """A whole answer about three endpoints."""
    answer = {
        "model": "tiny",
        "prompt_tokens": 64,
        "tokens_from": "rendered",
        "reason": None,
        "partial": False,
        "endpoints": [
            endpoint_score("vllm-0", 16, 0.25),
            endpoint_score("vllm-1", 48, 0.75),
            endpoint_score("vllm-2", 0, 0.0),
        ],
        "took_us": {"parse": 1, "render": 2, "hash": 3, "match": 4, "total": 10},
    }
    return {**answer, **changes}
