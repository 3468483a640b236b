"""What a series of picture numbers says about how the pictures arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Continuity:
    """How a series departs from counting up by one. `departures` names each place as (from, to)."""

    pictures: int = 0
    unreadable: int = 0
    repeated: int = 0
    backwards: int = 0
    skipped: int = 0
    departures: list[tuple[int, int]] = field(default_factory=list)


def continuity(numbers: Sequence[int | None], loop: int) -> Continuity:
    """Compares each number with the one before, modulo the clip's length. More than half a loop ahead is backwards."""
    result = Continuity(pictures=len(numbers))
    previous: int | None = None
    for number in numbers:
        if number is None:
            result.unreadable += 1
            continue
        step = 1 if previous is None else (number - previous) % loop
        if previous is not None and step != 1:
            result.departures.append((previous, number))
        if step == 0:
            result.repeated += 1
        elif step > loop // 2:
            result.backwards += 1
        else:
            result.skipped += step - 1
        previous = number
    return result


def assert_complete(
    seen: Sequence[int | None], given: Sequence[int | None], loop: int, unencoded: int = 0, account: object = ()
) -> None:
    """Every picture that was given to the encoder and encoded was seen: once, whole and in order.

    Cameras skip and repeat pictures on a loaded machine, and encoders leave some out. A departure in what was seen is
    excused only by as many in what the camera gave, and by `unencoded`, the publisher's own count of pictures left out.
    `account` is shown on failure: what else is known of the receiver.
    """
    found = continuity(seen, loop)
    source = continuity(given, loop)
    context = f"seen: {found}; given: {source}; {unencoded} not encoded; {account}"
    assert (found.unreadable, found.backwards) == (0, 0), context
    assert found.repeated <= source.repeated, context
    assert found.skipped <= source.skipped + max(unencoded, 0), context
