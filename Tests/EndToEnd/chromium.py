"""Debian's Chromium as publisher and watcher, driven through the pages in `pages/`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from counter_clip import Clip, Tone

EXECUTABLE = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=fps=30",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

Report = dict[str, Any]


def launch(playwright: Playwright, clip: Clip, tone: Tone) -> Browser:
    """A browser whose camera plays `clip` and whose microphone plays `tone`."""
    files = [f"--use-file-for-fake-video-capture={clip.path}", f"--use-file-for-fake-audio-capture={tone.path}"]
    return playwright.chromium.launch(executable_path=EXECUTABLE, headless=True, args=[*FLAGS, *files])


@dataclass(frozen=True)
class Capture:
    """The publisher's own account of what it captured and encoded, at one moment."""

    captured_numbers: int
    source_frames: int
    encoded_frames: int


class MediaPage:
    """A page of `pages/` with its statistics."""

    def __init__(self, browser: Browser | BrowserContext, url: str) -> None:
        self.page: Page = browser.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(url)
        self.wait_for("page.ready")

    def wait_for(self, expression: str, seconds: float = 20) -> None:
        """Waits until a JavaScript expression is true, or resolves to something true.

        Polled by a timer, because an unpainted page gets no animation frames; and not by wait_for_function, which takes
        a promise itself for true.
        """
        held: bool = self.page.evaluate(
            f"""(milliseconds) => new Promise((resolve, reject) => {{
                const end = performance.now() + milliseconds;
                const poll = async () => {{
                    if (await ({expression})) resolve(true);
                    else if (performance.now() > end) resolve(false);
                    else setTimeout(() => poll().catch(reject), 50);
                }};
                poll().catch(reject);
            }})""",
            seconds * 1000,
        )
        assert held, f"within {seconds} s this did not hold: {expression}"

    def wait_for_state(self, state: str, seconds: float = 20) -> None:
        self.wait_for(f"page.connection.connectionState === '{state}'", seconds)

    def statistics(self) -> list[Report]:
        reports: list[Report] = self.page.evaluate("page.statistics()")
        return reports

    def report(self, report_type: str, **wanted: str) -> Report:
        """The one report of a type, such as `inbound-rtp` with kind='video'."""
        reports = self.statistics()
        found = [each for each in reports if each["type"] == report_type and wanted.items() <= each.items()]
        assert len(found) == 1, (
            f"{len(found)} reports of {report_type} {wanted} among {[each['type'] for each in reports]}"
        )
        return found[0]

    def numbers(self, start: int = 0) -> list[int | None]:
        found: list[int | None] = self.page.evaluate("start => page.numbers.slice(start)", start)
        return found

    def wait_for_numbers(self, count: int, seconds: float) -> None:
        self.wait_for(f"page.numbers.length >= {count}", seconds)

    def wait_for_end(self, seconds: float = 45) -> None:
        """Waits until the page has noticed that the other side is gone: by DTLS' goodbye or by silence."""
        self.wait_for("page.ended()", seconds)

    @property
    def session(self) -> str:
        session: str = self.page.evaluate("page.session")
        return session

    def close(self) -> None:
        self.page.close()


class Publisher(MediaPage):
    def publish(
        self,
        url: str,
        clip: Clip,
        codec: str | None = None,
        audio: bool = True,
        max_bitrate: int | None = None,
    ) -> None:
        wishes = {"url": url, "codec": codec, "audio": audio, "maxBitrate": max_bitrate}
        self.page.evaluate("wishes => page.publish(wishes)", wishes | {"width": clip.width, "height": clip.height})
        self.wait_for_state("connected")

    def capture(self) -> Capture:
        return Capture(
            captured_numbers=self.page.evaluate("page.numbers.length"),
            source_frames=self.report("media-source", kind="video").get("frames", 0),
            encoded_frames=self.report("outbound-rtp", kind="video")["framesEncoded"],
        )


class Watcher(MediaPage):
    def watch(self, url: str, audio: bool = True, codec: str | None = None) -> None:
        self.page.evaluate("wishes => page.watch(wishes)", {"url": url, "audio": audio, "codec": codec})

    def wait_for_picture(self, seconds: float = 20) -> None:
        self.wait_for("page.firstPaintedAt !== undefined && page.numbers.length > 0", seconds)

    def first_picture_milliseconds(self) -> float:
        milliseconds: float = self.page.evaluate("page.firstPictureMilliseconds()")
        return milliseconds

    def wait_for_tone(self, tone: Tone, decibels: float, seconds: float = 20) -> None:
        """Waits until the tone stands `decibels` above everything else that is heard."""
        self.wait_for(f"(page.toneAboveRest({tone.hertz}) ?? -Infinity) >= {decibels}", seconds)


def close_all(pages: Sequence[MediaPage]) -> None:
    for page in pages:
        page.close()
