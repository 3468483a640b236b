"""The reader of server-sent events, against a server of this file: no relay is needed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest

from sse import Event, EventStream, Parser, Refused


class Feed:
    """What the server sends, chunk by chunk; None ends the stream."""

    def __init__(self) -> None:
        self.chunks: Queue[bytes | None] = Queue()
        self.last_event_ids: Queue[str | None] = Queue()
        self.has_noticed_departure = threading.Event()
        self.url = ""


@pytest.fixture
def feed() -> Iterator[Feed]:
    feed = Feed()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path == "/refused":
                self.send_response(404)
                self.send_header("Content-Type", "application/problem+json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")
                return
            feed.last_event_ids.put(self.headers["Last-Event-ID"])
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                while (chunk := feed.chunks.get()) is not None:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.write(b"0\r\n\r\n")
            except OSError:
                feed.has_noticed_departure.set()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    feed.url = f"http://127.0.0.1:{server.server_port}/"
    yield feed
    feed.chunks.put(None)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_events_are_read_whatever_ends_lines_and_however_they_are_cut(size: int, end: str) -> None:
    lines = [
        "\ufeffretry: 2000", "", "id: 1", "event: joined", 'data: {"id":"ü"}', "", ": keep-alive", "", "data:a",
        "data: b", "unknown: x", "data", "", "event: empty", "", "id: x\0y", "id", "data: c", "", "data: cut off",
    ]
    parser = Parser()
    text = (end.join(lines) + end).encode()
    events = [
        event for start in range(0, len(text), size) for event in parser.feed(text[start : start + size])
    ]
    assert events == [Event("joined", '{"id":"ü"}', "1"), Event("message", "a\nb\n", "1"), Event("message", "c", "")]
    assert parser.retry_milliseconds == 2000
    assert parser.comments == ["keep-alive"]


def test_events_are_waited_for_in_their_order(feed: Feed) -> None:
    with EventStream(feed.url) as stream:
        assert feed.last_event_ids.get(timeout=20) is None
        feed.chunks.put(b'id: 1\nevent: slot\ndata: {"mid": "3"}\n\nid: 2\nevent: slot\nda')
        assert stream.next("slot") == Event("slot", '{"mid": "3"}', "1")
        feed.chunks.put(b'ta: {"mid": "4"}\n\n: keep-alive\n\n')
        assert stream.next("slot", lambda data: data["mid"] == "4").id == "2"
        stream.wait_for_comment()
        feed.chunks.put(b'id: 3\nevent: left\ndata: {}\n\n')
        with pytest.raises(AssertionError, match="did not come within"):
            stream.next("joined", seconds=0.1)
        assert [event.type for event in stream.events] == ["slot", "slot", "left"]
        assert stream.last_event_id == "3"
        feed.chunks.put(None)
        stream.wait_for_end()
        with pytest.raises(AssertionError, match="ended before"):
            stream.next()


def test_a_stream_goes_on_where_another_stopped(feed: Feed) -> None:
    with EventStream(feed.url, last_event_id="17") as stream:
        assert feed.last_event_ids.get(timeout=20) == "17"
        assert stream.last_event_id == "17"


def test_closing_ends_the_connection(feed: Feed) -> None:
    with EventStream(feed.url):
        feed.chunks.put(b"data: x\n\n")
    for _ in range(1000):
        feed.chunks.put(b"x" * 100_000)
        if feed.has_noticed_departure.wait(0.02):
            break
    assert feed.has_noticed_departure.is_set()


def test_another_answer_is_told(feed: Feed) -> None:
    with pytest.raises(Refused) as refusal:
        EventStream(feed.url + "refused")
    assert refusal.value.response.status == 404
    assert refusal.value.response.media_type == "application/problem+json"
