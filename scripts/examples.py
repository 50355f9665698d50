#!/usr/bin/env python3
"""Runs the examples of README.md and docs/API.md as they are printed, against `kvindexer demo --no-envoy`.

usage: examples.py KVINDEXER

Every `sh` and `python` block (`bash` ones only show how) has to end with status 0, and what curl fetches has to be JSON without
an error. Needs port 9300 and 9301, grpcio, protobuf and protoc.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = ["README.md", "docs/API.md"]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def start_demo(kvindexer):
    """A demo that stays up; returns its process once it answers requests."""
    demo = subprocess.Popen(
        [kvindexer, "demo", "--no-envoy", "--stay", "--seconds", "1"], stdout=subprocess.PIPE, text=True
    )
    output = []
    for line in demo.stdout:
        output.append(line)
        if "Everything stays up" in line:
            break
    text = "".join(output)
    if demo.poll() is not None or "http://127.0.0.1:9300" not in text:
        demo.terminate()
        sys.exit(f"examples: the demo is not on port 9300:\n{text}")
    return demo


def environment(directory, kvindexer):
    """Finds the tools and the client, and has curl fail where a status is an error."""
    (directory / ".curlrc").write_text("fail-with-body\nshow-error\n")
    for name in ["proto", "clients"]:
        (directory / name).symlink_to(ROOT / name)
    return {
        **os.environ,
        "CURL_HOME": str(directory),
        "PATH": f"{pathlib.Path(kvindexer).resolve().parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT / 'clients/python'}:{directory}",
    }


def run(language, code, directory, variables):
    """Runs one block; returns what is wrong with it, or None."""
    shell = ["bash", "-euo", "pipefail", "-c"]
    command = shell if language == "sh" else [sys.executable, "-B", "-c"]
    result = subprocess.run(
        [*command, code], cwd=directory, env=variables, capture_output=True, text=True, timeout=60
    )
    if result.returncode != 0:
        return f"status {result.returncode}: {result.stdout}{result.stderr}"
    if code.startswith("curl"):
        decoder, text = json.JSONDecoder(), result.stdout
        while text := text.strip():
            answer, end = decoder.raw_decode(text)
            text = text[end:]
            if not answer or "error" in answer:
                return f"an unexpected answer: {answer}"
    return None


def main():
    kvindexer = sys.argv[1]
    demo = start_demo(kvindexer)
    count = failures = 0
    try:
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            variables = environment(directory, kvindexer)
            for document in DOCUMENTS:
                for language, code in BLOCK.findall((ROOT / document).read_text()):
                    count += 1
                    failure = run(language, code, directory, variables)
                    if failure:
                        failures += 1
                        print(f"{document}: this block failed with {failure}\n{code}")
    finally:
        demo.terminate()
        demo.wait()
    print(f"examples: {count - failures} of {count} work as printed")
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main())
