"""A clinician reads and does not write; whom the administrator disables is out at once."""

import pytest
import requests
from selenium.webdriver.common.by import By

from tests.browser import faults_of_page
from tests.flow.live import Client
from tests.journeys.smears import drawn

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def examination(register, tmp_path_factory):
    """An examination with two fields that are read."""
    folder = tmp_path_factory.mktemp("drawn")
    return register([drawn(folder, 21), drawn(folder, 22)])


def _good(hand):
    assert faults_of_page(hand.driver) == []


def test_a_clinician_reads_but_adds_no_images(before, lab, examination, password):
    hand = before(lab)
    hand.open("/?tab=all")
    hand.sign_in("hana", password)
    hand.tap(hand.find(f"#exam-{examination}"))
    hand.sees("decided cells", "#results")
    _good(hand)
    assert not _offered(hand, "Add images")
    hand.open(f"/examinations/{examination}/cells")
    hand.find(".cell-tile")
    _good(hand)
    hand.tap("See the report")
    hand.find("iframe.paper")
    _good(hand)
    assert _pdf_of(hand).startswith(b"%PDF")

    hand.open(f"/examinations/{examination}/upload")
    hand.sees("You may not do this")
    assert not hand.driver.find_elements(By.ID, "dropzone")
    client = Client(lab.address)
    client.sign_in("hana", password)
    path = f"/api/v1/examinations/{examination}/fields"
    answer = client.post(path, files={"file": ("field.jpg", b"\xff\xd8", "image/jpeg")})
    assert answer.status_code == 403


def test_whom_the_administrator_disables_is_out(before, lab, password):
    hana = Client(lab.address)
    hana.sign_in("hana", password)
    assert hana.get("/patients").url.endswith("/patients")
    hand = before(lab)
    hand.open("/people")
    hand.sign_in("adam", password)
    hand.tap("Hana Sato")
    _good(hand)
    hand.tap("Disable")
    hand.sees("Hana Sato", "#notices")
    _good(hand)
    assert "/sign-in" in hana.get("/patients").url
    hand.tap("Undo")
    hand.sees("Hana Sato can sign in again")
    _good(hand)
    # The session that was open stays closed.
    assert "/sign-in" in hana.get("/patients").url


def _offered(hand, words):
    script = "return [...document.querySelectorAll('a, button')].map((e) => e.innerText.trim())"
    return words in hand.driver.execute_script(script)


def _pdf_of(hand):
    address = hand.find(".action-bar .button-main").get_attribute("href")
    cookies = {c["name"]: c["value"] for c in hand.driver.get_cookies()}
    return requests.get(address, cookies=cookies, timeout=60).content
