import logging

import pytest

from appliance.errors import ApplianceError, CameraUnavailable, InvalidInput
from webui.access import PUBLIC, needs


def _kinds(root):
    return {root} | {kind for child in root.__subclasses__() for kind in _kinds(child)}


ERRORS = sorted(
    (kind for kind in _kinds(ApplianceError) if kind.__module__ == "appliance.errors"),
    key=lambda kind: kind.__name__,
)


RAISED = []
"""What the failing pages raise: the last of these."""


def _fail():
    raise RAISED[-1]


@pytest.fixture
def more_pages():
    """One that fails for people, one that fails for programs."""
    view = needs(PUBLIC)(_fail)
    return (("/failing", view), ("/api/v1/failing", view))


@pytest.fixture
def failing():
    """Has the failing pages raise what it is given: failing(error)."""
    yield RAISED.append
    RAISED.clear()


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_ours_becomes_a_page_with_what_to_do(failing, client, kind):
    failing(kind({"a": "Wrong."}) if kind is InvalidInput else kind())
    answer = client.get("/failing")
    assert answer.status_code == kind.status
    assert kind.title in answer.text
    assert kind.advice.split(";")[0] in answer.text.replace("&#39;", "'")


def test_the_api_gets_a_problem_in_json(failing, client):
    failing(CameraUnavailable("The camera was unplugged."))
    answer = client.get("/api/v1/failing")
    assert answer.content_type == "application/problem+json"
    assert answer.json == {
        "title": "The camera does not answer",
        "status": 503,
        "detail": "The camera was unplugged.",
        "advice": "Check the cable, then press Retry.",
    }


def test_invalid_input_names_its_fields_in_json(failing, client):
    failing(InvalidInput({"sex": "Choose one of the list."}))
    answer = client.get("/failing", headers={"Accept": "application/json"})
    assert answer.json["fields"] == {"sex": "Choose one of the list."}


def test_a_part_of_a_page_gets_a_part(failing, client):
    failing(CameraUnavailable())
    answer = client.get("/failing", headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert "does not answer" in answer.text


def test_the_unexpected_is_noted_under_a_number_without_what_was_typed(failing, client, caplog):
    failing(ValueError("Okafor"))
    with caplog.at_level(logging.ERROR):
        answer = client.get("/failing")
    assert answer.status_code == 500
    number = answer.text.split("incident ")[1][:8]
    assert number in caplog.text
    assert "test_errors.py" in caplog.text
    assert "ValueError" in caplog.text
    assert "Okafor" not in caplog.text + answer.text


def test_there_is_an_answer_in_words_when_the_records_break(as_user, database):
    browser = as_user("olga")
    database.execute_sql('ALTER TABLE "user" RENAME TO gone')
    answer = browser.get("/account")
    assert answer.status_code == 500
    assert "incident" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/nowhere", 404, "no such page"),
        ("GET", "/people/not-an-id", 404, "no such page"),
        ("DELETE", "/sign-in", 405, "does not take that"),
    ],
)
def test_wrong_addresses_are_answered_in_words(client, method, path, status, said):
    client.bare = True
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert said in answer.text


def test_a_missing_token_is_answered_in_words(client):
    client.bare = True
    answer = client.sign_in("olga", "whatever it is")
    assert answer.status_code == 400
    assert "This page is out of date" in answer.text
    assert "token" not in answer.text.lower().replace("csrf-token", "").replace("csrf_token", "")


def test_too_much_at_once_is_answered_in_words(client):
    answer = client.post(
        "/sign-in",
        data=b"",
        headers={"Content-Length": "999999999999"},
        content_length=999999999999,
    )
    assert answer.status_code == 413
    assert "too large" in answer.text
