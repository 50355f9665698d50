"""Programs that run beside the driver and end with it."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from failure import RunFailed, wait_for

STOP_SECONDS = 8.0
KILL_SECONDS = 10.0
SHARED_MEMORY = Path("/dev/shm")


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


def shared_memory(processes: Sequence[int]) -> list[Path]:
    """Lists the shared memory files that the processes have mapped."""
    inodes: set[int] = set()
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/maps").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # A semaphore is mapped under a name that it had for a moment only: inodes are reliable.
        inodes.update(int(line.split()[4]) for line in lines if f" {SHARED_MEMORY}/" in line)
    with os.scandir(SHARED_MEMORY) as entries:
        return [Path(entry.path) for entry in entries if entry.inode() in inodes]


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

    @property
    def process_id(self) -> int:
        """Gives the process, whose children may be others."""
        return self._process.pid

    def check_alive(self) -> None:
        """Fails when the program has ended by itself."""
        if (status := self._process.poll()) is not None:
            raise RunFailed(f"{self.name} ended with status {status}; see {self.log}")

    def kill(self) -> None:
        """Kills every process of the session with SIGKILL and waits until none is left."""
        orphans = shared_memory(session_members(self._process.pid))
        wait_for(f"end of {self.name}", self._kill_members, KILL_SECONDS)
        # Killed programs can't remove their shared memory, and nothing else would.
        for orphan in orphans:
            orphan.unlink(missing_ok=True)

    def stop(self) -> None:
        """Asks the program to end, and kills what is left of it after a while."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            wait_for(f"end of {self.name}", self._ending, STOP_SECONDS, 0.02)
        except RunFailed as failure:
            print(f"{failure}: killing it", flush=True)
        self.kill()

    def _ending(self) -> bool | None:
        self._process.poll()
        return None if session_members(self._process.pid) else True

    def _kill_members(self) -> bool | None:
        for member in session_members(self._process.pid):
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return self._ending()
