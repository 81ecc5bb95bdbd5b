"""The JSON interface says what its document says, and refuses in the same words as the pages."""

from io import BytesIO

import pytest

from appliance.records import audit, fields
from appliance.settings import Settings
from tests import cases
from tests.webui.examples import add_field, analyse, examination_of, picture
from webui.access import SIGNED_IN, needed_by
from webui.openapi import OPERATIONS, document

JSON_TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "object": dict,
    "array": list,
}


@pytest.fixture
def examination(olga):
    return examination_of(olga)


@pytest.fixture
def field(appliance, examination, olga):
    add_field(appliance, examination.id, olga, 1)
    return analyse([0.95, 0.05, 0.5])


def holds(value, schema):
    """Say whether a value is what a schema of our document says."""
    if "$ref" in schema:
        return holds(value, document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    if "anyOf" in schema:
        return any(holds(value, part) for part in schema["anyOf"])
    if not isinstance(value, JSON_TYPES[schema["type"]]):
        return False
    if isinstance(value, list):
        return all(holds(item, schema["items"]) for item in value)
    if isinstance(value, dict) and "properties" in schema:
        return value.keys() == schema["properties"].keys() and all(
            holds(value[name], part) for name, part in schema["properties"].items()
        )
    return True


def schema_of(path, method="get", status="200"):
    content = document()["paths"][path][method]["responses"][status]["content"]
    return content["application/json"]["schema"]


def upload(browser, examination, data, name="smear.png"):
    return browser.post(
        f"/api/v1/examinations/{examination.id}/fields", data={"file": (BytesIO(data), name)}
    )


def test_document_and_routes_agree(app):
    routed = {
        (method.lower(), rule.rule.removeprefix("/api/v1").replace("<uuid:", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in rule.methods & {"GET", "POST"}
    }
    assert routed == {(operation.method, operation.path) for operation in OPERATIONS}


def test_document_names_the_permission_each_route_needs(app):
    needs = {
        rule.rule.removeprefix("/api/v1").replace("<uuid:", "{").replace(">", "}"): needed_by(
            app, rule.endpoint
        )
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
    }
    for operation in OPERATIONS:
        assert (operation.need or SIGNED_IN) == needs[operation.path]


def test_document_is_served_to_who_is_signed_in(as_user, client):
    answer = as_user("adam").get("/api/v1/openapi.json")
    assert answer.json["openapi"] == "3.1.0"
    refused = client.get("/api/v1/openapi.json")
    assert (refused.status_code, refused.json["status"]) == (401, 401)


def test_every_reference_of_the_document_leads_somewhere():
    text = str(document())
    for name in document()["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/session", "/session"),
        ("/examinations", "/examinations"),
        ("/examinations/{examination_id}", "/examinations/{e}"),
        ("/examinations/{examination_id}/progress", "/examinations/{e}/progress"),
        ("/fields/{field_id}", "/fields/{f}"),
        ("/fields/{field_id}/cells", "/fields/{f}/cells"),
    ],
)
def test_answers_are_what_the_document_says(as_user, examination, field, path, address):
    answer = as_user("hana").get("/api/v1" + address.format(e=examination.id, f=field.id))
    assert answer.status_code == 200
    assert holds(answer.json, schema_of(path))


def test_a_file_is_taken_and_located(as_user, examination):
    answer = upload(as_user("olga"), examination, picture(1))
    assert answer.status_code == 201
    assert holds(answer.json, schema_of("/examinations/{examination_id}/fields", "post", "201"))
    (row,) = fields.of_examination(examination.id)
    assert answer.location == f"/api/v1/fields/{row.id}"


def test_a_file_sent_again_is_recognised(as_user, examination):
    browser = as_user("olga")
    first = upload(browser, examination, picture(1))
    again = upload(browser, examination, picture(1), "other name.png")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["taken"][0]["duplicate"] is True
    assert again.json["taken"][0]["field"]["id"] == first.json["taken"][0]["field"]["id"]


@pytest.mark.parametrize("data", [b"", b"<html></html>", picture(1)[:100]])
def test_an_unreadable_file_is_refused_in_words(as_user, examination, data):
    answer = upload(as_user("olga"), examination, data)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["detail"]
    assert answer.json["advice"]
    assert fields.of_examination(examination.id) == []


def test_one_file_a_request(as_user, examination):
    address = f"/api/v1/examinations/{examination.id}/fields"
    two = {"file": [(BytesIO(picture(1)), "a.png"), (BytesIO(picture(2)), "b.png")]}
    browser = as_user("olga")
    assert browser.post(address, data=two).status_code == 422
    assert "part named file" in browser.post(address, data={}).json["fields"]["file"]


def test_without_the_token_nothing_is_taken(as_user, examination):
    browser = as_user("olga")
    browser.bare = True
    answer = upload(browser, examination, picture(1))
    assert answer.status_code == 400
    assert fields.of_examination(examination.id) == []


def test_the_session_hands_out_the_token(as_user, examination):
    browser = as_user("olga")
    token = browser.get("/api/v1/session").json["csrf_token"]
    browser.bare = True
    answer = browser.post(
        f"/api/v1/examinations/{examination.id}/fields",
        data={"file": (BytesIO(picture(1)), "a.png")},
        headers={"X-CSRFToken": token},
    )
    assert answer.status_code == 201


class TestOnASmallDisk:
    @pytest.fixture
    def settings(self, tmp_path):
        return Settings(data=tmp_path, min_free_mb=1e9, max_file_mb=0.0001)

    def test_too_large_a_file_is_refused_before_it_is_decoded(self, as_user, examination):
        answer = upload(as_user("olga"), examination, picture(1) + bytes(1000))
        assert answer.status_code == 413


class TestOnAFullDisk:
    @pytest.fixture
    def settings(self, tmp_path):
        return Settings(data=tmp_path, min_free_mb=1e9)

    def test_a_full_disk_is_said_and_nothing_stays(self, as_user, examination):
        answer = upload(as_user("olga"), examination, picture(1))
        assert answer.status_code == 507
        assert fields.of_examination(examination.id) == []


def test_who_may_not_add_images_is_refused(as_user, examination):
    assert upload(as_user("hana"), examination, picture(1)).status_code == 403


def test_the_list_is_narrowed_and_paged(as_user, olga, examination):
    other = examination_of(olga, specimen="bone-marrow")
    browser = as_user("hana")
    marrow = browser.get("/api/v1/examinations?specimen=bone-marrow").json
    assert [row["id"] for row in marrow["examinations"]] == [str(other.id)]
    second = browser.get("/api/v1/examinations?limit=1&page=2").json
    assert (second["total"], second["pages"]) == (2, 2)
    assert [row["id"] for row in second["examinations"]] == [str(examination.id)]
    assert audit.recent(action="examination:list").total == 2


@pytest.mark.parametrize(
    "query",
    ["status=nonsense", "specimen=x", "date_from=yesterday", "patient_id=4", "limit=0",
     "limit=9999", "page=-1", "page=²"],
)  # fmt: skip
def test_a_wrong_query_is_said_at_its_name(as_user, query):
    answer = as_user("hana").get(f"/api/v1/examinations?{query}")
    assert answer.status_code == 422
    assert query.split("=")[0] in answer.json["fields"]


def test_lists_carry_nothing_that_names_the_patient(as_user, examination, field):
    browser = as_user("hana")
    for address in (f"/examinations/{examination.id}", "/examinations"):
        assert "Okafor" not in browser.get(f"/api/v1{address}").text


def test_what_is_not_there_is_a_problem_object(as_user):
    nobody = "00000000-0000-7000-8000-000000000000"
    browser = as_user("hana")
    for address in (f"examinations/{nobody}", f"fields/{nobody}", f"fields/{nobody}/cells"):
        answer = browser.get(f"/api/v1/{address}")
        assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_counts_are_those_of_the_cells(as_user, field):
    counts = as_user("hana").get(f"/api/v1/fields/{field.id}").json["counts"]
    assert (counts["blast"], counts["normal"], counts["unsure"]) == (1, 1, 1)
    assert counts["blast_fraction"] == 0.5
    assert counts["interval95"] == pytest.approx([0.0126, 0.9874], abs=1e-4)


def test_verified_counts_stand_beside_the_suggested_ones(as_user, appliance, olga):
    examination = cases.submitted(appliance, olga, second_because="Drawn at random.")
    shown = as_user("hana").get(f"/api/v1/examinations/{examination.id}").json["examination"]
    verified = shown["verified"]
    assert (verified["counted"], verified["verified"], verified["blast"]) == (5, 5, 2)
    assert verified["blast_fraction"] == 0.4
    assert shown["status"] == "preliminary"
