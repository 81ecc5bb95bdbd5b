"""`scopeside up` keeps both processes alive and takes them with it when it goes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
import requests

from tests.flow.live import COMMAND, free_port

pytestmark = pytest.mark.slow

_pause = Event()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def up(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    log = (tmp_path / "up.log").open("wb")
    process = subprocess.Popen(
        [*COMMAND, "up", "--data", str(tmp_path / "data"), "--port", str(port)],
        stdout=log,
        stderr=log,
    )
    _until(lambda: _answers(port))
    yield process
    with suppress(ProcessLookupError):
        process.terminate()
    process.wait(30)
    log.close()


def test_the_folder_it_is_started_in_lends_it_no_code(tmp_path, port):
    (tmp_path / "appliance.py").write_text("raise SystemExit('somebody else's')")
    command = [sys.executable, "-P", "-m", "appliance.cli", "up", "--data", str(tmp_path / "data")]
    with subprocess.Popen([*command, "--port", str(port)], cwd=tmp_path) as process:
        _until(lambda: _answers(port))
        process.terminate()


def _answers(port: int) -> bool:
    with suppress(requests.ConnectionError):
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
    return False


def _children(pid: int) -> dict[str, int]:
    """Name the running commands below a process."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = {}
    for child in map(int, listed):
        with suppress(FileNotFoundError, ProcessLookupError):
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if b"serve" in words or b"work" in words:
                found["serve" if b"serve" in words else "work"] = child
    return found


def _until(true, seconds: float = 40) -> None:
    end = monotonic() + seconds
    while not true():
        assert monotonic() < end, "it did not come to pass"
        _pause.wait(0.05)


@pytest.mark.parametrize("name", [pytest.param("serve", marks=pytest.mark.counted), "work"])
def test_a_killed_process_is_started_again(up, port, name):
    before = _children(up.pid)
    assert set(before) == {"serve", "work"}
    os.kill(before[name], signal.SIGKILL)
    _until(lambda: _children(up.pid).get(name, before[name]) != before[name])
    _until(lambda: _answers(port))


def test_both_processes_end_with_it(up, port):
    children = _children(up.pid).values()
    up.terminate()
    up.wait(30)
    assert up.returncode == 0
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    assert not _answers(port)


def test_no_process_outlives_it_when_it_is_killed(up, port):
    children = list(_children(up.pid).values())
    up.kill()
    up.wait()
    _until(lambda: not _answers(port))
    _until(lambda: not any(_alive(child) for child in children))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
