"""Writes endpoints files for epp: what the generators for Slurm and Ray have in common."""

import argparse
import json
import os
import re
import socket
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, TextIO


class GeneratorError(Exception):
    """What keeps a file from being written, in a sentence for the user."""


@dataclass(frozen=True)
class Place:
    """A host with engines: its name in the file, its address and how many engines run there."""

    name: str
    address: str
    engines: int = 1


@dataclass(frozen=True)
class Settings:
    """What is the same for all engines."""

    port: int = 8000
    events_port: int = 5557
    replay_port: Optional[int] = 6557
    ranks: int = 1
    model: Optional[str] = None
    labels: dict[str, str] = field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that all generators have."""
    standard = Settings()
    parser.add_argument(
        "--port", type=port, default=standard.port,
        help="HTTP port of a host's first engine; the next one has the next port (%(default)s)",
    )
    parser.add_argument(
        "--events-port", type=port_or_none, default=standard.events_port, metavar="PORT",
        help="where the first engine's first rank publishes KV events, each further rank and "
        "engine one higher; 0 for engines that publish none (%(default)s)",
    )
    parser.add_argument(
        "--replay-port", type=port_or_none, default=standard.replay_port, metavar="PORT",
        help="the same for their replay; 0 for engines without (%(default)s)",
    )
    parser.add_argument(
        "--ranks", type=count, default=standard.ranks, metavar="N",
        help="data-parallel ranks of an engine, each with ports of its own (%(default)s)",
    )
    parser.add_argument("--model", help="the served model's name")
    parser.add_argument(
        "--label", type=label, action="append", default=[], metavar="KEY=VALUE",
        help="a label of every endpoint, repeatable: llm-d.ai/role=prefill",
    )
    parser.add_argument(
        "--resolve", action="store_true",
        help="write IPv4 addresses in place of names, as llm-d's picker wants them",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE",
        help="where to write, by renaming, so that epp never sees half a file (standard output)",
    )


def settings(options: argparse.Namespace) -> Settings:
    """Gathers what the options of `add_arguments` say."""
    return Settings(
        port=options.port,
        events_port=options.events_port,
        replay_port=options.replay_port or None,
        ranks=options.ranks,
        model=options.model,
        labels=dict(options.label),
    )


def port(text: str) -> int:
    """Reads a port."""
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port from 1 to 65535, not '{text}'")
    return int(text)


def port_or_none(text: str) -> int:
    """Reads a port, or 0."""
    return 0 if text == "0" else port(text)


def count(text: str) -> int:
    """Reads a number from 1 to 1024."""
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"a number from 1 to 1024, not '{text}'")
    return int(text)


def label(text: str) -> tuple[str, str]:
    """Reads KEY=VALUE."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"KEY=VALUE, not '{text}'")
    return key, value


def resolved(host: str) -> str:
    """Looks up the IPv4 address of a host."""
    try:
        return str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise GeneratorError(f"{host} has no IPv4 address: {error}") from None


def scalar(text: str) -> str:
    """Spells a string in YAML, whose flow scalars are JSON's."""
    return json.dumps(text, ensure_ascii=False)


def authority(address: str, number: int) -> str:
    """Joins an address and a port."""
    return f"[{address}]:{number}" if ":" in address else f"{address}:{number}"


def entry(place: Place, engine: int, shared: Settings) -> list[str]:
    """Describes one engine."""
    number = shared.port + engine
    name = place.name if place.engines == 1 else f"{place.name}-{engine}"
    lines = [
        f"- name: {scalar(name)}",
        f"  address: {scalar(place.address)}",
        f'  port: "{number}"',
    ]
    if shared.labels:
        lines.append("  labels:")
        lines += [f"    {scalar(key)}: {scalar(value)}" for key, value in shared.labels.items()]
    if shared.model:
        lines.append(f"  model: {scalar(shared.model)}")
    if shared.events_port:
        offset = engine * shared.ranks
        events = authority(place.address, shared.events_port + offset)
        lines += ["  kvEvents:", f"    endpoint: {scalar('tcp://' + events)}"]
        if shared.replay_port:
            replay = authority(place.address, shared.replay_port + offset)
            lines.append(f"    replayEndpoint: {scalar('tcp://' + replay)}")
        if shared.ranks > 1:
            lines.append(f"    ranks: {shared.ranks}")
    return lines


def check(places: list[Place], shared: Settings) -> None:
    """Fails on what can't be: no host, one host twice, ports beyond the last or shared by two."""
    if not places:
        raise GeneratorError("there is no host with an engine")
    names = [place.name for place in places]
    if twice := {name for name in names if names.count(name) > 1}:
        raise GeneratorError(f"named twice: {', '.join(sorted(twice))}")
    engines = max(place.engines for place in places)
    runs = {"HTTP": range(shared.port, shared.port + engines)}
    if shared.events_port:
        width = engines * shared.ranks
        runs["events"] = range(shared.events_port, shared.events_port + width)
        if shared.replay_port:
            runs["replay"] = range(shared.replay_port, shared.replay_port + width)
    for name, run in runs.items():
        if run[-1] > 65535:
            raise GeneratorError(f"{len(run)} {name} ports from {run[0]} on go beyond 65535")
        for other, ports in runs.items():
            if other != name and run[0] in ports:
                raise GeneratorError(f"{other} and {name} ports overlap at {run[0]}")


def text(places: list[Place], shared: Settings, origin: str) -> str:
    """Gives the whole file."""
    check(places, shared)
    lines = [f"# {origin}", "endpoints:"]
    for place in places:
        for engine in range(place.engines):
            lines += entry(place, engine, shared)
    return "\n".join(lines) + "\n"


def write(content: str, output: Optional[Path], standard: TextIO = sys.stdout) -> None:
    """Writes the file in one step, or prints it."""
    if output is None:
        standard.write(content)
        return
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=output.parent, prefix=f".{output.name}.", delete=False
        ) as draft:
            draft.write(content)
        os.chmod(draft.name, 0o644)
        os.replace(draft.name, output)
    except OSError as error:
        raise GeneratorError(f"cannot write {output}: {error.strerror}") from None


HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.:-]*[A-Za-z0-9_])?")


def checked_host(name: str) -> str:
    """Gives the name back when it can be a host's."""
    if not HOST.fullmatch(name):
        raise GeneratorError(f"'{name}' is no host's name")
    return name
