"""Connections are kept, shared among threads, and replaced when the server goes."""

import json
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Optional

from kvindexer_client import IDLE_CONNECTIONS_MAX
from tests.client_test import ClientTest
from tests.samples import scores
from tests.stub_server import Received, Reply, StubServer, answer


def echo(_: StubServer, request: Received) -> Reply:
    """Answers with the prompt's only token as the number of its tokens."""
    return answer(scores(prompt_tokens=json.loads(request.body)["tokens"][0]))


class ConnectionTests(ClientTest):
    """Plain connections."""

    def test_calls_share_a_connection(self) -> None:
        with StubServer(echo) as server:
            client = self.client(server.url)
            for number in range(20):
                self.assertEqual(client.score(tokens=[number]).prompt_tokens, number)
            self.assertEqual(server.connections, 1)

    def test_answers_in_chunks_keep_the_connection(self) -> None:
        def chunked(_: StubServer, __: Received) -> Reply:
            body = json.dumps(scores()).encode()
            head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            return Reply(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

        with StubServer(chunked) as server:
            client = self.client(server.url)
            for _ in range(3):
                self.assertTrue(client.score(tokens=[1]).signal)
            self.assertEqual(server.connections, 1)

    def test_refusals_and_empty_answers_keep_the_connection(self) -> None:
        statuses = iter([503, 204, 503, 204])
        with StubServer(lambda *_: answer({}, next(statuses))) as server:
            client = self.client(server.url)
            for expected in (False, True, False, True):
                self.assertIs(client.ready(), expected)
            self.assertEqual(server.connections, 1)

    def test_a_server_that_closes_after_each_answer_is_served_anew(self) -> None:
        for headers in ("Connection: close\r\n", ""):
            reply = Reply(answer(scores(), headers=headers).content, ends=True)
            with StubServer(lambda *_, r=reply: r) as server:
                client = self.client(server.url)
                for _ in range(5):
                    result = client.score(tokens=[1])
                    self.assertTrue(result.signal, result.reason)
                self.assertEqual(server.connections, 5)

    def test_a_restarted_server_is_found_again_at_once(self) -> None:
        with StubServer(echo) as first:
            client = self.client(first.url)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda n: client.score(tokens=[n]), range(20)))
        self.assertFalse(client.score(tokens=[1]).signal)
        with StubServer(echo, port=first.port) as second:
            result = client.score(tokens=[5])
            self.assertTrue(result.signal, result.reason)
            self.assertEqual(len(second.received), 1)

    def test_a_late_answer_is_not_taken_for_the_next_one(self) -> None:
        gate = threading.Event()

        def handle(server: StubServer, request: Received) -> Optional[Reply]:
            if request.json()["tokens"] == [1]:
                gate.wait()
            return echo(server, request)

        with StubServer(handle) as server:
            client = self.client(server.url)
            self.assertFalse(client.score(tokens=[1], deadline=0.05).signal)
            gate.set()
            later = client.score(tokens=[2])
            self.assertEqual(later.prompt_tokens, 2)

    def test_threads_get_their_own_answers(self) -> None:
        with StubServer(echo) as server:
            client = self.client(server.url)
            with ThreadPoolExecutor(8) as pool:
                results = list(pool.map(lambda n: client.score(tokens=[n]), range(400)))
            self.assertEqual([r.prompt_tokens for r in results], list(range(400)))
            self.assertLessEqual(server.connections, 8)

    def test_only_so_many_idle_connections_are_kept(self) -> None:
        threads = IDLE_CONNECTIONS_MAX + 4
        barrier = threading.Barrier(threads)

        def together(server: StubServer, request: Received) -> Reply:
            barrier.wait()
            return echo(server, request)

        with StubServer(together) as server:
            client = self.client(server.url)
            for round_number in (1, 2):
                with ThreadPoolExecutor(threads) as pool:
                    results = list(pool.map(lambda n: client.score(tokens=[n]), range(threads)))
                self.assertTrue(all(result.signal for result in results))
                self.assertEqual(server.connections, threads + 4 * (round_number - 1))
            client.close()
            barrier.abort()

    def test_asks_over_a_unix_socket(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "indexer.sock")
            with StubServer(echo, unix_path=path) as server:
                for location in (f"unix:{path}", f"unix://{path}"):
                    client = self.client(location)
                    self.assertEqual(client.score(tokens=[7]).prompt_tokens, 7)
                self.assertEqual(server.received[0].path, "/v1/score")

    def test_asks_below_a_path(self) -> None:
        with StubServer(echo) as server:
            client = self.client(server.url + "/indexer/")
            self.assertTrue(client.score(tokens=[1]).signal)
            self.assertEqual(server.received[0].path, "/indexer/v1/score")


@unittest.skipUnless(shutil.which("openssl"), "needs openssl to make a certificate")
class TLSTests(ClientTest):
    """Connections behind TLS."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.certificate = Path(folder.name, "certificate.pem")
        key = Path(folder.name, "key.pem")
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"]
        command += ["ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=test"]
        command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key)]
        subprocess.run([*command, "-out", str(self.certificate)], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)

    def test_trusts_the_given_authority_and_keeps_the_connection(self) -> None:
        with StubServer(echo, tls=self.context) as server:
            client = self.client(server.url, ca_file=str(self.certificate))
            for number in (5, 6):
                result = client.score(tokens=[number])
                self.assertEqual(result.prompt_tokens, number, result.reason)
            self.assertEqual(server.connections, 1)

    def test_sends_nothing_to_a_server_that_it_does_not_trust(self) -> None:
        with StubServer(echo, tls=self.context) as server:
            result = self.client(server.url).score(tokens=[1])
            self.assertIn("CERTIFICATE_VERIFY_FAILED", result.reason or "")
            self.assertEqual(server.received, [])

    def test_finds_a_restarted_server_again(self) -> None:
        with StubServer(echo, tls=self.context) as first:
            client = self.client(first.url, ca_file=str(self.certificate))
            self.assertTrue(client.score(tokens=[1]).signal)
        with StubServer(echo, port=first.port, tls=self.context):
            result = client.score(tokens=[2])
            self.assertTrue(result.signal, result.reason)

    def test_a_server_without_tls_is_no_signal(self) -> None:
        with StubServer(lambda *_: answer(scores())) as server:
            url = server.url.replace("http:", "https:")
            self.assertFalse(self.client(url, deadline=0.05).score(tokens=[1]).signal)


if __name__ == "__main__":
    unittest.main()
