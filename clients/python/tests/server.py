"""The real server, which can be killed and started again at the same address with the same data."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

BINARY = Path(os.environ.get("WORKFLOW_SERVER", Path(__file__).parents[3] / "target/debug/workflow-server")).absolute()


class Server:
    def __init__(self, *arguments: str, key: str | None = None) -> None:
        self._arguments = arguments
        self._environment = {**os.environ, **({"WORKFLOW_API_KEYS": key} if key else {})}
        self._directory = tempfile.TemporaryDirectory()
        self.url = ""
        self.start()

    def start(self) -> None:
        address = self.url.removeprefix("http://") or "127.0.0.1:0"
        command = [str(BINARY), "--simulate", "--log", "error", "--addr", address, "--data-dir", "data", *self._arguments]
        self._process = subprocess.Popen(
            command, cwd=self._directory.name, env=self._environment, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("Listening on "):
                self.url = line.removeprefix("Listening on ").strip()
                return
        raise AssertionError(f"{BINARY} did not start")

    def kill(self) -> None:
        """At once, as a crash would."""
        self._process.kill()
        self._process.communicate()

    def restart(self) -> None:
        self.kill()
        self.start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._directory.cleanup()
