"""A relay that lets nobody in without a grant of the rooms' controller, which chooses what people are served."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from conference import Meeting
from relay_process import BINARY, Relay


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("grants") / "key"
    path.write_text("0123456789abcdef0123456789abcdef\n")
    return path


@pytest.fixture(scope="module")
def relay(key: Path) -> Iterator[Relay]:
    with Relay(["--grant-key", str(key)]) as relay:
        yield relay


def token(key: Path, *arguments: str) -> str:
    command = [str(BINARY), "token", "--grant-key", str(key), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_without_a_grant_nobody_gets_in(relay: Relay, room: str, key: Path) -> None:
    for path in (f"/whip/{room}", f"/whep/{room}", f"/rooms/{room}/sessions"):
        answer = relay.request("POST", path, b"v=0", content_type="application/sdp")
        assert answer.status == 401
        assert json.loads(answer.text)["type"] == "/problems/grant-required"
    for grant, status in [("x.y.z", 401), (token(key, "--room", "another"), 403)]:
        path = f"/whip/{room}"
        answer = relay.request("POST", path, b"v=0", content_type="application/sdp", authorization=f"Bearer {grant}")
        assert answer.status == status
    # With a right one the offer itself is read.
    grant = token(key, "--room", room)
    answer = relay.request("POST", path, b"v=0", content_type="application/sdp", authorization=f"Bearer {grant}")
    assert answer.status == 422
    assert json.loads(answer.text)["type"] == "/problems/unacceptable-sdp"


def test_the_controller_chooses_what_a_person_is_served(
    relay: Relay, room: str, key: Path, browser: Browser
) -> None:
    granted = token(key, "--room", room, "--participant", "ann", "--profile", "3g")
    ann = Meeting(browser, relay, room, "ann", fragment=f"grant={granted}")
    try:
        ann.wait_until_live()
        ann.wait_for("document.documentElement.dataset.profileReason === 'granted'")
        assert ann.page.evaluate("document.documentElement.dataset.profile") == "3g"
        ann.wait_for("document.querySelector('#wire-profile').textContent === 'Saving data, as the room asks'")
        samples = relay.metrics()
        labels = {"profile": "3g", "reason": "granted"}
        found = [each.value for each in samples.named("smartc_sessions_by_profile") if each.labels == labels]
        assert found == [1]

        path = f"/rooms/{room}/participants/ann/profile"
        control = f"Bearer {token(key, '--room', room, '--may', 'control')}"
        answer = relay.request(
            "PUT", path, b'{"profile": "full"}', content_type="application/json", authorization=control
        )
        assert answer.status == 200
        assert json.loads(answer.text) == {"profile": "full", "reason": "granted", "wish": "auto", "grant": "full"}
        ann.wait_for("document.documentElement.dataset.profile === 'full'")
        assert ann.page.evaluate("document.documentElement.dataset.profileReason") == "granted"

        assert relay.request("DELETE", path, authorization=f"Bearer {granted}").status == 403
        answer = relay.request("DELETE", path, authorization=control)
        assert json.loads(answer.text) == {"profile": "full", "reason": "link", "wish": "auto", "grant": None}
        ann.wait_for("document.documentElement.dataset.profileReason === 'link'")
        assert ann.signaling_states() == ["have-local-offer", "stable"]
        assert ann.errors == []
    finally:
        ann.close()


def test_a_page_without_a_grant_says_why_it_stays_outside(relay: Relay, room: str, browser: Browser) -> None:
    page = browser.new_context().new_page()
    page.goto(relay.url(f"/meet?room={room}&name=ben&join=1"))
    page.wait_for_function("() => document.querySelector('#problem').textContent.includes('without a grant')")
    page.context.close()
