"""A real appliance for tests: its two processes, its address, and somebody who is signed in."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import requests

from tests.counting import uncounted

COMMAND = (sys.executable, "-m", "appliance.cli")
_pause = Event()


def free_port() -> int:
    """Return a port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class LiveAppliance:
    """`scopeside serve` and `scopeside work` on one folder, as they run on a device."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._log = (data / "processes.log").open("ab")
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start `serve` or `work`."""
        arguments = ["--port", str(self.port)] if name == "serve" else []
        self._running[name] = subprocess.Popen(
            [*COMMAND, name, "--data", str(self.data), *arguments],
            stdout=self._log,
            stderr=self._log,
            env=uncounted(),
        )

    def pid(self, name: str) -> int:
        """Return the id of a running process."""
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """End a process as a power cut would: at once, without a word."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End what runs; that it ends in peace when it is asked to is `test_supervisor`'s part."""
        for name in list(self._running):
            self.kill(name)
        self._log.close()

    def wait_until_up(self, seconds: float = 30) -> None:
        """Wait until the pages answer.

        Raises:
            TimeoutError: they do not.
        """
        end = monotonic() + seconds
        while monotonic() < end:
            with suppress(requests.ConnectionError, requests.Timeout):
                if requests.get(f"{self.address}/healthz", timeout=5).ok:
                    return
            _pause.wait(0.05)
        raise TimeoutError((self.data / "processes.log").read_text("utf-8", "replace")[-2000:])


class Client:
    """A person's browser without the browser: cookies and CSRF tokens."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.token = ""

    def sign_in(self, username: str, password: str) -> None:
        """Sign in through the page."""
        self._read_token("/sign-in")
        answer = self.post("/sign-in", {"username": username, "password": password})
        assert answer.status_code == 303, answer.text
        self._read_token("/account")

    def post(self, path: str, data: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Send a form with the token; redirects are not followed."""
        return self.session.post(
            self.address + path,
            data=data,
            headers={"X-CSRFToken": self.token, "Accept": "application/json"},
            allow_redirects=False,
            timeout=60,
            **more,
        )

    def get(self, path: str) -> Any:
        """Fetch a page or an object."""
        return self.session.get(self.address + path, timeout=60)

    def _read_token(self, path: str) -> None:
        page = self.get(path)
        assert page.ok, page.text
        found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        assert found, "the page has no CSRF token"
        self.token = found.group(1)
