"""The idle cover in a real browser: what it hides, who lifts it, and that nothing is lost."""

from pathlib import Path
from threading import Thread

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from werkzeug.serving import make_server

from appliance.settings import Settings

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
_QUIET = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path, min_free_mb=0, idle_minutes=0.05)


@pytest.fixture
def address(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def driver(tmp_path):
    if not (CHROMIUM.exists() and DRIVER.exists()):
        pytest.skip("Chromium or its driver is not installed: apt install chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in [*_QUIET.split(), f"--user-data-dir={tmp_path / 'profile'}"]:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


def test_the_same_person_goes_on_where_they_were(driver, address, password):
    driver.get(f"{address}/sign-in?next=/people/new")
    driver.find_element(By.ID, "username").send_keys("adam")
    driver.find_element(By.ID, "password").send_keys(password)
    driver.find_element(By.CSS_SELECTOR, ".entry-card .button-main").click()
    driver.find_element(By.ID, "full_name").send_keys("Nina Berg")
    driver.find_element(By.ID, "username").send_keys("nina")
    wait = WebDriverWait(driver, 10, poll_frequency=0.1)
    cover = driver.find_element(By.ID, "cover")

    wait.until(lambda _: cover.get_attribute("open"))
    _try(driver, "not this one here")
    wait.until(lambda _: "do not match" in driver.find_element(By.ID, "cover-error").text)
    _try(driver, password)
    wait.until(lambda _: not cover.get_attribute("open"))
    driver.find_element(By.CSS_SELECTOR, ".action-bar .button-main").click()
    wait.until(lambda _: "Nina Berg is added" in driver.page_source)


def _try(driver, password):
    field = driver.find_element(By.ID, "cover-password")
    field.clear()
    field.send_keys(password)
    driver.find_element(By.CSS_SELECTOR, "#cover .button-main").click()
