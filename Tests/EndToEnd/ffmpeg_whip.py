"""ffmpeg as a WHIP publisher: the build inside imageio-ffmpeg has the muxer, Debian's has not."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import imageio_ffmpeg

from counter_clip import Clip, Tone


class FFmpegPublisher:
    """Publishes a clip as H.264 and a tone as Opus until it is left."""

    def __init__(self, url: str, clip: Clip, tone: Tone, log: Path, dtls_active: bool) -> None:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "info"]
        # The pace of a camera from the start: without a burst that a receiver would have to catch up with.
        paced = ["-readrate", "1", "-readrate_initial_burst", "0.001", "-stream_loop", "-1", "-i"]
        command += [*paced, str(clip.path), *paced, str(tone.path)]
        command += ["-map", "0:v", "-map", "1:a", "-pix_fmt", "yuv420p"]
        command += ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-tune", "zerolatency"]
        command += ["-g", "30", "-b:v", "1M", "-c:a", "libopus", "-ar", "48000", "-ac", "2", "-b:a", "32k"]
        command += ["-f", "whip", *(["-whip_flags", "dtls_active"] if dtls_active else []), url]
        self._log = log
        with log.open("wb") as file:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if error is not None:
            error.add_note(f"ffmpeg said:\n{self._log.read_text(errors='replace')[-4000:]}")
