"""A real appliance, its two processes, and somebody with a browser in front of it."""

from collections.abc import Callable, Iterator
from itertools import count
from uuid import UUID

import pytest
from selenium import webdriver

from tests.browser import SCREENS, Hand, Screen, missing, open_browser, show_on
from tests.flow.live import LiveAppliance
from tests.journeys import bench


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for all journeys; each begins without cookies."""
    if why := missing():
        pytest.skip(why)
    driver = open_browser(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture(params=SCREENS, ids=str)
def screen(request: pytest.FixtureRequest) -> Screen:
    """The touchscreen at the microscope, then a desk."""
    return request.param


@pytest.fixture
def before(driver: webdriver.Chrome, screen: Screen) -> Callable[[LiveAppliance], Hand]:
    """Puts a person in front of an appliance: before(live)."""

    def sit_down(live: LiveAppliance) -> Hand:
        driver.get("about:blank")
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        driver.get_log("browser")  # what an earlier journey left
        show_on(driver, screen)
        return Hand(driver, live.address)

    return sit_down


@pytest.fixture(scope="session")
def lab(
    driver: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory, password_hash: str
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
