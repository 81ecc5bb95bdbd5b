"""A real appliance, its two processes, and somebody with a browser in front of it."""

from collections.abc import Callable, Iterator
from itertools import count
from uuid import UUID

import pytest

from tests.browser import SCREENS, Chromium, Hand, Screen
from tests.flow.live import LiveAppliance
from tests.journeys import bench


@pytest.fixture(params=SCREENS, ids=str)
def screen(request: pytest.FixtureRequest) -> Screen:
    """The touchscreen at the microscope, then a desk."""
    return request.param


@pytest.fixture
def before(chromium: Chromium, screen: Screen) -> Callable[[LiveAppliance], Hand]:
    """Puts a person in front of an appliance: before(live)."""

    def sit_down(live: LiveAppliance) -> Hand:
        return Hand(chromium.fresh(screen), live.address)

    return sit_down


@pytest.fixture(scope="session")
def lab(
    chromium: Chromium, tmp_path_factory: pytest.TempPathFactory, password_hash: str
) -> Iterator[LiveAppliance]:
    """An appliance where Adam, Olga and Hana work already."""
    folder = tmp_path_factory.mktemp("lab")
    bench.hire(folder, password_hash)
    # A second for each screen of cells would be most of what reading them takes.
    (folder / "settings.toml").write_text("display_seconds = 0.2\n")
    yield from bench.running(folder)


@pytest.fixture(scope="session")
def register(lab: LiveAppliance) -> Callable[..., UUID]:
    """Makes an examination of a new patient, its images already read: register([path, ...])."""
    numbers = count(9001)
    return lambda images: bench.register(lab.data, str(next(numbers)), images)
