"""Three browsers and nine cheap publishers in one room: everybody sees the right people, and nothing freezes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

from conference import Meeting, impaired, launch, publishers, write_camera, write_layers
from relay_process import Relay

CHEAP = 9
# Long enough to see a freeze, short enough for a machine of two cores that decodes for three browsers.
SECONDS = 20


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_layers(tmp_path_factory.mktemp("layers"), "green")


@pytest.fixture(scope="module")
def browsers(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Browser]]:
    folder = tmp_path_factory.mktemp("cameras")
    opened = {
        colour: launch(playwright, write_camera(folder / f"{colour}.y4m", colour)) for colour in ("red", "blue")
    }
    yield opened
    for browser in opened.values():
        browser.close()


def test_browsers_and_publishers_meet(relay: Relay, room: str, browsers: dict[str, Browser], layers: list[Path]) -> None:
    with ExitStack() as stack:
        stack.enter_context(publishers(relay, room, CHEAP, layers, "cheap"))
        ann = Meeting(browsers["red"], relay, room, "ann", camera="640x360")
        ben = Meeting(browsers["blue"], relay, room, "ben", camera="640x360")
        cal = Meeting(browsers["red"], relay, room, "cal", camera="none")
        for meeting in (ann, ben, cal):
            stack.callback(meeting.close)
            meeting.wait_until_live()
        for meeting in (ann, ben, cal):
            meeting.wait_for_people(CHEAP + 3)
        cal.wait_for("document.querySelectorAll('.tile[data-playing=\"true\"]').length >= 5")

        # What is shown under a name is what that one sends, and it goes on without a freeze.
        before = [meeting.freezes() for meeting in (ann, ben, cal)]
        cal.wait(SECONDS)
        assert [meeting.freezes() for meeting in (ann, ben, cal)] == before
        playing = [tile for tile in cal.tiles() if tile.is_playing and tile.participant != "cal"]
        assert len(playing) >= 5
        expected = {"ann": "red", "ben": "blue"}
        for tile in playing:
            assert cal.colour(tile.participant) == expected.get(tile.participant, "green"), tile

        # A pinned person becomes large, and is given the layer for it.
        for name, colour in expected.items():
            cal.pin(name)
            cal.wait_for_picture(name)
            cal.wait_for(f"document.querySelector('.tile[data-participant=\"{name}\"]').dataset.picture === '640x360'")
            assert cal.tile(name).is_stage
            assert cal.colour(name) == colour

        # One goes, another comes.
        ann.leave()
        for meeting in (ben, cal):
            meeting.wait_for_people(CHEAP + 2)
        dot = Meeting(browsers["red"], relay, room, "dot", camera="640x360")
        stack.callback(dot.close)
        dot.wait_until_live()
        for meeting in (ben, cal, dot):
            meeting.wait_for_people(CHEAP + 3)

        for meeting in (ben, cal, dot):
            assert meeting.signaling_states() == ["have-local-offer", "stable"]
            assert meeting.errors == []


def test_a_bad_link_costs_others_nothing(
    relay: Relay, room: str, browsers: dict[str, Browser], layers: list[Path]
) -> None:
    with ExitStack() as stack:
        stack.enter_context(publishers(relay, room, 4, layers, "cheap"))
        port = stack.enter_context(
            impaired(relay, "--rate", "1mbit", "--delay", "40ms", "--down-loss", "1%", "--queue", "300ms", "--seed", "5")
        )
        good = Meeting(browsers["red"], relay, room, "good", camera="640x360")
        bad = Meeting(browsers["blue"], relay, room, "bad", via=port, camera="none", slots="4")
        for meeting in (good, bad):
            stack.callback(meeting.close)
            meeting.wait_until_live()
            meeting.wait_for_people(6)
        # All thumbnails fit into the link.
        bad.wait_for("document.querySelectorAll('.tile[data-playing=\"true\"]').length >= 4")
        bad.wait(5)
        before = (good.freezes(), bad.freezes())
        bad.wait(SECONDS)
        assert good.freezes() == before[0]
        assert bad.freezes() - before[1] <= 2
        assert [tile for tile in bad.tiles() if tile.is_playing and tile.participant != "bad"]
        assert bad.signaling_states() == ["have-local-offer", "stable"]
