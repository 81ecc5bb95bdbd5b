from datetime import timedelta

import pytest

from appliance import clock
from appliance.records import audit
from webui import sessions
from webui.app import create_app


def test_the_right_password_leads_home(client, password):
    assert client.sign_in("olga", password).location == "/"
    assert client.get("/account").status_code == 200


def test_a_wrong_password_is_said_at_the_field_and_the_name_is_kept(client):
    answer = client.sign_in("olga", "not this one here")
    assert answer.status_code == 401
    assert "do not match" in answer.text
    assert 'value="olga"' in answer.text
    assert "not this one here" not in answer.text


def test_unknown_and_known_names_get_the_same_answer(client):
    known = client.sign_in("olga", "not this one here").text.replace("olga", "nobody")
    assert client.sign_in("nobody", "not this one here").text.count("do not match") == known.count(
        "do not match"
    )


def test_empty_fields_are_named(client):
    answer = client.sign_in("", "")
    assert answer.status_code == 422
    assert answer.text.count("Fill this in.") == 2


def test_an_account_locks_after_the_set_number_of_failures(client, password):
    for _ in range(5):
        client.sign_in("olga", "not this one here")
    assert client.sign_in("olga", password).status_code == 401


def test_an_address_may_not_try_for_ever(appliance, adam):
    app = create_app(appliance, TESTING=True, SIGN_IN_RATE="3 per minute", WTF_CSRF_ENABLED=False)
    tries = [
        app.test_client().post("/sign-in", data={"username": f"u{i}", "password": "x" * 12})
        for i in range(4)
    ]
    assert [answer.status_code for answer in tries] == [401, 401, 401, 429]
    assert "Too many tries" in tries[-1].text
    # Looking at the form is not a try.
    assert app.test_client().get("/sign-in").status_code == 200


def test_who_signed_in_on_this_browser_has_a_tile(client, password):
    assert "data-fill" not in client.get("/sign-in").text
    client.sign_in("olga", password)
    client.post("/sign-in/out")
    page = client.get("/sign-in").text
    assert 'data-fill="olga"' in page
    assert "hana" not in page


def test_a_forged_tile_cookie_is_ignored(client):
    client.set_cookie("people", "WyJvbGdhIl0.forged")
    answer = client.get("/sign-in")
    assert answer.status_code == 200
    assert "data-fill" not in answer.text


def test_signing_out_ends_the_session_and_is_audited(as_user, olga):
    browser = as_user("olga")
    assert browser.post("/sign-in/out").location == "/sign-in"
    assert browser.get("/account").status_code == 302
    assert audit.recent(1).rows[0].action == "logout"


def test_signing_out_is_not_a_link(as_user):
    assert as_user("olga").get("/sign-in/out").status_code == 405


def test_a_foreign_next_is_not_followed(client, password):
    assert client.sign_in("olga", password, next="//evil.example/").location == "/"


def test_the_session_cookie_is_out_of_reach_of_scripts(client, password):
    cookies = client.sign_in("olga", password).headers.getlist("Set-Cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in cookie and "SameSite=Lax" in cookie for cookie in cookies)


class TestGoingOnAfterAnIdleTime:
    @pytest.fixture
    def idle(self, as_user, monkeypatch):
        """Olga's browser, covered, with the token that its page holds."""
        browser = as_user("olga")
        page_token = browser.token()
        with monkeypatch.context() as patch:
            long_after = clock.now() + timedelta(minutes=16)
            patch.setattr(sessions, "now", lambda: long_after)
            assert browser.get("/account").status_code == 302
            browser.bare = True
            yield browser, {"X-CSRFToken": page_token, "Accept": "application/json"}

    def test_the_same_person_goes_on_with_the_same_page(self, idle, password):
        browser, headers = idle
        again = {"username": "olga", "password": password}
        assert browser.post("/sign-in/resume", data=again, headers=headers).status_code == 204
        # The token of the covered page still holds, so what was typed on it can be sent.
        assert browser.post("/sign-in/touch", headers=headers).status_code == 204
        assert browser.get("/account").status_code == 200

    def test_a_wrong_password_leaves_it_covered(self, idle):
        browser, headers = idle
        wrong = {"username": "olga", "password": "not this one here"}
        answer = browser.post("/sign-in/resume", data=wrong, headers=headers)
        assert answer.status_code == 401
        assert "do not match" in answer.json["detail"]
        assert browser.get("/account").status_code == 302

    def test_somebody_else_does_not_get_the_page(self, idle, password):
        browser, headers = idle
        other = {"username": "hana", "password": password}
        assert browser.post("/sign-in/resume", data=other, headers=headers).status_code == 401
        assert browser.get("/account").status_code == 302

    def test_somebody_else_signing_in_gets_a_session_of_their_own(self, idle, password):
        browser, headers = idle
        browser.bare = False
        browser.sign_in("hana", password)
        browser.bare = True
        # Olga's page is still open in another tab: its token must not act for Hana.
        assert browser.post("/sign-in/touch", headers=headers).status_code == 400


def test_a_copy_of_the_cookie_opens_nothing_after_sign_out(client, app, password):
    client.sign_in("olga", password)
    copy = client.get_cookie("scopeside").value
    other = app.test_client()
    other.sign_in("olga", password)
    client.post("/sign-in/out")
    thief = app.test_client()
    thief.set_cookie("scopeside", copy)
    assert thief.get("/account").status_code == 302
    assert other.get("/account").status_code == 200  # another session of the same person goes on
    assert client.sign_in("olga", password).status_code == 303
    assert client.get("/account").status_code == 200
