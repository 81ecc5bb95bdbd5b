"""The scorecard as somebody at the bench sees it: pictures, themes, filters by touch."""

import pytest
from selenium.webdriver.common.by import By

from tests.browser import DESKTOP, faults_of_page, show_on
from tests.statistics_lab import Bench, filling, furnish

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_PICTURES = """
return [...document.querySelectorAll('.chart')].map((e) => {
  const box = e.getBoundingClientRect(), ink = getComputedStyle(e.querySelector('text')).fill;
  return [box.width, box.height, ink, getComputedStyle(document.body).color];
})
"""


def pictures(driver):
    """Width, height, colour of the writing in each picture, colour of writing on the page."""
    return driver.execute_script(_PICTURES)


def in_theme(driver, theme):
    driver.execute_script(f"document.documentElement.dataset.bsTheme = '{theme}'")
    return {(ink, page) for _, _, ink, page in pictures(driver)}


def test_pictures_fit_every_screen_and_follow_the_theme(driver, go, olga, hana):
    with filling():
        furnish(Bench(olga, hana), 24, cells=12)
    wait = go("/scorecard")
    wait.until(lambda d: d.find_element(By.CSS_SELECTOR, ".score-headline"))
    assert "the model agreed with the readers in" in driver.page_source
    assert len(pictures(driver)) >= 4
    assert all(300 < width <= 800 and height > 150 for width, height, _, _ in pictures(driver))
    dark, light = in_theme(driver, "dark"), in_theme(driver, "light")
    assert all(ink == page for ink, page in dark | light)
    assert dark.isdisjoint(light)
    assert faults_of_page(driver) == []
    show_on(driver, DESKTOP)
    assert faults_of_page(driver) == []

    driver.find_element(By.CSS_SELECTOR, "#filters > summary").click()
    driver.find_element(By.LINK_TEXT, "Zeiss").click()
    wait.until(lambda d: "microscope=Zeiss" in d.current_url)
    for part, pictures_there in (("Work", 2), ("Drift", 3)):
        driver.find_element(By.LINK_TEXT, part).click()
        wait.until(lambda d, part=part: d.current_url.split("?")[0].endswith(part.lower()))
        assert "microscope=Zeiss" in driver.current_url
        assert len(pictures(driver)) == pictures_there
        assert faults_of_page(driver) == []
