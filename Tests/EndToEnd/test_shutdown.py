"""A relay that is told to stop says goodbye."""

from __future__ import annotations

from collections.abc import Callable

from aiortc_peer import AiortcParticipant, EventLoopThread
from chromium import Publisher, Watcher
from counter_clip import Clip
from relay_process import Relay
from sse import EventStream


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


def test_a_relay_that_is_drained_tells_participants_to_move_and_ends_with_the_last(room: str) -> None:
    target = "https://other.example:8443"
    with Relay(["--drain-seconds", "60", "--move-to", target]) as relay, EventLoopThread() as loop:
        participant = AiortcParticipant(hertz=440)
        loop.run(participant.join(relay.url(f"/rooms/{room}/sessions?participant=zoe")))
        with EventStream(relay.url(f"{participant.session}/events")) as events:
            events.next("snapshot")
            relay.tell_to_stop()
            move = events.next("move").json()
            assert move["url"] == target
            assert 0 < move["deadlineSeconds"] <= 60
            # It takes nobody new, and goes on for those who are there.
            assert relay.request("GET", "/readyz").status == 503
            refused = relay.request("POST", f"/whep/{room}", b"v=0", Content_Type="application/sdp")
            assert (refused.status, refused.json()["type"]) == (503, "/problems/draining")
            with EventStream(relay.url(f"/rooms/{room}/events")) as late:
                assert late.next("move").json()["url"] == target
            assert relay.request("DELETE", participant.session).status == 200
        assert relay.wait_for_end() == 0
        loop.run(participant.close())


def test_the_second_signal_ends_a_drain_at_once(room: str) -> None:
    with Relay(["--drain-seconds", "60"]) as relay, EventLoopThread() as loop:
        participant = AiortcParticipant(hertz=440)
        loop.run(participant.join(relay.url(f"/rooms/{room}/sessions?participant=zoe")))
        relay.tell_to_stop()
        with EventStream(relay.url(f"{participant.session}/events")) as events:
            assert events.next("move").json()["url"] is None
        relay.tell_to_stop()
        assert relay.wait_for_end() == 1
        loop.run(participant.close())
