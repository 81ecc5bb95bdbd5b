from datetime import timedelta

import pytest

from appliance import jobs
from appliance.clock import now
from appliance.services import drift_watch
from appliance.settings import Settings
from appliance.wiring import build


@pytest.fixture
def timers(tmp_path):
    timers = jobs._timers(build(Settings(data=tmp_path)))
    timers.start(paused=True)
    yield {job.func: job for job in timers.get_jobs()}
    timers.shutdown()


def test_drift_is_looked_for_soon_after_the_start_and_then_again(timers):
    look = timers[drift_watch.look]
    assert now() < look.next_run_time < now() + timedelta(minutes=5)
    assert look.trigger.interval <= timedelta(hours=6)


def test_every_timer_can_be_run_with_what_it_is_given(timers):
    for job in timers.values():
        job.func(*job.args)
