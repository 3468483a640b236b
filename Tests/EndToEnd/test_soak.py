"""A session that goes on: memory stays level and nothing is dropped."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from chromium import Publisher, Watcher
from counter_clip import Clip
from prometheus import Samples
from relay_process import Relay

SECONDS = int(os.environ.get("SMARTC_SOAK_SECONDS", "120"))
WARM_UP_SECONDS = min(30, SECONDS // 3)
STEP_SECONDS = 5
GROWTH_BYTES = 4 << 20
WATCHERS = 3

# Chromium probes the link by sending packets again that have arrived.
EXPECTED_DROPS = frozenset({"duplicate", "unusable_retransmission"})


def unexpected_drops(samples: Samples) -> dict[str, float]:
    """Dropped packets by reason."""
    drops: dict[str, float] = {}
    for sample in samples.named("smartc_drops_total"):
        reason = sample.labels["reason"]
        if reason not in EXPECTED_DROPS:
            drops[reason] = drops.get(reason, 0) + sample.value
    return drops


@pytest.mark.soak
@pytest.mark.timeout(4 * SECONDS + 60)
def test_memory_stays_level_and_nothing_is_dropped(
    room: str,
    publisher_clip: Clip,
    new_publisher: Callable[[], Publisher],
    new_watcher: Callable[[], Watcher],
) -> None:
    with Relay() as relay:
        publisher = new_publisher()
        publisher.publish(relay.url(f"/whip/{room}?participant=alice"), publisher_clip, "VP8")
        watchers = [new_watcher() for _ in range(WATCHERS)]
        for watcher in watchers:
            watcher.watch(relay.url(f"/whep/{room}/alice"))
            watcher.wait_for_picture()

        resident: list[int] = []
        drops = unexpected_drops(relay.metrics())
        for elapsed in range(STEP_SECONDS, SECONDS + 1, STEP_SECONDS):
            # Pictures are the clock: thirty of them are a second.
            for watcher in watchers:
                watcher.wait_for_numbers(elapsed * publisher_clip.frames_per_second, seconds=4 * STEP_SECONDS)
            if elapsed <= WARM_UP_SECONDS:
                drops = unexpected_drops(relay.metrics())
            else:
                resident.append(relay.resident_bytes())

        assert unexpected_drops(relay.metrics()) == drops
        assert max(resident) - resident[0] <= GROWTH_BYTES, resident
        for watcher in watchers:
            assert watcher.report("inbound-rtp", kind="video")["freezeCount"] == 0
