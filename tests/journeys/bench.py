"""What lies on the bench before a journey begins: a running appliance, people, examinations."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from uuid import UUID

from appliance import wiring
from appliance.permissions import Role
from appliance.records import database, examinations, fields, patients, users
from appliance.records.tables import User
from appliance.settings import Settings
from appliance.vocabulary import Actor, FieldState
from tests.flow.live import LiveAppliance

STAFF = (
    ("adam", "Adam Okoye", Role.ADMINISTRATOR),
    ("olga", "Olga Tamm", Role.TECHNICIAN),
    ("hana", "Hana Sato", Role.CLINICIAN),
)


def hire(folder: Path, password_hash: str) -> None:
    """Make an appliance in a folder where Adam, Olga and Hana may sign in."""
    wiring.build(Settings(data=folder, min_free_mb=0))
    for username, full_name, role in STAFF:
        users.add(username, full_name, role, password_hash, None)
    database.close()


def register(folder: Path, number: str, images: Sequence[Path]) -> UUID:
    """Register a new patient with an examination, and wait until its images are read."""
    appliance = wiring.build(Settings(data=folder, min_free_mb=0))
    try:
        olga = users.by_username("olga")
        assert olga is not None
        by = users.actor_of(olga)
        examination = _examination(number, by)
        for image in images:
            appliance.capture.add_file(examination, image.name, image.read_bytes(), by=by)
        wait_until_read(examination)
    finally:
        database.close()
    return examination


@contextmanager
def records(folder: Path) -> Iterator[wiring.Appliance]:
    """Open the records of a running appliance beside its own processes, to prepare something."""
    appliance = wiring.build(Settings(data=folder, min_free_mb=0))
    try:
        yield appliance
    finally:
        database.close()


def person(username: str) -> User:
    """Return somebody who works here; within `records`."""
    row = users.by_username(username)
    assert row is not None
    return row


def _examination(number: str, by: Actor) -> UUID:
    patient = patients.register(
        {
            "medical_record_number": number,
            "family_name": "Kask",
            "given_name": "Liis",
            "sex": "female",
        },
        by,
    )
    specimen = {"specimen": "peripheral-blood", "stain": "wright"}
    return examinations.create(patient.id, specimen, by).id


def wait_until_read(examination: UUID, seconds: float = 60) -> None:
    """Wait for the worker to have read every image of an examination."""
    pause, end = Event(), monotonic() + seconds
    while monotonic() < end:
        states = fields.progress(examination)
        if not states[FieldState.ACCEPTED] and not states[FieldState.ANALYSING]:
            return
        pause.wait(0.1)
    raise TimeoutError(f"images still wait: {states}")


def running(folder: Path) -> Iterator[LiveAppliance]:
    """Both processes on a folder, until the test is over."""
    live = LiveAppliance(folder)
    live.start("serve")
    live.start("work")
    try:
        live.wait_until_up()
        yield live
    finally:
        live.stop()
