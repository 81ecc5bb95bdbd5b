"""Scanner, search while typing, and pages that renew themselves, in a real browser."""

from time import time

import pytest
from selenium.webdriver.common.by import By

from appliance.records import examinations, patients, users
from tests.browser import SCREENS, Hand, faults_of_page, show_on, small_targets
from tests.cases import submitted
from tests.webui.examples import add_field, analyse, examination_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def scan(driver):
    """Types as a scanner does: a key every ten milliseconds, then Enter."""

    def press(text):
        start = time()
        keys = [{"key": sign, "text": sign} for sign in text] + [{"key": "Enter", "text": "\r"}]
        for place, key in enumerate(keys):
            moment = {"type": "keyDown", "timestamp": start + place / 100}
            driver.execute_cdp_cmd("Input.dispatchKeyEvent", moment | key)

    return press


def value(driver, name):
    return driver.find_element(By.ID, name).get_property("value")


def test_a_scanned_slide_opens_whatever_has_the_focus(driver, go, scan, olga):
    row = examination_of(olga, accession_number="26-0815")
    wait = go("/")
    wait.until(lambda d: d.find_element(By.ID, "search"))
    assert small_targets(driver) == []
    driver.execute_script("document.querySelector('.chip').focus()")
    scan("26-0815")
    wait.until(lambda d: d.current_url.endswith(f"/examinations/{row.id}"))
    assert small_targets(driver) == []


def test_a_second_reading_that_waits_fits_beside_the_conclusion(
    driver, address, appliance, olga, hana, password
):
    row = submitted(appliance, olga, second_because="Drawn at random.")
    hand = Hand(driver, address)
    hand.open(f"/sign-in?next=/examinations/{row.id}/conclude")
    hand.sign_in("hana", password)
    hand.sees("wanted, nobody has taken it on")
    for screen in SCREENS:
        show_on(driver, screen)
        assert faults_of_page(driver) == []


def test_a_scanner_fills_a_form_without_sending_it(driver, go, scan, olga):
    patient = examination_of(olga).patient
    wait = go(f"/patients/{patient.id}/examinations/new")
    notes = wait.until(lambda d: d.find_element(By.ID, "notes"))
    driver.execute_script("arguments[0].value = 'mine '; arguments[0].focus()", notes)
    scan("SLIDE-7")
    wait.until(lambda d: value(d, "accession_number") == "SLIDE-7")
    assert value(driver, "notes") == "mine "
    assert driver.current_url.endswith("/examinations/new")


def test_patients_are_found_while_the_name_is_typed(driver, go, olga):
    by = users.actor_of(olga)
    for number, name in enumerate(("Nguyễn", "Okafor")):
        given = {"medical_record_number": f"M{number}", "family_name": name, "sex": "unknown"}
        patients.register(given, by)
    wait = go("/patients")
    wait.until(lambda d: len(d.find_elements(By.CSS_SELECTOR, "#rows .row-link")) == 2)
    driver.find_element(By.ID, "search").send_keys("nguy")
    wait.until(lambda d: len(d.find_elements(By.CSS_SELECTOR, "#rows .row-link")) == 1)
    assert "search=" in driver.current_url
    assert "nguy" not in driver.current_url
    driver.refresh()
    wait.until(lambda d: len(d.find_elements(By.CSS_SELECTOR, "#rows .row-link")) == 1)


def test_the_examination_follows_its_images_without_reload(driver, go, olga, appliance):
    row = examination_of(olga)
    add_field(appliance, row.id, olga, 1)
    wait = go(f"/examinations/{row.id}")
    wait.until(lambda d: "0 of 1 read" in d.find_element(By.ID, "steps").text)
    analyse([0.9, 0.9, 0.1])
    wait.until(lambda d: "2 of 3 decided cells" in d.find_element(By.ID, "results").text)
    assert "3 to verify" in driver.find_element(By.ID, "steps").text
    assert "Read the cells" in driver.find_element(By.ID, "actions").text
    assert small_targets(driver) == []


def test_a_row_of_the_work_list_follows_its_images_without_reload(driver, go, olga, appliance):
    row = examination_of(olga)
    add_field(appliance, row.id, olga, 1)
    wait = go("/?tab=all")
    wait.until(lambda d: "0 of 1 read" in d.find_element(By.ID, "rows").text)
    analyse([0.9, 0.1])
    wait.until(lambda d: "2 to verify" in d.find_element(By.ID, "rows").text)
    assert examinations.get(row.id).status == "partial"
