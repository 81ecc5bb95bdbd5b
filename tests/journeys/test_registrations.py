"""A girl is registered twice in a hurry; it is pointed out, then made one, then taken apart."""

import pytest

from tests.browser import TOUCHSCREEN, faults_of_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("screen", [TOUCHSCREEN], ids=str, indirect=True)
def test_registered_twice_merged_and_taken_apart_by_touch(before, lab, password):
    hand = before(lab)
    hand.open("/patients/new")
    hand.sign_in("olga", password)
    _register(hand, "TWICE-1", "Núñez")
    hand.tap("Register patient")
    hand.sees("The patient is registered.")
    hand.open("/patients/new")
    _register(hand, "TWICE-2", "Nunes")
    hand.tap("Register patient")
    hand.sees("Is it this patient?")
    hand.sees("Similar name, same birth date")
    hand.driver.get_log("browser")  # it says that the answer was a refusal
    hand.tap("Register anyway")
    hand.sees("The patient is registered.")

    hand.open("/")
    hand.driver.delete_all_cookies()
    hand.open("/patients")
    hand.sign_in("hana", password)
    hand.type("search", "TWICE-1")
    hand.tap("Search")
    hand.sees("Núñez, Łucja", "h1")
    hand.tap("Merge with another registration")
    hand.tap(hand.named("Nunes, Łucja"))
    hand.sees("Are these one person?")
    _good(hand)
    hand.type("reason", "The emergency room registered her once more.")
    hand.tap("Merge the two registrations")
    hand.sees("TWICE-2 merged into TWICE-1")
    _good(hand)
    hand.tap("Open TWICE-2")
    hand.sees("This registration was merged")
    hand.tap("Take back")
    hand.type("reason", "They are twins.")
    hand.tap("Take the merge back")
    hand.sees("The merge is taken back")
    hand.sees("Nunes, Łucja", "h1")
    _good(hand)


def _register(hand, number, family):
    hand.type("medical_record_number", number)
    hand.type("family_name", family)
    hand.type("given_name", "Łucja")
    hand.tap("Female")
    hand.type("birth_date", "2020-05-01")


def _good(hand):
    assert faults_of_page(hand.driver) == []
