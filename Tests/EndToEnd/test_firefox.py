"""Firefox watches what Chromium publishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chromium import Publisher
from continuity import continuity
from counter_clip import Clip
from firefox import Firefox
from pages_server import PagesServer
from relay_process import Relay

PICTURES = 90


@pytest.fixture
def relay(own_network: str) -> Iterator[Relay]:
    with Relay(advertise=own_network) as running:
        yield running


def test_firefox_watches_chromium(
    relay: Relay,
    room: str,
    publisher_clip: Clip,
    pages: PagesServer,
    new_publisher: Callable[[], Publisher],
    tmp_path: Path,
) -> None:
    publisher = new_publisher()
    with Firefox(tmp_path / "profile") as firefox:
        publisher.publish(relay.url(f"/whip/{room}?participant=alice"), publisher_clip, "VP8")
        firefox.goto(pages.url("watch.html"))
        firefox.wait_for("globalThis.page?.ready")
        firefox.evaluate(f"page.watch({{ url: '{relay.url(f'/whep/{room}/alice')}', audio: true }})")
        firefox.wait_for("page.connection.connectionState === 'connected'")
        firefox.wait_for(f"page.numbers.length >= {PICTURES}")
        # Without a sound card Firefox' Web Audio stands still; the decoder's own level says that the tone came.
        firefox.wait_for(
            "page.statistics().then((all) => all.some((each) => each.kind === 'audio' && each.audioLevel >= 0.2))"
        )

        # What is painted can lack a picture that was decoded, but it cannot be out of order.
        seen: list[int | None] = firefox.evaluate("page.numbers")
        found = continuity(seen, publisher_clip.frames)
        assert (found.unreadable, found.backwards) == (0, 0), found
        assert found.skipped < len(seen), found
        reports = firefox.evaluate("page.statistics()")
        received = [each for each in reports if each["type"] == "inbound-rtp" and each["kind"] == "video"]
        assert received[0]["framesDecoded"] >= PICTURES
        assert received[0]["packetsLost"] == 0


@pytest.mark.parametrize("codec", ["VP8", "VP9"])
def test_firefox_decodes_a_lane(
    codec: str,
    relay: Relay,
    room: str,
    publisher_clip: Clip,
    pages: PagesServer,
    new_publisher: Callable[[], Publisher],
    tmp_path: Path,
) -> None:
    publisher = new_publisher()
    with Firefox(tmp_path / "profile") as firefox:
        publisher.publish(relay.url(f"/whip/{room}?participant=alice"), publisher_clip, "VP8", audio=False)
        firefox.goto(pages.url("watch.html"))
        firefox.wait_for("globalThis.page?.ready")
        url = relay.url(f"/whep/{room}/alice?tier=144p")
        firefox.evaluate(f"page.watch({{ url: '{url}', audio: false, codec: '{codec}' }})")
        firefox.wait_for(f"page.statistics().then((all) => all.some((each) => each.framesDecoded >= {PICTURES}))")
        reports = firefox.evaluate("page.statistics()")
        received = next(each for each in reports if each["type"] == "inbound-rtp" and each["kind"] == "video")
        assert (received["frameWidth"], received["frameHeight"]) == (256, 144)
        assert received["packetsLost"] == 0
