import pytest

from appliance.permissions import Role
from appliance.records import users

ADAM = {
    "full_name": "Adam Okoye",
    "username": "adam",
    "password": "four plain grey words",
    "again": "four plain grey words",
}
NETWORK = {"REMOTE_ADDR": "192.168.1.7"}


@pytest.fixture
def client(empty_app):
    return empty_app.test_client()


@pytest.mark.parametrize("path", ["/", "/people", "/sign-in", "/nowhere", "/account"])
def test_a_new_appliance_leads_everything_to_the_wizard(client, path):
    assert client.get(path).location == "/setup"


def test_a_program_is_told_that_the_appliance_is_new(client):
    answer = client.get("/api/v1/anything")
    assert answer.status_code == 503
    assert "not set up" in answer.json["title"]


def test_health_and_static_files_answer_before_the_wizard(client):
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code in {200, 503}
    assert client.get("/static/theme.css").status_code == 200


def test_the_wizard_makes_the_administrator_and_signs_them_in(client):
    assert client.post("/setup", data=ADAM).location == "/people"
    page = client.get("/people")
    assert page.status_code == 200
    assert "Only you so far" in page.text
    assert [(user.username, user.role) for user in users.everyone()] == [
        ("adam", Role.ADMINISTRATOR)
    ]


def test_the_wizard_is_gone_afterwards(client, empty_app):
    client.post("/setup", data=ADAM)
    stranger = empty_app.test_client()
    assert stranger.get("/setup").status_code == 404
    assert stranger.post("/setup", data=ADAM | {"username": "eve"}).status_code == 404
    assert len(users.everyone()) == 1


def test_it_is_gone_too_when_the_administrator_came_from_elsewhere(client, database, adam):
    assert client.get("/setup").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "short", "again": "short"}, "12"),
        ({"again": "four plain grey birds"}, "differ"),
        ({"username": "Ad am"}, "user name"),
        ({"full_name": ""}, "Fill this in."),
        ({"password": "", "again": ""}, "Fill this in."),
    ],
)
def test_a_mistake_is_said_and_nothing_typed_is_lost_but_the_password(client, wrong, said):
    answer = client.post("/setup", data=ADAM | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert ADAM["password"] not in answer.text
    assert ("Adam Okoye" in answer.text) is ("full_name" not in wrong)
    assert users.everyone() == []


class TestFromTheNetwork:
    def test_the_form_asks_for_the_code_only_there(self, client):
        assert 'name="code"' in client.get("/setup", environ_base=NETWORK).text
        assert 'name="code"' not in client.get("/setup").text

    @pytest.mark.parametrize("code", ["", "00000000", "x"])
    def test_without_the_code_nothing_is_made(self, client, code):
        answer = client.post("/setup", data=ADAM | {"code": code}, environ_base=NETWORK)
        assert answer.status_code == 422
        assert users.everyone() == []

    def test_the_code_opens_it(self, client, appliance):
        code = f"{appliance.setup_code[:4]} {appliance.setup_code[4:]}"
        answer = client.post("/setup", data=ADAM | {"code": code}, environ_base=NETWORK)
        assert answer.status_code == 303
