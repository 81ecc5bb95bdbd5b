import os
import subprocess
import sys

import pytest

from appliance import clock
from appliance.errors import Conflict
from appliance.services import heartbeat


def test_a_worker_that_never_ran_has_no_age(tmp_path):
    assert heartbeat.age_s(tmp_path) is None


def test_the_age_counts_from_the_last_beat(tmp_path):
    heartbeat.beat(tmp_path)
    age = heartbeat.age_s(tmp_path)
    assert age is not None
    assert age < 5
    for shift in (-100, 100):  # long ago; or ahead, after the clock was put back
        then = clock.now().timestamp() + shift
        os.utime(tmp_path / "worker.alive", (then, then))
        age = heartbeat.age_s(tmp_path)
        assert age is not None
        assert age > heartbeat.STALE_AFTER_S


def test_a_second_worker_on_the_same_folder_is_refused(tmp_path):
    with (
        heartbeat.sole_worker(tmp_path),
        pytest.raises(Conflict, match="another worker already runs"),
    ):
        heartbeat.sole_worker(tmp_path).__enter__()
    with heartbeat.sole_worker(tmp_path):
        pass


@pytest.mark.slow
def test_a_killed_worker_frees_the_folder(tmp_path):
    program = (
        "import sys, pathlib\n"
        "from appliance.services import heartbeat\n"
        "with heartbeat.sole_worker(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Conflict):
            heartbeat.sole_worker(tmp_path).__enter__()
        holder.kill()
        holder.wait()
        with heartbeat.sole_worker(tmp_path):
            pass
