"""Server-sent events as a browser's EventSource reads them (WHATWG HTML, section 9.2), one connection at a time."""

from __future__ import annotations

import codecs
import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from http_client import Response


@dataclass(frozen=True)
class Event:
    """One event. `id` is that of the last event that had one, as in a browser."""

    type: str
    data: str
    id: str = ""

    def json(self) -> Any:
        return json.loads(self.data)


class Refused(AssertionError):
    """The answer was no event stream; `response` says what it was."""

    def __init__(self, url: str, response: Response) -> None:
        super().__init__(f"{url} answered {response.status} {response.media_type}: {response.text[:500]}")
        self.response = response


class Parser:
    """Lines in, events out. What is not ended by an empty line is no event."""

    def __init__(self, last_event_id: str = "") -> None:
        self.last_event_id = last_event_id
        self.retry_milliseconds: int | None = None
        self.comments: list[str] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._is_first = True
        self._type = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[Event]:
        text = self._decoder.decode(chunk)
        if self._is_first and text:
            self._is_first = False
            text = text.removeprefix("\ufeff")
        self._rest += text
        while (line := self._next_line()) is not None:
            if line:
                self._take(line)
            elif (event := self._dispatch()) is not None:
                yield event

    def _next_line(self) -> str | None:
        ends = [place for place in (self._rest.find("\n"), self._rest.find("\r")) if place >= 0]
        if not ends:
            return None
        end = min(ends)
        # A carriage return at the very end may be half of a pair.
        if self._rest[end:] == "\r":
            return None
        line, length = self._rest[:end], 2 if self._rest.startswith("\r\n", end) else 1
        self._rest = self._rest[end + length :]
        return line

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "":
                self.comments.append(value)
            case "event":
                self._type = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self.last_event_id = value
            case "retry" if value.isascii() and value.isdigit():
                self.retry_milliseconds = int(value)

    def _dispatch(self) -> Event | None:
        kind, data = self._type or "message", self._data
        self._type, self._data = "", []
        return Event(kind, "\n".join(data), self.last_event_id) if data else None


class EventStream:
    """A stream that is read in the background from the moment it is made. Leaving the `with` block closes it.

    `last_event_id` is sent as `Last-Event-ID`. Raises `Refused` when the answer is no event stream. A stream that is
    to go on where another one stopped is made with that one's `last_event_id`.
    """

    def __init__(
        self,
        url: str,
        last_event_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.events: list[Event] = []
        self.has_ended = False
        self._parser = Parser(last_event_id or "")
        self._arrived = threading.Condition()
        self._taken = 0
        parts = urlsplit(url)
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=20, context=context)
        else:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        fields = {"Accept": "text/event-stream", "Cache-Control": "no-store", **(headers or {})}
        if last_event_id is not None:
            fields["Last-Event-ID"] = last_event_id
        connection.connect()
        # The connection lets go of its socket when the answer says that it ends with it.
        self._socket: socket.socket = connection.sock
        try:
            connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=fields)
            self._answer = connection.getresponse()
            self.headers: Message = self._answer.headers
            if self._answer.status != 200 or self.headers.get_content_type() != "text/event-stream":
                raise Refused(url, Response(self._answer.status, self.headers, self._answer.read().decode()))
        except BaseException:
            connection.close()
            raise
        # Keep-alives come more seldom than answers; whoever waits has a deadline of its own.
        self._socket.settimeout(None)
        self._connection = connection
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def last_event_id(self) -> str:
        with self._arrived:
            return self._parser.last_event_id

    @property
    def retry_milliseconds(self) -> int | None:
        with self._arrived:
            return self._parser.retry_milliseconds

    @property
    def comments(self) -> list[str]:
        with self._arrived:
            return list(self._parser.comments)

    def next(
        self, kind: str | None = None, where: Callable[[Any], bool] = lambda data: True, seconds: float = 20
    ) -> Event:
        """The first event that was not passed over yet, of type `kind` and with data that `where` accepts.

        Events before it are passed over; all are in `events`.
        """
        deadline = time.monotonic() + seconds
        what = f"an event '{kind or 'of any type'}'"
        with self._arrived:
            while True:
                while self._taken < len(self.events):
                    event = self.events[self._taken]
                    self._taken += 1
                    if kind in (None, event.type) and where(event.json()):
                        return event
                if self.has_ended:
                    raise AssertionError(f"the stream ended before {what}\n{self._said()}")
                self._wait(deadline, what, seconds)

    def wait_for_comment(self, count: int = 1, seconds: float = 40) -> None:
        """Waits until so many comments have come in all."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            while len(self._parser.comments) < count:
                if self.has_ended:
                    raise AssertionError(f"the stream ended before a comment\n{self._said()}")
                self._wait(deadline, "a comment", seconds)

    def wait_for_end(self, seconds: float = 20) -> None:
        """Waits until the other side has ended the stream."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            while not self.has_ended:
                self._wait(deadline, "the end of the stream", seconds)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._answer.close()
        self._connection.close()
        self._socket.close()

    def _wait(self, deadline: float, what: str, seconds: float) -> None:
        rest = deadline - time.monotonic()
        if rest <= 0:
            raise AssertionError(f"{what} did not come within {seconds} s\n{self._said()}")
        self._arrived.wait(rest)

    def _said(self) -> str:
        return "\n".join(f"{event.id} {event.type}: {event.data[:300]}" for event in self.events[-50:])

    def _read(self) -> None:
        # A connection that breaks is an end like any other: the test asks for what it needs to have come before.
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            while chunk := self._answer.read1(65536):
                with self._arrived:
                    self.events += self._parser.feed(chunk)
                    self._arrived.notify_all()
        with self._arrived:
            self.has_ended = True
            self._arrived.notify_all()
