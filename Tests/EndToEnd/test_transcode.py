"""smartc-relay transcode: files and pipes in, files and pipes out; other decoders and containers through PyAV and ffmpeg."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import pytest

from counter_clip import Clip, write_clip
from relay_process import BINARY, REPOSITORY

FRAMES = 90
USAGE = 64


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Three seconds of 320x180."""
    return write_clip(tmp_path_factory.mktemp("transcode") / "clip.y4m", 320, 180, 30, FRAMES, noise=4)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Five seconds: when many join, resync frames are up to two seconds apart, and who joins last is to get one, too."""
    return write_clip(tmp_path_factory.mktemp("joins") / "clip.y4m", 320, 180, 30, 150, noise=4)


def transcode(arguments: Sequence[object], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [str(BINARY), "transcode", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)


def report(run: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    assert run.returncode == 0, run.stderr.decode()
    parsed = json.loads(run.stdout)
    assert isinstance(parsed, dict)
    return parsed


def pictures(path: Path) -> list[tuple[int, int]]:
    """The sizes of all pictures that FFmpeg's decoder makes of a file."""
    with av.open(str(path)) as container:
        return [(frame.width, frame.height) for frame in container.decode(video=0)]


@pytest.mark.parametrize("codec", ["vp8", "vp9"])
def test_another_decoder_plays_the_result(codec: str, clip: Clip, tmp_path: Path) -> None:
    out = tmp_path / "out.ivf"
    run = transcode([clip.path, out, "--tier", "144p", "--codec", codec, "--stats", "json"])
    result = report(run)
    coded = result["keyFrames"] + result["resyncFrames"] + result["deltaFrames"]
    assert result["pictures"] == FRAMES and 0 < coded <= FRAMES / 2 + 1
    assert pictures(out) == [(256, 144)] * coded
    assert b"100 %" in run.stderr or b"90 %" in run.stderr


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a browser publishes for a minute: 720p in VP8, somebody before a webcam, forward and backward."""
    folder = tmp_path_factory.mktemp("minute")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y"]
    source = str(REPOSITORY / "fixtures/clips/webcam_static.mkv")
    loop = "[0:v]split[a][b];[b]reverse[r];[a][r]concat=n=2,scale=1280:720"
    encoder = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0", "-b:v", "1500k"]
    once, path = folder / "once.ivf", folder / "minute.ivf"
    subprocess.run([*command, "-i", source, "-filter_complex", loop, *encoder, str(once)], check=True, timeout=60)
    subprocess.run(
        [*command, "-stream_loop", "20", "-i", str(once), "-t", "60", "-c", "copy", str(path)], check=True, timeout=60
    )
    return path


@pytest.mark.parametrize("codec", ["vp8", "vp9"])
def test_a_minute_of_720p_takes_what_was_asked_for(codec: str, minute: Path, tmp_path: Path) -> None:
    arguments = [minute, tmp_path / "out.ivf", "--tier", "144p", "--codec", codec, "--effort", "realtime"]
    result = report(transcode([*arguments, "--stats", "json"]))
    assert 59 <= result["seconds"] <= 61
    assert abs(result["bitsPerSecond"] - 50_000) <= 0.05 * 50_000, result["bitsPerSecond"]
    assert result["peakBitsPerSecond"] <= 1.5 * 50_000


@pytest.mark.parametrize("codec", ["vp8", "vp9"])
def test_joins_and_losses_are_proven(codec: str, long_clip: Clip, tmp_path: Path) -> None:
    arguments = [long_clip.path, tmp_path / "out.ivf", "--tier", "144p", "--codec", codec, "--joins", 50, "--loss", "5%"]
    result = report(transcode([*arguments, "--stats", "json"]))
    joins, loss = result["joins"], result["loss"]
    assert joins["started"] == 50 and joins["differentPictures"] == 0 and joins["comparedPictures"] > 0
    assert loss["differentPictures"] == 0 and loss["comparedPictures"] > 0
    # All that is in these pictures moves on, so that late resync frames cost as much as a key frame: one of them is one.
    assert result["keyFrames"] <= 2 and joins["starts"] > 2
    text = transcode(arguments).stdout.decode()
    assert "all equal" in text and "50 of 50" in text


def test_what_a_viewer_sees_has_the_times_of_the_source(clip: Clip, tmp_path: Path) -> None:
    out = tmp_path / "seen.y4m"
    report(transcode([clip.path, out, "--tier", "144p", "--size", "320x180", "--stats", "json"]))
    assert pictures(out) == [(320, 180)] * FRAMES
    assert out.read_bytes().startswith(b"YUV4MPEG2 W320 H180 F30:1 ")


def test_pipes_work_both_ways(clip: Clip, tmp_path: Path) -> None:
    encoded = transcode(["-", "-", "--tier", "144p"], clip.path.read_bytes())
    assert encoded.returncode == 0 and encoded.stdout.startswith(b"DKIF") and b"kbit/s" in encoded.stderr
    seen = transcode(["-", "-", "--tier", "144p", "--format", "y4m"], encoded.stdout)
    assert seen.returncode == 0 and seen.stdout.startswith(b"YUV4MPEG2 W256 H144 ")


def test_other_containers_go_through_ffmpeg(clip: Clip, tmp_path: Path) -> None:
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    film = tmp_path / "film.webm"
    encoder = ["-c:v", "libvpx", "-deadline", "realtime", "-b:v", "500k"]
    subprocess.run([ffmpeg, "-nostdin", "-loglevel", "error", "-i", str(clip.path), *encoder, str(film)], check=True)
    arguments = [film, tmp_path / "out.ivf", "--tier", "144p", "--ffmpeg", ffmpeg, "--stats", "json"]
    assert report(transcode(arguments))["pictures"] == FRAMES
    film.write_bytes(b"no film at all")
    broken = transcode(arguments)
    assert broken.returncode == 1 and b"ffmpeg exited with" in broken.stderr


def test_a_file_that_ends_early_gives_its_whole_pictures(clip: Clip, tmp_path: Path) -> None:
    short = tmp_path / "short.y4m"
    short.write_bytes(clip.path.read_bytes()[: -clip.width * clip.height * 8])
    run = transcode([short, tmp_path / "out.ivf", "--tier", "144p", "--stats", "json"])
    assert run.returncode == 1 and b"in frame 84, at byte" in run.stderr
    assert json.loads(run.stdout)["pictures"] == 84


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["OUT.webm", "--tier", "144p"], b".ivf or .y4m"),
        (["OUT.ivf"], b"--tier"),
        (["OUT.ivf", "--tier", "1080p"], b"1080p"),
        (["OUT.ivf", "--tier", "144p", "--bitrate", "9mbit"], b"--bitrate is 10kbit"),
        (["OUT.ivf", "--tier", "144p", "--loss", "200%"], b"--loss"),
        (["OUT.ivf", "--tier", "240p", "--up-to", "144p"], b"--up-to"),
        (["OUT.ivf", "--tier", "144p", "--size", "0x9"], b"--size"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], said: bytes, clip: Clip) -> None:
    run = transcode([clip.path, *arguments])
    assert run.returncode == USAGE and said in run.stderr
