"""Python's own classes for the messages in proto/, compiled by protoc when they are imported."""

import importlib
import os
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..", "proto")
FILES = ["indexer/v1/indexer.proto", "kvindexer/v1/kvindexer.proto"]


def message_class(name):
    """The class of a message by its full name, for example kvindexer.v1.ScoreRequest."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["protoc", f"--python_out={folder}", f"-I{ROOT}", *FILES], check=True)
        sys.path.insert(0, folder)
        package, message = name.rsplit(".", 1)
        stem = package.split(".")[0]
        module = importlib.import_module(f"{package}.{stem}_pb2")
        sys.path.remove(folder)
    return getattr(module, message)
