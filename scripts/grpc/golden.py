"""Prints the golden messages of Tests/ServiceTests/Protobuf/GoldenMessageTests.swift."""

from messages import message_class

GOLDEN = {
    "kvindexer.v1.ScoreRequest": dict(
        model="tiny", tokens=[0, 1, 258, 4294967295], prompt="", cache_salt="s\u00e4lt",
        lora="a", endpoints=["vllm-0", "vllm-1"], top_k=3, deadline_ms=300, detail=True,
        return_tokens=True, body=dict(path="/v1/completions", body=b"{}"),
    ),
    "kvindexer.v1.ScoreResponse": dict(
        model="tiny", prompt_tokens=1024, tokens_from="TOKENS_FROM_ESTIMATED",
        reason="no server", partial=True, tokens=[7], error="e",
        took=dict(parse_us=1, render_us=2000, hash_us=3, match_us=4, total_us=2008),
        endpoints=[
            dict(
                endpoint="vllm-0", address="127.0.0.1:8000", block_size=16, matched_tokens=1008,
                gpu_tokens=512, cpu_tokens=400, disk_tokens=90, remote_tokens=6,
                reserved_tokens=15, score=0.984375, trust="TRUST_DEGRADED", reason="gap",
                ranks=[
                    dict(
                        rank=1, block_size=16, matched_tokens=1008, gpu_tokens=512,
                        cpu_tokens=400, disk_tokens=90, remote_tokens=6, trust="TRUST_SILENT",
                        reason="r",
                    ),
                    dict(),
                ],
            ),
            dict(endpoint="vllm-1", score=-0.0, trust="TRUST_DEAD"),
        ],
    ),
    "kvindexer.v1.WatchEvent": dict(
        endpoint="vllm-0", address="[::1]:8000", model="tiny", kind="KIND_CHANGED", rank=3,
        trust="TRUST_EXACT", reason="-", block_size=32, incarnation=4294967295,
    ),
    "indexer.v1.GetPodScoresRequest": dict(
        prompt="Hello", model_name="tiny", pod_identifiers=["a", ""],
    ),
    "indexer.v1.GetPodScoresResponse": dict(
        scores=[dict(pod="a", score=3), dict(pod="b")],
    ),
}

for name, fields in GOLDEN.items():
    message = message_class(name)(**fields)
    print(name, message.SerializeToString(deterministic=True).hex())
