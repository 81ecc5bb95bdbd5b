"""The idle cover in a real browser: what it hides, who lifts it, and that nothing is lost."""

import pytest
from selenium.webdriver.common.by import By

from appliance.settings import Settings
from tests.browser import patience

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path, min_free_mb=0, idle_minutes=0.05)


def test_the_same_person_goes_on_where_they_were(driver, address, password):
    driver.get(f"{address}/sign-in?next=/people/new")
    driver.find_element(By.ID, "username").send_keys("adam")
    driver.find_element(By.ID, "password").send_keys(password)
    driver.find_element(By.CSS_SELECTOR, ".entry-card .button-main").click()
    wait = patience(driver)
    wait.until(lambda seen: seen.find_elements(By.ID, "full_name"))
    driver.find_element(By.ID, "full_name").send_keys("Nina Berg")
    driver.find_element(By.ID, "username").send_keys("nina")
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
