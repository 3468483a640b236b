"""A person on a link of 3G in a room of many: sees who speaks, hears everybody, and takes less than 100 kbit/s."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from bad_link import BadLink
from conference import BENCH, Meeting, launch, write_talk_camera, write_talk_layers
from relay_process import Relay
from weak_link import LINK, Phase, Reading

# Five show pictures and speak in turn, louder than Chromium's beeps; the others of the room only watch.
SPEAKERS = 5
OBSERVERS = 44
# On each link.
SECONDS = float(os.environ.get("SMARTC_WEAK_SECONDS", "20"))
RATES = os.environ.get("SMARTC_WEAK_RATES", "400kbit,128kbit,90kbit").split(",")

FIRST_PICTURE_MILLISECONDS = 3000
# When the browser began to connect, and when the first picture of somebody else was there.
WATCH_FIRST_PICTURE = """
window.firstPicture = new Promise((resolve) => {
    const look = () => {
        const begun = window.connections?.[0]?.begunAt;
        const video = [...document.querySelectorAll('.tile:not([data-state="self"]) video')]
            .find((each) => each.getVideoPlaybackQuality().totalVideoFrames > 0);
        if (begun !== undefined && video) resolve(performance.now() - begun);
        else setTimeout(look, 20);
    };
    const Observed = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Observed {
        constructor(...parameters) {
            super(...parameters);
            this.begunAt = performance.now();
        }
    };
    look();
});
"""


@contextmanager
def crowd(relay: Relay, room: str, media: list[Path]) -> Iterator[None]:
    command = [str(BENCH), "load", "--api", "sessions", "--url", relay.base, "--room", room, "--name", "cheap"]
    command += ["--participants", str(SPEAKERS), "--observe", str(OBSERVERS), "--video-slots", "1"]
    command += ["--audio-slots", "1", "--seconds", "600", "--media", ",".join(map(str, media)), "--decrypt", "sample"]
    command += ["--speak-interval", "10", "--large-height", "180", "--speech-level", "2"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_talk_layers(tmp_path_factory.mktemp("layers"))


@pytest.fixture(scope="module")
def camera(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    running = launch(playwright, write_talk_camera(tmp_path_factory.mktemp("camera") / "talk.y4m"))
    yield running
    running.close()


def measure(meeting: Meeting, link: BadLink, rate: str) -> Phase:
    link.change(f"rate {rate}")
    # What was in the queue of the former link belongs to it.
    meeting.wait(3)
    start, before = time.monotonic(), Reading.of(meeting.page)
    meeting.wait(SECONDS)
    phase = Phase.between(before, Reading.of(meeting.page), link, start)
    print(f"{rate}: {phase}")
    return phase


@pytest.mark.timeout(240)
def test_a_weak_link_carries_a_conference(relay: Relay, room: str, camera: Browser, layers: list[Path]) -> None:
    with ExitStack() as stack:
        stack.enter_context(crowd(relay, room, layers))
        ann = Meeting(camera, relay, room, "ann", camera="640x360")
        stack.callback(ann.close)
        ann.wait_until_live()
        ann.wait_for_people(SPEAKERS + 2 + OBSERVERS - 1, seconds=60)

        link = stack.enter_context(BadLink(f"127.0.0.1:{relay.udp_ports[0]}", "--rate", "400kbit", *LINK))
        weak = Meeting(
            camera,
            relay,
            room,
            "weak",
            via=link.port,
            script=WATCH_FIRST_PICTURE,
            camera="none",
            microphone="none",
            profile="3g",
        )
        stack.callback(weak.close)
        first: float = weak.page.evaluate("window.firstPicture")
        print(f"first picture after {first:.0f} ms")
        weak.wait_for("document.documentElement.dataset.profile === '3g'")
        phases = {rate: measure(weak, link, rate) for rate in RATES}
        faults = {rate: phase.faults() for rate, phase in phases.items() if phase.faults()}
        assert not faults, phases
        assert first <= FIRST_PICTURE_MILLISECONDS
        assert weak.signaling_states() == ["have-local-offer", "stable"]
        assert weak.errors == []
        # The relay counts the same bytes as the link, and so does the page, both ways together.
        counted = json.loads(weak.page.evaluate("JSON.stringify(document.querySelector('#wire').dataset)"))
        carried = sum(each.down_out + each.up_in for each in link.history)
        assert abs(int(counted["bytes"]) - carried) <= 0.1 * carried


def test_data_is_saved_at_the_press_of_a_button(relay: Relay, room: str, camera: Browser) -> None:
    with ExitStack() as stack:
        ann = Meeting(camera, relay, room, "ann", camera="640x360")
        stack.callback(ann.close)
        ben = Meeting(camera, relay, room, "ben", camera="640x360")
        stack.callback(ben.close)
        for meeting in (ann, ben):
            meeting.wait_until_live()
            meeting.wait_for_people(2)
        ben.wait_for_picture("ann")
        ben.wait_for("document.documentElement.dataset.profile === 'full'")
        ben.page.click("#save-data")
        ben.wait_for("document.documentElement.dataset.profile === '3g'")
        assert ben.page.evaluate("document.documentElement.dataset.profileReason") == "asked"
        assert ben.page.evaluate("localStorage.getItem('relay-save-data')") == "on"
        ben.wait_for("document.querySelector('#wire-profile').textContent === 'Saving data, as you chose'")
        # One small picture comes, and one small picture goes.
        ben.wait_for("document.querySelector('.tile[data-participant=\"ann\"]').dataset.picture === '256x144'")
        ann.wait_for("document.querySelector('.tile[data-participant=\"ben\"]').dataset.picture === '256x144'")
        ben.wait_for("Number(document.querySelector('#wire').dataset.rate) < 180000", seconds=40)
        assert ben.signaling_states() == ["have-local-offer", "stable"]

        ben.page.click("#save-data")
        ben.wait_for("document.documentElement.dataset.profile === 'full'")
        assert ben.page.evaluate("localStorage.getItem('relay-save-data')") == "off"
        ben.wait_for("document.querySelector('.tile[data-participant=\"ann\"]').dataset.picture === '640x360'")
        assert ben.signaling_states() == ["have-local-offer", "stable"]
        for meeting in (ann, ben):
            assert meeting.errors == []


def test_a_slow_network_saves_data_by_itself(relay: Relay, room: str, camera: Browser) -> None:
    script = """Object.defineProperty(navigator, 'connection', {
        get: () => ({ effectiveType: '3g', saveData: false, addEventListener() {} }) });"""
    meeting = Meeting(camera, relay, room, "slow", script=script, camera="640x360")
    try:
        meeting.wait_until_live()
        meeting.wait_for("document.documentElement.dataset.profile === '3g'")
        assert meeting.page.evaluate("localStorage.getItem('relay-save-data')") is None
        meeting.wait_for(
            "document.querySelector('#wire-profile').textContent === 'Saving data: the network is slow'"
        )
    finally:
        meeting.close()
