"""The publisher's bandwidth estimator finds the loopback link wide enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

import chromium
from chromium import Publisher
from counter_clip import Clip, Tone, write_clip
from pages_server import PagesServer
from relay_process import Relay

MAX_BITRATE = 2_500_000


@pytest.fixture(scope="module")
def wide_clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Two seconds of noisy 1280x720, which the encoder cannot make small."""
    return write_clip(tmp_path_factory.mktemp("clip") / "wide.y4m", 1280, 720, 30, 60, noise=12)


@pytest.fixture(scope="module")
def wide_browser(playwright: Playwright, wide_clip: Clip, tone: Tone) -> Iterator[Browser]:
    browser = chromium.launch(playwright, wide_clip, tone)
    yield browser
    browser.close()


def test_the_estimate_opens_up(
    relay: Relay, room: str, wide_clip: Clip, wide_browser: Browser, pages: PagesServer
) -> None:
    publisher = Publisher(wide_browser, pages.url("publish.html"))
    publisher.publish(relay.url(f"/whip/{room}"), wide_clip, "VP8", max_bitrate=MAX_BITRATE)
    publisher.wait_for(
        f"""page.statistics().then((reports) => {{
            const sent = reports.find((each) => each.type === 'outbound-rtp' && each.kind === 'video');
            const pair = reports.find((each) => each.type === 'candidate-pair' && each.nominated);
            return sent?.targetBitrate >= 0.8 * {MAX_BITRATE} && pair?.availableOutgoingBitrate >= 0.8 * {MAX_BITRATE};
        }})""",
        seconds=15,
    )
    # Not by padding alone: the encoder really sends more than half of what it may.
    sent = "page.statistics().then((all) => all.find((each) => each.type === 'outbound-rtp' && each.kind === 'video'))"
    publisher.wait_for(
        f"""{sent}.then(({{ bytesSent, timestamp }}) => {{
            const start = (page.sentAt ??= {{ bytesSent, timestamp }});
            return 8000 * (bytesSent - start.bytesSent) >= {MAX_BITRATE} / 2 * (timestamp - start.timestamp)
                && timestamp - start.timestamp >= 1000;
        }})""",
        seconds=15,
    )
    publisher.close()
