"""Whatever is wrong with the indexer, the caller gets an empty answer within its deadline."""

import socket
import threading
import unittest
from typing import Optional
from unittest import mock

from kvindexer_client import Scores
from tests.client_test import PATIENCE_SECONDS, ClientTest
from tests.samples import scores
from tests.stub_server import Handler, Received, Reply, StubServer, answer

SHORT_SECONDS = 0.05


class FailureTests(ClientTest):
    """Each test is one way to fail."""

    def expect_no_signal(self, result: Scores, reason: str) -> None:
        """Checks that nothing came back but the reason."""
        self.assertFalse(result.signal)
        self.assertIn(reason, result.reason or "")
        self.assertEqual(result.endpoints, ())
        self.assertIsNone(result.best())

    def score(self, handler: Handler, deadline: float = PATIENCE_SECONDS) -> Scores:
        """Asks a server with this handler."""
        with StubServer(handler) as server:
            return self.client(server.url, deadline=deadline).score(tokens=[1])

    def test_nobody_listens(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            client = self.client(f"http://127.0.0.1:{unused.getsockname()[1]}")
            self.expect_no_signal(client.score(tokens=[1]), "unreachable")
            self.assertFalse(client.reserve("1", "e", tokens=[1]).signal)
            self.assertFalse(client.release("1"))
            self.assertFalse(client.endpoints().signal)
            self.assertFalse(client.ready())
            self.assertFalse(client.score_batch([{"tokens": [1]}])[0].signal)

    def test_the_unix_socket_is_not_there(self) -> None:
        self.expect_no_signal(
            self.client("unix:/nonexistent/socket").score(tokens=[1]), "unreachable"
        )

    def test_no_answer_comes(self) -> None:
        self.expect_no_signal(self.score(lambda *_: None, SHORT_SECONDS), "within 50 ms")

    def test_the_deadline_is_over_before_the_call(self) -> None:
        self.expect_no_signal(self.score(lambda *_: answer(scores()), 0), "within 0 ms")

    def test_the_answer_trickles_in_and_never_ends(self) -> None:
        def trickle(server: StubServer, _: Received) -> Optional[Reply]:
            sock = server.newest_connection()
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            while not server.stopped.wait(0.005):
                sock.sendall(b" ")
            return None

        self.expect_no_signal(self.score(trickle, SHORT_SECONDS), "within 50 ms")

    def test_the_headers_trickle_in_and_never_end(self) -> None:
        def trickle(server: StubServer, _: Received) -> Optional[Reply]:
            sock = server.newest_connection()
            sock.sendall(b"HTTP/1.1 200 OK\r\n")
            while not server.stopped.wait(0.005):
                sock.sendall(b"A: b\r\n")
            return None

        self.expect_no_signal(self.score(trickle, SHORT_SECONDS), "within 50 ms")

    def test_the_request_is_never_taken(self) -> None:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            client = self.client(f"http://127.0.0.1:{listener.getsockname()[1]}", deadline=0.2)
            self.expect_no_signal(client.score(prompt="x" * (16 << 20)), "within 200 ms")

    def test_the_name_is_never_looked_up(self) -> None:
        real, gate = socket.getaddrinfo, threading.Event()

        def look_up(host: str, *arguments: object, **options: object) -> object:
            if options.get("flags"):
                raise socket.gaierror("not a number")
            gate.wait()
            return real("127.0.0.1", *arguments, **options)  # type: ignore[arg-type]

        with mock.patch("socket.getaddrinfo", look_up):
            client = self.client("http://indexer.invalid:9300", deadline=SHORT_SECONDS)
            self.expect_no_signal(client.score(tokens=[1]), "within 50 ms")
            self.expect_no_signal(client.score(tokens=[1]), "within 50 ms")
            gate.set()

    def test_the_name_does_not_exist(self) -> None:
        with mock.patch("socket.getaddrinfo", side_effect=socket.gaierror("unknown name")):
            client = self.client("http://indexer.invalid:9300")
            self.expect_no_signal(client.score(tokens=[1]), "unknown name")

    def test_statuses_that_do_not_blame_the_request(self) -> None:
        for status in (301, 401, 403, 408, 413, 429, 500, 502, 503, 504):
            error = {"error": {"message": "overloaded", "type": "x", "param": None}}
            result = self.score(lambda *_, s=status, e=error: answer(e, s))
            self.expect_no_signal(result, f"status {status}: overloaded")
        self.expect_no_signal(self.score(lambda *_: answer(b"<html>", 502)), "status 502")

    def test_garbage(self) -> None:
        item = scores()["endpoints"][0]
        contents: list[object] = [
            b"",
            b"<html>",
            b"\xff\xfe\xff",
            b"[" * 200_000,
            b"9" * 10_000,
            None,
            [],
            {"endpoints": {}},
            {**scores(), "prompt_tokens": "64"},
            {**scores(), "prompt_tokens": True},
            {**scores(), "endpoints": [7]},
            {**scores(), "endpoints": [{**item, "score": None}]},
            {**scores(), "endpoints": [{**item, "score": float("nan")}]},
            {**scores(), "endpoints": [{**item, "score": 10**400}]},
            {**scores(), "endpoints": [{**item, "matched_tokens": 1.5}]},
        ]
        for content in contents:
            result = self.score(lambda *_, c=content: answer(c))
            self.expect_no_signal(result, "the answer")

    def test_bytes_that_are_not_http(self) -> None:
        for content in (b"\x15\x03\x01", b"HTTP/1.1 200\r\n", b"HTTP/1.1 x\r\n\r\n", b"A" * 70_000):
            result = self.score(lambda *_, c=content: Reply(c, ends=True))
            self.expect_no_signal(result, "")

    def test_half_an_answer(self) -> None:
        whole = answer(scores()).content
        for length in (0, 1, 20, len(whole) // 2, len(whole) - 1):
            result = self.score(lambda *_, n=length: Reply(whole[:n], ends=True))
            self.expect_no_signal(result, "")

    def test_half_a_chunked_answer(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        for body in (b"", b"5\r\n{}", b"2\r\n{}\r\n", b"zz\r\n{}\r\n", b"-1\r\n"):
            result = self.score(lambda *_, b=body: Reply(head + b, ends=True))
            self.expect_no_signal(result, "")

    def test_more_than_any_answer_has(self) -> None:
        with mock.patch("kvindexer_client.ANSWER_BYTES_MAX", 1000):
            result = self.score(lambda *_: answer(b" " * 1001))
        self.expect_no_signal(result, "more than 1000 bytes")


if __name__ == "__main__":
    unittest.main()
