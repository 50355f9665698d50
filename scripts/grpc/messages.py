"""Python's own classes for the messages in proto/, compiled by protoc when they are imported."""

import importlib
import os
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..", "proto")
# Files by package, without their suffix.
FILES = {
    "indexer.v1": "indexer/v1/indexer",
    "kvindexer.v1": "kvindexer/v1/kvindexer",
    "envoy.service.ext_proc.v3": "envoy/service/ext_proc/v3/external_processor",
}


def message_class(name):
    """The class of a message by its full name, for example kvindexer.v1.ScoreRequest."""
    with tempfile.TemporaryDirectory() as folder:
        package, message = name.rsplit(".", 1)
        file = FILES[package]
        command = ["protoc", f"--python_out={folder}", f"-I{ROOT}", f"{file}.proto"]
        subprocess.run(command, check=True)
        sys.path.insert(0, folder)
        module = importlib.import_module(file.replace("/", ".") + "_pb2")
        sys.path.remove(folder)
    return getattr(module, message)
