"""From an appliance that nobody owns to a technician at work."""

import pytest

from tests.browser import faults_of_page
from tests.journeys.bench import running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OWN_WORDS = "slides under good light"


@pytest.fixture
def new_appliance(chromium, tmp_path):
    (tmp_path / "settings.toml").write_text("min_free_mb = 0\n", "utf-8")
    yield from running(tmp_path)


def test_first_run(before, new_appliance, password):
    hand = before(new_appliance)
    for path in ("/", "/sign-in", "/patients", "/people/new"):
        hand.open(path)
        assert hand.driver.current_url.endswith("/setup"), path
    assert faults_of_page(hand.driver) == []
    _make_the_administrator(hand, password)
    one_time = _add_a_technician(hand)
    _leave(hand)
    _first_log_in(hand, one_time)


def _make_the_administrator(hand, password):
    hand.type("full_name", "Adam Okoye")
    hand.type("username", "adam")
    hand.type("password", "password1234")
    hand.type("again", "password1234")
    hand.tap("Make the administrator")
    hand.sees("What you typed is kept")
    hand.driver.get_log("browser")  # the refusal itself, 422
    assert hand.find("#full_name").get_attribute("value") == "Adam Okoye"
    hand.type("password", password)
    hand.type("again", password)
    hand.tap("Make the administrator")
    hand.sees("The appliance is yours")
    assert faults_of_page(hand.driver) == []
    hand.open("/setup")
    hand.sees("already set up")
    hand.driver.get_log("browser")


def _add_a_technician(hand):
    hand.open("/people")
    hand.tap("Add the first one")
    hand.type("full_name", "Олга Тамм")
    hand.type("username", "olga")
    hand.tap("Technician")
    assert faults_of_page(hand.driver) == []
    hand.tap("Add and show the password")
    one_time = hand.find("[data-secret]").text
    assert len(one_time) >= 12
    assert faults_of_page(hand.driver) == []
    hand.tap("Handed over")
    hand.sees("First log-in to come")
    assert one_time not in hand.driver.page_source
    assert faults_of_page(hand.driver) == []
    return one_time


def _leave(hand):
    hand.tap("Signed in as")
    hand.tap("Sign out")
    hand.find("#username")


def _first_log_in(hand, one_time):
    hand.sign_in("olga", one_time)
    hand.sees("Choose your own password")
    hand.open("/patients")
    hand.sees("Choose your own password")
    assert faults_of_page(hand.driver) == []
    hand.type("old_password", one_time)
    hand.type("new_password", OWN_WORDS)
    hand.type("again", OWN_WORDS)
    hand.tap("Set the new password")
    hand.sees("No patient yet")
    assert hand.driver.current_url.endswith("/patients")
    assert not hand.driver.find_elements("css selector", ".band")
    assert faults_of_page(hand.driver) == []
    _leave(hand)
    hand.sign_in("olga", one_time)
    hand.sees("do not match")
