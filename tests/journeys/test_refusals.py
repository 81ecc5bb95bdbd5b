"""What the upload does with files that are none, and with fields that are not sharp."""

import pytest
from selenium.webdriver.common.by import By

from tests.browser import faults_of_page
from tests.journeys.smears import drawn

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REASON = "the only smear left of this child"


@pytest.fixture
def chosen(tmp_path):
    """A sharp field, a blurred one, a broken file and a web page that bears a picture's name."""
    sharp, blurred = drawn(tmp_path, 11), drawn(tmp_path, 12, defocus_um=9.0)
    broken, page = tmp_path / "broken.jpg", tmp_path / "page.png"
    broken.write_bytes(sharp.read_bytes()[:30_000])
    page.write_text("<!doctype html><p>not a picture</p>", "utf-8")
    return sharp, blurred, broken, page


def test_a_broken_file_and_a_blurred_field(before, lab, register, chosen, password):
    hand = before(lab)
    examination = register([])
    hand.open(f"/examinations/{examination}/upload")
    hand.sign_in("olga", password)
    hand.find("#dropzone")
    hand.driver.find_element(By.ID, "files").send_keys("\n".join(map(str, chosen)))
    hand.sees("1 of 4 read; 3 need you", ".images-words")
    _sentences_say_what_is_wrong(hand)
    # The refusals of two files are answers 422, which the browser logs by itself.
    assert [f for f in faults_of_page(hand.driver) if "status of 422" not in f] == []
    _go_on(hand)
    _put_away(hand)
    _the_field_tells_why(hand)


def _sentences_say_what_is_wrong(hand):
    hand.sees("web page, not a picture", ".upload-rows")
    rows = hand.driver.find_elements(By.CSS_SELECTOR, ".is-broken")
    assert sorted(row.text.split("\n")[0] for row in rows) == ["broken.jpg", "page.png"]
    for row in rows:
        sentence = row.find_element(By.CSS_SELECTOR, "[data-note]").text
        assert sentence.endswith(".")
        assert len(sentence.split()) >= 6
    hand.sees("Focus", ".failures")


def _go_on(hand):
    hand.tap("Go on anyway …")
    hand.tap(hand.find(".override .button"))
    hand.sees("at least 10 letters")
    hand.driver.get_log("browser")
    field = hand.find(".override input[name='reason_text']")
    field.send_keys(REASON)
    hand.tap(hand.find(".override .button"))
    hand.sees(f"gone on with: {REASON}")
    hand.sees("2 of 4 read; 2 need you", ".images-words")
    assert faults_of_page(hand.driver) == []


def _put_away(hand):
    for _ in range(2):
        hand.tap("Dismiss")
    hand.sees("2 of 2 read", ".images-words")


def _the_field_tells_why(hand):
    hand.driver.refresh()
    hand.sees("2 of 2 read", ".images-words")
    rows = hand.driver.find_elements(By.CSS_SELECTOR, ".upload-row .row-link")
    hand.tap(next(row for row in rows if REASON in row.text))
    hand.find(".stage.zoomed")
    hand.sees(REASON)
    hand.sees("Olga Tamm")
    assert faults_of_page(hand.driver) == []
