"""HTTP requests that return every status as a value."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any


@dataclass(frozen=True)
class Response:
    status: int
    headers: Message
    text: str

    @property
    def media_type(self) -> str:
        return self.headers.get_content_type()

    def json(self) -> Any:
        return json.loads(self.text)


def request(method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Response:
    """Sends one request. No Content-Type is made up: `headers` is all that is sent beside the obligatory ones."""
    message = urllib.request.Request(url, data=body or None, method=method, headers=dict(headers or {}))
    if body and not message.has_header("Content-type"):
        message.add_unredirected_header("Content-type", "application/octet-stream")
    try:
        with urllib.request.urlopen(message, timeout=20) as answer:
            return Response(answer.status, answer.headers, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Response(error.code, error.headers, error.read().decode())
