"""Debian's Firefox over WebDriver BiDi, which it speaks itself: no driver program is needed."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect

EXECUTABLE = "/usr/bin/firefox-esr"
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")

PREFERENCES: dict[str, bool | int | str] = {
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.gmp-manager.updateEnabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "http://127.0.0.1:9/",
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    """One headless Firefox with a profile of its own and one tab."""

    def __init__(self, profile: Path) -> None:
        profile.mkdir(parents=True, exist_ok=True)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines) + "\n")
        command = [EXECUTABLE, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.log: list[str] = []
        self._listening = threading.Event()
        self._address = ""
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self._identifier = 0
        try:
            if not self._listening.wait(60) or not self._address:
                raise AssertionError("Firefox did not open WebDriver BiDi\n" + "\n".join(self.log))
            self._socket: ClientConnection = connect(f"{self._address}/session", max_size=None, proxy=None, legacy=True)
            self._command("session.new", {"capabilities": {}})
            self._tab = self._command("browsingContext.getTree", {})["contexts"][0]["context"]
        except BaseException:
            self._end_process()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._end_process()

    def goto(self, url: str) -> None:
        self._command("browsingContext.navigate", {"context": self._tab, "url": url, "wait": "complete"})

    def evaluate(self, expression: str, seconds: float = 30) -> Any:
        """Awaits a JavaScript expression whose value JSON can carry."""
        result = self._command(
            "script.evaluate",
            {
                "expression": f"(async () => JSON.stringify((await ({expression})) ?? null))()",
                "target": {"context": self._tab},
                "awaitPromise": True,
            },
            seconds,
        )
        if result["type"] == "exception":
            raise AssertionError(f"{expression}: {result['exceptionDetails']['text']}")
        return json.loads(result["result"]["value"])

    def wait_for(self, condition: str, seconds: float = 30) -> None:
        """Waits in the page until a JavaScript condition holds."""
        waited = f"""new Promise((resolve) => {{
            const end = performance.now() + {seconds * 1000};
            const look = setInterval(async () => {{
                const holds = Boolean(await ({condition}));
                if (holds || performance.now() > end) {{ clearInterval(look); resolve(holds); }}
            }}, 50);
        }})"""
        assert self.evaluate(waited, seconds + 10), f"{condition} did not come true within {seconds} s"

    def _command(self, method: str, parameters: dict[str, Any], seconds: float = 30) -> dict[str, Any]:
        self._identifier += 1
        self._socket.send(json.dumps({"id": self._identifier, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=seconds))
            if answer.get("id") != self._identifier:
                continue
            if answer["type"] == "error":
                raise AssertionError(f"{method}: {answer['error']}: {answer['message']}")
            result: dict[str, Any] = answer["result"]
            return result

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line.rstrip())
            if found := LISTENING.search(line):
                self._address = found[1]
                self._listening.set()
        self._listening.set()

    def _end_process(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
