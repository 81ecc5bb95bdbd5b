import re
from datetime import date
from html import unescape

import pytest

from appliance.records import audit, examinations, patients, users

ADA = {
    "medical_record_number": "MRN-1",
    "family_name": "Núñez",
    "given_name": "Łucja",
    "sex": "female",
    "birth_date": "2020-05-01",
}
UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def browser(as_user):
    return as_user("olga")


@pytest.fixture
def register(olga):
    """Registers somebody straight in the records."""

    def make(number="MRN-1", family="Núñez", given="Łucja", born=date(2020, 5, 1)):
        values = {"family_name": family, "given_name": given, "sex": "female", "birth_date": born}
        return patients.register({"medical_record_number": number, **values}, users.actor_of(olga))

    return make


def search(browser, text, **query):
    """Search as the page does without script; return the page that comes."""
    answer = browser.post("/patients/search", data={"text": text}, query_string=query)
    assert answer.status_code == 303
    return browser.get(answer.location)


def titles(page):
    return [
        unescape(re.sub(r"<[^>]+>", "", title)).strip()
        for title in re.findall(r'<span class="row-title">(.*?)</span>', page.text, re.S)
    ]


def test_without_patients_the_page_says_what_to_do(browser):
    page = browser.get("/patients").text
    assert "No patient yet" in page
    assert "Register the first one" in page


def test_a_patient_is_registered_and_shown(browser):
    answer = browser.post("/patients/new", data=ADA)
    row = patients.by_number("MRN-1")
    assert answer.location == f"/patients/{row.id}"
    page = browser.get(answer.location).text
    assert "Núñez, Łucja" in page
    assert "born 1 May 2020" in page
    assert "No examination yet" in page


def test_registering_for_an_examination_leads_on_to_it(browser):
    page = browser.get("/patients?then=examination").text
    assert "Whose smear is it?" in page
    assert 'href="/patients/new?then=examination"' in page
    answer = browser.post("/patients/new?then=examination", data=ADA)
    row = patients.by_number("MRN-1")
    assert answer.location == f"/patients/{row.id}/examinations/new"
    assert (
        f'href="/patients/{row.id}/examinations/new"'
        in browser.get("/patients?then=examination").text
    )


MISTAKES = [
    ({"medical_record_number": " "}, "Fill this in."),
    ({"medical_record_number": "--"}, "has letters or digits"),
    ({"family_name": ""}, "Fill this in."),
    ({"family_name": "x" * 201}, "Use at most 200 characters"),
    ({"sex": "x"}, "Choose one of the list."),
    ({"birth_date": "1.5.2020"}, "Type a date as year-month-day"),
    ({"birth_date": "2999-01-01"}, "lies in the future"),
]


def test_a_mistake_is_said_at_its_field_and_nothing_typed_is_lost(browser):
    for wrong, said in MISTAKES:
        answer = browser.post("/patients/new", data=ADA | wrong)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'aria-invalid="true"' in answer.text
        for name, value in (ADA | wrong).items():
            if name != "sex" and value.strip():
                assert f'value="{value}"' in answer.text
        assert patients.find().total == 0


def test_a_number_that_is_taken_leads_to_its_patient(browser, register):
    row = register()
    answer = browser.post("/patients/new", data=ADA | {"family_name": "Somebody"})
    assert answer.status_code == 422
    assert "A patient with this number is registered." in answer.text
    assert f'href="/patients/{row.id}"' in answer.text


def test_a_possible_duplicate_is_pointed_out_before_saving(browser, register):
    row = register("MRN-0", "Nunez", "Lucja")
    answer = browser.post("/patients/new", data=ADA)
    assert answer.status_code == 409
    assert "Is it this patient?" in answer.text
    assert f'href="/patients/{row.id}"' in answer.text
    assert 'value="Łucja"' in answer.text
    assert patients.by_number("MRN-1") is None


def test_register_anyway_registers(browser, register):
    register("MRN-0", "Nunez", "Lucja")
    answer = browser.post("/patients/new", data=ADA | {"anyway": "1"})
    assert answer.status_code == 303
    assert patients.by_number("MRN-1").family_name == "Núñez"


def test_names_are_found_however_they_are_typed(browser, register):
    typed = {
        "nunez": ("Núñez", "Łucja"),
        "LUC NUN": ("Núñez", "Łucja"),
        "خديجة": ("المنصوري", "خديجة"),
        "मीरा": ("देशपांडे", "मीरा"),
        "王小明": ("王", "小明"),
        "obrien zoe": ("O'Brien", "Zoë"),
    }
    for number, (family, given) in enumerate(sorted(set(typed.values()))):
        register(f"MRN-{number}", family, given, None)
    for text, (family, given) in typed.items():
        assert titles(search(browser, text)) == [f"{family}, {given}"], text


def test_a_scanned_number_opens_its_patient(browser, register):
    row = register("MRN-7")
    answer = browser.post("/patients/search", data={"text": "MRN-7"})
    assert answer.location == f"/patients/{row.id}"
    answer = browser.post("/patients/search?then=examination", data={"text": " MRN-7 "})
    assert answer.location == f"/patients/{row.id}/examinations/new"


def test_names_do_not_appear_in_addresses(browser, register):
    register()
    answer = browser.post("/patients/search", data={"text": "Núñez"})
    assert re.fullmatch(r"/patients\?search=[0-9a-f]+", answer.location)
    page = browser.get(answer.location).text
    links = re.findall(r'(?:href|action|hx-[a-z]+)="([^"]*)"', page)
    assert not [link for link in links if "ez" in link.replace("search", "")]
    assert 'value="Núñez"' in page


def test_while_somebody_types_only_the_rows_come(browser, register):
    register()
    answer = browser.post("/patients/search", data={"text": "nun"}, headers={"HX-Request": "true"})
    assert titles(answer) == ["Núñez, Łucja"]
    assert "<html" not in answer.text
    assert answer.headers["HX-Replace-Url"].startswith("/patients?search=")
    assert titles(browser.get(answer.headers["HX-Replace-Url"])) == ["Núñez, Łucja"]


def test_nothing_found_says_what_to_do(browser, register):
    register()
    page = search(browser, "xyz").text
    assert "No patient found" in page
    assert "Register a patient" in page


def test_a_long_list_comes_in_pages(browser, register):
    for number in range(30):
        register(f"MRN-{number}", f"Family{number:02d}")
    first, second = browser.get("/patients"), browser.get("/patients?page=2")
    assert (len(titles(first)), len(titles(second))) == (25, 5)
    assert "Page 1 of 2 · 30 patients" in first.text
    assert not set(titles(first)) & set(titles(second))
    beyond = browser.get("/patients?page=99999999999999999999")
    assert titles(beyond) == titles(second)


def test_a_malformed_address_is_no_error(browser, register):
    register()
    for query in ("page=x", "page=-3", "then=x", "search=x", "search=%00"):
        assert titles(browser.get(f"/patients?{query}")) == ["Núñez, Łucja"], query


def test_any_text_may_be_searched_for(browser, register):
    register()
    for text in ("\0", "'; DROP TABLE patient; --", "%", "_" * 500, "\N{FAMILY}"):
        assert search(browser, text).status_code == 200, text


def test_a_change_is_kept_with_its_reason_and_the_version_before(browser, register):
    row = register()
    values = ADA | {"family_name": "Nowak", "revision": 1, "reason": "Married"}
    assert browser.post(f"/patients/{row.id}/change", data=values).status_code == 303
    page = unescape(browser.get(f"/patients/{row.id}/history").text)
    assert re.search(r"<dt>Family name</dt>.*?Núñez.*?Nowak", page, re.S)
    assert "“Married”" in page
    assert "Olga Tamm" in page
    assert page.index("version 2") < page.index("version 1")


def test_a_change_can_be_undone(browser, register):
    row = register()
    values = ADA | {"family_name": "Nowak", "birth_date": "", "revision": 1}
    browser.post(f"/patients/{row.id}/change", data=values)
    assert f'action="/patients/{row.id}/take-back"' in browser.get(f"/patients/{row.id}").text
    browser.post(f"/patients/{row.id}/take-back", data={"revision": "2"})
    after = patients.open_for(row.id, users.actor_of(users.by_username("olga")))
    assert (after.family_name, after.birth_date, after.revision) == ("Núñez", date(2020, 5, 1), 3)


def test_only_the_last_change_can_be_undone(browser, register):
    row = register()
    browser.post(f"/patients/{row.id}/change", data=ADA | {"family_name": "A", "revision": 1})
    browser.post(f"/patients/{row.id}/change", data=ADA | {"family_name": "B", "revision": 2})
    answer = browser.post(f"/patients/{row.id}/take-back", data={"revision": "2"})
    assert answer.status_code == 409
    assert "changed once more" in answer.text


def test_saving_without_a_change_says_so(browser, register):
    row = register()
    browser.post(f"/patients/{row.id}/change", data=ADA | {"revision": 1})
    assert "Nothing differed" in browser.get(f"/patients/{row.id}").text


def test_two_people_changing_at_once_are_told_and_nothing_is_lost(browser, as_user, register):
    row = register()
    other = as_user("olga")
    other.post(f"/patients/{row.id}/change", data=ADA | {"given_name": "Lucia", "revision": 1})
    late = ADA | {"family_name": "Nuñez-Ríos", "revision": 1, "reason": "Passport"}
    answer = browser.post(f"/patients/{row.id}/change", data=late)
    assert answer.status_code == 409
    assert "Somebody else changed this in the meantime" in answer.text
    assert re.search(r"<dt>Given name</dt>.*?Łucja.*?Lucia", answer.text, re.S)
    assert 'value="Nuñez-Ríos"' in answer.text
    assert 'value="Passport"' in answer.text
    assert 'name="revision" value="2"' in answer.text
    assert (
        browser.post(f"/patients/{row.id}/change", data=late | {"revision": 2}).status_code == 303
    )


def test_a_refused_change_keeps_the_version_it_was_made_from(browser, register):
    row = register()
    answer = browser.post(
        f"/patients/{row.id}/change", data=ADA | {"family_name": "", "revision": 1}
    )
    assert answer.status_code == 422
    assert 'name="revision" value="1"' in answer.text


def test_past_examinations_stand_on_the_patients_page(browser, register, olga):
    row = register()
    given = {"specimen": "bone-marrow", "stain": "wright", "accession_number": "26-0042"}
    examinations.create(row.id, given, users.actor_of(olga))
    page = browser.get(f"/patients/{row.id}").text
    assert "26-0042" in page
    assert "Marrow" in page
    assert "No images yet" in page


def test_reading_a_patient_is_noted_once_a_page(browser, register):
    row = register()
    before = audit.recent(action="patient:read").total
    browser.get(f"/patients/{row.id}")
    browser.get("/patients")
    assert audit.recent(action="patient:read").total == before + 1


@pytest.mark.parametrize("username", ["hana", "adam"])
def test_who_may_not_write_sees_no_way_to(as_user, register, username):
    row = register()
    browser = as_user(username)
    page = browser.get(f"/patients/{row.id}").text
    assert "Núñez" in page
    assert f"/patients/{row.id}/change" not in page
    assert "New examination" not in page
    assert ("Enter clinical details" in page) is (username == "hana")
    assert "/patients/new" not in browser.get("/patients").text
    assert browser.post("/patients/new", data=ADA).status_code == 403
    assert browser.post(f"/patients/{row.id}/change", data=ADA).status_code == 403
    assert browser.get(f"/patients/{row.id}/history").status_code == 200


@pytest.mark.parametrize("page", ["", "/change", "/history"])
def test_an_unknown_patient_is_said_in_words(browser, page):
    answer = browser.get(f"/patients/{UNKNOWN}{page}")
    assert answer.status_code == 404
    assert "There is no such record" in answer.text


def test_a_name_cannot_smuggle_markup_into_the_pages(browser, register):
    row = register("<i>1", "<script>alert(1)</script>", '"><img src=x onerror=alert(2)>')
    browser.post(
        f"/patients/{row.id}/change",
        data=ADA | {"family_name": "<b>bold</b>", "revision": 1, "reason": "<u>why</u>"},
    )
    for path in ("", "/change", "/history", "/findings/new", "/examinations/new"):
        page = browser.get(f"/patients/{row.id}{path}").text
        assert not re.search(r"<script>alert|<img src=x|<b>bold|<u>why|<i>1", page), path
    assert "&lt;b&gt;bold" in browser.get("/patients").text


def test_patients_of_a_demo_lab_are_marked_simulated(browser, appliance, register):
    browser.post("/patients/new", data=ADA)
    assert patients.by_number("MRN-1").simulated is False
