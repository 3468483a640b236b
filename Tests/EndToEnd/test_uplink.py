"""Somebody on a weak link publishes little: told by the answer, and by the relay's own page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from chromium import MediaPage, Publisher, Watcher
from conference import WATCH_CONNECTIONS
from counter_clip import Clip
from pages_server import PagesServer
from relay_process import Relay

SECONDS = 10
# Of video, all headers included.
LIMIT = 70_000

STATISTICS = """async () => {
    const connection = window.connections.find((each) => each.connectionState === 'connected');
    return JSON.stringify([...(await connection.getStats()).values()]);
}"""


def sent(reports: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(each for each in reports if each["type"] == "outbound-rtp" and each["kind"] == kind)


def video_rate(before: dict[str, Any], after: dict[str, Any]) -> float:
    """Bits per second: RTP with its headers, retransmissions, and 28 bytes of IP and UDP for each packet."""
    payload = after["bytesSent"] - before["bytesSent"] + after["headerBytesSent"] - before["headerBytesSent"]
    packets = after["packetsSent"] - before["packetsSent"]
    return 8000 * (payload + 28 * packets) / (after["timestamp"] - before["timestamp"])


def packets_per_second(before: dict[str, Any], after: dict[str, Any]) -> float:
    return 1000 * (after["packetsSent"] - before["packetsSent"]) / (after["timestamp"] - before["timestamp"])


def pause(page: Page, seconds: float) -> None:
    page.evaluate("(milliseconds) => new Promise((done) => setTimeout(done, milliseconds))", seconds * 1000)


def test_any_client_obeys_the_answer(
    relay: Relay, room: str, browser: Browser, publisher_clip: Clip, pages: PagesServer, open_pages: list[MediaPage]
) -> None:
    publisher = Publisher(browser, pages.url("publish.html"))
    open_pages.append(publisher)
    publisher.publish(relay.url(f"/whip/{room}?participant=alice&profile=3g"), publisher_clip, "VP8")
    publisher.wait_for("page.statistics().then((all) => all.some((each) => each.framesEncoded > 60))")
    before = publisher.statistics()
    pause(publisher.page, SECONDS)
    after = publisher.statistics()
    assert video_rate(sent(before, "video"), sent(after, "video")) <= LIMIT
    # Of 60 ms each; while the tone begins anew DTX leaves some out.
    assert 15 <= packets_per_second(sent(before, "audio"), sent(after, "audio")) <= 17.5
    answer = publisher.page.evaluate("page.connection.remoteDescription.sdp")
    assert "b=TIAS:50000" in answer
    assert "usedtx=1" in answer


@pytest.fixture
def saver(browser: Browser, relay: Relay, room: str) -> Iterator[Page]:
    """The relay's page of somebody who has chosen to save data."""
    context = browser.new_context()
    context.add_init_script(WATCH_CONNECTIONS)
    context.add_init_script("localStorage.setItem('relay-save-data', 'on')")
    page = context.new_page()
    page.goto(relay.url(f"/?room={room}&publish=camera"))
    yield page
    context.close()


def test_the_page_sends_one_small_layer(
    relay: Relay, room: str, saver: Page, new_watcher: Callable[[], Watcher]
) -> None:
    assert saver.is_checked("#save-data")
    saver.fill("#participant-name", "alice")
    saver.click("#publish")
    saver.wait_for_function("() => document.documentElement.dataset.publishState === 'live'", polling=100)
    watcher = new_watcher()
    watcher.watch(relay.url(f"/whep/{room}/alice"), audio=False)
    watcher.wait_for("page.firstPaintedAt !== undefined")
    pause(saver, 2)
    before = json.loads(saver.evaluate(STATISTICS))
    pause(saver, SECONDS)
    after = json.loads(saver.evaluate(STATISTICS))
    video = sent(after, "video")
    assert (video["frameWidth"], video["frameHeight"]) == (256, 144)
    assert video_rate(sent(before, "video"), video) <= LIMIT
    frames = video["framesEncoded"] - sent(before, "video")["framesEncoded"]
    assert 10 * SECONDS <= frames <= 16 * SECONDS
    assert 16 <= packets_per_second(sent(before, "audio"), sent(after, "audio")) <= 17.5
    # Others get it as it is.
    shown = watcher.report("inbound-rtp", kind="video")
    assert (shown["frameWidth"], shown["frameHeight"]) == (256, 144)
    # The page says what it takes, and which profile that is.
    numbers = saver.inner_text("#publish-numbers")
    assert "kbit/s ·" in numbers
    assert "Saving data, as you chose" in numbers


@pytest.mark.parametrize("name", ["4g", "3G", ""])
def test_another_profile_is_refused(relay: Relay, room: str, name: str) -> None:
    for path in (f"/whip/{room}", f"/whep/{room}", f"/rooms/{room}/sessions"):
        answer = relay.request("POST", f"{path}?profile={name}", b"v=0", content_type="application/sdp")
        assert answer.status == 400
        assert '\\"auto\\", \\"3g\\", \\"full\\"' in answer.text
