import re

import pytest

from appliance.records import users

NINA = {"full_name": "Nina Berg", "username": "nina", "role": "technician"}


@pytest.fixture
def browser(as_user):
    return as_user("adam")


def _undo(page):
    """Return address and fields of the undo button on a page."""
    notices = page.split('id="notices"')[1]
    form = re.search(r'<form method="post" action="([^"]+)">(.*?)Undo', notices, re.S)
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[2]))
    return form[1], {name: value for name, value in fields.items() if name != "csrf_token"}


def test_everybody_is_listed(browser):
    page = browser.get("/people").text
    assert all(name in page for name in ("Olga Tamm", "Hana Sato", "Adam Okoye"))


def test_a_new_person_signs_in_with_the_password_shown_once(browser, client):
    page = browser.post("/people/new", data=NINA).text
    once = re.search(r"data-secret>([^<]+)<", page)[1]
    assert once not in browser.get("/people").text
    assert client.sign_in("nina", once).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"username": "olga"}, "taken"),
        ({"username": "N!"}, "user name has"),
        ({"role": "king"}, "Choose one of the list."),
        ({"full_name": " "}, "Fill this in."),
    ],
)
def test_a_mistake_is_said_at_its_field(browser, wrong, said):
    answer = browser.post("/people/new", data=NINA | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_name_and_role_change_and_change_back(browser, olga):
    values = {"full_name": "Olga Tamm-Rebane", "role": "clinician", "revision": olga.revision}
    assert browser.post(f"/people/{olga.id}", data=values).location == "/people"
    after = users.get(olga.id)
    assert (after.full_name, after.role) == ("Olga Tamm-Rebane", "clinician")
    address, fields = _undo(browser.get("/people").text)
    browser.post(address, data=fields)
    assert (users.get(olga.id).full_name, users.get(olga.id).role) == ("Olga Tamm", "technician")


def test_a_page_that_is_out_of_date_changes_nothing(browser, olga):
    values = {"full_name": "Olga A", "role": "technician", "revision": olga.revision}
    browser.post(f"/people/{olga.id}", data=values)
    late = browser.post(f"/people/{olga.id}", data=values | {"full_name": "Olga B"})
    assert late.status_code == 409
    assert 'value="Olga B"' in late.text
    assert f'name="revision" value="{users.get(olga.id).revision}"' in late.text
    assert users.get(olga.id).full_name == "Olga A"


def test_disabling_can_be_undone(browser, client, olga, password):
    browser.post(f"/people/{olga.id}/disable")
    assert client.sign_in("olga", password).status_code == 401
    address, fields = _undo(browser.get("/people").text)
    assert address == f"/people/{olga.id}/enable"
    browser.post(address, data=fields)
    assert client.sign_in("olga", password).status_code == 303


def test_the_last_administrator_stays(browser, adam):
    assert browser.post(f"/people/{adam.id}/disable").status_code == 409
    assert "Disable" not in browser.get(f"/people/{adam.id}").text


def test_a_reset_gives_a_new_password_and_the_old_one_is_void(browser, client, olga, password):
    page = browser.post(f"/people/{olga.id}/password").text
    once = re.search(r"data-secret>([^<]+)<", page)[1]
    assert client.sign_in("olga", password).status_code == 401
    assert client.sign_in("olga", once).status_code == 303


def test_an_unknown_person_is_not_found(browser):
    answer = browser.get("/people/00000000-0000-0000-0000-000000000000")
    assert answer.status_code == 404
    assert "no such" in answer.text


def test_a_name_cannot_smuggle_markup_into_the_page(browser):
    browser.post("/people/new", data=NINA | {"full_name": "<script>alert(1)</script>"})
    page = browser.get("/people").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_audit_trail_of_a_person_is_one_step_away(browser, olga):
    trail = f"/audit?person={olga.id}"
    assert trail in browser.get(f"/people/{olga.id}").text
    assert browser.get(trail).status_code == 200
