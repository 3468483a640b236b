"""Test clips: pictures that carry their own number, and a tone.

The number stands in the top third of the picture as one row of 16 cells and, beneath it, the same row inverted:

    1 0 | 13 bits of Gray code, highest first | even parity

A cell and its inverse must differ, so a damaged or half-updated picture reads as unreadable, never as another number.
`pages/counter.js` reads the same layout from a playing picture.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CELLS = 16
BITS = 13
STRIP_HEIGHT = 1 / 3
BLACK, WHITE = 16, 235


@dataclass(frozen=True)
class Clip:
    """A y4m file that counts from 0 to `frames` - 1 and starts again."""

    path: Path
    width: int
    height: int
    frames_per_second: int
    frames: int


@dataclass(frozen=True)
class Tone:
    """A wav file with one sine of `hertz`."""

    path: Path
    hertz: float


def write_clip(path: Path, width: int, height: int, frames_per_second: int, frames: int, noise: int = 0) -> Clip:
    """Writes the clip; `noise` is the amplitude of luma noise below the strip, which costs the encoder bits."""
    random = np.random.default_rng(7)
    chroma = np.full(width * height // 2, 128, np.uint8).tobytes()
    header = f"YUV4MPEG2 W{width} H{height} F{frames_per_second}:1 Ip A1:1 C420jpeg\n"
    with path.open("wb") as file:
        file.write(header.encode())
        for number in range(frames):
            file.write(b"FRAME\n")
            file.write(luma(number, width, height, noise, random).tobytes())
            file.write(chroma)
    return Clip(path, width, height, frames_per_second, frames)


def write_tone(path: Path, hertz: float, seconds: int = 10, sample_rate: int = 48_000) -> Tone:
    """Writes a mono sine at half of full scale; whole periods only, so that the loop has no click."""
    time = np.arange(seconds * sample_rate) / sample_rate
    samples = (16_000 * np.sin(2 * np.pi * hertz * time)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.tobytes())
    return Tone(path, hertz)


def luma(number: int, width: int, height: int, noise: int, random: np.random.Generator) -> NDArray[np.uint8]:
    """One picture's luma: the strip above, a travelling ramp with a moving block below."""
    strip_height = round(height * STRIP_HEIGHT)
    across = np.arange(width)[None, :] + 2 * number
    down = np.arange(height)[:, None] * 2
    picture = (across + down) % 256 // 2 + 64
    if noise:
        picture = picture + random.integers(-noise, noise + 1, picture.shape)
    size = height // 6
    left = (number * 4) % (width - size)
    picture[height - 2 * size : height - size, left : left + size] = WHITE

    cells = np.array(cell_values(number), bool)
    row = np.repeat(np.where(cells, WHITE, BLACK), width // CELLS)
    inverse = np.repeat(np.where(cells, BLACK, WHITE), width // CELLS)
    picture[: strip_height // 2, : row.size] = row
    picture[strip_height // 2 : strip_height, : row.size] = inverse
    return picture.clip(BLACK, WHITE).astype(np.uint8)


def cell_values(number: int) -> list[int]:
    """The upper row's 16 cells."""
    gray = number ^ (number >> 1)
    bits = [(gray >> shift) & 1 for shift in reversed(range(BITS))]
    return [1, 0, *bits, sum(bits) % 2]


def read_number(picture: NDArray[np.uint8]) -> int | None:
    """The number in a picture's luma plane, or nothing when it cannot be trusted."""
    height, width = picture.shape
    centres = ((np.arange(CELLS) + 0.5) * width / CELLS).astype(int)
    upper = picture[round(height * STRIP_HEIGHT / 4), centres].astype(int)
    lower = picture[round(height * STRIP_HEIGHT * 3 / 4), centres].astype(int)
    if np.any(np.abs(upper - lower) < 60):
        return None
    cells = [int(above > below) for above, below in zip(upper, lower, strict=True)]
    bits = cells[2:-1]
    if cells[:2] != [1, 0] or sum(bits) % 2 != cells[-1]:
        return None
    number = 0
    for bit in bits:
        number = (number << 1) | (bit ^ (number & 1))
    return number
