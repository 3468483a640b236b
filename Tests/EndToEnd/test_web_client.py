"""The relay's own web client, used as a person uses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from pages_server import PAGES
from relay_process import Relay, is_message, metadata

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
    expect(page.locator("html")).to_have_attribute(name, state, timeout=seconds * 1000)


def wait_for_pictures(page: Page, count: int = 30, seconds: float = 20) -> None:
    """Waits until the player has shown this many further pictures with different numbers.

    The page waits by itself: wait_for_function needs eval, which the client's content security policy forbids.
    """
    seen: int = page.evaluate(
        """([count, milliseconds]) => new Promise((resolve) => {
            const numbers = [];
            const size = () => new Set(numbers.filter((each) => each !== null)).size;
            const end = performance.now() + milliseconds;
            counter.tallyPainted(document.querySelector('#player'), numbers);
            const watch = setInterval(() => {
                if (size() < count && performance.now() < end) return;
                clearInterval(watch);
                resolve(size());
            }, 50);
        })""",
        [count, seconds * 1000],
    )
    assert seen >= count, f"{seen} of {count} pictures within {seconds} s"


def test_publish_and_watch_by_pressing_buttons(relay: Relay, room: str, web_pages: tuple[Page, Page]) -> None:
    alice, bob = web_pages
    alice.goto(relay.url(f"/?room={room}"))
    alice.click("#publish")
    wait_for_state(alice, "data-publish-state", "live")
    bob.goto(relay.url(f"/?room={room}"))
    bob.click("#watch")
    wait_for_state(bob, "data-watch-state", "live")
    wait_for_pictures(bob)
    assert bob.inner_text("#status").strip()


def test_both_recover_when_the_relay_comes_back(room: str, web_pages: tuple[Page, Page]) -> None:
    alice, bob = web_pages
    with Relay() as first:
        alice.goto(first.url(f"/?room={room}&publish=camera"))
        alice.fill("#participant-name", "alice")
        alice.click("#publish")
        wait_for_state(alice, "data-publish-state", "live")
        # A watch link starts by itself.
        bob.goto(first.url(f"/?room={room}&watch=alice"))
        wait_for_state(bob, "data-watch-state", "live")
        wait_for_pictures(bob)
        first.kill()
    with Relay(http=first.http, udp_port=first.udp_ports[0]) as second:
        # The new process' own word: a page may be live again before one looks whether it has noticed.
        for role in ("publish", "watch"):
            second.wait_for_log(
                lambda entry, role=role: is_message("session connected")(entry) and metadata(entry)["role"] == role,
                f"the session to {role}",
                seconds=60,
            )
        wait_for_state(alice, "data-publish-state", "live", seconds=40)
        wait_for_state(bob, "data-watch-state", "live", seconds=40)
        wait_for_pictures(bob, seconds=40)
