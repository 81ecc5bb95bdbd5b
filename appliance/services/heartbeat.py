"""How the pages learn that the worker lives: a file whose time it renews, one worker a folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from appliance import clock
from appliance.errors import Conflict

BEAT_S = 10.0
STALE_AFTER_S = 60.0  # one field of 100 megapixels takes about 20 s on a Raspberry Pi 4


def beat(data: Path) -> None:
    """Say that the worker's loop turns."""
    (data / "worker.alive").touch()


@contextmanager
def kept_up(data: Path, *, at_most_s: float = 900.0) -> Iterator[None]:
    """Beat from beside while one long computation goes on; for so long and no longer."""
    over = Event()

    def beats() -> None:
        for _ in range(int(at_most_s / BEAT_S)):
            beat(data)
            if over.wait(BEAT_S):
                return

    beside = Thread(target=beats, daemon=True)
    beside.start()
    try:
        yield
    finally:
        over.set()
        beside.join()


def age_s(data: Path) -> float | None:
    """Return the seconds since the last beat; None where there never was one."""
    try:
        then = (data / "worker.alive").stat().st_mtime
    except FileNotFoundError:
        return None
    # A beat in the future is as old as the clock was put back: a living worker soon beats anew.
    return abs(clock.now().timestamp() - then)


@contextmanager
def sole_worker(data: Path) -> Iterator[None]:
    """Hold the folder's worker lock; the kernel frees it however the process ends.

    Raises:
        Conflict: another worker has it.
    """
    descriptor = os.open(data / "worker.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise Conflict(
            f"another worker already runs on {data}", advice="Stop it, or name another folder."
        ) from error
    try:
        yield
    finally:
        os.close(descriptor)
