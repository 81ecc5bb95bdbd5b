"""Upload and viewer in a real browser, at the size of the touchscreen."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from appliance.records import fields
from tests.browser import faults_of_page, is_reachable, small_targets
from tests.webui.examples import add_field, analyse, examination_of, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_each_file_comes_to_its_end_without_reload(driver, go, olga, appliance, tmp_path):
    examination = examination_of(olga)
    waiting = add_field(appliance, examination.id, olga, 1)
    wait = go(f"/examinations/{examination.id}/upload")
    broken = tmp_path / "smear.tif"
    broken.write_bytes(b"<html>")
    known = tmp_path / "again.png"
    known.write_bytes(picture(1))
    chosen = wait.until(lambda d: d.find_element(By.ID, "files"))
    chosen.send_keys(f"{broken}\n{known}")
    wait.until(lambda d: "web page, not a picture" in d.page_source)
    wait.until(lambda d: "Already in this examination as image 1" in d.page_source)

    analyse([0.9, 0.1])
    row = f'[data-field="{waiting.id}"][data-state="analysed"]'
    wait.until(lambda d: "2 cells" in d.find_element(By.CSS_SELECTOR, row).text)
    wait.until(lambda d: "1 of 2 read; 1 needs you" in d.page_source)
    assert small_targets(driver) == []

    driver.refresh()
    wait.until(lambda d: "web page, not a picture" in d.page_source)
    driver.find_element(By.CSS_SELECTOR, ".is-broken [data-drop]").click()
    driver.refresh()
    wait.until(lambda d: "1 of 1 read" in d.page_source)
    assert "web page, not a picture" not in driver.page_source


def test_a_refused_image_goes_on_from_its_row(driver, go, olga, appliance):
    examination = examination_of(olga)
    field = add_field(appliance, examination.id, olga, 1, passed=False)
    wait = go(f"/examinations/{examination.id}/upload")
    wait.until(lambda d: d.find_element(By.CSS_SELECTOR, ".row-more summary")).click()
    form = driver.find_element(By.CSS_SELECTOR, ".override")
    send = form.find_element(By.CSS_SELECTOR, "button")
    # Opened, it can be reached without scrolling.
    wait.until(lambda d: is_reachable(d, send))
    send.click()
    wait.until(lambda _: "at least 10 letters" in form.text)
    form.find_element(By.CSS_SELECTOR, ".choice").click()
    send.click()
    wait.until(lambda d: "gone on with: No better field" in d.page_source)
    assert fields.get(field.id).state == "accepted"


def test_a_tap_on_a_box_shows_the_cell(driver, go, olga, appliance):
    examination = examination_of(olga)
    add_field(appliance, examination.id, olga, 1, um_per_px=0.5)
    field = analyse([0.95, 0.05, 0.5])
    wait = go(f"/fields/{field.id}")
    wait.until(lambda d: d.find_element(By.CSS_SELECTOR, ".stage.zoomed"))
    tapped = '#boxes [data-cell="2"] .box-frame'
    spot = driver.execute_script(
        f"const b = document.querySelector('{tapped}').getBoundingClientRect();"
        "return [Math.round(b.x + b.width / 2), Math.round(b.y + b.height / 2)]"
    )
    ActionChains(driver).move_by_offset(*spot).click().perform()
    panel = driver.find_element(By.ID, "panel")
    wait.until(lambda _: "Cell 2" in panel.text)
    assert driver.current_url.endswith("?cell=2")
    panel.find_element(By.CSS_SELECTOR, '[rel="next"]').click()
    wait.until(lambda _: "Cell 3" in panel.text)
    missed = driver.find_element(By.CSS_SELECTOR, ".missed-begin")
    assert missed.rect["x"] + missed.rect["width"] < panel.rect["x"]
    missed.click()
    wait.until(lambda _: not panel.is_displayed())  # the missed cell may lie under it
    driver.find_element(By.CSS_SELECTOR, "[data-missed-end]").click()
    wait.until(lambda _: panel.is_displayed())
    panel.find_element(By.CSS_SELECTOR, "[data-close]").click()
    wait.until(lambda _: not panel.is_displayed())

    boxes = driver.find_element(By.ID, "boxes")
    driver.find_element(By.CSS_SELECTOR, '[data-tool="boxes"]').click()
    assert boxes.value_of_css_property("visibility") == "hidden"
    assert "µm" in driver.find_element(By.ID, "scale-bar").text
    driver.find_element(By.TAG_NAME, "body").send_keys("?")
    assert "Next or previous cell" in driver.find_element(By.ID, "shortcuts").text
    assert faults_of_page(driver) == []
