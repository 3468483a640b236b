"""One relay process: started on ports that the kernel chooses, read through its log, ended by its pid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

import prometheus
from http_client import Response, request

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("SMARTC_RELAY", REPOSITORY / ".build/release/smartc-relay"))

# All tests run against processes of this file; each is listed here so that a failure can show what they said.
started: list[Relay] = []


class Relay:
    """A running relay. Leaving the `with` block ends it; a relay that does not end on SIGTERM is a failure."""

    def __init__(
        self,
        arguments: Sequence[str] = (),
        http: str = "127.0.0.1:0",
        udp_port: int = 0,
        advertise: str = "127.0.0.1",
    ) -> None:
        command = [str(BINARY), "serve", "--http", http, "--udp-port", str(udp_port), "--workers", "1"]
        command += ["--advertise", advertise, "--log-format", "json", *arguments]
        self.log: list[str] = []
        self._arrived = threading.Condition()
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        started.append(self)
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        listening = metadata(self.wait_for_log(is_message("listening"), "the line 'listening'"))
        self.http = str(listening["http"])
        udp = listening["udp"]
        self.udp_ports = [int(port) for port in (udp if isinstance(udp, list) else str(udp).strip("[]").split(","))]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.terminate()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def base(self) -> str:
        return f"http://{self.http}"

    def url(self, path: str) -> str:
        return self.base + path

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        """One HTTP request; header names are given with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return request(method, path if path.startswith("http") else self.url(path), body, named)

    def metrics(self) -> prometheus.Samples:
        return prometheus.parse(self.request("GET", "/metrics").text)

    def resident_bytes(self) -> int:
        return int(psutil.Process(self.pid).memory_info().rss)

    def terminate(self, seconds: float = 15) -> int:
        """SIGTERM; returns the exit code."""
        self.tell_to_stop()
        return self.wait_for_end(seconds)

    def tell_to_stop(self) -> None:
        """SIGTERM; a relay that is to be drained goes on for a while."""
        self._process.send_signal(signal.SIGTERM)

    def wait_for_end(self, seconds: float = 15) -> int:
        """Returns the exit code."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the relay still ran {seconds} s after SIGTERM") from None

    def kill(self) -> None:
        """SIGKILL: the relay says goodbye to nobody."""
        self._process.kill()
        self._process.wait()

    def wait_for_log(self, wanted: Callable[[dict[str, Any]], bool], what: str, seconds: float = 20) -> dict[str, Any]:
        """The first log line that `wanted` accepts, waiting for it if need be."""
        deadline = time.monotonic() + seconds
        position = 0
        with self._arrived:
            while True:
                while position < len(self.log):
                    entry = as_entry(self.log[position])
                    position += 1
                    if entry is not None and wanted(entry):
                        return entry
                rest = deadline - time.monotonic()
                if self._process.poll() is not None and not self._reader.is_alive():
                    raise AssertionError(
                        f"the relay ended with {self._process.returncode} before {what}\n{self.said()}"
                    )
                if rest <= 0:
                    raise AssertionError(f"{what} did not come within {seconds} s\n{self.said()}")
                self._arrived.wait(rest)

    def said(self, last: int = 200) -> str:
        """The end of what the relay wrote to stderr."""
        return "\n".join(self.log[-last:])

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._arrived:
                self.log.append(line.rstrip("\n"))
                self._arrived.notify_all()
        self._process.wait()
        with self._arrived:
            self._arrived.notify_all()


def is_message(message: str) -> Callable[[dict[str, Any]], bool]:
    return lambda entry: entry.get("message") == message


def metadata(entry: dict[str, Any]) -> dict[str, Any]:
    """A log entry's metadata, nested or flat."""
    nested = entry.get("metadata")
    return nested if isinstance(nested, dict) else entry


def as_entry(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
