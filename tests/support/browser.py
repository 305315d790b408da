"""Drive a headless Chromium over its DevTools protocol, with nothing but the WebSocket library that we have."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.sync.client import ClientConnection, connect

from .needs import CHROMIUM

# No look-ups in Google's services: the machine may have no way out, and none of them is part of what is shown.
QUIET = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-features=Translate,OptimizationHints,MediaRouter",
    "--password-store=basic",
    "--mute-audio",
)

# Elements of the page and of all open shadow roots below it.
_FIND = """
(function () {
  const all = [], walk = root => root.querySelectorAll('*').forEach(e => {
    all.push(e); if (e.shadowRoot) walk(e.shadowRoot);
  });
  walk(document);
  const seen = all.filter(e => e.getClientRects().length);
  return %s;
})()
"""


def program() -> str | None:
    """The Chromium of this machine, if it has one."""
    return CHROMIUM.path()


def pin(host: str, port: int, ca_file: Path) -> str:
    """Return the hash of the server's public key, after its certificate was verified against the CA.

    Chromium has no option for a further CA; with the hash it accepts this very key, and no other.
    """
    context = ssl.create_default_context(cafile=str(ca_file))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=host) as tls,
    ):
        certificate = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


class Browser:
    """`with Browser(program, folder, pins) as browser:`; `folder` gets the profile and may be removed afterwards."""

    def __init__(self, chromium: str, folder: Path, pins: Sequence[str] = (), options: Sequence[str] = ()) -> None:
        self._profile = folder / "profile"
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        trust = [f"--ignore-certificate-errors-spki-list={','.join(pins)}"] if pins else []
        self._command = [chromium, *QUIET, *root, *trust, *options, f"--user-data-dir={self._profile}"]
        self._command += ["--remote-debugging-port=0", "--window-size=1280,900", "about:blank"]
        self._log = folder / "chromium.log"
        self._ids = itertools.count(1)
        self._sessions: dict[str, Page] = {}

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, start_new_session=True)
        try:
            self._socket = self._connect(time.monotonic() + 60)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.__exit__(None, None, None)
        self._end()

    def page(self, url: str) -> Page:
        """Open a page as a person would who was never here: cookies and storage are its own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._sessions[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log"):
            page.call(f"{domain}.enable")
        page.call("Page.navigate", url=url)
        return page

    def call(self, method: str, session: str | None = None, /, **params: Any) -> dict[str, Any]:
        """Call a method of the DevTools protocol and return its result."""
        number = next(self._ids)
        frame = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        self._socket.send(json.dumps(frame))
        while True:
            answer = json.loads(self._socket.recv(timeout=60))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        page, params = self._sessions.get(event.get("sessionId", "")), event.get("params", {})
        if page and event["method"] == "Log.entryAdded":
            page.console.append(str(params["entry"]["text"]))
        if page and event["method"] == "Runtime.exceptionThrown":
            page.console.append(str(params["exceptionDetails"].get("exception", {}).get("description")))

    def _connect(self, deadline: float) -> ClientConnection:
        port_file = self._profile / "DevToolsActivePort"
        while not (port_file.exists() and port_file.read_text().count("\n")):
            assert self._process.poll() is None and time.monotonic() < deadline, self._log.read_text(errors="replace")
            time.sleep(0.1)
        port, path = port_file.read_text().split("\n")[:2]
        return connect(f"ws://127.0.0.1:{port}{path}", max_size=None, proxy=None, compression=None).__enter__()

    def _end(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Page:
    """One tab in a context of its own. Elements are found by a CSS selector and a piece of their text."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.console: list[str] = []
        """Errors that the page's console shows."""

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **params)

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression (JSON only)."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    @property
    def text(self) -> str:
        """What a person can read, shadow roots included."""
        words = self.evaluate(
            _FIND % "seen.flatMap(e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()))"
        )
        return "\n".join(filter(None, words))

    def wait(self, what: str, found: Callable[[], Any], timeout: float = 30) -> Any:
        """Poll until `found` returns something true, and return it; fail with what the page shows."""
        deadline = time.monotonic() + timeout
        while not (value := found()):
            assert time.monotonic() < deadline, f"{what}: not within {timeout:g} s\n{self.text}\n{self.console}"
            time.sleep(0.2)
        return value

    def wait_for_text(self, text: str, timeout: float = 30) -> None:
        self.wait(f"the text {text!r}", lambda: text in self.text, timeout)

    def click(self, selector: str, text: str = "") -> None:
        """Click with the mouse into the middle of the first such element."""
        at = self.wait(f"{selector} {text!r}", lambda: self._middle(selector, text))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=1)

    def type(self, selector: str, text: str) -> None:
        """Replace an input's content by typing."""
        self.click(selector)
        self.evaluate(_FIND % f"seen.find(e => e.matches({json.dumps(selector)})).select()")
        self.call("Input.insertText", text=text)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _middle(self, selector: str, text: str) -> list[float] | None:
        element = f"seen.find(e => e.matches({json.dumps(selector)}) && e.textContent.includes({json.dumps(text)}))"
        middle: list[float] | None = self.evaluate(
            _FIND % f"(e => {{ if (!e) return null; e.scrollIntoView({{block: 'center'}}); "
            f"const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})({element})"
        )
        return middle
