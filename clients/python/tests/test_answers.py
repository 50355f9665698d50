"""What goes to the indexer, and what its answers become."""

import json
import unittest
from typing import Any, Union

from kvindexer_client import Request, RequestError, Scores
from tests.client_test import PATIENCE_SECONDS, ClientTest
from tests.samples import endpoint_score, scores
from tests.stub_server import Received, Reply, StubServer, answer


class RequestTests(ClientTest):
    """What goes out."""

    def ask(self, **request: Any) -> Received:
        """Sends a score request and returns it as the server got it."""
        with StubServer(lambda *_: answer(scores())) as server:
            result = self.client(server.url).score(**request)
            self.assertTrue(result.signal, result.reason)
            return server.received[0]

    def test_sends_only_the_fields_that_are_given(self) -> None:
        body = self.ask(tokens=[1, 2, 3], cache_salt="alice", endpoints=["vllm-0"]).json()
        self.assertLessEqual(body.pop("deadline_ms"), PATIENCE_SECONDS * 800)
        expected = {"tokens": [1, 2, 3], "cache_salt": "alice", "endpoints": ["vllm-0"]}
        self.assertEqual(body, expected)

    def test_tells_the_server_no_longer_deadline_than_it_takes(self) -> None:
        with StubServer(lambda *_: answer(scores())) as server:
            self.assertTrue(self.client(server.url, deadline=float("inf")).score(tokens=[1]).signal)
            self.assertEqual(server.received[0].json()["deadline_ms"], 600_000)

    def test_keeps_the_order_of_messages_and_tools(self) -> None:
        tools = [{"type": "function", "function": {"z": 1, "name": "f", "a": [{"y": 1, "b": 2}]}}]
        messages = [{"role": "user", "content": "grüß dich", "name": "x"}]
        body = self.ask(messages=messages, tools=tools, add_generation_prompt=False).body
        self.assertIn(json.dumps(tools, separators=(",", ":")).encode(), body)
        self.assertIn(json.dumps(messages, separators=(",", ":")).encode(), body)
        self.assertIn(b'"add_generation_prompt":false', body)

    def test_sends_a_body_of_text_byte_for_byte(self) -> None:
        raw = '{ "z" : 1.50e0,\n "prompt":"grüß \\u0064ich", "a":[ ] }'
        for given in (raw, raw.encode()):
            body = self.ask(path="/v1/completions", body=given).body
            self.assertIn(b'"body":' + raw.encode(), body)
            self.assertEqual(json.loads(body)["body"], json.loads(raw))

    def test_refuses_a_body_that_would_leave_its_place(self) -> None:
        bodies = [
            '{},"endpoints":[]',
            "{",
            b"\xff{}",
            "",
            "[" * 200_000,
            "{}".encode("utf-16"),
            b"\xef\xbb\xbf{}",
        ]
        for given in bodies:
            with self.assertRaises(RequestError):
                self.client("http://127.0.0.1:1").score(path="/v1/completions", body=given)

    def test_refuses_requests_without_exactly_one_prompt(self) -> None:
        client = self.client("http://127.0.0.1:1")
        wrong: list[dict[str, Any]] = [
            {},
            {"tokens": [1], "prompt": "x"},
            {"path": "/v1/completions"},
            {"tokens": [1], "body": "{}"},
            {"tokens": {1, 2}},
            {"tokens": [float("nan")]},
        ]
        for request in wrong:
            with self.assertRaises(RequestError, msg=str(request)):
                client.score(**request)

    def test_sends_the_token_as_a_bearer(self) -> None:
        with StubServer(lambda *_: answer(scores())) as server:
            client = self.client(server.url, token="s3cret")
            client.score(tokens=[1])
            self.assertEqual(server.received[0].headers["authorization"], "Bearer s3cret")

    def test_refuses_settings_that_can_not_work(self) -> None:
        locations = ["127.0.0.1:80", "ftp://x", "http://", "unix:", "http://a:b@c", "http://h:x"]
        for location in locations:
            with self.assertRaises(ValueError, msg=location):
                self.client(location)
        for token in ("", "line\n", "grüß"):
            with self.assertRaises(ValueError):
                self.client("http://127.0.0.1:1", token=token)
        with self.assertRaises(ValueError):
            self.client("http://127.0.0.1:1", ca_file="ca.pem")


class AnswerTests(ClientTest):
    """What comes in."""

    def score(self, reply: Reply) -> Scores:
        """Asks a server that gives this answer."""
        with StubServer(lambda *_: reply) as server:
            return self.client(server.url).score(tokens=[1])

    def test_reads_every_field(self) -> None:
        result = self.score(answer(scores(tokens=[1, 2], reason="estimated", partial=True)))
        self.assertTrue(result.signal)
        self.assertEqual(result.reason, "estimated")
        self.assertEqual((result.model, result.prompt_tokens), ("tiny", 64))
        self.assertEqual((result.tokens_from, result.partial), ("rendered", True))
        self.assertEqual(result.tokens, [1, 2])
        self.assertEqual(result.took_us["render"], 2)
        first = result.endpoints[0]
        self.assertEqual((first.endpoint, first.address), ("vllm-0", "127.0.0.1:8000"))
        self.assertEqual(
            (first.block_size, first.matched_tokens, first.matched_blocks), (16, 16, 1)
        )
        self.assertEqual((first.tiers, first.score), ({"gpu": 16}, 0.25))
        self.assertEqual((first.trust, first.reason, first.ranks), ("exact", None, []))

    def test_takes_answers_with_fields_that_it_does_not_know(self) -> None:
        extended = {**endpoint_score("vllm-0", 16, 0.5), "color": "red", "block_size": None}
        result = self.score(answer(scores(endpoints=[extended], novelty={})))
        self.assertIsNone(result.endpoints[0].block_size)

    def test_prefers_the_highest_score_and_nobody_without_one(self) -> None:
        best = self.score(answer(scores())).best()
        self.assertEqual(best and best.endpoint, "vllm-1")
        self.assertIsNone(self.score(answer(scores(endpoints=[]))).best())
        nothing = scores(endpoints=[endpoint_score("vllm-0", 0, 0.0)])
        self.assertIsNone(self.score(answer(nothing)).best())

    def test_raises_for_requests_that_are_wrong_in_themselves(self) -> None:
        for status in (400, 404, 405, 415, 422):
            error = {"error": {"message": "no such model", "type": "x", "param": "model"}}
            with self.assertRaises(RequestError) as caught:
                self.score(answer(error, status))
            self.assertIsInstance(caught.exception, ValueError)
            self.assertIn("no such model", str(caught.exception))
            self.assertEqual((caught.exception.status, caught.exception.param), (status, "model"))
        with self.assertRaises(RequestError):
            self.score(answer(b"<html>", 404))

    def test_answers_a_batch_in_order_with_each_refusal_in_its_place(self) -> None:
        refusal = {"error": {"message": "unknown endpoint", "type": "not_found", "param": None}}
        results = {"results": [scores(prompt_tokens=1), refusal, scores(prompt_tokens=3)]}
        with StubServer(lambda *_: answer(results)) as server:
            client = self.client(server.url)
            raw = '{"prompt": "x" }'
            requests: list[Union[Request, dict[str, Any]]] = [
                {"tokens": [1]},
                Request(path="/v1/completions", body=raw),
                {"prompt": "x"},
            ]
            got = client.score_batch(requests)
            sent = server.received[0]
        self.assertEqual([r.signal for r in got], [True, False, True])
        self.assertEqual([r.prompt_tokens for r in got], [1, 0, 3])
        self.assertEqual(got[1].reason, "unknown endpoint")
        self.assertIn(raw.encode(), sent.body)
        self.assertEqual([*sent.json()], ["requests", "deadline_ms"])

    def test_a_batch_without_an_answer_has_no_signal_for_any_request(self) -> None:
        with StubServer(lambda *_: answer({"results": []})) as server:
            client = self.client(server.url)
            got = client.score_batch([{"tokens": [1]}, {"tokens": [2]}])
            self.assertEqual([r.signal for r in got], [False, False])
            self.assertEqual(client.score_batch([]), [])
            self.assertEqual(len(server.received), 1)


class OtherCallTests(ClientTest):
    """Reservations, endpoints and readiness."""

    def test_reserves_and_releases(self) -> None:
        def handle(_: StubServer, request: Received) -> Reply:
            if request.method == "POST":
                claim = {"request_id": "a/1", "endpoint": "e", "reserved_blocks": 2, "ttl_ms": 99}
                return answer(claim, 201)
            return answer(b"", 204)

        with StubServer(handle) as server:
            client = self.client(server.url)
            made = client.reserve("a/1", "e", tokens=[1, 2], ttl_ms=99)
            self.assertEqual((made.signal, made.reserved_blocks, made.ttl_ms), (True, 2, 99))
            self.assertTrue(client.release("a/1"))
            expected = {"tokens": [1, 2], "request_id": "a/1", "endpoint": "e", "ttl_ms": 99}
            self.assertEqual(server.received[0].json(), expected)
            self.assertEqual(server.received[1].path, "/v1/reservations/a%2F1")
            self.assertEqual(server.connections, 1)

    def test_a_claim_that_can_not_be_made_is_no_error(self) -> None:
        for status in (404, 409, 503):
            error = {"error": {"message": "not now", "type": "x", "param": "endpoint"}}
            with StubServer(lambda *_, s=status, e=error: answer(e, s)) as server:
                client = self.client(server.url)
                made = client.reserve("1", "e", tokens=[1])
                self.assertFalse(made.signal)
                self.assertIn("not now", made.reason or "")
                if status != 409:
                    self.assertFalse(client.release("1"))

    def test_a_claim_for_an_unknown_model_is_an_error(self) -> None:
        error = {"error": {"message": "no such model", "type": "x", "param": "model"}}
        with StubServer(lambda *_: answer(error, 404)) as server:
            with self.assertRaises(RequestError):
                self.client(server.url).reserve("1", "e", tokens=[1])

    def test_lists_endpoints(self) -> None:
        item = {
            "endpoint": "vllm-0",
            "address": "127.0.0.1:8000",
            "model": None,
            "labels": {"zone": "a"},
            "trust": "degraded(joinedLate)",
            "reason": "It ran before.",
        }
        with StubServer(lambda *_: answer({"endpoints": [item]})) as server:
            listed = self.client(server.url).endpoints()
        self.assertTrue(listed.signal)
        self.assertEqual(listed.endpoints[0].labels, {"zone": "a"})
        self.assertEqual(listed.endpoints[0].reason, "It ran before.")

    def test_is_ready_when_the_indexer_says_so(self) -> None:
        for status, ready in ((200, True), (503, False), (404, False)):
            with StubServer(lambda *_, s=status: answer({}, s)) as server:
                client = self.client(server.url)
                self.assertIs(client.ready(), ready)


if __name__ == "__main__":
    unittest.main()
