"""`vllm launch render`: a server that turns requests into token ids, and nothing else."""

from pathlib import Path

from engine import CONTEXT_TOKENS, ENVIRONMENT, TOOL_FLAGS
from program import Program


class Renderer:
    """A running renderer, on a TCP port or on a Unix socket."""

    def __init__(
        self, name: str, location: str, model_name: str, vllm: Path, model: Path, logs: Path
    ) -> None:
        """Starts the renderer; `location` is `http://HOST:PORT` or `unix:/PATH`."""
        self.name = name
        self.location = location
        self.model_name = model_name
        if location.startswith("unix:"):
            where = ["--uds", location.removeprefix("unix:")]
        else:
            host, _, port = location.removeprefix("http://").rpartition(":")
            where = ["--host", host, "--port", port]
        command = ["nice", "-n", "5", str(vllm), "launch", "render", str(model), *where]
        command += ["--served-model-name", model_name, "--max-model-len", str(CONTEXT_TOKENS)]
        self._program = Program(name, [*command, *TOOL_FLAGS], logs / f"{name}.log", ENVIRONMENT)

    def check_alive(self) -> None:
        """Fails when the renderer has ended by itself."""
        self._program.check_alive()

    def stop(self) -> None:
        """Ends the renderer in an orderly way."""
        self._program.stop()
