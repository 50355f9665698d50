"""One HTTP exchange over a socket of its own, byte by byte where that is what is tested."""

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Optional

ANSWER_SECONDS = 60.0
CHUNK_BYTES = 60_000


class ExchangeFailed(Exception):
    """The connection ended before the answer did, or what came is no HTTP."""


@dataclass
class Answer:
    """What a server answered, with the time at which each piece of the body came."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    trailers: dict[str, str] = field(default_factory=dict)
    piece_times: list[float] = field(default_factory=list)

    def json(self) -> Any:
        """Parses the body."""
        return json.loads(self.body)

    def events(self) -> list[str]:
        """Gives the data of server-sent events."""
        lines = self.body.decode().split("\n\n")
        return [line.removeprefix("data: ") for line in lines if line]


def chunked(body: bytes) -> Iterator[bytes]:
    """Cuts a body into HTTP's chunks, the last one not included."""
    for start in range(0, len(body), CHUNK_BYTES):
        piece = body[start : start + CHUNK_BYTES]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)


class Exchange:
    """A connection on which one request is sent and one answer read."""

    def __init__(self, port: int) -> None:
        """Connects to a port of this machine."""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._socket.makefile("rb")

    def __enter__(self) -> "Exchange":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection, whatever is under way."""
        self._reader.close()
        self._socket.close()

    def send(
        self,
        method: str,
        path: str,
        body: Optional[bytes] = None,
        headers: Optional[dict[str, str]] = None,
        trailers: Optional[dict[str, str]] = None,
    ) -> None:
        """Sends a request; with trailers, or `None` for them, in chunks or in one piece."""
        given = {"Host": "localhost", "Connection": "close", **(headers or {})}
        if body is not None:
            given.setdefault("Content-Type", "application/json")
            if trailers is None:
                given["Content-Length"] = str(len(body))
            else:
                given["Transfer-Encoding"] = "chunked"
                if trailers:
                    given["Trailer"] = ", ".join(trailers)
        head = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in given.items())]
        self._socket.sendall("\r\n".join([*head, "", ""]).encode())
        if body is None:
            return
        if trailers is None:
            self._socket.sendall(body)
            return
        for piece in chunked(body):
            self._socket.sendall(piece)
        end = ["0", *(f"{name}: {text}" for name, text in trailers.items()), "", ""]
        self._socket.sendall("\r\n".join(end).encode())

    def send_part(self, path: str, announced: int, body: bytes) -> None:
        """Sends a request whose body is shorter than it says."""
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {announced}\r\n\r\n"
        self._socket.sendall(head.encode() + body)

    def head(self) -> Answer:
        """Reads the answer up to its body."""
        line = self._line()
        parts = line.split(" ", 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdecimal():
            raise ExchangeFailed(f"no HTTP: {line!r}")
        return Answer(int(parts[1]), self._fields())

    def read(self) -> Answer:
        """Reads the answer to its end."""
        answer = self.head()
        if "chunked" in answer.headers.get("transfer-encoding", ""):
            while piece := self._chunk():
                answer.body += piece
                answer.piece_times.append(time.monotonic())
            answer.trailers = self._fields()
        elif "content-length" in answer.headers:
            answer.body = self._exactly(int(answer.headers["content-length"]))
        elif answer.status not in (204, 304):
            answer.body = self._reader.read()
        return answer

    def _chunk(self) -> bytes:
        size = int(self._line().split(";")[0] or "x", 16)
        if size == 0:
            return b""
        piece = self._exactly(size)
        if self._exactly(2) != b"\r\n":
            raise ExchangeFailed("a chunk of another size than announced")
        return piece

    def _fields(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        while line := self._line():
            name, _, text = line.partition(":")
            fields[name.lower()] = text.strip()
        return fields

    def _line(self) -> str:
        line: bytes = self._reader.readline(65536)
        if not line.endswith(b"\r\n"):
            raise ExchangeFailed("the connection ended in the middle of an answer")
        return line[:-2].decode("latin-1")

    def _exactly(self, size: int) -> bytes:
        content: bytes = self._reader.read(size)
        if len(content) != size:
            raise ExchangeFailed(f"the connection ended after {len(content)} of {size} bytes")
        return content


def post(port: int, path: str, body: Any, **options: Any) -> Answer:
    """Posts JSON, or bytes as they are, and reads the whole answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with Exchange(port) as exchange:
        exchange.send("POST", path, content, **options)
        return exchange.read()


def get(port: int, path: str) -> Answer:
    """Gets a path and reads the whole answer."""
    with Exchange(port) as exchange:
        exchange.send("GET", path)
        return exchange.read()
