"""The worker: turns the analysis and the timers. Which service runs when; no logic of its own."""

import logging
import signal
from datetime import timedelta
from threading import Event

from apscheduler.schedulers.background import BackgroundScheduler

from appliance.clock import now
from appliance.errors import ModelUnusable
from appliance.records import fields
from appliance.services import drift_watch, heartbeat, housekeeping
from appliance.services.line import Line
from appliance.wiring import Appliance, line_of

log = logging.getLogger(__name__)

IDLE_WAIT_S = 0.25  # a person who uploads sees the first cells about this much later
MODEL_RETRY_S = 30.0
FIRST_LOOK = timedelta(minutes=2)  # for drift: a bench that is switched off at night has it, too


def work(appliance: Appliance, stop: Event) -> None:
    """Analyse waiting fields until `stop` is set; what was begun is finished or given back.

    Raises:
        Conflict: another worker runs on the same folder.
    """
    with heartbeat.sole_worker(appliance.settings.data):
        heartbeat.beat(appliance.settings.data)
        given_back = fields.release_all()
        if given_back:
            log.info("%d fields of an interrupted run will be analysed again", given_back)
        housekeeping.tidy(appliance.pictures)
        timers = _timers(appliance)
        timers.start()
        try:
            _turn(appliance, stop)
        finally:
            timers.shutdown()


def stop_on_signals(stop: Event) -> None:
    """Let SIGTERM and SIGINT end the loop after the field in hand."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def _turn(appliance: Appliance, stop: Event) -> None:
    line: Line | None = None

    def go_on() -> bool:
        heartbeat.beat(appliance.settings.data)
        return not stop.is_set()

    while go_on():
        line = line or _open_line(appliance)
        if line is None:
            _wait_with_heartbeat(appliance, stop, MODEL_RETRY_S)
        elif not line.run_next(go_on):
            stop.wait(IDLE_WAIT_S)


def _open_line(appliance: Appliance) -> Line | None:
    try:
        return line_of(appliance)
    except ModelUnusable as error:
        log.error("fields wait: %s", error.sentence)
        return None


def _wait_with_heartbeat(appliance: Appliance, stop: Event, seconds: float) -> None:
    for _ in range(int(seconds)):
        heartbeat.beat(appliance.settings.data)
        if stop.wait(1.0):
            return


def _timers(appliance: Appliance) -> BackgroundScheduler:
    timers = BackgroundScheduler(timezone="UTC")
    timers.add_job(housekeeping.tidy, "interval", hours=6, args=[appliance.pictures])
    timers.add_job(
        drift_watch.look,
        "interval",
        hours=6,
        args=[appliance.scorecards],
        next_run_time=now() + FIRST_LOOK,
    )
    return timers
