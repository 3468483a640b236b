"""How it is to sit behind a link of 3G: what a browser has counted, and what went over the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from bad_link import BadLink

MOST_FREEZES = 1
FEWEST_FRAMES_PER_SECOND = 10
MOST_CONCEALED = 0.05
# Bits per second from the relay, IP and UDP included: of any five seconds, and of a minute of ordinary talk.
PEAK = 100_000
MEAN = 80_000

LINK = ["--delay", "150ms", "--loss", "2%", "--burst", "--queue", "500ms", "--seed", "11"]


@dataclass(frozen=True)
class Reading:
    """What a browser has counted of all that it received, at a moment of its clock in seconds."""

    at: float
    frames: int
    freezes: int
    frozen: float
    samples: int
    concealed: int

    @staticmethod
    def of(page: Page) -> Reading:
        """Of all connections of a page that keeps them in `connections`."""
        text = page.evaluate(
            """async () => {
                const all = [];
                for (const connection of window.connections) {
                    if (connection.connectionState === 'closed') continue;
                    all.push(...(await connection.getStats()).values());
                }
                return JSON.stringify(all.filter((each) => each.type === 'inbound-rtp'));
            }"""
        )
        reports: list[dict[str, Any]] = json.loads(text)

        def total(kind: str, field: str) -> int:
            return sum(int(each.get(field, 0)) for each in reports if each["kind"] == kind)

        return Reading(
            at=max((each["timestamp"] for each in reports), default=0) / 1000,
            frames=total("video", "framesDecoded"),
            freezes=total("video", "freezeCount"),
            frozen=sum(float(each.get("totalFreezesDuration", 0)) for each in reports),
            samples=total("audio", "totalSamplesReceived"),
            concealed=total("audio", "concealedSamples") - total("audio", "silentConcealedSamples"),
        )


@dataclass(frozen=True)
class Phase:
    """How a time on one link was."""

    frames_per_second: float
    freezes: int
    # Shares of the time, and of the sound.
    frozen: float
    concealed: float
    mean: float
    peak: float

    @staticmethod
    def between(before: Reading, after: Reading, link: BadLink, start: float) -> Phase:
        """From `start` of the monotonic clock on."""
        seconds = max(after.at - before.at, 0.001)
        mean, peak = link.rates(start)
        return Phase(
            frames_per_second=(after.frames - before.frames) / seconds,
            freezes=after.freezes - before.freezes,
            frozen=(after.frozen - before.frozen) / seconds,
            concealed=(after.concealed - before.concealed) / max(after.samples - before.samples, 1),
            mean=mean,
            peak=peak,
        )

    def faults(self) -> list[str]:
        found = []
        if self.freezes > MOST_FREEZES:
            found.append(f"{self.freezes} freezes")
        if self.frames_per_second < FEWEST_FRAMES_PER_SECOND:
            found.append(f"{self.frames_per_second:.1f} pictures a second")
        if self.concealed >= MOST_CONCEALED:
            found.append(f"{self.concealed:.1%} of the sound concealed")
        if self.peak > PEAK:
            found.append(f"{self.peak:.0f} bit/s in five seconds")
        if self.mean > MEAN:
            found.append(f"{self.mean:.0f} bit/s on average")
        return found
