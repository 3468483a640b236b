"""A bad link in front of a relay that tells what goes over it, and that can be changed while it runs."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from conference import BENCH


@dataclass(frozen=True)
class Second:
    """What went through in about a second, with the headers of IP and UDP."""

    at: float
    seconds: float
    # From the relay into the link, and out of it at the client's end.
    down_in: int
    down_out: int
    up_in: int


class BadLink:
    """`relay-bench impair` between browsers and the address `target`. Rates are those of each client."""

    def __init__(self, target: str, *arguments: str) -> None:
        command = [str(BENCH), "impair", "--json", "--listen", "127.0.0.1:0", "--target", target, *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._arrived = threading.Condition()
        self._lines: list[dict[str, Any]] = []
        self._other: list[str] = []
        self.history: list[Second] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.port = int(str(self._wait_for("listening")["address"]).rpartition(":")[2])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)

    def change(self, line: str) -> None:
        """Such as `rate 128kbit`; see `relay-bench impair --help`."""
        assert self._process.stdin is not None
        with self._arrived:
            self._lines = [each for each in self._lines if each["event"] != "changed"]
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._wait_for("changed")

    def since(self, start: float) -> list[Second]:
        with self._arrived:
            return [each for each in self.history if each.at - each.seconds >= start]

    def rates(self, start: float, window: int = 5) -> tuple[float, float]:
        """Bits per second from the relay since `start`: the mean, and the highest of any `window` seconds."""
        seconds = self.since(start)
        assert len(seconds) > window, f"{len(seconds)} seconds are no window of {window}"
        mean = rate(seconds)
        return mean, max(rate(seconds[place : place + window]) for place in range(len(seconds) - window + 1))

    def _wait_for(self, event: str, seconds: float = 10) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        with self._arrived:
            while True:
                for line in self._lines:
                    if line["event"] == event:
                        return line
                rest = deadline - time.monotonic()
                assert rest > 0, f"impair did not say {event}: {self._lines[-3:]} {self._other}"
                self._arrived.wait(rest)

    def _read(self) -> None:
        assert self._process.stdout is not None
        elapsed = 0.0
        for line in self._process.stdout:
            with self._arrived:
                try:
                    told = json.loads(line)
                except ValueError:
                    self._other.append(line)
                    continue
                if told["event"] == "traffic":
                    down, up = told["traffic"]["down"], told["traffic"]["up"]
                    passed = told["seconds"] - elapsed
                    elapsed = told["seconds"]
                    self.history.append(
                        Second(time.monotonic(), passed, down["bytesIn"], down["bytesOut"], up["bytesIn"])
                    )
                else:
                    self._lines.append(told)
                self._arrived.notify_all()


def rate(seconds: list[Second]) -> float:
    return 8 * sum(each.down_in for each in seconds) / sum(each.seconds for each in seconds)
