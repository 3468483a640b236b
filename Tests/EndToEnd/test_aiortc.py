"""aiortc, a second implementation of everything, publishes and watches VP8 and Opus."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from aiortc_peer import LOOP, AiortcPublisher, AiortcWatcher, EventLoopThread
from chromium import Publisher, Watcher
from continuity import assert_complete
from counter_clip import Clip, Tone
from relay_process import Relay

PICTURES = 120
SOUND_FRAMES = 150  # of 20 ms


@pytest.fixture(scope="module")
def loop() -> Iterator[EventLoopThread]:
    with EventLoopThread() as running:
        yield running


def test_aiortc_watches_aiortc(relay: Relay, room: str, tone: Tone, loop: EventLoopThread) -> None:
    async def session() -> tuple[AiortcPublisher, AiortcWatcher]:
        publisher, watcher = AiortcPublisher(tone.hertz), AiortcWatcher()
        try:
            await publisher.publish(relay.url(f"/whip/{room}?participant=alice"))
            await watcher.watch(relay.url(f"/whep/{room}/alice"))
            await watcher.wait_for_media(PICTURES, SOUND_FRAMES)
        finally:
            await watcher.close()
            await publisher.close()
        return publisher, watcher

    publisher, watcher = loop.run(session())
    # aiortc encodes every picture, so every picture must come.
    assert_complete(watcher.numbers, publisher.video.given, LOOP)
    assert watcher.tone_above_rest(tone.hertz) >= 20


def test_aiortc_watches_chromium(
    relay: Relay,
    room: str,
    publisher_clip: Clip,
    tone: Tone,
    loop: EventLoopThread,
    new_publisher: Callable[[], Publisher],
) -> None:
    publisher = new_publisher()
    publisher.publish(relay.url(f"/whip/{room}?participant=alice"), publisher_clip, "VP8")

    async def session() -> AiortcWatcher:
        watcher = AiortcWatcher()
        try:
            await watcher.watch(relay.url(f"/whep/{room}/alice"))
            await watcher.wait_for_media(PICTURES, SOUND_FRAMES)
        finally:
            await watcher.close()
        return watcher

    watcher = loop.run(session())
    capture = publisher.capture()
    unencoded = capture.source_frames - capture.encoded_frames
    assert_complete(watcher.numbers, publisher.numbers(), publisher_clip.frames, unencoded)
    assert watcher.tone_above_rest(tone.hertz) >= 20


def test_chromium_watches_aiortc(
    relay: Relay, room: str, tone: Tone, loop: EventLoopThread, new_watcher: Callable[[], Watcher]
) -> None:
    async def publish() -> AiortcPublisher:
        publisher = AiortcPublisher(tone.hertz)
        await publisher.publish(relay.url(f"/whip/{room}?participant=alice"))
        return publisher

    publisher = loop.run(publish())
    try:
        watcher = new_watcher()
        watcher.watch(relay.url(f"/whep/{room}/alice"))
        watcher.wait_for_numbers(PICTURES, seconds=30)
        watcher.wait_for_tone(tone, decibels=20)
        assert_complete(watcher.numbers(), publisher.video.given, LOOP)
    finally:
        loop.run(publisher.close())
