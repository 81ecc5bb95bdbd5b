"""Runs the two processes of an appliance on a machine without systemd, and starts them again."""

import ctypes
import logging
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from time import monotonic

log = logging.getLogger(__name__)

GRACE_S = 20.0  # a field in hand is finished first
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process a signal when its parent is gone (Linux)."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


@dataclass
class _Child:
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0

    def start(self) -> None:
        # -P: or a folder named models, wherever this was started, would stand in for ours.
        command = [sys.executable, "-P", "-m", "appliance.cli", *self.arguments]
        self.process = subprocess.Popen(command, preexec_fn=die_with_parent)  # noqa: S603
        self.started = monotonic()

    def revive(self) -> float:
        """Start again if it has ended; return how long to wait before looking again."""
        if self.process is None or self.process.poll() is None:
            return 0.2
        # One that was killed is wanted back at once; one that gives up by itself needs a pause.
        lasted = monotonic() - self.started > 10
        self.failures = 0 if lasted or self.process.returncode < 0 else self.failures + 1
        log.warning(
            "%s ended with %s; starting it again", self.arguments[0], self.process.returncode
        )
        self.start()
        return float(min(0.2 * 2**self.failures, 10.0))


def supervise(commands: Sequence[Sequence[str]], stop: Event) -> None:
    """Keep one process for each command alive until `stop` is set, then end them in peace."""
    children = [_Child(arguments) for arguments in commands]
    for child in children:
        child.start()
    try:
        while not stop.is_set():
            stop.wait(max(child.revive() for child in children))
    finally:
        _end(children)


def _end(children: Sequence[_Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
