"""A server that answers exactly what a test wants, down to the bytes."""

import json
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Optional


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Parses the body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """Bytes to send; with `ends`, the connection is closed after them."""

    content: bytes
    ends: bool = False


def answer(content: Any, status: int = 200, headers: str = "") -> Reply:
    """Builds an orderly HTTP answer."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    if status == 204:
        return Reply(f"HTTP/1.1 204 No Content\r\n{headers}\r\n".encode())
    head = f"HTTP/1.1 {status} Status\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return Reply(head.encode() + body)


Handler = Callable[["StubServer", Received], Optional[Reply]]


class StubServer:
    """Serves each connection in a thread; a handler that returns None never answers."""

    def __init__(
        self,
        handler: Handler,
        port: int = 0,
        unix_path: Optional[str] = None,
        tls: Optional[ssl.SSLContext] = None,
    ) -> None:
        """Listens on a Unix socket or on 127.0.0.1."""
        family = socket.AF_INET if unix_path is None else socket.AF_UNIX
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port) if unix_path is None else unix_path)
        self._listener.listen()
        self.port: int = 0 if unix_path is not None else self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self.stopped = threading.Event()
        self.connections = 0
        self.received: list[Received] = []
        self._handler = handler
        self._tls = tls
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> "StubServer":
        """Returns the server, which listens already."""
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Stops the server."""
        self.stop()

    def stop(self) -> None:
        """Closes every connection and waits for the threads."""
        self.stopped.set()
        with self._lock:
            for sock in [self._listener, *self._open]:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # The other side was faster.
            threads = list(self._threads)
        for thread in threads:
            thread.join()
        self._listener.close()

    def newest_connection(self) -> socket.socket:
        """Returns the connection that was opened last, for handlers that write to it."""
        with self._lock:
            return self._open[-1]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self.stopped.is_set():
                    sock.close()
                    return
                self.connections += 1
                self._open.append(sock)
                thread = threading.Thread(target=self._serve, args=(sock,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, plain: socket.socket) -> None:
        sock = plain
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._open.append(sock)
            with sock.makefile("rb") as stream:
                while (request := _read(stream)) is not None:
                    self.received.append(request)
                    reply = self._handler(self, request)
                    if reply is None:
                        self.stopped.wait()
                        return
                    sock.sendall(reply.content)
                    if reply.ends:
                        return
        except (OSError, ValueError):
            return  # The client has gone, or does not speak HTTP.
        finally:
            with self._lock:
                self._open = [other for other in self._open if other not in (sock, plain)]
            sock.close()


def _read(stream: Any) -> Optional[Received]:
    line = stream.readline()
    if not line:
        return None
    method, path, _ = line.decode().split()
    headers = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Received(method, path, headers, body)
