"""A lane's viewer in Chromium who loses packets: the picture goes on, and nobody else pays for it with a key frame."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Playwright

import chromium
from bad_link import BadLink
from chromium import MediaPage, Publisher, Report, Watcher
from conference import redirect, write_talk_camera
from counter_clip import Clip, Tone
from pages_server import PagesServer
from relay_process import Relay

# Until a browser asks for a key frame when nothing can be decoded.
PATIENCE = 3.0


@pytest.fixture(scope="module")
def camera(
    playwright: Playwright, tone: Tone, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Browser, Clip]]:
    path = write_talk_camera(tmp_path_factory.mktemp("camera") / "talk.y4m")
    clip = Clip(path=path, width=640, height=360, frames_per_second=30, frames=150)
    running = chromium.launch(playwright, clip, tone)
    yield running, clip
    running.close()


def received(watcher: Watcher) -> Report:
    return watcher.report("inbound-rtp", kind="video")


def wait_for_more(watcher: Watcher, pictures: int, seconds: float = 10) -> None:
    count = received(watcher)["framesDecoded"] + pictures
    watcher.wait_for(
        f"page.statistics().then((all) => all.some((each) => each.framesDecoded >= {count}))", seconds
    )


@dataclass
class Room:
    """One who watches a lane behind a bad link, and one who watches it without."""

    relay: Relay
    url: str
    codec: str
    link: BadLink
    loser: Watcher
    veteran: Watcher
    new_watcher: Callable[[], Watcher]

    def join(self) -> Watcher:
        newcomer = self.new_watcher()
        newcomer.watch(self.url, audio=False, codec=self.codec)
        newcomer.wait_for("page.firstPaintedAt !== undefined")
        return newcomer

    def repairs(self, watcher: Watcher) -> int:
        """The payload type of RTX."""
        answer: str = watcher.page.evaluate("page.connection.remoteDescription.sdp")
        found = re.search(r"a=rtpmap:(\d+) rtx/90000", answer)
        assert found, answer
        return int(found.group(1))

    def resyncs(self) -> float:
        return self._made("smartc_lane_resync_frames_total")

    def anchors(self) -> float:
        """The lane's key frames. It makes one where a resync frame would cost nearly as much, whoever asks for what."""
        return self._made("smartc_lane_key_frames_total")

    def _made(self, name: str) -> float:
        metrics = self.relay.metrics().named(name)
        return sum(each.value for each in metrics if each.labels["codec"] == self.codec.lower())


@pytest.fixture(params=["VP8", "VP9"])
def watched(
    request: pytest.FixtureRequest,
    camera: tuple[Browser, Clip],
    relay: Relay,
    room: str,
    pages: PagesServer,
    new_watcher: Callable[[], Watcher],
    open_pages: list[MediaPage],
) -> Iterator[Room]:
    browser, clip = camera
    publisher = Publisher(browser, pages.url("publish.html"))
    open_pages.append(publisher)
    publisher.publish(relay.url(f"/whip/{room}?participant=alice"), clip, "VP8", audio=False)
    with BadLink(f"127.0.0.1:{relay.udp_ports[0]}") as link:
        url = relay.url(f"/whep/{room}/alice?tier=144p")
        veteran, loser = new_watcher(), new_watcher()
        loser.page.route("**/whep/**", lambda route: redirect(route, relay.udp_ports[0], link.port))
        for watcher in (veteran, loser):
            watcher.watch(url, audio=False, codec=request.param)
            watcher.wait_for("page.firstPaintedAt !== undefined")
            wait_for_more(watcher, 30)
        yield Room(relay, url, request.param, link, loser, veteran, new_watcher)


def test_losses_are_repaired(watched: Room) -> None:
    """One to five frames, with RTX; one that comes late."""
    loser = watched.loser
    for frames in (1, 2, 3, 5):
        watched.link.change(f"down drop {frames}")
        wait_for_more(loser, 12)
    # What is asked for comes after a quarter of a second.
    watched.link.change("up delay 250ms")
    watched.link.change("down drop 2")
    wait_for_more(loser, 20)
    watched.link.change("up delay 0")
    wait_for_more(loser, 15)
    report = received(loser)
    print(watched.codec, {key: report.get(key) for key in KEYS})
    assert report["retransmittedPacketsReceived"] >= 8, report
    assert report["keyFramesDecoded"] == 1, report
    assert report["pliCount"] == 0, report
    assert received(watched.veteran)["keyFramesDecoded"] == 1


def test_a_resync_frame_alone_brings_a_viewer_back(watched: Room) -> None:
    """Frames whose repairs do not get through: a resync frame comes instead, and is enough."""
    loser = watched.loser
    watched.link.change(f"down block {watched.repairs(loser)}")
    resyncs, anchors = watched.resyncs(), watched.anchors()
    watched.link.change("down drop 3")
    # It asks again and again, which the relay takes for a reason; without that it would be stuck for seconds.
    wait_for_more(loser, 15, seconds=PATIENCE)
    watched.link.change("down block off")
    wait_for_more(loser, 30)
    report = received(loser)
    new_resyncs, new_anchors = watched.resyncs() - resyncs, watched.anchors() - anchors
    print(watched.codec, new_resyncs, new_anchors, {key: report.get(key) for key in KEYS})
    assert new_resyncs + new_anchors >= 1
    assert report["keyFramesDecoded"] == 1 + new_anchors, report
    assert report["pliCount"] == 0, report
    assert received(watched.veteran)["keyFramesDecoded"] == 1 + new_anchors


def test_a_lost_resync_frame_costs_one_key_frame_at_most(watched: Room) -> None:
    """The frames around a join, resync frame included, and no repairs."""
    loser = watched.loser
    watched.link.change(f"down block {watched.repairs(loser)}")
    anchors = watched.anchors()
    watched.link.change("down drop 20")
    newcomer = watched.join()
    wait_for_more(newcomer, 20)
    watched.link.change("down block off")
    wait_for_more(loser, 30, seconds=3 * PATIENCE)
    report = received(loser)
    new_anchors = watched.anchors() - anchors
    print(watched.codec, new_anchors, {key: report.get(key) for key in KEYS})
    assert report["keyFramesDecoded"] <= 2 + new_anchors, report
    assert received(watched.veteran)["keyFramesDecoded"] == 1 + new_anchors
    assert received(newcomer)["keyFramesDecoded"] <= 1 + new_anchors
    for watcher in (watched.veteran, newcomer):
        assert received(watcher)["packetsLost"] == 0


KEYS = [
    "framesDecoded",
    "keyFramesDecoded",
    "packetsLost",
    "retransmittedPacketsReceived",
    "nackCount",
    "pliCount",
    "freezeCount",
    "totalFreezesDuration",
    "framesDropped",
]
