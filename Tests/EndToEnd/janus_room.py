"""Debian's Janus with one VideoRoom, as `relay-bench janus` runs it, and a browser's way into it."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Self

from conference import BENCH
from http_client import request


@dataclass(frozen=True)
class Subscription:
    """What Janus offers to a subscriber."""

    handle: str
    offer: str


class JanusRoom:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [str(BENCH), "janus"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"relay-bench janus ended with {self._process.wait(10)}"
        told = json.loads(line)
        self.url = str(told["url"])
        self.room = str(told["room"])
        self.version = str(told["version"])
        self._transactions = count(1)
        self._session = f"{self.url}/{self._post(self.url, {'janus': 'create'})['data']['id']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(15)

    def feeds(self, wanted: int, seconds: float = 20) -> list[Any]:
        """Who publishes, as soon as there are so many."""
        handle = self._attach()
        deadline = time.monotonic() + seconds
        while True:
            answer = self._post(handle, message({"request": "listparticipants", "room": self.room}))
            found = [each["id"] for each in answer["plugindata"]["data"]["participants"] if each["publisher"]]
            if len(found) >= wanted:
                return found
            assert time.monotonic() < deadline, f"{len(found)} of {wanted} publish"
            time.sleep(0.2)

    def subscribe(self, feed: Any) -> Subscription:
        """One publisher's picture and voice."""
        handle = self._attach()
        body = {"request": "join", "ptype": "subscriber", "room": self.room, "streams": [{"feed": feed}]}
        event = self._ask(handle, message(body))
        return Subscription(handle, event["jsep"]["sdp"])

    def start(self, subscription: Subscription, answer: str) -> None:
        body = message({"request": "start"}) | {"jsep": {"type": "answer", "sdp": answer}}
        self._ask(subscription.handle, body)

    def choose_smallest(self, subscription: Subscription, mids: list[str]) -> None:
        """Asks for the smallest encoding of each picture: Janus counts from the last RID up, and load names the smallest first."""
        streams = [{"mid": mid, "substream": 2} for mid in mids]
        self._ask(subscription.handle, message({"request": "configure", "streams": streams}))

    def _attach(self) -> str:
        attached = self._post(self._session, {"janus": "attach", "plugin": "janus.plugin.videoroom"})
        return f"{self._session}/{attached['data']['id']}"

    def _ask(self, handle: str, body: dict[str, Any], seconds: float = 20) -> dict[str, Any]:
        """Asks the plugin, and waits for the event that answers."""
        transaction = self._post(handle, body)["transaction"]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            event = json.loads(request("GET", f"{self._session}?maxev=1").text)
            for each in event if isinstance(event, list) else [event]:
                if each.get("transaction") == transaction and each["janus"] == "event":
                    fault = each["plugindata"]["data"].get("error")
                    assert fault is None, f"{body}: {fault}"
                    found: dict[str, Any] = each
                    return found
        raise AssertionError(f"Janus did not answer {body}")

    def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        asked = body | {"transaction": f"page-{next(self._transactions)}"}
        response = request("POST", url, json.dumps(asked).encode(), {"Content-Type": "application/json"})
        answer: dict[str, Any] = json.loads(response.text)
        assert answer["janus"] in ("success", "ack"), f"{asked}: {answer}"
        return answer


def message(body: dict[str, Any]) -> dict[str, Any]:
    return {"janus": "message", "body": body}
