from dataclasses import replace

import pytest

from appliance.errors import RecordsUnavailable
from appliance.services import heartbeat
from appliance.settings import Settings
from webui import shell
from webui.app import create_app


def test_the_menu_shows_only_what_one_may_open(as_user):
    assert 'href="/people"' in as_user("adam").get("/account").text
    assert 'href="/people"' not in as_user("olga").get("/account").text


def test_the_lamp_says_what_is_wrong_in_words(as_user):
    page = as_user("olga").get("/account").text
    assert "lamp-attention" in page
    assert "Analysis is not running, so images wait: tell the administrator" in page


def test_commands_are_told_to_administrators_only(as_user):
    assert "scopeside work" in as_user("adam").get("/account").text
    assert "scopeside work" not in as_user("olga").get("/account").text


def test_the_bell_counts_what_needs_a_person(app, settings):
    with app.test_request_context():
        before = len(shell.lamp().sentences)
        heartbeat.beat(settings.data)
        assert len(shell.lamp().sentences) == before - 1


def test_records_that_do_not_answer_are_a_fault(app, monkeypatch):
    def broken():
        raise RecordsUnavailable("The records do not answer.")

    monkeypatch.setattr("appliance.records.database.ping", broken)
    with app.test_request_context():
        assert shell.lamp().state == "fault"


@pytest.mark.parametrize("simulated", [True, False])
def test_a_demo_lab_is_marked_on_every_page(appliance, adam, tmp_path, simulated):
    marked = replace(appliance, settings=Settings(data=tmp_path, simulated=simulated))
    page = create_app(marked, TESTING=True).test_client().get("/sign-in").text
    assert ("SIMULATED" in page) is simulated


def test_a_forged_theme_cookie_counts_as_none(client):
    client.set_cookie("theme", '"><script>')
    assert 'data-theme="auto"' in client.get("/sign-in").text
