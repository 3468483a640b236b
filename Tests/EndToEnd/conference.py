"""What a conference takes: pictures of one colour, cheap publishers, a bad link, and the page that meets them."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import imageio_ffmpeg
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route
from playwright.sync_api import TimeoutError as PlaywrightTimeout

import chromium
from relay_process import REPOSITORY, Relay

BENCH = REPOSITORY / ".build/release/relay-bench"
COLOURS = {
    "red": (220, 30, 30),
    "blue": (30, 30, 220),
    "green": (0, 128, 0),
    "yellow": (200, 200, 20),
    "magenta": (200, 20, 200),
    "grey": (128, 128, 128),
}

# Keeps the page's connections and everything that their signaling state was.
WATCH_CONNECTIONS = """
window.connections = [];
const Original = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Original {
    constructor(...parameters) {
        super(...parameters);
        this.states = [];
        this.addEventListener('signalingstatechange', () => this.states.push(this.signalingState));
        window.connections.push(this);
    }
};
"""


def ffmpeg(*arguments: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *arguments]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def moving(colour: str, size: str, rate: int) -> str:
    """A picture of one colour with a white bar that runs through its lower edge, so that no frame is like the last."""
    bar = "drawbox=x='mod(t*120,iw)':y=ih*7/8:w=iw/16:h=ih/8:color=white:t=fill"
    return f"color=c={colour}:s={size}:r={rate},{bar}"


def write_camera(path: Path, colour: str) -> Path:
    ffmpeg("-f", "lavfi", "-i", moving(colour, "640x360", 30), "-t", "4", "-pix_fmt", "yuv420p", str(path))
    return path


def write_layers(folder: Path, colour: str) -> list[Path]:
    """Three IVF files of one scene, lowest first."""
    layers = [("160x90", "40k"), ("320x180", "120k"), ("640x360", "350k")]
    paths = []
    for size, bitrate in layers:
        path = folder / f"{colour}-{size}.ivf"
        encoder = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-g", "30"]
        source = moving(colour, size, 15)
        ffmpeg("-f", "lavfi", "-i", source, "-t", "6", *encoder, "-b:v", bitrate, "-minrate", bitrate, str(path))
        paths.append(path)
    return paths


def talk(size: str, rate: int) -> list[str]:
    """Somebody who sits before a camera: five seconds, forward and backward."""
    clip = str(REPOSITORY / "fixtures/clips/webcam_static.mkv")
    scaled = f"[0:v]split[a][b];[b]reverse[r];[a][r]concat=n=2,fps={rate},scale={size.replace('x', ':')}"
    return ["-i", clip, "-filter_complex", scaled, "-pix_fmt", "yuv420p"]


def write_talk_camera(path: Path) -> Path:
    ffmpeg(*talk("640x360", 30), str(path))
    return path


def write_talk_layers(folder: Path) -> list[Path]:
    """Three IVF files as a browser sends them, lowest first."""
    layers = [("320x180", "150k"), ("640x360", "500k"), ("1280x720", "1500k")]
    paths = []
    for size, bitrate in layers:
        path = folder / f"talk-{size}.ivf"
        encoder = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-g", "60"]
        ffmpeg(*talk(size, 30), *encoder, "-b:v", bitrate, str(path))
        paths.append(path)
    return paths


def launch(playwright: Playwright, camera: Path) -> Browser:
    """A browser whose camera shows `camera` and whose microphone plays Chromium's own beeps."""
    flags = [*chromium.FLAGS, f"--use-file-for-fake-video-capture={camera}"]
    return playwright.chromium.launch(executable_path=chromium.EXECUTABLE, headless=True, args=flags)


@contextmanager
def publishers(
    relay: Relay, room: str, count: int, media: Sequence[Path], name: str, level: int = 20
) -> Iterator[None]:
    """Participants that show clips, for as long as the block runs. One of them is heard all the time, at a level of 0
    (loudest) to 126."""
    command = [str(BENCH), "load", "--api", "sessions", "--url", relay.base, "--room", room, "--name", name]
    command += ["--participants", str(count), "--video-slots", "1", "--audio-slots", "1", "--seconds", "600"]
    command += ["--media", ",".join(map(str, media)), "--decrypt", "sample", "--speak-interval", "600"]
    command += ["--speech-level", str(level)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield
    finally:
        process.terminate()
        process.communicate(timeout=30)


@contextmanager
def impaired(relay: Relay, *arguments: str) -> Iterator[int]:
    """A bad link in front of the relay's UDP port; the value is the port to send to."""
    target = f"127.0.0.1:{relay.udp_ports[0]}"
    command = [str(BENCH), "impair", "--listen", "127.0.0.1:0", "--target", target, *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"127\.0\.0\.1:(\d+)", line.replace(target, "")):
                yield int(found.group(1))
                break
        else:
            raise AssertionError(f"impair told no address: {''.join(said)}")
    finally:
        process.terminate()
        process.communicate(timeout=10)


@dataclass(frozen=True)
class Tile:
    participant: str
    state: str
    picture: str
    is_playing: bool
    is_stage: bool
    slot: str
    # In device pixels, as the relay is asked for; 0 out of sight.
    wanted_height: int

    @property
    def height(self) -> int:
        """Of the picture that is decoded; 0 without one."""
        return int(self.picture.split("x")[1]) if "x" in self.picture else 0


class Meeting:
    """The conference page in a browser context of its own."""

    opened: ClassVar[list[Meeting]] = []

    def __init__(
        self,
        browser: Browser,
        relay: Relay,
        room: str,
        name: str,
        via: int | None = None,
        script: str = "",
        fragment: str = "",
        **wishes: str,
    ):
        self.name = name
        self.context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 900})
        self.context.add_init_script(WATCH_CONNECTIONS)
        if script:
            self.context.add_init_script(script)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        if via is not None:
            self.page.route("**/rooms/*/sessions*", lambda route: redirect(route, relay.udp_ports[0], via))
        asked = {"room": room, "name": name, "join": "1", "slots": "6", "voices": "3", "layers": "2"} | wishes
        query = "&".join(f"{key}={value}" for key, value in asked.items())
        self.page.goto(relay.url(f"/meet?{query}#{fragment}" if fragment else f"/meet?{query}"))
        Meeting.opened.append(self)

    def wait_for(self, expression: str, seconds: float = 30) -> None:
        try:
            self.page.wait_for_function(f"() => Boolean({expression})", timeout=seconds * 1000, polling=100)
        except PlaywrightTimeout as timeout:
            accounts = "\n".join(meeting.account() for meeting in Meeting.opened)
            raise AssertionError(f"{self.name}: within {seconds} s this did not hold: {expression}\n{accounts}") from timeout

    def account(self) -> str:
        """What the page shows and what it sends, for whoever reads of a failure."""
        sent = self.page.evaluate(
            """async () => {
                const wanted = ['rid', 'active', 'frameWidth', 'frameHeight', 'framesPerSecond', 'targetBitrate',
                    'qualityLimitationReason', 'qualityLimitationResolutionChanges', 'availableOutgoingBitrate'];
                const all = [];
                for (const connection of window.connections) {
                    if (connection.connectionState === 'closed') continue;
                    for (const report of (await connection.getStats()).values()) {
                        const isSent = report.type === 'outbound-rtp' && report.kind === 'video';
                        if (!isSent && !(report.type === 'candidate-pair' && report.nominated)) continue;
                        all.push(wanted.filter((key) => key in report).map((key) => `${key} ${report[key]}`).join(', '));
                    }
                }
                return all;
            }"""
        )
        state = self.page.evaluate("({ ...document.documentElement.dataset })")
        return "\n  ".join([f"{self.name} is {state}, shows {self.tiles()}", *(f"sends {each}" for each in sent)])

    def wait_until_live(self) -> None:
        self.wait_for("document.documentElement.dataset.meetState === 'live'")

    def wait_for_people(self, count: int, seconds: float = 30) -> None:
        self.wait_for(f"document.documentElement.dataset.participants === '{count}'", seconds)

    def wait_for_picture(self, participant: str, seconds: float = 30) -> None:
        self.wait_for(
            f"document.querySelector('.tile[data-participant=\"{participant}\"]')?.dataset.playing === 'true'", seconds
        )

    def tiles(self) -> list[Tile]:
        found = self.page.evaluate(
            """() => [...document.querySelectorAll('.tile')].map(({ dataset }) => [
                dataset.participant, dataset.state, dataset.picture, dataset.playing === 'true', dataset.stage === 'true',
                dataset.slotMid ?? '', Number(dataset.height)])"""
        )
        return [Tile(*each) for each in found]

    def pin(self, participant: str) -> None:
        """Presses a person's tile, wherever it is; another press gives it up."""
        self.page.locator(f'.tile[data-participant="{participant}"] .pin').dispatch_event("click")

    def tile(self, participant: str) -> Tile:
        return next(tile for tile in self.tiles() if tile.participant == participant)

    def colour(self, participant: str) -> str:
        """Which of the colours the middle of a tile's picture is nearest to."""
        pixel = self.page.evaluate(
            """(participant) => {
                const video = document.querySelector(`.tile[data-participant="${participant}"] video`);
                const canvas = document.createElement('canvas');
                [canvas.width, canvas.height] = [16, 16];
                const context = canvas.getContext('2d');
                context.drawImage(video, 0, 0, 16, 16);
                return [...context.getImageData(8, 6, 1, 1).data].slice(0, 3);
            }""",
            participant,
        )
        return min(COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(COLOURS[name], pixel, strict=True)))

    def received(self) -> list[dict[str, Any]]:
        """The statistics of every picture that is received."""
        text: str = self.page.evaluate(
            """async () => {
                const all = [];
                for (const connection of window.connections) {
                    if (connection.connectionState === 'closed') continue;
                    for (const report of (await connection.getStats()).values()) {
                        if (report.type === 'inbound-rtp' && report.kind === 'video') all.push(report);
                    }
                }
                return JSON.stringify(all);
            }"""
        )
        reports: list[dict[str, Any]] = json.loads(text)
        return reports

    @property
    def speaker(self) -> str:
        name: str = self.page.evaluate("document.documentElement.dataset.speaker")
        return name

    def wait_for_speaker(self, prefix: str, seconds: float = 20) -> None:
        self.wait_for(f"document.documentElement.dataset.speaker.startsWith('{prefix}')", seconds)

    def show_speaker(self) -> None:
        """Changes from the grid to who speaks."""
        self.page.click("#layout")
        self.wait_for("document.documentElement.dataset.layout === 'speaker'")

    def wait_for_stage(self, prefix: str, seconds: float = 20) -> None:
        """Waits until somebody's picture is large, and is shown."""
        self.wait_for(
            "(({ participant, playing } = {}) => participant?.startsWith('%s') && playing === 'true')"
            "(document.querySelector('.tile[data-stage=\"true\"]')?.dataset)" % prefix,
            seconds,
        )

    def wait_for_tiles(self, count: int, seconds: float = 30) -> None:
        """Waits until so many pictures of others are shown."""
        playing = '.tile[data-playing="true"]:not([data-state="self"])'
        self.wait_for(f"document.querySelectorAll('{playing}').length >= {count}", seconds)

    def hears(self, hertz: float) -> bool:
        """Whether a tone stands out in one of the voices."""
        peaks: list[float] = self.page.evaluate(
            """async () => {
                const connection = window.connections.find(({ connectionState }) => connectionState === 'connected');
                const context = new AudioContext();
                await context.resume();
                const voices = connection.getReceivers().filter(({ track }) => track.kind === 'audio').map(({ track }) => {
                    const analyser = new AnalyserNode(context, { fftSize: 8192 });
                    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
                    return analyser;
                });
                await new Promise((done) => setTimeout(done, 1000));
                const peaks = voices.map((analyser) => {
                    const levels = new Float32Array(analyser.frequencyBinCount);
                    analyser.getFloatFrequencyData(levels);
                    const loudest = levels.indexOf(Math.max(...levels));
                    return Number.isFinite(levels[loudest]) ? loudest * context.sampleRate / analyser.fftSize : 0;
                });
                await context.close();
                return peaks;
            }"""
        )
        return any(abs(peak - hertz) < 12 for peak in peaks)

    def freezes(self) -> Counter[str]:
        """How often the picture stood still, by slot."""
        return Counter({str(report["mid"]): int(report.get("freezeCount", 0)) for report in self.received()})

    def signaling_states(self) -> list[str]:
        """Every change of the signaling state, of all connections."""
        states: list[str] = self.page.evaluate("window.connections.flatMap((connection) => connection.states)")
        return states

    def wait(self, seconds: float) -> None:
        """Lets the conference go on, by the page's own clock."""
        self.page.evaluate("(milliseconds) => new Promise((done) => setTimeout(done, milliseconds))", seconds * 1000)

    def leave(self) -> None:
        self.page.click("#leave")
        self.wait_for("document.documentElement.dataset.meetState === 'left'")

    def close(self) -> None:
        Meeting.opened.remove(self)
        self.context.close()


def redirect(route: Route, port: int, via: int) -> None:
    """Lets the browser send its media to another port than the relay's."""
    response = route.fetch()
    body = re.sub(rf"(a=candidate:\S+ \d+ udp \d+ \S+) {port} ", rf"\1 {via} ", response.text(), flags=re.IGNORECASE)
    route.fulfill(response=response, body=body)
