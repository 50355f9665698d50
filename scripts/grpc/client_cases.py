"""Calls the gRPC server of the tests with grpcio. usage: client_cases.py CASE TARGET [CERTIFICATE]

Exits 0 when the server behaves as the case says; an assertion tells what did not.
"""

import sys
import threading
import time

import grpc

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def same(value):
    return value


def unary(channel, method, **more):
    return channel.unary_unary(
        f"/test.Test/{method}", request_serializer=same, response_deserializer=same, **more
    )


def stream(channel, method):
    return channel.stream_stream(
        f"/test.Test/{method}", request_serializer=same, response_deserializer=same
    )


def failure(call):
    """The status of a call that has to fail."""
    try:
        result = call()
        result = list(result) if not isinstance(result, bytes) else result
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError(f"no failure, but {str(result)[:80]}")


def case_unary(channel):
    echo = unary(channel, "Echo")
    for size in [0, 1, 5, 100, 16379, 16384, 100_000]:
        message = bytes(index % 251 for index in range(size))
        assert echo(message, timeout=20) == message, size


def case_posted(channel):
    echo = unary(channel, "Posted")
    for size in [0, 1, 70_000]:
        assert echo(b"p" * size, timeout=20) == b"p" * size


def case_concurrent(channel):
    echo = unary(channel, "Posted")
    calls = [(n, echo.future(b"%d" % n, timeout=60)) for n in range(500)]
    for number, call in calls:
        assert call.result() == b"%d" % number


def case_large(channel):
    message = bytes(range(256)) * (48 << 10)
    assert len(message) == 12 << 20
    assert unary(channel, "Echo")(message, timeout=60) == message
    code, text = failure(lambda: unary(channel, "Echo")(message + message, timeout=60))
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED, (code, text)
    assert "larger than 16777216" in text, text


def case_server_stream(channel):
    call = channel.unary_stream(
        "/test.Test/Count", request_serializer=same, response_deserializer=same
    )
    assert list(call(b"1000", timeout=60)) == [b"%d" % n for n in range(1000)]
    assert list(call(b"0", timeout=20)) == []


def case_bidi(channel):
    messages = [b"%d" % n * (n % 300) for n in range(2000)]
    assert list(stream(channel, "Bidi")(iter(messages), timeout=60)) == messages
    # One at a time: each answer comes before the next request.
    turn = threading.Semaphore(1)

    def requests():
        for number in range(50):
            turn.acquire()
            yield b"%d" % number

    for number, answer in enumerate(stream(channel, "Bidi")(requests(), timeout=60)):
        assert answer == b"%d" % number
        turn.release()


def case_deadline(channel):
    started = time.monotonic()
    code, text = failure(lambda: unary(channel, "Never")(b"", timeout=0.2))
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED, (code, text)
    assert time.monotonic() - started >= 0.2
    remaining = int(unary(channel, "Deadline")(b"", timeout=30))
    # grpcio rounds up what it sends.
    assert 0 < remaining <= 31_000_000_000, remaining
    assert unary(channel, "Deadline")(b"") == b"none"


def case_cancel(channel):
    before = int(unary(channel, "Cancelled")(b"", timeout=20))
    call = stream(channel, "Silent")(iter([b"begin"]))
    assert next(call) == b"begun"
    call.cancel()
    while int(unary(channel, "Cancelled")(b"", timeout=20)) != before + 1:
        pass


def case_status(channel):
    code, text = failure(lambda: unary(channel, "Fail")(b"100% f\xc3\xbcr\n", timeout=20))
    assert code == grpc.StatusCode.FAILED_PRECONDITION, code
    assert text == "100% f\u00fcr\n", text
    code, text = failure(lambda: unary(channel, "NoSuchMethod")(b"", timeout=20))
    assert code == grpc.StatusCode.UNIMPLEMENTED, code
    assert text == "there is no such method", text
    # Messages that were sent before a failure arrive.
    call = stream(channel, "FailAfterTwo")(iter([b"x"]), timeout=20)
    assert [next(call), next(call)] == [b"one", b"two"]
    assert failure(lambda: next(call)) == (grpc.StatusCode.DATA_LOSS, "lost")


def case_compressed(channel):
    echo = unary(channel, "Echo")
    code, text = failure(
        lambda: echo(b"a" * 1000, timeout=20, compression=grpc.Compression.Gzip)
    )
    assert code == grpc.StatusCode.UNIMPLEMENTED, (code, text)


def case_metadata(channel):
    value, call = unary(channel, "Metadata").with_call(
        b"", timeout=20, metadata=[("x-one", "1"), ("x-key", "a value \u007e"), ("x-key", "2")]
    )
    assert value == b"a value \x7e", value
    assert call.code() == grpc.StatusCode.OK
    assert unary(channel, "Metadata")(b"", timeout=20) == b"none"
    code, _ = failure(
        lambda: unary(channel, "Metadata")(b"", timeout=20, metadata=[("x-key", "v" * 20_000)])
    )
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED, code


def case_client(channel):
    assert unary(channel, "Client")(b"", timeout=20) in [b"127.0.0.1", b"unix"]


def case_authorization(channel):
    echo = unary(channel, "Echo")
    for metadata in [(), [("authorization", "Bearer wrong")]]:
        code, text = failure(lambda: echo(b"a", timeout=20, metadata=metadata))
        assert code == grpc.StatusCode.UNAUTHENTICATED, (code, text)
    assert echo(b"a", timeout=20, metadata=[("authorization", "Bearer right")]) == b"a"
    code, _ = failure(lambda: stream(channel, "Bidi")(iter([b"a"]), timeout=20))
    assert code == grpc.StatusCode.UNAUTHENTICATED, code
    assert check(channel, b"") == 1


def check(channel, service):
    """The status that `grpc.health.v1.Health/Check` gives."""
    call = channel.unary_unary(
        "/grpc.health.v1.Health/Check", request_serializer=same, response_deserializer=same
    )
    request = b"\x0a" + bytes([len(service)]) + service if service else b""
    answer = call(request, timeout=20)
    assert answer[:1] == b"\x08" and len(answer) == 2, answer
    return answer[1]


def case_health(channel):
    assert check(channel, b"") == 1
    assert check(channel, b"test.Test") == 1
    assert failure(lambda: bytes([check(channel, b"other")]))[0] == grpc.StatusCode.NOT_FOUND
    watch = channel.unary_stream(
        "/grpc.health.v1.Health/Watch", request_serializer=same, response_deserializer=same
    )
    call = watch(b"\x0a\x09test.Test")
    assert next(call) == b"\x08\x01"
    unary(channel, "Degrade")(b"", timeout=20)
    assert next(call) == b"\x08\x02"
    assert check(channel, b"test.Test") == 2
    call.cancel()
    assert next(watch(b"\x0a\x05other", timeout=20)) == b"\x08\x03"


def case_abandoned(channel):
    """Every call is reset, as Envoy does it."""
    for _ in range(2000):
        call = stream(channel, "Silent")(iter([b"begin"]))
        assert next(call) == b"begun"
        call.cancel()
    assert unary(channel, "Echo")(b"still here", timeout=20) == b"still here"


def case_slow_reader(channel):
    """A reader that stops loses its call, and no other call."""
    call = stream(channel, "Flood")(iter([b"begin"]))
    # Until the server has given the call up, nothing is read; flow control holds it back.
    while unary(channel, "GivenUp")(b"", timeout=20) == b"0":
        pass
    code, _ = failure(lambda: list(call))
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED, code
    assert unary(channel, "Echo")(b"a", timeout=20) == b"a"


def main():
    name, target, *rest = sys.argv[1:]
    if rest:
        with open(rest[0], "rb") as file:
            credentials = grpc.ssl_channel_credentials(file.read())
        channel = grpc.secure_channel(target, credentials, OPTIONS)
    else:
        channel = grpc.insecure_channel(target, OPTIONS)
    with channel:
        globals()[f"case_{name}"](channel)


main()
