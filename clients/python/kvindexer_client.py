"""Asks kvindexer which model server holds how much of a prompt in its KV cache.

A router must not fail because its indexer does. So whatever goes wrong with the indexer itself —
unreachable, late, overloaded, talking nonsense — comes back as an answer with `signal` False and
a `reason`, never as an exception, and always within the deadline. Only requests that are wrong in
themselves raise: `RequestError`, a `ValueError`.

    client = Client("unix:/run/kvindexer.sock", deadline=0.05)
    scores = client.score(messages=[{"role": "user", "content": "Hello"}])
    best = scores.best()
    address = best.address if best else least_loaded()

A client may be shared by threads; make it after forking. It needs nothing but Python 3.9.
"""

import http.client
import io
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Optional, Union
from urllib.parse import quote, urlsplit

__all__ = [
    "Client",
    "Endpoint",
    "EndpointScore",
    "Endpoints",
    "Request",
    "RequestError",
    "Reservation",
    "Scores",
]

DEFAULT_DEADLINE_SECONDS = 0.05
IDLE_CONNECTIONS_MAX = 16
# The longest deadline that the indexer can be told.
SERVER_MILLISECONDS_MAX = 600_000
# Sockets can't be told to wait much longer.
DEADLINE_SECONDS_MAX = 86_400.0
ANSWER_BYTES_MAX = 64 << 20
READ_BYTES = 64 << 10
PROMPT_FORMS = ("tokens", "prompt", "messages", "path")
# Statuses that blame the request, and will do so again however often it is sent.
REQUEST_FAULTS = frozenset({400, 404, 405, 415, 422})


class RequestError(ValueError):
    """The request is wrong in itself: a bug of the caller, or a body that no engine would take."""

    def __init__(self, message: str, status: int = 400, param: Optional[str] = None) -> None:
        """Keeps the HTTP status and the name of the field at fault."""
        super().__init__(message)
        self.status = status
        self.param = param


@dataclass(frozen=True)
class Request:
    """What to score: a prompt in exactly one of four forms, and what it is scored for.

    The forms are `tokens`, `prompt`, `messages`, or `path` with `body`: an engine's own request,
    for example to `/v1/chat/completions`. A `body` of `str` or `bytes` goes out exactly as it is;
    objects are written in their own order.
    """

    tokens: Optional[Sequence[int]] = None
    prompt: Optional[str] = None
    messages: Optional[Sequence[Mapping[str, Any]]] = None
    path: Optional[str] = None
    body: Optional[Union[Mapping[str, Any], str, bytes]] = None
    model: Optional[str] = None
    tools: Optional[Sequence[Mapping[str, Any]]] = None
    tool_choice: Optional[Union[str, Mapping[str, Any]]] = None
    chat_template: Optional[str] = None
    chat_template_kwargs: Optional[Mapping[str, Any]] = None
    add_generation_prompt: Optional[bool] = None
    add_special_tokens: Optional[bool] = None
    continue_final_message: Optional[bool] = None
    cache_salt: Optional[str] = None
    lora: Optional[str] = None
    endpoints: Optional[Sequence[str]] = None
    top_k: Optional[int] = None
    detail: Optional[bool] = None
    return_tokens: Optional[bool] = None

    def __post_init__(self) -> None:
        """Refuses a request with no prompt, or with several."""
        given = [name for name in PROMPT_FORMS if getattr(self, name) is not None]
        if len(given) != 1:
            wanted, got = ", ".join(PROMPT_FORMS), " and ".join(given) or "none"
            raise RequestError(f"one of {wanted} is needed; given: {got}")
        if (self.path is None) != (self.body is None):
            raise RequestError("path and body go together", param="body")

    def json_members(self) -> dict[str, str]:
        """Writes each field that is given as JSON."""
        members = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value is not None:
                raw = item.name == "body" and isinstance(value, (str, bytes))
                members[item.name] = _checked_json(value) if raw else _json(value)
        return members


@dataclass(frozen=True)
class EndpointScore:
    """What one endpoint holds of a prompt."""

    endpoint: str
    address: str
    block_size: Optional[int]
    matched_tokens: int
    matched_blocks: int
    tiers: Mapping[str, int]
    reserved_tokens: int
    score: float
    trust: str
    reason: Optional[str]
    ranks: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Scores:
    """The answer to one request; empty, with `signal` False, when there is none.

    `reason` says why there is no signal, or why the tokens had to be estimated. `tokens` holds one
    list for each prompt when the request has several; the other numbers are sums then.
    """

    signal: bool
    reason: Optional[str] = None
    model: Optional[str] = None
    prompt_tokens: int = 0
    tokens_from: Optional[str] = None
    partial: bool = False
    endpoints: Sequence[EndpointScore] = ()
    tokens: Optional[Union[Sequence[int], Sequence[Sequence[int]]]] = None
    took_us: Mapping[str, int] = field(default_factory=dict)

    def best(self) -> Optional[EndpointScore]:
        """Returns the endpoint with the highest score; None when none is worth preferring."""
        holders = [item for item in self.endpoints if item.score > 0]
        return max(holders, key=lambda item: (item.score, item.matched_tokens), default=None)


@dataclass(frozen=True)
class Reservation:
    """A claim that an endpoint will soon hold a prompt; not made when `signal` is False."""

    signal: bool
    reason: Optional[str] = None
    reserved_blocks: int = 0
    ttl_ms: int = 0


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that the indexer follows."""

    endpoint: str
    address: str
    model: Optional[str]
    labels: Mapping[str, str]
    trust: str
    reason: Optional[str]


@dataclass(frozen=True)
class Endpoints:
    """All endpoints that the indexer follows; empty, with `signal` False, without an answer."""

    signal: bool
    reason: Optional[str] = None
    endpoints: Sequence[Endpoint] = ()


class Client:
    """A connection pool to one indexer."""

    def __init__(
        self,
        location: str,
        token: Optional[str] = None,
        ca_file: Optional[str] = None,
        deadline: float = DEFAULT_DEADLINE_SECONDS,
    ) -> None:
        """Connects to nothing yet.

        `location` is `http://HOST:PORT`, `https://HOST:PORT` or `unix:/PATH`. `token` is sent as
        a bearer token. `ca_file` holds the authorities to trust instead of the system's.
        `deadline` is in seconds, for a whole call, unless the call has its own.
        """
        if token is not None and not (token.isascii() and token.isprintable() and token):
            raise ValueError("the token has characters that no HTTP header can hold")
        self._transport = _Transport(_Route(location, ca_file), token)
        self._seconds = deadline

    def score(self, *, deadline: Optional[float] = None, **request: Any) -> Scores:
        """Asks what every endpoint holds of a prompt; the keywords are the fields of `Request`."""
        end = self._end(deadline)
        members = Request(**request).json_members()
        try:
            members["deadline_ms"] = end.server_milliseconds()
            return _scores(self._ask("POST", "/v1/score", members, end))
        except _NoSignal as failure:
            return Scores(signal=False, reason=str(failure))

    def score_batch(
        self,
        requests: Sequence[Union[Request, Mapping[str, Any]]],
        deadline: Optional[float] = None,
    ) -> list[Scores]:
        """Asks for several prompts at once; the answers come in the order of `requests`.

        A request that the indexer refuses has no signal, and the refusal for a reason: it does
        not spoil the others.
        """
        end = self._end(deadline)
        bodies = [r if isinstance(r, Request) else Request(**r) for r in requests]
        if not bodies:
            return []
        texts = [_object(body.json_members()) for body in bodies]
        members = {"requests": "[" + ",".join(texts) + "]"}
        try:
            members["deadline_ms"] = end.server_milliseconds()
            results = _items(self._ask("POST", "/v1/score", members, end), "results")
            if len(results) != len(bodies):
                raise _NoSignal(f"{len(results)} results for {len(bodies)} requests")
        except _NoSignal as failure:
            return [Scores(signal=False, reason=str(failure)) for _ in bodies]
        return [_batched(result) for result in results]

    def reserve(
        self,
        request_id: str,
        endpoint: str,
        *,
        ttl_ms: Optional[int] = None,
        deadline: Optional[float] = None,
        **request: Any,
    ) -> Reservation:
        """Claims that `endpoint` will soon hold a prompt; the keywords are fields of `Request`.

        An endpoint that has just gone, or whose block size is unknown, is not an error: the claim
        is not made.
        """
        end = self._end(deadline)
        members = Request(**request).json_members()
        members.update(request_id=_json(request_id), endpoint=_json(endpoint))
        if ttl_ms is not None:
            members["ttl_ms"] = _json(ttl_ms)
        try:
            answer = self._ask("POST", "/v1/reservations", members, end)
            blocks, ttl = _get(answer, "reserved_blocks", int), _get(answer, "ttl_ms", int)
            return Reservation(True, None, blocks, ttl)
        except _NoSignal as failure:
            return Reservation(signal=False, reason=str(failure))
        except RequestError as error:
            if error.status != 404 or error.param != "endpoint":
                raise
            return Reservation(signal=False, reason=str(error))

    def release(self, request_id: str, deadline: Optional[float] = None) -> bool:
        """Takes a claim back; False when there is no such claim any more, or no indexer."""
        path = "/v1/reservations/" + quote(request_id, safe="")
        try:
            self._transport.exchange("DELETE", path, None, self._end(deadline))
        except _NoSignal:
            return False
        except RequestError as error:
            if error.status != 404:
                raise
            return False
        return True

    def endpoints(self, deadline: Optional[float] = None) -> Endpoints:
        """Lists the endpoints that the indexer follows."""
        try:
            answer = self._ask("GET", "/v1/endpoints", None, self._end(deadline))
            return Endpoints(True, None, tuple(map(_endpoint, _items(answer, "endpoints"))))
        except _NoSignal as failure:
            return Endpoints(signal=False, reason=str(failure))

    def ready(self, deadline: Optional[float] = None) -> bool:
        """Tells whether the indexer answers, and says that its answers mean something."""
        try:
            self._transport.exchange("GET", "/readyz", None, self._end(deadline))
        except (_NoSignal, RequestError):
            return False
        return True

    def close(self) -> None:
        """Closes the connections that nobody uses; the client stays usable."""
        self._transport.close_idle()

    def __enter__(self) -> "Client":
        """Returns the client, for a `with` statement."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Closes the client."""
        self.close()

    def _end(self, deadline: Optional[float]) -> "_Deadline":
        return _Deadline(self._seconds if deadline is None else deadline)

    def _ask(
        self, method: str, path: str, members: Optional[dict[str, str]], end: "_Deadline"
    ) -> Any:
        body = None if members is None else _object(members).encode()
        content = self._transport.exchange(method, path, body, end)
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise _NoSignal("the answer is not JSON") from None


# What goes out.


def _json(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise RequestError(f"can't be written as JSON: {error}") from None


def _checked_json(text: Union[str, bytes]) -> str:
    """Returns the text as it is, once it has proved to be one value that can't leave its place."""
    try:
        text = text.decode() if isinstance(text, bytes) else text
        text.encode()  # A lone surrogate can't be sent.
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"the body is not JSON: {error}", param="body") from None
    return text


def _object(members: Mapping[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"


# What comes in.


class _NoSignal(Exception):
    """The indexer has not answered; the message says why."""


def _optional(item: Any, name: str, kind: Any, default: Any = None) -> Any:
    """Returns a member of the expected type; `default` stands for one that is null or missing."""
    value = item.get(name) if isinstance(item, dict) else None
    if value is None:
        return default
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _NoSignal(f"the answer makes no sense: {name} has another type")
    return value


def _get(item: Any, name: str, kind: Any) -> Any:
    """Returns a member of the expected type."""
    value = _optional(item, name, kind)
    if value is None:
        raise _NoSignal(f"the answer makes no sense: {name} is missing")
    return value


def _items(answer: Any, name: str) -> list[Any]:
    items: list[Any] = _get(answer, name, list)
    return items


def _scores(answer: Any) -> Scores:
    return Scores(
        signal=True,
        endpoints=tuple(map(_endpoint_score, _items(answer, "endpoints"))),
        reason=_optional(answer, "reason", str),
        model=_optional(answer, "model", str),
        prompt_tokens=_get(answer, "prompt_tokens", int),
        tokens_from=_get(answer, "tokens_from", str),
        partial=_optional(answer, "partial", bool, default=False),
        tokens=_optional(answer, "tokens", list),
        took_us=_optional(answer, "took_us", dict, default={}),
    )


def _endpoint_score(item: Any) -> EndpointScore:
    return EndpointScore(
        endpoint=_get(item, "endpoint", str),
        address=_get(item, "address", str),
        block_size=_optional(item, "block_size", int),
        matched_tokens=_get(item, "matched_tokens", int),
        matched_blocks=_optional(item, "matched_blocks", int, default=0),
        tiers=_optional(item, "tiers", dict, default={}),
        reserved_tokens=_optional(item, "reserved_tokens", int, default=0),
        score=_finite(_get(item, "score", (int, float))),
        trust=_get(item, "trust", str),
        reason=_optional(item, "reason", str),
        ranks=_optional(item, "ranks", list, default=[]),
    )


def _finite(number: float) -> float:
    if not abs(number) < 1e300:
        raise _NoSignal("the answer makes no sense: a score is not a finite number")
    return float(number)


def _batched(result: Any) -> Scores:
    try:
        if isinstance(result, dict) and isinstance(result.get("error"), dict):
            raise _NoSignal(_error(result)[0])
        return _scores(result)
    except _NoSignal as failure:
        return Scores(signal=False, reason=str(failure))


def _endpoint(item: Any) -> Endpoint:
    return Endpoint(
        endpoint=_get(item, "endpoint", str),
        address=_get(item, "address", str),
        model=_optional(item, "model", str),
        labels=_optional(item, "labels", dict, default={}),
        trust=_get(item, "trust", str),
        reason=_optional(item, "reason", str),
    )


def _error(answer: Any) -> tuple[str, Optional[str]]:
    """Finds the message and the parameter of an answer that tells an error."""
    error = answer.get("error") if isinstance(answer, dict) else None
    error = error if isinstance(error, dict) else {}
    message, param = error.get("message"), error.get("param")
    return (
        message if isinstance(message, str) else "without a message",
        param if isinstance(param, str) else None,
    )


# The way there and back.


class _Deadline:
    """The moment by which a call must have returned."""

    def __init__(self, seconds: float) -> None:
        self._seconds = min(seconds, DEADLINE_SECONDS_MAX)
        self._end = time.monotonic() + self._seconds

    def remaining(self) -> float:
        """Returns the seconds that are left: more than none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise self.passed()
        return seconds

    def server_milliseconds(self) -> str:
        """Leaves the server less time, so that the answer that it then has still arrives."""
        return str(min(max(1, int(self.remaining() * 800)), SERVER_MILLISECONDS_MAX))

    def passed(self) -> _NoSignal:
        """Says that the call takes too long."""
        return _NoSignal(f"no answer within {self._seconds * 1000:g} ms")


class _TimedSocket:
    """As much of a socket as `http.client` uses, under the deadline of a connection.

    Like a real socket it stays open, once closed, until its last reader is closed too: the end
    of a connection that the server wants closed comes before its answer is read.
    """

    def __init__(self, connection: "_Connection", sock: socket.socket) -> None:
        self._connection = connection
        self._socket = sock
        self._readers = 0
        self._closed = False

    def sendall(self, data: Any) -> None:
        left = memoryview(data)
        while left:
            left = left[self._timed().send(left) :]

    def receive(self, buffer: Any) -> int:
        return self._timed().recv_into(buffer)

    def makefile(self, *_: Any) -> io.BufferedReader:
        self._readers += 1
        return io.BufferedReader(_TimedReader(self), READ_BYTES)

    def close(self) -> None:
        self._closed = True
        self._close_when_unread()

    def lose_reader(self) -> None:
        self._readers -= 1
        self._close_when_unread()

    def _timed(self) -> socket.socket:
        self._socket.settimeout(self._connection.deadline.remaining())
        return self._socket

    def _close_when_unread(self) -> None:
        if self._closed and not self._readers:
            self._socket.close()


class _TimedReader(io.RawIOBase):
    """Reads a socket until the deadline of its connection, however slowly bytes trickle in."""

    def __init__(self, source: _TimedSocket) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._source.receive(buffer)

    def close(self) -> None:
        if not self.closed:
            self._source.lose_reader()
        super().close()


class _Connection(http.client.HTTPConnection):
    """A connection whose connecting, sending and receiving share one deadline a call."""

    def __init__(self, route: "_Route", deadline: _Deadline) -> None:
        super().__init__(route.host, route.port)
        self.deadline = deadline
        self._route = route

    def connect(self) -> None:
        self.sock: Any = _TimedSocket(self, self._route.connect(self.deadline))


class _Route:
    """Where the indexer is, and how to get there."""

    def __init__(self, location: str, ca_file: Optional[str]) -> None:
        self.unix_path: Optional[str] = None
        self.host, self.port, self.prefix = "localhost", 80, ""
        self._tls: Optional[ssl.SSLContext] = None
        self._lookup = _Lookup()
        url = urlsplit(location)
        if ca_file is not None and url.scheme != "https":
            raise ValueError("authorities to trust are for https:// only")
        if url.scheme == "unix" and url.path and not url.netloc:
            self.unix_path = url.path
            return
        if url.scheme not in ("http", "https") or not url.hostname or url.query or url.username:
            raise ValueError(f"not http://HOST:PORT, https://HOST:PORT or unix:/PATH: {location!r}")
        self.host, self.prefix = url.hostname, url.path.rstrip("/")
        self.port = url.port or (443 if url.scheme == "https" else 80)
        if url.scheme == "https":
            self._tls = ssl.create_default_context(cafile=ca_file)

    def connect(self, deadline: _Deadline) -> socket.socket:
        """Returns a connected socket, behind TLS if there is to be any."""
        if self.unix_path is not None:
            return _connected(socket.AF_UNIX, self.unix_path, deadline)
        failure: Optional[OSError] = None
        for family, address in self._lookup.addresses(self.host, self.port, deadline):
            try:
                sock = _connected(family, address, deadline)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock if self._tls is None else self._secure(self._tls, sock, deadline)
            except OSError as error:
                failure = error
        raise failure or OSError("the host has no address")

    def _secure(
        self, tls: ssl.SSLContext, sock: socket.socket, deadline: _Deadline
    ) -> socket.socket:
        try:
            sock.settimeout(deadline.remaining())
            return tls.wrap_socket(sock, server_hostname=self.host)
        except BaseException:
            sock.close()
            raise


def _connected(family: int, address: Any, deadline: _Deadline) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(deadline.remaining())
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


class _Lookup:
    """Looks names up in a thread that can be left behind: a look-up knows no deadline."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: Optional[_PendingLookup] = None

    def addresses(self, host: str, port: int, deadline: _Deadline) -> list[tuple[int, Any]]:
        """Returns the families and addresses of a host."""
        try:
            return _resolved(host, port, socket.AI_NUMERICHOST)
        except OSError:
            pending = self._pending_lookup(host, port)
        if not pending.done.wait(deadline.remaining()):
            raise deadline.passed()
        if pending.failure is not None:
            raise pending.failure
        return pending.found

    def _pending_lookup(self, host: str, port: int) -> "_PendingLookup":
        with self._lock:
            pending = self._pending
            if pending is None or pending.done.is_set():
                pending = _PendingLookup(host, port)
                try:
                    pending.start()
                except RuntimeError as error:
                    raise OSError(str(error)) from None
                self._pending = pending
            return pending


def _resolved(host: str, port: int, flags: int = 0) -> list[tuple[int, Any]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]


class _PendingLookup(threading.Thread):
    """One look-up; all calls that need it at the same time share it."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(name="kvindexer-lookup", daemon=True)
        self.done = threading.Event()
        self.found: list[tuple[int, Any]] = []
        self.failure: Optional[OSError] = None
        self._host, self._port = host, port

    def run(self) -> None:
        try:
            self.found = _resolved(self._host, self._port)
        except (OSError, UnicodeError) as error:
            self.failure = OSError(f"the name of the host can't be looked up: {error}")
        finally:
            self.done.set()


class _Transport:
    """Exchanges a request for an answer over connections that are kept for the next one."""

    def __init__(self, route: _Route, token: Optional[str]) -> None:
        self._route = route
        self._headers = {"Accept": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []

    def exchange(self, method: str, path: str, body: Optional[bytes], deadline: _Deadline) -> bytes:
        """Returns the body of a good answer; `_NoSignal` and `RequestError` tell of others."""
        try:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is not None:
                try:
                    return self._attempt(connection, method, path, body, deadline)
                except (ConnectionError, http.client.BadStatusLine, ssl.SSLError):
                    # The server has closed what was kept, or all of it: every request may be
                    # sent again without harm.
                    self.close_idle()
            fresh = _Connection(self._route, deadline)
            return self._attempt(fresh, method, path, body, deadline)
        except socket.timeout:
            raise deadline.passed() from None
        except OSError as error:
            raise _NoSignal(f"unreachable: {error}") from None
        except http.client.HTTPException as error:
            raise _NoSignal(f"the answer is broken: {error!r}") from None

    def close_idle(self) -> None:
        """Closes the connections that no call is using."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _attempt(
        self,
        connection: _Connection,
        method: str,
        path: str,
        body: Optional[bytes],
        deadline: _Deadline,
    ) -> bytes:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.deadline = deadline
        try:
            connection.request(method, self._route.prefix + path, body, headers)
            response = connection.getresponse()
            content = _content(response)
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        if 200 <= response.status < 300:
            return content
        raise _refusal(response.status, content)

    def _keep(self, connection: _Connection) -> None:
        with self._lock:
            if connection.sock is not None and len(self._idle) < IDLE_CONNECTIONS_MAX:
                self._idle.append(connection)
                return
        connection.close()


def _content(response: http.client.HTTPResponse) -> bytes:
    """Reads an answer to its end, up to a size that no answer has."""
    expected = response.length
    content = bytearray()
    while chunk := response.read(READ_BYTES):
        content += chunk
        if len(content) > ANSWER_BYTES_MAX:
            raise _NoSignal(f"the answer has more than {ANSWER_BYTES_MAX} bytes")
    if expected is not None and len(content) != expected:
        raise http.client.IncompleteRead(bytes(content), expected - len(content))
    return bytes(content)


def _refusal(status: int, content: bytes) -> Exception:
    try:
        message, param = _error(json.loads(content))
    except (ValueError, RecursionError):
        message, param = "without a message", None
    if status in REQUEST_FAULTS:
        return RequestError(f"status {status}: {message}", status, param)
    return _NoSignal(f"status {status}: {message}")
