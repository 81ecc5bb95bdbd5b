import pytest

from webui.shell import THEMES

NEW = "six entirely different grey words"


@pytest.fixture
def browser(as_user):
    return as_user("olga")


def _change(browser, **values):
    return browser.post("/account/password", data=values)


def test_the_account_shows_who_is_signed_in(browser):
    page = browser.get("/account").text
    assert "Olga Tamm" in page
    assert "Technician" in page


def test_a_new_password_holds_here_and_ends_other_sessions(browser, as_user, client, password):
    elsewhere = as_user("olga")
    answer = _change(browser, old_password=password, new_password=NEW, again=NEW, next="/account")
    assert answer.location == "/account"
    assert browser.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 302
    assert client.sign_in("olga", password).status_code == 401
    assert client.sign_in("olga", NEW).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"old_password": "not this one here"}, "not your present password"),
        ({"again": "something else entirely"}, "differ"),
        ({"new_password": "short", "again": "short"}, "12"),
        ({"old_password": ""}, "Fill this in."),
    ],
)
def test_a_mistake_is_said_and_no_password_is_shown_again(browser, password, wrong, said):
    values = {"old_password": password, "new_password": NEW, "again": NEW} | wrong
    answer = _change(browser, **values)
    assert answer.status_code == 422
    assert said in answer.text
    assert NEW not in answer.text
    assert password not in answer.text


@pytest.mark.parametrize("theme", THEMES)
def test_the_chosen_colours_are_kept_on_this_browser(browser, theme):
    answer = browser.post("/account/theme", data={"theme": theme})
    assert answer.status_code == 303
    assert f'data-theme="{theme}"' in browser.get("/account").text


def test_other_colours_are_refused(browser):
    assert browser.post("/account/theme", data={"theme": "pink"}).status_code == 422


def test_choosing_colours_comes_back_to_the_page_but_not_to_a_foreign_one(browser):
    here = {"Referer": "http://localhost/account/password?next=/"}
    there = {"Referer": "http://evil.example/account"}
    pick = {"theme": "dark"}
    assert browser.post("/account/theme", data=pick, headers=here).location == "/account/password"
    assert browser.post("/account/theme", data=pick, headers=there).location == "/account"
