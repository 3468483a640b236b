"""Fixtures of the end-to-end tests. Nothing here uses a fixed port, and nothing waits by the clock."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

import chromium
import network
import relay_process
from chromium import MediaPage, Publisher, Watcher
from counter_clip import Clip, Tone, write_clip, write_tone
from pages_server import PagesServer
from relay_process import Relay

FRAMES_PER_SECOND = 30


@pytest.fixture(scope="session")
def publisher_clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """Ten seconds of 640x360."""
    return write_clip(tmp_path_factory.mktemp("clip") / "counter.y4m", 640, 360, FRAMES_PER_SECOND, 300)


@pytest.fixture(scope="session")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Tone:
    return write_tone(tmp_path_factory.mktemp("tone") / "tone.wav", hertz=1000)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright, publisher_clip: Clip, tone: Tone) -> Iterator[Browser]:
    """The Chromium that publishes `publisher_clip` and watches."""
    running = chromium.launch(playwright, publisher_clip, tone)
    yield running
    running.close()


@pytest.fixture(scope="session")
def pages() -> Iterator[PagesServer]:
    with PagesServer() as server:
        yield server


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    """A relay of this module's own."""
    with Relay() as running:
        yield running


@pytest.fixture
def room(request: pytest.FixtureRequest, _numbers: Iterator[int]) -> str:
    """A room that no other test uses."""
    return f"room-{next(_numbers)}"


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return count(1)


@pytest.fixture
def open_pages() -> Iterator[list[MediaPage]]:
    """Pages to close when the test ends, however it ends."""
    opened: list[MediaPage] = []
    yield opened
    chromium.close_all(opened)


@pytest.fixture
def new_publisher(browser: Browser, pages: PagesServer, open_pages: list[MediaPage]) -> Callable[[], Publisher]:
    def make() -> Publisher:
        publisher = Publisher(browser, pages.url("publish.html"))
        open_pages.append(publisher)
        return publisher

    return make


@pytest.fixture
def new_watcher(browser: Browser, pages: PagesServer, open_pages: list[MediaPage]) -> Callable[[], Watcher]:
    def make() -> Watcher:
        watcher = Watcher(browser, pages.url("watch.html"))
        open_pages.append(watcher)
        return watcher

    return make


HAS_OWN_NETWORK = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[HAS_OWN_NETWORK] = network.enter_namespace()


@pytest.fixture(scope="session")
def own_network(request: pytest.FixtureRequest) -> str:
    """An address of this machine that is not loopback."""
    if not request.config.stash[HAS_OWN_NETWORK]:
        pytest.skip("making a network namespace takes root")
    return network.ADDRESS


def pytest_sessionstart(session: pytest.Session) -> None:
    if not Path(relay_process.BINARY).exists():
        pytest.exit(f"{relay_process.BINARY} is missing: swift build -c release --product smartc-relay", returncode=2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attaches what each relay said to a failure."""
    report = yield
    if report.failed:
        for running in relay_process.started[-2:]:
            report.sections.append((f"stderr of relay {running.pid}", running.said()))
    return report
