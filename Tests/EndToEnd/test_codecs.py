"""One Chromium publishes, three watch: every picture that was encoded arrives, in order, without a freeze."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chromium import Publisher, Watcher
from continuity import assert_complete
from counter_clip import Clip, Tone
from relay_process import Relay

WATCHERS = 3
PICTURES = 300  # ten seconds

# How many pictures a watcher may be behind the camera when the comparison begins.
MARGIN = 60

FIRST_PICTURE_MILLISECONDS = 1000

# What tells the relay's fault from the receiver's: a loaded machine's decoder drops pictures that came late.
RECEIVER_ACCOUNT = ("framesReceived", "framesDecoded", "framesDropped", "packetsLost", "nackCount", "pliCount")

# How much slower than real time a loaded machine may be before the test gives up waiting.
PATIENCE_SECONDS = 40


@pytest.mark.parametrize("codec", ["VP8", "VP9", "H264", "AV1"])
def test_three_watchers_see_every_picture(
    codec: str,
    relay: Relay,
    room: str,
    publisher_clip: Clip,
    tone: Tone,
    new_publisher: Callable[[], Publisher],
    new_watcher: Callable[[], Watcher],
) -> None:
    watchers = [new_watcher() for _ in range(WATCHERS)]
    publisher = new_publisher()
    publisher.publish(relay.url(f"/whip/{room}?participant=alice"), publisher_clip, codec)
    publisher.wait_for_numbers(1, seconds=20)

    for watcher in watchers:
        watcher.watch(relay.url(f"/whep/{room}/alice"))
        watcher.wait_for_picture()
        assert watcher.first_picture_milliseconds() < FIRST_PICTURE_MILLISECONDS

    # The ten seconds begin when everybody watches: opening a page and its decoder can hold up the others' pages on a
    # machine of two cores.
    frozen = [watcher.report("inbound-rtp", kind="video")["freezeCount"] for watcher in watchers]
    before = publisher.capture()
    starts = [len(watcher.numbers()) for watcher in watchers]
    for watcher, start in zip(watchers, starts, strict=True):
        watcher.wait_for_numbers(start + PICTURES, PATIENCE_SECONDS)
    seen = [watcher.numbers(start) for watcher, start in zip(watchers, starts, strict=True)]
    after = publisher.capture()

    captured = publisher.numbers(max(0, before.captured_numbers - MARGIN))
    unencoded = (after.source_frames - before.source_frames) - (after.encoded_frames - before.encoded_frames)
    for watcher, numbers, frozen_before in zip(watchers, seen, frozen, strict=True):
        received = watcher.report("inbound-rtp", kind="video")
        account = {name: received.get(name) for name in RECEIVER_ACCOUNT}
        assert_complete(numbers, captured, publisher_clip.frames, unencoded, account)
        assert received["freezeCount"] == frozen_before, account
        codecs = [each["mimeType"] for each in watcher.statistics() if each["id"] == received["codecId"]]
        assert codecs == [f"video/{codec}"]

    for watcher in watchers:
        watcher.wait_for_tone(tone, decibels=20)
    assert publisher.errors == []
    assert [watcher.errors for watcher in watchers] == [[]] * WATCHERS
