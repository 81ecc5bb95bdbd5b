from datetime import timedelta

import pytest

from appliance import clock
from appliance.permissions import ROLES, Permission, Role
from appliance.records import users
from webui import access, sessions
from webui.access import PUBLIC, needs

SEEN = []
"""Whom the page /who met."""


def _who():
    SEEN.append(access.actor())
    return ""


# A need is marked on the view itself: each has one of its own.
MORE = (
    ("/bare", lambda: "secret"),
    ("/who", needs(Permission.PATIENT_READ)(lambda: _who())),
    ("/who/public", needs(PUBLIC)(lambda: _who())),
    *((f"/guarded/{permission}", needs(permission)(lambda: "in")) for permission in Permission),
)


@pytest.fixture
def more_pages():
    """One that declares no need, one for each permission, and two that say who came."""
    SEEN.clear()
    return MORE


@pytest.fixture
def later(monkeypatch):
    """Moves the clock of sessions on: later(minutes=14)."""

    def move(**span):
        moment = clock.now() + timedelta(**span)
        monkeypatch.setattr(sessions, "now", lambda: moment)

    return move


def test_a_session_does_not_hold_for_a_year_when_the_clock_is_put_back(as_user, later):
    browser = as_user("olga")
    later(days=-365)
    assert browser.get("/account").status_code == 302


def test_a_view_without_a_declared_need_is_refused_even_to_an_administrator(as_user):
    answer = as_user("adam").get("/bare")
    assert answer.status_code == 403
    assert "secret" not in answer.text


@pytest.mark.parametrize("permission", list(Permission))
def test_each_permission_opens_to_exactly_the_roles_that_carry_it(as_user, permission):
    for name, role in (
        ("olga", Role.TECHNICIAN),
        ("hana", Role.CLINICIAN),
        ("adam", Role.ADMINISTRATOR),
    ):
        status = as_user(name).get(f"/guarded/{permission}").status_code
        assert status == (200 if permission in ROLES[role] else 403), name


def test_the_actor_carries_id_name_role_and_address(as_user, olga):
    as_user("olga").get("/who")
    assert SEEN[0] == users.actor_of(olga, "127.0.0.1")


def test_the_actor_of_a_public_page_is_nobody(client):
    client.get("/who/public")
    assert (SEEN[0].user_id, SEEN[0].name) == (None, "not signed in")


def test_a_page_asks_to_sign_in_and_is_where_one_comes_back_to(client, password):
    asked = client.get("/people?x=1")
    assert asked.location == "/sign-in?next=/people?x%3D1"
    back = client.sign_in("adam", password, next="/people?x=1")
    assert back.location == "/people?x=1"


def test_a_program_gets_401_instead_of_a_page(client):
    answer = client.get("/people", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json["title"] == "Sign in first"


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(client):
    answer = client.get("/people", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in")


def test_polling_of_a_covered_page_does_not_lead_it_away(client):
    answer = client.get("/people", headers={"HX-Request": "true", "X-Poll": "1"})
    assert answer.status_code == 401
    assert "HX-Redirect" not in answer.headers


def test_an_idle_session_ends(as_user, later):
    browser = as_user("adam")
    later(minutes=14)
    assert browser.get("/people").status_code == 200
    later(minutes=28)
    assert browser.get("/people").status_code == 200
    later(minutes=44)
    assert browser.get("/people").status_code == 302


@pytest.mark.parametrize(
    "quiet", [{"X-Poll": "1"}, {"Accept": "image/avif,image/webp,*/*;q=0.8"}], ids=["poll", "image"]
)
def test_what_a_page_asks_by_itself_is_no_activity(as_user, later, quiet):
    browser = as_user("adam")
    later(minutes=10)
    assert browser.get("/people", headers=quiet).status_code == 200
    later(minutes=16)
    assert browser.get("/people").status_code == 302


def test_a_changed_epoch_ends_the_session_at_once(as_user, appliance, adam, olga):
    browser = as_user("olga")
    assert browser.get("/account").status_code == 200
    appliance.accounts.reset_password(olga.id, users.actor_of(adam))
    assert browser.get("/account").status_code == 302


def test_a_disabled_person_is_out_at_once(as_user, appliance, adam, olga):
    browser = as_user("olga")
    appliance.accounts.disable(olga.id, users.actor_of(adam))
    assert browser.get("/account").status_code == 302


def test_a_new_role_holds_from_the_next_sign_in(as_user, appliance, adam, hana):
    browser = as_user("hana")
    values = {"full_name": "Hana Sato", "role": "administrator"}
    appliance.accounts.change_user(hana.id, values, hana.revision, users.actor_of(adam))
    assert browser.get("/people").status_code == 302
    assert as_user("hana").get("/people").status_code == 200


def test_a_one_time_password_leads_to_choosing_an_own_one(client, appliance, adam, password):
    values = {"username": "nina", "full_name": "Nina Berg", "role": "administrator"}
    _, once = appliance.accounts.add_user(values, users.actor_of(adam))
    client.sign_in("nina", once)
    assert client.get("/people").location == "/account/password?next=/people"
    new = {"old_password": once, "new_password": password, "again": password, "next": "/people"}
    assert client.post("/account/password", data=new).location == "/people"
    assert client.get("/people").status_code == 200


def test_a_tampered_session_is_nobody(client):
    client.set_cookie("scopeside", "eyJfdXNlcl9pZCI6IjEifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb")
    assert client.get("/people").status_code == 302


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "///evil.example",
        "evil",
        "",
        None,
    ],
)
def test_a_foreign_target_becomes_the_home_page(target):
    assert sessions.safe_path(target) == "/"


def test_a_path_of_ours_is_kept_with_its_query():
    assert sessions.safe_path("/patients?text=a%20b&page=2") == "/patients?text=a%20b&page=2"


@pytest.mark.parametrize(
    ("address", "host", "headers", "local"),
    [
        ("127.0.0.1", "localhost:8080", {}, True),
        ("127.0.0.1", "127.0.0.1", {}, True),
        ("::1", "[::1]", {}, True),
        ("::1", "[::1]:8080", {}, True),
        ("192.168.1.7", "localhost", {}, False),
        ("127.0.0.1", "rebound.example", {}, False),
        ("127.0.0.1", "localhost", {"X-Forwarded-For": "10.0.0.9"}, False),
    ],
)
def test_only_the_machine_itself_counts_as_the_device(app, address, host, headers, local):
    with app.test_request_context(
        headers={"Host": host, **headers}, environ_base={"REMOTE_ADDR": address}
    ):
        assert access.from_the_device() is local
