"""ffmpeg publishes, Chromium watches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chromium import Watcher
from continuity import assert_complete
from counter_clip import Clip, Tone
from ffmpeg_whip import FFmpegPublisher
from relay_process import Relay

PICTURES = 120


@pytest.mark.parametrize("dtls_active", [False, True], ids=["relay is DTLS client", "relay is DTLS server"])
def test_chromium_watches_ffmpeg(
    dtls_active: bool,
    relay: Relay,
    room: str,
    publisher_clip: Clip,
    tone: Tone,
    new_watcher: Callable[[], Watcher],
    tmp_path: Path,
) -> None:
    watcher = new_watcher()
    watcher.watch(relay.url(f"/whep/{room}/camera"))
    url = relay.url(f"/whip/{room}?participant=camera")
    with FFmpegPublisher(url, publisher_clip, tone, tmp_path / "ffmpeg.log", dtls_active):
        watcher.wait_for_numbers(PICTURES, seconds=30)
        # ffmpeg encodes every picture of the clip, so every picture must come.
        assert_complete(watcher.numbers(), list(range(publisher_clip.frames)), publisher_clip.frames)
        watcher.wait_for_tone(tone, decibels=20)
        assert watcher.report("inbound-rtp", kind="video")["freezeCount"] == 0
