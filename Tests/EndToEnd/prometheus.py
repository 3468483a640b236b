"""Prometheus' text format, as far as the tests read it."""

from __future__ import annotations

import re
from dataclasses import dataclass

SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+\S+)?$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Samples:
    all: list[Sample]

    def named(self, name: str) -> list[Sample]:
        return [each for each in self.all if each.name == name]


def parse(text: str) -> Samples:
    samples: list[Sample] = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        found = SAMPLE.match(line)
        if found is None:
            raise AssertionError(f"not a sample: {line!r}")
        labels = dict(LABEL.findall(found["labels"] or ""))
        samples.append(Sample(found["name"], labels, float(found["value"])))
    return Samples(samples)
