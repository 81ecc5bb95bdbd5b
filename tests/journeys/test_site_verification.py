"""From a model that is not verified at this microscope to a head of the laboratory's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from uuid import UUID

import pytest

from appliance import wiring
from appliance.records import database, examinations, fields, users
from appliance.settings import Settings
from firmware_hooks.slides import DrawnField
from tests.browser import faults_of_page
from tests.flow.live import LiveAppliance
from tests.journeys import bench
from tests.verified import drawn, imaged, read

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@contextmanager
def _records(folder: Path) -> Iterator[wiring.Appliance]:
    try:
        yield wiring.build(Settings(data=folder, min_free_mb=0))
    finally:
        database.close()


def _slides(seed: int, count: int = 2) -> list[DrawnField]:
    return [drawn(100 * seed + place) for place in range(count)]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Path:
    """A laboratory with two examinations that the worker has read and no person yet."""
    folder = tmp_path_factory.mktemp("prepared")
    bench.hire(folder, password_hash)
    with _records(folder) as appliance:
        olga, line = users.by_username("olga"), wiring.line_of(appliance)
        for seed in (0, 1):
            imaged(appliance, olga, _slides(seed), f"M-{seed}")
        while line.run_next(lambda: True):
            pass
    return folder


@pytest.fixture
def live(prepared: Path, tmp_path: Path) -> Iterator[LiveAppliance]:
    """The same laboratory at work, for one journey."""
    yield from bench.running(Path(copytree(prepared, tmp_path / "data")))


def _people_read(folder: Path) -> None:
    """Have Olga read and submit what there is: a journey of its own shows how."""
    with _records(folder):
        for seed in (0, 1):
            number = f"{examinations.next_accession_number()[:2]}-{seed + 1:04}"
            examination = examinations.by_accession_number(number)
            assert examination is not None
            read(examination.id, users.by_username("olga"), _slides(seed))


def _a_case_comes(folder: Path, seed: int, images: int, *, submitted: bool) -> UUID:
    """Register and image one more examination, and wait for the worker, who goes on by itself."""
    with _records(folder) as appliance:
        olga = users.by_username("olga")
        slides = _slides(seed, images)
        examination = imaged(appliance, olga, slides, f"M-{seed}")
        bench.wait_until_read(examination)
        if submitted:
            read(examination, olga, slides)
        return fields.of_examination(examination)[0].id


def test_from_no_verified_cell_to_a_head_that_is_switched_on(before, live, password):
    hand = before(live)
    hand.open("/model")
    hand.sign_in("olga", password)
    hand.sees("Not yet verified at this microscope")
    hand.sees("10 blasts and 10 normal cells more to verify first")
    assert faults_of_page(hand.driver) == []
    _people_read(live.data)
    hand.open("/model")
    hand.sees("A head can be fitted")
    hand.tap("Fit a site head")
    hand.sees("is being fitted")
    hand.sees("Learning curve", seconds=60)  # the page renews itself
    assert faults_of_page(hand.driver) == []
    hand.tap("Try it in the shadow")
    hand.sees("Nobody sees it")
    hand.sees("20 more verified cells before a comparison is shown")
    first = _a_case_comes(live.data, 7, 3, submitted=True)
    hand.open("/model")
    hand.sees("The other class")
    assert faults_of_page(hand.driver) == []
    hand.open(f"/fields/{first}")
    hand.sees("Not yet verified at this microscope")
    hand.driver.delete_all_cookies()
    hand.open("/model")
    hand.sign_in("adam", password)
    hand.tap("Look at it and switch it on")
    hand.type("reason_on", "Agrees with the readers on a coming case.")
    assert faults_of_page(hand.driver) == []
    hand.tap("Switch it on")
    hand.sees("Switched on.")
    hand.sees("Verified at this microscope")
    later = _a_case_comes(live.data, 9, 1, submitted=False)
    hand.open(f"/fields/{later}")
    hand.sees("With the laboratory's own head")
    hand.sees("is verified at this microscope", ".foot")
    assert faults_of_page(hand.driver) == []
