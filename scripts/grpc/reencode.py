"""Reads and writes messages with Python's protobuf. usage: reencode.py MESSAGE < LINES

Takes messages in hexadecimal, one a line, and prints for each what Python writes after reading it,
without unknown fields; or "error" when Python does not take it.
"""

import sys

from google.protobuf.message import DecodeError

from messages import message_class

kind = message_class(sys.argv[1])
lines = sys.stdin.read().split("\n")[:-1]
for line in lines:
    try:
        message = kind.FromString(bytes.fromhex(line))
        message.DiscardUnknownFields()
        print(message.SerializeToString(deterministic=True).hex())
    except DecodeError:
        print("error")
