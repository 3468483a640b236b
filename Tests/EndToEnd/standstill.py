"""Whether the machine itself stood still: a virtual machine whose host gave it no time freezes every picture.

One process per core wakes up every few milliseconds, ahead of all others (SCHED_FIFO). What makes it late is no load of this
machine's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from types import TracebackType

# A picture that is 150 ms late counts as frozen, and jitter buffers and links take their part of that.
MILLISECONDS = 100


class Standstills:
    """Watches every core from its entry to its end; `longest` is known afterwards."""

    def __init__(self) -> None:
        self.longest = 0
        self._watchers: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Standstills:
        for core in sorted(os.sched_getaffinity(0)):
            command = [sys.executable, __file__, str(core)]
            self._watchers.append(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # The end of its input is the end of a watcher.
        told = [watcher.communicate(timeout=20)[0] for watcher in self._watchers]
        self.longest = max((int(line) for text in told for line in text.split()), default=0)

    @property
    def are_to_blame(self) -> bool:
        return self.longest >= MILLISECONDS

    def __str__(self) -> str:
        return f"the machine stood still for {self.longest} ms at most"


def watch(core: int) -> None:
    """Prints the longest that this core was away, in milliseconds; 0 where nobody may go ahead of others."""
    import select
    import time

    os.sched_setaffinity(0, {core})
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    except OSError:
        print(0)
        return
    longest, last = 0.0, time.monotonic()
    while not select.select([sys.stdin], [], [], 0.005)[0]:
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    print(int(longest * 1000))


if __name__ == "__main__":
    watch(int(sys.argv[1]))
