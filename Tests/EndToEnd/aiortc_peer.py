"""aiortc as publisher and watcher, on an event loop in a thread of its own beside Playwright's."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Coroutine
from fractions import Fraction
from types import TracebackType
from typing import Any, Self, TypeVar

import av
import numpy as np
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, MediaStreamTrack, VideoStreamTrack

from counter_clip import luma, read_number
from http_client import request

WIDTH, HEIGHT = 320, 180
LOOP = 300
T = TypeVar("T")


class EventLoopThread:
    """Runs coroutines for synchronous tests."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 30) -> T:
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), self._loop).result(seconds + 5)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class CounterTrack(VideoStreamTrack):
    """Numbered pictures at 30 per second; `given` lists the numbers handed to the encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int | None] = []
        self._random = np.random.default_rng(7)

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        number = len(self.given) % LOOP
        planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        planes[:HEIGHT] = luma(number, WIDTH, HEIGHT, 0, self._random)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = pts, time_base
        self.given.append(number)
        return frame


class ToneTrack(AudioStreamTrack):
    """A sine, in the frames and at the pace of aiortc's own silence."""

    def __init__(self, hertz: float, amplitude: int = 12_000) -> None:
        super().__init__()
        self._hertz = hertz
        self._amplitude = amplitude

    async def recv(self) -> av.AudioFrame:
        silence = await super().recv()
        assert isinstance(silence, av.AudioFrame) and silence.pts is not None
        time = (silence.pts + np.arange(silence.samples)) / silence.sample_rate
        samples = (self._amplitude * np.sin(2 * math.pi * self._hertz * time)).astype("<i2")
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.pts, frame.sample_rate = silence.pts, silence.sample_rate
        frame.time_base = Fraction(1, silence.sample_rate)
        return frame


class Peer:
    """One connection, opened by one POST."""

    def __init__(self) -> None:
        # Without servers named aiortc asks a public one for its address. It bundles whatever the policy, but with the others
        # forgets the transport of a second video section, or takes the candidates from the last section, which has none.
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_COMPAT))
        self.session = ""

    async def exchange(self, url: str) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        offer = self.connection.localDescription.sdp.encode()
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(None, request, "POST", url, offer, {"Content-Type": "application/sdp"})
        assert response.status == 201, response
        await self.connection.setRemoteDescription(RTCSessionDescription(response.text, "answer"))
        self.session = str(response.headers["Location"])

    async def close(self) -> None:
        await self.connection.close()


class AiortcPublisher(Peer):
    def __init__(self, hertz: float) -> None:
        super().__init__()
        self.video = CounterTrack()
        self.audio = ToneTrack(hertz)

    async def publish(self, url: str) -> None:
        self.connection.addTransceiver(self.video, "sendonly")
        self.connection.addTransceiver(self.audio, "sendonly")
        await self.exchange(url)


class AiortcWatcher(Peer):
    """Collects the numbers of decoded pictures, and decoded sound."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[int | None] = []
        self.sound: list[np.ndarray[Any, np.dtype[np.float64]]] = []
        self.sample_rate = 0
        # Of all pictures, as (width, height).
        self.sizes: set[tuple[int, int]] = set()
        self._news = asyncio.Condition()
        self._readers: list[asyncio.Task[None]] = []

    async def watch(self, url: str) -> None:
        self.connection.on("track", lambda track: self._readers.append(asyncio.ensure_future(self._read(track))))
        self.connection.addTransceiver("video", "recvonly")
        self.connection.addTransceiver("audio", "recvonly")
        await self.exchange(url)

    async def wait_for_media(self, pictures: int, sound_frames: int) -> None:
        async with self._news:
            await self._news.wait_for(lambda: len(self.numbers) >= pictures and len(self.sound) >= sound_frames)

    def tone_above_rest(self, hertz: float) -> float:
        """The tone's energy against all other sound of the last second, in decibels."""
        samples = np.concatenate(self.sound)[-self.sample_rate :]
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size))) ** 2
        centre = round(hertz * samples.size / self.sample_rate)
        tone = spectrum[centre - 8 : centre + 9].sum()
        return 10 * math.log10(tone / max(spectrum.sum() - tone, 1e-9))

    async def _read(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                async with self._news:
                    if isinstance(frame, av.VideoFrame):
                        self.sizes.add((frame.width, frame.height))
                        picture = frame.to_ndarray(format="yuv420p")[: frame.height].astype(np.uint8)
                        self.numbers.append(read_number(picture))
                    elif isinstance(frame, av.AudioFrame):
                        self.sample_rate = frame.sample_rate
                        samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels))
                        self.sound.append(samples[:, 0].astype(np.float64))
                    self._news.notify_all()
        except MediaStreamError:
            return


class AiortcParticipant(Peer):
    """Takes part in a conference: sends numbered pictures and a tone, has room for one picture and one voice."""

    def __init__(self, hertz: float) -> None:
        super().__init__()
        self.video = CounterTrack()
        # Some 30 dB below full scale: heard, but not the loudest.
        self.audio = ToneTrack(hertz, amplitude=1500)
        self.pictures = 0
        self._readers: list[asyncio.Task[None]] = []

    async def join(self, url: str) -> None:
        self.connection.on("track", self._read)
        self.connection.addTransceiver(self.audio, "sendonly")
        self.connection.addTransceiver(self.video, "sendonly")
        self.connection.addTransceiver("video", "recvonly")
        await self.exchange(url)

    async def close(self) -> None:
        for reader in self._readers:
            reader.cancel()
        await super().close()

    def _read(self, track: MediaStreamTrack) -> None:
        self._readers.append(asyncio.ensure_future(self._count(track)))

    async def _count(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                await track.recv()
                self.pictures += 1
        except MediaStreamError:
            return
