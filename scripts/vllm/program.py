"""Programs that run beside the driver and end with it."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from failure import RunFailed, wait_for

STOP_SECONDS = 15.0
KILL_SECONDS = 10.0


def session_members(session: int) -> list[int]:
    """Lists the living processes of a session, zombies left out."""
    members = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The command in parentheses may hold spaces: the fields that follow it are safe.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            members.append(int(entry.name))
    return members


class Program:
    """A program in a session of its own, which its children share, logging to a file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Starts the program; output is appended to `log`."""
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )

    def check_alive(self) -> None:
        """Fails when the program has ended by itself."""
        if (status := self._process.poll()) is not None:
            raise RunFailed(f"{self.name} ended with status {status}; see {self.log}")

    def kill(self) -> None:
        """Kills every process of the session with SIGKILL and waits until none is left."""
        wait_for(f"end of {self.name}", self._kill_members, KILL_SECONDS)

    def stop(self) -> None:
        """Asks the program to end, and kills what is left of it after a while."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                print(f"{self.name} does not end on SIGTERM: killing it", flush=True)
        self.kill()

    def _kill_members(self) -> bool | None:
        members = session_members(self._process.pid)
        for member in members:
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.poll()
        return None if members else True
