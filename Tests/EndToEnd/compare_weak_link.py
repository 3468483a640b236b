"""The same room for the same weak link, through Janus' VideoRoom and through the relay; run by `deploy/bench weak`.

Five publishers send three sizes of a picture and a voice, and speak in turn. A Chromium behind a bad link watches. Of Janus
it is given what takes the fewest bits there: one publisher's smallest picture and voice. Of the relay it is given what the
relay itself finds right for the link.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bad_link import BadLink
from chromium import MediaPage
from conference import BENCH, WATCH_CONNECTIONS, Meeting, launch, write_talk_camera, write_talk_layers
from janus_room import JanusRoom
from pages_server import PagesServer
from relay_process import Relay
from weak_link import LINK, Phase, Reading

PUBLISHERS = 5
SETTLING_SECONDS = 5


@dataclass(frozen=True)
class Row:
    rate: str
    server: str
    first_picture_seconds: float | None
    phase: Phase


@contextmanager
def publishers(url: str, room: str, api: list[str], media: list[Path]) -> Iterator[None]:
    command = [str(BENCH), "load", "--url", url, "--room", room, *api, "--media", ",".join(map(str, media))]
    process = subprocess.Popen(
        [*command, "--seconds", "600"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def watch_relay(browser: Browser, media: list[Path], rate: str, seconds: float) -> Row:
    room = "talk"
    with ExitStack() as stack:
        relay = stack.enter_context(Relay())
        api = ["--api", "sessions", "--participants", str(PUBLISHERS), "--speak-interval", "5"]
        api += ["--video-slots", "1", "--audio-slots", "1", "--decrypt", "sample"]
        stack.enter_context(publishers(relay.base, room, api, media))
        link = stack.enter_context(BadLink(f"127.0.0.1:{relay.udp_ports[0]}", "--rate", rate, *LINK))
        begun = time.monotonic()
        page = Meeting(browser, relay, room, "weak", via=link.port, camera="none", microphone="none")
        stack.callback(page.close)
        return measure("smartc-relay", page, link, rate, begun, seconds)


def watch_janus(browser: Browser, pages: PagesServer, media: list[Path], rate: str, seconds: float) -> Row:
    with ExitStack() as stack:
        janus = stack.enter_context(JanusRoom())
        api = ["--api", "janus", "--publishers", str(PUBLISHERS), "--subscribers", "0"]
        stack.enter_context(publishers(janus.url, janus.room, api, media))
        subscription = janus.subscribe(janus.feeds(PUBLISHERS)[0])
        candidate = first_candidate(subscription.offer)
        link = stack.enter_context(BadLink(candidate, "--rate", rate, *LINK))
        begun = time.monotonic()
        context = browser.new_context()
        stack.callback(context.close)
        context.add_init_script(WATCH_CONNECTIONS)
        page = MediaPage(context, pages.url("janus.html"))
        offer = through(subscription.offer, candidate, link.port)
        janus.start(subscription, page.page.evaluate("offer => page.answer(offer)", offer))
        janus.choose_smallest(subscription, picture_mids(subscription.offer))
        return measure("Janus", page, link, rate, begun, seconds)


def measure(
    server: str, page: Meeting | MediaPage, link: BadLink, rate: str, begun: float, seconds: float
) -> Row:
    first = None
    while time.monotonic() < begun + 15 and first is None:
        page.page.wait_for_timeout(50)
        if Reading.of(page.page).frames > 0:
            first = time.monotonic() - begun
    page.page.wait_for_timeout(SETTLING_SECONDS * 1000)
    start, before = time.monotonic(), Reading.of(page.page)
    page.page.wait_for_timeout(seconds * 1000)
    phase = Phase.between(before, Reading.of(page.page), link, start)
    row = Row(rate, server, first, phase)
    print(row, file=sys.stderr)
    return row


def first_candidate(offer: str) -> str:
    """Address and port of the first candidate for UDP."""
    for line in offer.splitlines():
        fields = line.removeprefix("a=candidate:").split()
        if line.startswith("a=candidate:") and fields[2].lower() == "udp":
            return f"{fields[4]}:{fields[5]}"
    raise AssertionError(f"no candidate in {offer}")


def through(offer: str, candidate: str, port: int) -> str:
    """The offer with one candidate only: the bad link's end."""
    address, _, own = candidate.rpartition(":")
    lines = []
    for line in offer.splitlines():
        if line.startswith("a=candidate:") and f" {address} {own} " not in line:
            continue
        lines.append(line.replace(f" {address} {own} ", f" 127.0.0.1 {port} "))
    return "\r\n".join(lines) + "\r\n"


def picture_mids(offer: str) -> list[str]:
    sections = offer.split("\r\nm=")[1:]
    return [each.split("a=mid:")[1].split()[0] for each in sections if each.startswith("video")]


def markdown(rows: list[Row], seconds: float, janus: str) -> str:
    text = [
        f"- {datetime.now(UTC):%Y-%m-%d}; Janus {janus}; Chromium watches {seconds:.0f} s behind "
        f"`relay-bench impair {' '.join(LINK)}`",
        "- Five publishers with 720p, 360p and 180p (150 kbit/s). Of Janus one publisher's smallest picture and voice, of "
        "the relay what it finds right",
        "- One run for each row; what a burst of losses hits makes runs differ",
        "",
        "| link | through | first picture | pictures a second | freezes | frozen | on the wire, kbit/s |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        phase = row.phase
        first = "none" if row.first_picture_seconds is None else f"{row.first_picture_seconds:.1f} s"
        text.append(
            f"| {row.rate}/s | {row.server} | {first} | {phase.frames_per_second:.1f} | {phase.freezes} | "
            f"{phase.frozen:.0%} | {phase.mean / 1000:.0f} |"
        )
    return "\n".join(text) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True, help="a folder for results.md and results.json")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rates", default="400kbit,128kbit,90kbit")
    arguments = parser.parse_args()
    arguments.results.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    with sync_playwright() as playwright, PagesServer() as pages, tempfile.TemporaryDirectory() as folder:
        media = write_talk_layers(Path(folder))
        browser = launch(playwright, write_talk_camera(Path(folder) / "camera.y4m"))
        with JanusRoom() as janus:
            version = janus.version
        for rate in arguments.rates.split(","):
            rows.append(watch_relay(browser, media, rate, arguments.seconds))
            rows.append(watch_janus(browser, pages, media, rate, arguments.seconds))
        browser.close()
    (arguments.results / "results.md").write_text(markdown(rows, arguments.seconds, version))
    (arguments.results / "results.json").write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    print(markdown(rows, arguments.seconds, version))


if __name__ == "__main__":
    main()
