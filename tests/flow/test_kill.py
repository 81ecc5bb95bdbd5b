"""Either process may be killed at any moment: nothing acknowledged is lost or done twice."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, local
from time import monotonic
from uuid import UUID

import cv2
import pytest
import requests

from appliance import wiring
from appliance.permissions import Role
from appliance.records import audit, database, examinations, fields, patients, users
from appliance.records.tables import AuditEvent
from appliance.settings import Settings
from appliance.vocabulary import Actor, FieldState
from firmware_hooks.slides import draw_field
from tests.flow.live import Client, LiveAppliance

KILLS = 50
IMAGES = 120

pytestmark = pytest.mark.slow

_own = local()
"""Each sending thread signs in once; a session outlives the process that gave it."""


@pytest.fixture
def examination_id(tmp_path: Path, password: str, password_hash: str) -> UUID:
    """An examination in a folder of its own, and Olga who may add images to it."""
    wiring.build(Settings(data=tmp_path))
    adam = users.add("adam", "Adam Okoye", Role.ADMINISTRATOR, password_hash, None)
    olga = users.add("olga", "Olga Tamm", Role.TECHNICIAN, password_hash, None)
    by = Actor(olga.id, olga.full_name, olga.role)
    patient = patients.register(
        {"medical_record_number": "1", "family_name": "Kask", "sex": "female"}, by
    )
    specimen = {"specimen": "peripheral-blood", "stain": "wright"}
    examination = examinations.create(patient.id, specimen, by)
    database.close()
    assert adam.id != olga.id
    return examination.id


@pytest.fixture
def live(tmp_path: Path, examination_id: UUID):
    running = LiveAppliance(tmp_path)
    running.start("serve")
    running.start("work")
    running.wait_until_up()
    yield running
    running.stop()


def images() -> list[bytes]:
    """Small drawn fields, each another one."""
    drawn = [draw_field(seed, width=640, height=480, cells=3, blasts=1) for seed in range(12)]
    made = []
    for number in range(IMAGES):
        pixels = drawn[number % len(drawn)].pixels.copy()
        pixels[0, 0] = (number, number, 255 - number)
        _, encoded = cv2.imencode(".png", pixels[..., ::-1])
        made.append(encoded.tobytes())
    return made


def upload_until_acknowledged(live: LiveAppliance, path: str, password: str, image: bytes) -> str:
    """Send one image as a client that does not give up; return the id it was told."""
    client: Client | None = getattr(_own, "client", None)
    pause, end = Event(), monotonic() + 120
    while monotonic() < end:
        try:
            if client is None:
                client = Client(live.address)
                client.sign_in("olga", password)
                _own.client = client
            answer = client.post(path, files={"file": ("field.png", image, "image/png")})
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            client = getattr(_own, "client", None)
            pause.wait(0.05)
            continue
        assert answer.status_code in (200, 201), answer.text
        (page,) = answer.json()["taken"]
        return str(page["field"]["id"])
    raise TimeoutError("the image was never acknowledged")


def kill_again_and_again(live: LiveAppliance, busy: Event) -> Counter[str]:
    chance, killed = random.Random(20261124), Counter[str]()
    while sum(killed.values()) < KILLS:
        busy.wait(chance.uniform(0.05, 0.65))
        name = chance.choice(["serve", "work"])
        live.kill(name)
        live.start(name)
        killed[name] += 1
    return killed


def test_fifty_kills_lose_nothing_and_repeat_nothing(live, examination_id, password):
    path = f"/api/v1/examinations/{examination_id}/fields"
    with ThreadPoolExecutor(4) as pool:
        sent = [
            pool.submit(upload_until_acknowledged, live, path, password, image)
            for image in images()
        ]
        killed = kill_again_and_again(live, Event())
        acknowledged = [future.result() for future in sent]
    assert sum(killed.values()) == KILLS
    assert len(set(acknowledged)) == IMAGES

    database.open_database(live.data / "records.sqlite3")
    try:
        _wait_until_analysed(examination_id)
        rows = fields.of_examination(examination_id)
        assert {str(row.id) for row in rows} == set(acknowledged)
        assert [row.number for row in rows] == list(range(1, IMAGES + 1))
        assert {row.state for row in rows} == {FieldState.ANALYSED}
        _assert_analysed_once(rows)
        assert audit.first_break() is None
        assert database.integrity_fault() == ""
    finally:
        database.close()


def _wait_until_analysed(examination_id: UUID) -> None:
    pause, end = Event(), monotonic() + 90
    while monotonic() < end:
        states = fields.progress(examination_id)
        if not states[FieldState.ACCEPTED] and not states[FieldState.ANALYSING]:
            return
        pause.wait(0.2)
    raise TimeoutError(f"fields still wait: {states}")


def _assert_analysed_once(rows: list[fields.FieldImage]) -> None:
    written = Counter(
        event.subject_id
        for event in AuditEvent.select().where(AuditEvent.action == "field:analysed")
    )
    assert written == {str(row.id): 1 for row in rows}
    for row in rows:
        numbers = [cell.number for cell in fields.cells_of(row.id)]
        assert numbers == list(range(1, len(numbers) + 1))
