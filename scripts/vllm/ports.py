"""Free TCP ports for servers that are killed and started again."""

import random
import socket
from pathlib import Path

LOWEST_PORT = 10_000
RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def is_free(port: int) -> bool:
    """Tells whether a server could listen on `port` of every address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """Picks free ports below those that the kernel gives to outgoing connections.

    A port from the kernel's range could go to some client while its server is down, or a
    client that retries it could connect to itself.
    """
    first_outgoing = int(RANGE_FILE.read_text().split()[0])
    candidates = list(range(LOWEST_PORT, first_outgoing))
    random.SystemRandom().shuffle(candidates)
    free = (port for port in candidates if is_free(port))
    return [next(free) for _ in range(count)]
