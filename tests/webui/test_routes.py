"""Every address, asked for by everybody: each opens to exactly those it is meant for."""

import pytest

from appliance.permissions import ROLES, Permission, Role
from webui.access import PUBLIC, SIGNED_IN, needed_by

PEOPLE = {"olga": Role.TECHNICIAN, "hana": Role.CLINICIAN, "adam": Role.ADMINISTRATOR}
_EXAMPLES = {"uuid": "00000000-0000-7000-8000-000000000000", "int": "1"}


def _routes(app):
    """Yield (endpoint, method, path) for all that is routed, with made-up ids in the path."""
    for rule in app.url_map.iter_rules():
        values = {
            name: _EXAMPLES.get(_kind(rule, name), "a" * 64) for name in rule.arguments
        } | dict(rule.defaults or {})
        if rule.endpoint == "static":
            values = {"filename": "theme.css"}
        _, path = rule.build(values, append_unknown=False)
        for method in sorted(rule.methods & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            yield rule.endpoint, method, path


def _kind(rule, name):
    converter = rule._converters[name]
    return {"UUIDConverter": "uuid", "IntegerConverter": "int"}.get(type(converter).__name__, "")


def _open_to(need, role):
    return need in {PUBLIC, SIGNED_IN} or (role is not None and need in ROLES[role])


def test_every_route_declares_what_it_needs(app):
    declared = {PUBLIC, SIGNED_IN, *Permission}
    bare = {e for e, _, _ in _routes(app) if needed_by(app, e) not in declared}
    assert bare == set()


def test_only_these_answer_anybody(app):
    public = {endpoint for endpoint, _, _ in _routes(app) if needed_by(app, endpoint) == PUBLIC}
    assert public == {
        "health.alive",
        "health.metrics",
        "health.ready",
        "setup.create",
        "setup.show",
        "signin.resume",
        "signin.show",
        "signin.sign_in",
        "static",
    }


def test_whatever_changes_something_is_posted(app):
    methods = {method for _, method, _ in _routes(app)}
    assert methods <= {"GET", "POST"}
    both = {e for e, m, _ in _routes(app) if m == "GET"} & {
        e for e, m, _ in _routes(app) if m == "POST"
    }
    assert both == set()


def test_a_stranger_is_asked_to_sign_in_everywhere_else(app, client):
    wrong = []
    for endpoint, method, path in _routes(app):
        answer = client.open(path, method=method)
        asked = (answer.location or "").startswith("/sign-in")
        refused = asked or (endpoint.startswith("api.") and answer.status_code == 401)
        if refused is (needed_by(app, endpoint) == PUBLIC):
            wrong.append((endpoint, method, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("name", PEOPLE)
def test_each_role_gets_what_it_may_and_403_for_the_rest(app, as_user, name):
    browser, wrong = as_user(name), []
    for endpoint, method, path in _routes(app):
        answer = browser.open(path, method=method)
        if (answer.status_code == 403) is _open_to(needed_by(app, endpoint), PEOPLE[name]):
            wrong.append((endpoint, method, answer.status_code))
        if answer.status_code >= 500 and not endpoint.startswith("health."):
            wrong.append((endpoint, method, answer.status_code))
        if endpoint == "signin.sign_out":
            browser = as_user(name)
    assert wrong == []


def test_nothing_is_posted_without_the_token(app, as_user):
    browser = as_user("adam")
    browser.bare = True
    for endpoint, method, path in _routes(app):
        if method == "POST":
            answer = browser.open(path, method=method)
            assert answer.status_code == 400, endpoint
            assert "This page is out of date" in answer.text, endpoint
