"""A source transcoded for those who ask for less: real browsers decode it, and nobody's join costs the others a key frame."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser, Playwright

import chromium
from aiortc_peer import AiortcWatcher, EventLoopThread
from chromium import MediaPage, Publisher, Report, Watcher
from counter_clip import Clip, Tone
from pages_server import PagesServer
from relay_process import REPOSITORY, Relay

TIER = "144p"
SIZE = (256, 144)
SOURCE_HEIGHT = 360

FIRST_PICTURE_MILLISECONDS = 1000

# How long others have watched when somebody joins: the anchor is old by then.
AGE_PICTURES = 400


def watch_lane(watcher: Watcher, relay: Relay, room: str, codec: str) -> None:
    watcher.watch(relay.url(f"/whep/{room}/alice?tier={TIER}"), audio=False, codec=codec)
    watcher.wait_for("page.firstPaintedAt !== undefined")


def received(watcher: Watcher) -> Report:
    return watcher.report("inbound-rtp", kind="video")


def wait_for_decoded(watcher: Watcher, count: int, seconds: float = 60) -> None:
    """Waits until so many pictures were decoded."""
    watcher.wait_for(
        f"page.statistics().then((all) => all.some((each) => each.framesDecoded >= {count}))", seconds
    )


@pytest.fixture(scope="module")
def camera(
    playwright: Playwright, tone: Tone, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Browser, Clip]]:
    """A Chromium whose camera shows a person who moves: five seconds, forward and backward."""
    path = tmp_path_factory.mktemp("camera") / "webcam.y4m"
    source = REPOSITORY / "fixtures/clips/webcam_static.mkv"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-i", str(source)]
    subprocess.run([*command, "-pix_fmt", "yuv420p", str(path)], check=True, timeout=60)
    clip = Clip(path=path, width=640, height=360, frames_per_second=30, frames=150)
    running = chromium.launch(playwright, clip, tone)
    yield running, clip
    running.close()


@pytest.fixture
def publisher(
    camera: tuple[Browser, Clip], relay: Relay, room: str, pages: PagesServer, open_pages: list[MediaPage]
) -> Publisher:
    browser, clip = camera
    made = Publisher(browser, pages.url("publish.html"))
    open_pages.append(made)
    made.publish(relay.url(f"/whip/{room}?participant=alice"), clip, "VP8", audio=False)
    made.wait_for("page.statistics().then((all) => all.some((each) => each.framesEncoded > 0))")
    return made


@pytest.mark.usefixtures("publisher")
@pytest.mark.parametrize("codec", ["VP8", "VP9"])
def test_a_join_costs_the_others_no_key_frame(
    codec: str, relay: Relay, room: str, new_watcher: Callable[[], Watcher]
) -> None:
    veteran = new_watcher()
    watch_lane(veteran, relay, room, codec)
    wait_for_decoded(veteran, AGE_PICTURES)

    newcomer = new_watcher()
    watch_lane(newcomer, relay, room, codec)
    assert newcomer.first_picture_milliseconds() < FIRST_PICTURE_MILLISECONDS
    decoded = received(newcomer)["framesDecoded"]
    wait_for_decoded(newcomer, decoded + 60)

    for watcher in (veteran, newcomer):
        report = received(watcher)
        assert (report["frameWidth"], report["frameHeight"]) == SIZE
        assert report["keyFramesDecoded"] == 1, report
        # How many pictures come is the lane's choice, so that longer steps are no freezes.
        assert report["packetsLost"] == 0, report
        assert report["pliCount"] == 0, report
        codecs = [each["mimeType"] for each in watcher.statistics() if each["id"] == report["codecId"]]
        assert codecs == [f"video/{codec}"]
    resyncs = [
        each.value
        for each in relay.metrics().named("smartc_lane_resync_frames_total")
        if (each.labels["room"], each.labels["codec"]) == (room, codec.lower())
    ]
    assert resyncs and resyncs[0] >= 1


@pytest.mark.usefixtures("publisher")
@pytest.mark.parametrize("codec", ["VP8", "VP9"])
def test_pictures_for_a_weak_link_grow_with_one_key_frame(
    codec: str, relay: Relay, room: str, new_watcher: Callable[[], Watcher]
) -> None:
    def watch() -> Watcher:
        watcher = new_watcher()
        watcher.watch(relay.url(f"/whep/{room}/alice?profile=3g"), audio=False, codec=codec)
        # Until its lane is there it may be shown the source's own pictures.
        watcher.wait_for(f"page.sizes.some(([, height]) => height < {SOURCE_HEIGHT})")
        return watcher

    def sizes(watcher: Watcher) -> list[list[int]]:
        return json.loads(watcher.page.evaluate("JSON.stringify(page.sizes)"))

    veteran = watch()
    grown = f"page.sizes.some(([, height], at) => at > 0 && page.sizes[at - 1][1] === {SIZE[1]})"
    veteran.wait_for(grown, seconds=40)
    newcomer = watch()
    wait_for_decoded(newcomer, 30)
    wait_for_decoded(veteran, received(veteran)["framesDecoded"] + 15)
    for watcher in (veteran, newcomer):
        report = received(watcher)
        # Each size begins with a key frame, and nothing else does.
        assert report["keyFramesDecoded"] == len(sizes(watcher)), (sizes(watcher), report)
        assert report["pliCount"] == 0, report
        assert report["packetsLost"] == 0, report


@pytest.mark.usefixtures("publisher")
def test_aiortc_decodes_a_lane(relay: Relay, room: str) -> None:
    async def session() -> AiortcWatcher:
        watcher = AiortcWatcher()
        try:
            await watcher.watch(relay.url(f"/whep/{room}/alice?tier={TIER}"))
            await watcher.wait_for_media(60, 0)
        finally:
            await watcher.close()
        return watcher

    with EventLoopThread() as loop:
        watcher = loop.run(session())
    assert watcher.sizes == {SIZE}


def test_an_unknown_tier_is_refused(relay: Relay, room: str) -> None:
    answer = relay.request("POST", f"/whep/{room}/alice?tier=145p", b"v=0", content_type="application/sdp")
    assert answer.status == 400
    assert "144p, 240p, 360p, 480p, 720p" in answer.text
