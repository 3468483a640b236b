"""WHIP and WHEP over HTTP: RFC 9725, RFC 9457 and what a browser of another origin needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from chromium import MediaPage, Publisher, Watcher
from continuity import assert_complete
from counter_clip import Clip
from http_client import Response
from pages_server import PagesServer
from relay_process import REPOSITORY, Relay

ORIGIN = "http://elsewhere.example"
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
OFFERS = REPOSITORY / "fixtures/sdp"
CANDIDATE_FRAGMENT = (
    b"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    b"a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n"
)


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with Relay(["--enable-echo"]) as running:
        yield running


@pytest.fixture
def offer() -> bytes:
    """A browser's offer to send one audio and one video track."""
    return (OFFERS / "firefox_offer_pub.sdp").read_bytes()


@pytest.fixture
def session(relay: Relay, room: str, offer: bytes) -> Iterator[str]:
    """A publication whose client never sends a datagram."""
    location = created(relay.request("POST", f"/whip/{room}?participant=alice", offer, Content_Type=SDP))
    yield location
    relay.request("DELETE", location)


def created(response: Response) -> str:
    """The path of the session that a POST has made."""
    assert response.status == 201, response
    return str(response.headers["Location"])


def assert_problem(response: Response, status: int) -> None:
    """RFC 9457: the media type, the status again in the body, and a title for people."""
    assert (response.status, response.media_type) == (status, "application/problem+json"), response
    problem = response.json()
    assert problem["status"] == status
    assert problem["title"]


def listed(header: str | None) -> set[str]:
    return {each.strip().lower() for each in (header or "").split(",")}


def sessions(relay: Relay) -> float:
    return sum(sample.value for sample in relay.metrics().named("smartc_sessions"))


@pytest.mark.parametrize("path", ["/whip/{room}", "/whep/{room}", "/whep/{room}/alice"])
def test_a_preflight_lets_another_origin_post(relay: Relay, room: str, path: str) -> None:
    response = relay.request(
        "OPTIONS",
        path.format(room=room),
        Origin=ORIGIN,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="content-type",
    )
    assert response.status in (200, 204)
    assert response.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)
    assert "post" in listed(response.headers["Access-Control-Allow-Methods"])
    assert "content-type" in listed(response.headers["Access-Control-Allow-Headers"])


def test_a_preflight_lets_another_origin_patch_and_delete(relay: Relay, session: str) -> None:
    response = relay.request(
        "OPTIONS",
        session,
        Origin=ORIGIN,
        Access_Control_Request_Method="PATCH",
        Access_Control_Request_Headers="content-type, if-match",
    )
    assert response.status in (200, 204)
    assert {"patch", "delete"} <= listed(response.headers["Access-Control-Allow-Methods"])
    assert {"content-type", "if-match"} <= listed(response.headers["Access-Control-Allow-Headers"])


def test_another_origin_may_read_location_and_etag(relay: Relay, room: str, offer: bytes) -> None:
    response = relay.request("POST", f"/whip/{room}", offer, Content_Type=SDP, Origin=ORIGIN)
    location = created(response)
    assert location.startswith("/sessions/") or "/sessions/" in location
    assert response.media_type == SDP
    assert response.headers["ETag"]
    assert {"location", "etag"} <= listed(response.headers["Access-Control-Expose-Headers"])
    assert relay.request("DELETE", location).status == 200


def test_options_names_the_media_type_to_post(relay: Relay, room: str) -> None:
    assert SDP in listed(relay.request("OPTIONS", f"/whip/{room}").headers["Accept-Post"])


@pytest.mark.parametrize("path", ["/nowhere", "/sessions/unknown"])
def test_what_does_not_exist_is_404(relay: Relay, path: str) -> None:
    assert_problem(relay.request("DELETE", path), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("endpoint", ["whip", "whep"])
def test_an_endpoint_takes_only_post(relay: Relay, room: str, endpoint: str, method: str) -> None:
    response = relay.request(method, f"/{endpoint}/{room}")
    assert_problem(response, 405)
    assert "post" in listed(response.headers["Allow"])


def test_an_answer_that_the_client_does_not_accept_is_406(relay: Relay, room: str, offer: bytes) -> None:
    response = relay.request("POST", f"/whip/{room}", offer, Content_Type=SDP, Accept="text/html")
    assert_problem(response, 406)


def test_a_name_that_is_publishing_is_409(relay: Relay, room: str, session: str, offer: bytes) -> None:
    response = relay.request("POST", f"/whip/{room}?participant=alice", offer, Content_Type=SDP)
    assert_problem(response, 409)


@pytest.mark.parametrize("endpoint", ["whip", "whep"])
def test_a_body_that_is_not_sdp_by_its_type_is_415(relay: Relay, room: str, endpoint: str, offer: bytes) -> None:
    assert_problem(relay.request("POST", f"/{endpoint}/{room}", offer, Content_Type="text/plain"), 415)


def test_a_patch_that_is_not_a_fragment_by_its_type_is_415(relay: Relay, session: str) -> None:
    response = relay.request("PATCH", session, b"{}", Content_Type="application/json", If_Match="*")
    assert_problem(response, 415)


@pytest.mark.parametrize("endpoint", ["whip", "whep"])
def test_a_body_that_cannot_be_read_is_400_and_names_the_line(relay: Relay, room: str, endpoint: str) -> None:
    response = relay.request("POST", f"/{endpoint}/{room}", b"not a description", Content_Type=SDP)
    assert_problem(response, 400)
    assert response.json()["line"] == 1


def test_an_offer_without_a_known_codec_is_422(relay: Relay, room: str, offer: bytes) -> None:
    unknown = offer.replace(b"VP8/", b"VPX/").replace(b"VP9/", b"VPX/").replace(b"H264/", b"VPX/")
    unknown = unknown.replace(b"AV1/", b"VPX/").replace(b"opus/", b"opera/").replace(b"G722/", b"G799/")
    unknown = unknown.replace(b"PCMU/", b"PCMX/").replace(b"PCMA/", b"PCMX/")
    assert_problem(relay.request("POST", f"/whip/{room}", unknown, Content_Type=SDP), 422)


def test_a_patch_for_another_state_is_412(relay: Relay, session: str) -> None:
    response = relay.request("PATCH", session, CANDIDATE_FRAGMENT, Content_Type=FRAGMENT, If_Match='"another"')
    assert_problem(response, 412)


def test_a_patch_without_a_condition_is_428(relay: Relay, session: str) -> None:
    assert_problem(relay.request("PATCH", session, CANDIDATE_FRAGMENT, Content_Type=FRAGMENT), 428)


def test_a_refused_post_leaves_nothing_behind(relay: Relay, room: str, offer: bytes) -> None:
    before = sessions(relay)
    for headers, body in [
        ({"Content_Type": "text/plain"}, offer),
        ({"Content_Type": SDP, "Accept": "text/html"}, offer),
        ({"Content_Type": SDP}, b"not a description"),
        ({"Content_Type": SDP}, offer[: len(offer) // 3]),
    ]:
        for endpoint in ("whip", "whep"):
            assert relay.request("POST", f"/{endpoint}/{room}", body, **headers).status >= 400
    assert sessions(relay) == before


def test_a_session_is_counted_until_it_is_deleted(relay: Relay, room: str, offer: bytes) -> None:
    before = sessions(relay)
    location = created(relay.request("POST", f"/whip/{room}", offer, Content_Type=SDP))
    assert sessions(relay) == before + 1
    assert relay.request("DELETE", location).status == 200
    assert sessions(relay) == before
    assert_problem(relay.request("DELETE", location), 404)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_running_relay_is_healthy_and_ready(relay: Relay, path: str) -> None:
    assert relay.request("GET", path).status == 200


def test_a_room_tells_who_publishes(relay: Relay, room: str, session: str) -> None:
    assert "alice" in relay.request("GET", f"/rooms/{room}").text


def test_delete_ends_the_media(
    relay: Relay,
    room: str,
    publisher_clip: Clip,
    new_publisher: Callable[[], Publisher],
    new_watcher: Callable[[], Watcher],
) -> None:
    publisher, watcher = new_publisher(), new_watcher()
    publisher.publish(relay.url(f"/whip/{room}?participant=alice"), publisher_clip)
    watcher.watch(relay.url(f"/whep/{room}/alice"))
    watcher.wait_for_picture()

    assert relay.request("DELETE", watcher.session).status == 200
    watcher.wait_for_end()
    assert relay.request("DELETE", publisher.session).status == 200
    publisher.wait_for_end()
    assert_problem(
        relay.request("PATCH", publisher.session, CANDIDATE_FRAGMENT, Content_Type=FRAGMENT, If_Match="*"), 404
    )


def test_watching_can_begin_before_publishing(
    relay: Relay,
    room: str,
    publisher_clip: Clip,
    new_publisher: Callable[[], Publisher],
    new_watcher: Callable[[], Watcher],
) -> None:
    named, following = new_watcher(), new_watcher()
    named.watch(relay.url(f"/whep/{room}/alice"))
    following.watch(relay.url(f"/whep/{room}"))
    named.wait_for_state("connected")
    following.wait_for_state("connected")
    new_publisher_page = new_publisher()
    new_publisher_page.publish(relay.url(f"/whip/{room}?participant=alice"), publisher_clip)
    named.wait_for_numbers(30, seconds=20)
    following.wait_for_numbers(30, seconds=20)


@pytest.mark.parametrize("restarting", ["publisher", "watcher"])
def test_ice_restarts_over_patch_without_losing_a_picture(
    relay: Relay,
    room: str,
    restarting: str,
    publisher_clip: Clip,
    new_publisher: Callable[[], Publisher],
    new_watcher: Callable[[], Watcher],
) -> None:
    publisher, watcher = new_publisher(), new_watcher()
    publisher.publish(relay.url(f"/whip/{room}?participant=alice"), publisher_clip)
    watcher.watch(relay.url(f"/whep/{room}/alice"))
    watcher.wait_for_numbers(60, seconds=20)
    before = len(watcher.numbers())
    seen_by_camera = len(publisher.numbers())

    page = publisher if restarting == "publisher" else watcher
    restarted = page.page.evaluate("page.restartIce()")
    assert restarted["status"] == 200
    assert restarted["etag"]
    assert restarted["ufrag"] and restarted["ufrag"] != restarted["previousUfrag"]

    page.wait_for(
        """page.statistics().then((reports) => {
            const local = page.connection.localDescription.sdp.match(/^a=ice-ufrag:(.*?)\\r?$/m)[1];
            const transport = reports.find((each) => each.type === 'transport');
            return transport.iceLocalUsernameFragment === local && transport.iceState === 'connected';
        })"""
    )
    watcher.wait_for_numbers(before + 90, seconds=20)
    capture = publisher.capture()
    assert_complete(
        watcher.numbers(before),
        publisher.numbers(max(0, seen_by_camera - 60)),
        publisher_clip.frames,
        capture.source_frames - capture.encoded_frames,
    )


def test_the_echo_returns_every_picture(
    relay: Relay, publisher_clip: Clip, browser: Browser, pages: PagesServer, open_pages: list[MediaPage]
) -> None:
    page = MediaPage(browser, pages.url("echo.html"))
    open_pages.append(page)
    wishes = {"url": relay.url("/offer"), "width": publisher_clip.width, "height": publisher_clip.height}
    page.page.evaluate("wishes => page.echo(wishes)", wishes)
    page.wait_for_numbers(90, seconds=20)
    captured: list[int | None] = page.page.evaluate("page.captured")
    source = page.report("media-source", kind="video")
    sent = page.report("outbound-rtp", kind="video")
    assert_complete(page.numbers(), captured, publisher_clip.frames, source["frames"] - sent["framesEncoded"])
