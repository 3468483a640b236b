"""A relay that is told to stop says goodbye."""

from __future__ import annotations

from collections.abc import Callable

from chromium import Publisher, Watcher
from counter_clip import Clip
from relay_process import Relay


def test_sigterm_during_a_session_ends_in_order(
    room: str,
    publisher_clip: Clip,
    new_publisher: Callable[[], Publisher],
    new_watcher: Callable[[], Watcher],
) -> None:
    with Relay() as relay:
        publisher, watcher = new_publisher(), new_watcher()
        publisher.publish(relay.url(f"/whip/{room}?participant=alice"), publisher_clip)
        watcher.watch(relay.url(f"/whep/{room}/alice"))
        watcher.wait_for_picture()
        assert relay.terminate() == 0
        publisher.wait_for_end()
        watcher.wait_for_end()
