"""Prints the golden messages of Tests/ServiceTests/ExtProc/ExtProcGoldenTests.swift."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../grpc"))
from messages import message_class  # noqa: E402

PACKAGE = "envoy.service.ext_proc.v3"
ProcessingRequest = message_class(f"{PACKAGE}.ProcessingRequest")
ProcessingResponse = message_class(f"{PACKAGE}.ProcessingResponse")
Struct = message_class(f"{PACKAGE}.Struct")
Value = message_class(f"{PACKAGE}.Value")


def struct(fields):
    return Struct(fields={key: Value(**value) for key, value in fields.items()})


def headers(*pairs):
    return dict(headers=[dict(key=key, raw_value=value) for key, value in pairs])


def option(key, value):
    return dict(
        header=dict(key=key, raw_value=value), append_action="OVERWRITE_IF_EXISTS_OR_ADD"
    )


def subset(value):
    key = "x-gateway-destination-endpoint-subset"
    return dict(
        filter_metadata={
            "envoy.lb.subset_hint": struct({key: value, "other": dict(bool_value=True)}),
            "another": struct({key: dict(list_value=dict(values=[dict(string_value="no")]))}),
        }
    )


def common(**fields):
    return dict(response=fields)


def streamed(body, end):
    return common(body_mutation=dict(streamed_response=dict(body=body, end_of_stream=end)))


REQUESTS = {
    "request_headers": dict(
        request_headers=dict(
            headers=headers(
                (":path", b"/v1/completions"), (":method", b"POST"), ("x-empty", b""),
                ("x-odd", b"\xff\xfe"), ("content-length", b"12"),
            ),
        ),
        protocol_config=dict(
            request_body_mode="FULL_DUPLEX_STREAMED", response_body_mode="FULL_DUPLEX_STREAMED"
        ),
    ),
    "request_headers_last": dict(
        request_headers=dict(
            headers=dict(headers=[dict(key=":method", value="GET")]), end_of_stream=True
        ),
    ),
    "request_body": dict(request_body=dict(body=b"{}\x00\xff", end_of_stream=True)),
    "request_body_subset": dict(
        request_body=dict(body=b"{}"),
        metadata_context=subset(
            dict(
                list_value=dict(
                    values=[
                        dict(string_value="10.0.0.1:8000"), dict(number_value=1),
                        dict(string_value="[::1]:8000"),
                    ]
                )
            )
        ),
    ),
    "request_body_no_endpoint": dict(
        request_body=dict(), metadata_context=subset(dict(list_value=dict()))
    ),
    "request_body_no_list": dict(
        request_body=dict(), metadata_context=subset(dict(string_value="10.0.0.1:8000"))
    ),
    "request_trailers": dict(request_trailers=dict(trailers=headers(("x-sum", b"1")))),
    "response_headers": dict(response_headers=dict(headers=headers((":status", b"200")))),
    "response_body": dict(response_body=dict(body=b"data: [DONE]\n\n")),
    "response_trailers": dict(response_trailers=dict()),
}

RESPONSES = {
    "route": dict(
        request_headers=common(
            header_mutation=dict(
                set_headers=[option("x-a", b"1"), option("x-b", "\u00e4".encode())],
                remove_headers=["x-secret", "x-other"],
            ),
            clear_route_cache=True,
        ),
        dynamic_metadata=struct(
            {
                "envoy.lb": dict(
                    struct_value=struct(
                        {
                            "x-gateway-destination-endpoint": dict(string_value="10.0.0.1:8000"),
                            "x-gateway-destination-endpoint-scores": dict(
                                struct_value=struct(
                                    {
                                        "10.0.0.1:8000": dict(number_value=0.75),
                                        "10.0.0.2:8000": dict(number_value=0),
                                    }
                                )
                            ),
                        }
                    )
                )
            }
        ),
    ),
    "response_headers": dict(
        response_headers=common(header_mutation=dict(set_headers=[option("x-a", b"1")]))
    ),
    "request_body": dict(request_body=streamed(b"{}", True)),
    "response_body": dict(response_body=streamed(b"x", False)),
    "empty_body": dict(request_body=streamed(b"", True)),
    "request_trailers": dict(request_trailers=dict()),
    "response_trailers": dict(response_trailers=dict()),
    "immediate": dict(
        immediate_response=dict(
            status=dict(code=503), headers=dict(set_headers=[option("content-type", b"text/plain")]),
            body=b"no", details="epp_no",
        )
    ),
}

for kind, messages in ((ProcessingRequest, REQUESTS), (ProcessingResponse, RESPONSES)):
    for name, fields in messages.items():
        print(kind.__name__, name, kind(**fields).SerializeToString(deterministic=True).hex())
