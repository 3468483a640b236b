"""The relay's own web client, used as a person uses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from pages_server import PAGES
from relay_process import Relay

# counter.js as a plain script: a test must not depend on what the client's content security policy lets in.
COUNTER = (
    "globalThis.counter = (() => {"
    + (PAGES / "counter.js").read_text().replace("export ", "")
    + "return { tallyPainted }; })();"
)


@pytest.fixture
def web_pages(browser: Browser) -> Iterator[tuple[Page, Page]]:
    """Two pages of two people."""
    made = (browser.new_page(), browser.new_page())
    for page in made:
        page.add_init_script(COUNTER)
    yield made
    for page in made:
        page.close()


def wait_for_state(page: Page, name: str, state: str, seconds: float = 20) -> None:
    condition = f"document.documentElement.dataset.{name} === '{state}'"
    page.wait_for_function(condition, timeout=seconds * 1000, polling=50)


def wait_for_pictures(page: Page, count: int = 30, seconds: float = 20) -> None:
    """Waits until the player has shown this many further pictures with different numbers."""
    page.evaluate(
        """() => {
            globalThis.numbers = [];
            counter.tallyPainted(document.querySelector('#player'), globalThis.numbers);
        }"""
    )
    condition = f"new Set(numbers.filter((each) => each !== null)).size >= {count}"
    page.wait_for_function(condition, timeout=seconds * 1000, polling=50)


def test_publish_and_watch_by_pressing_buttons(relay: Relay, room: str, web_pages: tuple[Page, Page]) -> None:
    alice, bob = web_pages
    alice.goto(relay.url(f"/?room={room}"))
    alice.click("#publish")
    wait_for_state(alice, "publishState", "live")
    bob.goto(relay.url(f"/?room={room}"))
    bob.click("#watch")
    wait_for_state(bob, "watchState", "live")
    wait_for_pictures(bob)
    assert bob.inner_text("#status").strip()


def test_both_recover_when_the_relay_comes_back(room: str, web_pages: tuple[Page, Page]) -> None:
    alice, bob = web_pages
    with Relay() as first:
        alice.goto(first.url(f"/?room={room}&publish=camera"))
        alice.fill("#participant-name", "alice")
        alice.click("#publish")
        wait_for_state(alice, "publishState", "live")
        # A watch link starts by itself.
        bob.goto(first.url(f"/?room={room}&watch=alice"))
        wait_for_state(bob, "watchState", "live")
        wait_for_pictures(bob)
        first.kill()
    with Relay(http=first.http, udp_port=first.udp_ports[0]):
        for page, name in ((alice, "publishState"), (bob, "watchState")):
            condition = f"document.documentElement.dataset.{name} !== 'live'"
            page.wait_for_function(condition, timeout=40_000, polling=50)
        wait_for_state(alice, "publishState", "live", seconds=40)
        wait_for_state(bob, "watchState", "live", seconds=40)
        wait_for_pictures(bob, seconds=40)
