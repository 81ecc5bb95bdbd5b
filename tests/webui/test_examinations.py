import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from appliance.clock import now
from appliance.records import (
    audit,
    clinical,
    decisions,
    examinations,
    fields,
    patients,
    readings,
    users,
)
from appliance.records.tables import Examination
from appliance.review_vocabulary import ReadingKind
from tests.cases import BLAST, call, cells_of
from tests.webui.examples import add_field, analyse, examination_of
from webui.display import NOTHING

TYPED = {
    "accession_number": "H26/0815",
    "specimen": "bone-marrow",
    "stain": "may-grunwald-giemsa",
    "collected_at": "2026-03-01T08:15",
    "received_at": "2026-03-01T10:00",
    "objective": "100x oil",
    "um_per_px": "0,13",
    "indication": "Pancytopenia",
    "notes": "Second slide.",
}
UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def browser(as_user):
    return as_user("olga")


@pytest.fixture
def patient(app, olga):
    values = {"medical_record_number": "4711", "family_name": "Okafor", "sex": "female"}
    return patients.register(values, users.actor_of(olga))


@pytest.fixture
def examination(patient, olga):
    return examination_of(olga, accession_number="26-0001", objective="10x dry")


def steps(page):
    """Return label and note of each step with its state."""
    found = re.findall(
        r'class="step step-(\w+)".*?step-label">([\w ]+)<.*?step-note">([^<]*)<', page, re.S
    )
    return {label: (state, note) for state, label, note in found}


def plain(page):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split()).replace("\xa0", " ")


def test_the_next_number_stands_in_the_form(browser, patient):
    page = browser.get(f"/patients/{patient.id}/examinations/new").text
    assert f'value="{examinations.next_accession_number()}"' in page
    assert 'type="datetime-local"' in page


def test_what_a_laboratory_rarely_changes_is_filled_in(browser, patient, examination):
    page = browser.get(f"/patients/{patient.id}/examinations/new").text
    assert 'name="stain" value="wright" checked' in page
    assert 'name="objective" value="10x dry" checked' in page
    assert 'name="specimen" value="peripheral-blood" checked' not in page


def test_an_examination_is_registered_and_asks_for_images(browser, patient):
    answer = browser.post(f"/patients/{patient.id}/examinations/new", data=TYPED)
    row = examinations.by_accession_number("H26/0815")
    assert answer.location == f"/examinations/{row.id}"
    assert row.um_per_px == 0.13
    assert row.collected_at == datetime(2026, 3, 1, 8, 15).astimezone(UTC)
    page = browser.get(answer.location).text
    assert re.search(rf'button-main" href="/examinations/{row.id}/upload"', page)
    assert "Bone marrow" in page
    assert "May-Grünwald-Giemsa" in page
    assert "1 Mar 2026 08:15" in page
    assert "0.13 µm/px" in page
    assert steps(page)["Images"] == ("open", "none yet")


MISTAKES = [
    ({"accession_number": ""}, "Fill this in."),
    ({"accession_number": "a b"}, "letters, digits, dots, slashes, hyphens"),
    ({"accession_number": "26-0001"}, "is taken"),
    ({"specimen": ""}, "Choose one of the list."),
    ({"stain": "blue"}, "Choose one of the list."),
    ({"collected_at": "soon"}, "Type date and time"),
    ({"received_at": "2026-02-01T08:00"}, "Received cannot be before collected"),
    ({"received_at": "2999-02-01T08:00"}, "lies in the future"),
    ({"um_per_px": "13"}, "Type 0.01 to 10."),
    ({"objective_other": "x" * 41}, "Use at most 40 characters"),
    ({"indication": "x" * 2001}, "Use at most 2000 characters"),
]


def test_a_mistake_is_said_at_its_field_and_nothing_typed_is_lost(browser, patient, examination):
    for wrong, said in MISTAKES:
        typed = TYPED | wrong
        answer = browser.post(f"/patients/{patient.id}/examinations/new", data=typed)
        assert answer.status_code == 422
        assert said in answer.text
        assert 'aria-invalid="true"' in answer.text
        for name in ("accession_number", "collected_at", "received_at", "um_per_px"):
            assert re.search(rf'name="{name}"[^>]*value="{re.escape(typed[name])}"', answer.text)
        assert "Second slide." in answer.text
        assert Examination.select().count() == 1


def test_another_objective_may_be_written(browser, patient):
    data = TYPED | {"objective_other": "40x dry, NA 0.95"}
    browser.post(f"/patients/{patient.id}/examinations/new", data=data)
    assert examinations.by_accession_number("H26/0815").objective == "40x dry, NA 0.95"


def test_results_are_said_with_their_interval_and_the_limit(browser, appliance, olga, examination):
    add_field(appliance, examination.id, olga)
    analyse([0.9] * 8 + [0.1] * 2 + [0.5], at_border=frozenset({11}))
    page = plain(browser.get(f"/examinations/{examination.id}").text)
    assert "8 of 10 decided cells suggested as blast: 80.0 %" in page
    assert "exact 95 % interval 44.4 to 97.5 %" in page
    assert "The decision limit of 20 % lies below the interval" in page
    assert "Suggestions, not yet verified at this microscope" in page


def test_it_is_said_once_beside_the_counts_that_the_model_is_not_verified_here(
    browser, appliance, olga, examination
):
    add_field(appliance, examination.id, olga)
    analyse([0.9, 0.1, 0.5])

    def said():
        page = browser.get(f"/examinations/{examination.id}").text
        results = page[page.index('id="results"') : page.index('id="images"')]
        return results.lower().count("not yet verified at this microscope")

    assert said() == 1
    row = readings.take(examination.id, ReadingKind.FIRST, users.actor_of(olga))
    first = cells_of(examination.id)[0].id
    decisions.showed(row.id, {first: 2000}, users.actor_of(olga))
    decisions.decide(row.id, [first], BLAST, users.actor_of(olga))
    assert said() == 1
    call(row, [BLAST] * 3, olga)
    assert said() == 0


def test_a_limit_inside_the_interval_settles_nothing(browser, appliance, olga, examination):
    add_field(appliance, examination.id, olga)
    analyse([0.9] * 2 + [0.1] * 8)
    page = plain(browser.get(f"/examinations/{examination.id}").text)
    assert "20 % lies inside the interval: these cells alone do not settle the question" in page


def test_each_state_of_the_images_shows_in_the_steps(browser, appliance, olga, examination):
    address = f"/examinations/{examination.id}"
    add_field(appliance, examination.id, olga, 1)
    waiting = browser.get(address).text
    assert steps(waiting)["Images"] == ("busy", "0 of 1 read")
    assert f'data-progress="{address}/progress"' in waiting
    analyse([0.9, 0.1])
    done = steps(browser.get(address).text)
    assert done["Images"] == ("done", "1 read")
    assert done["Read cells"] == ("attention", "2 to verify")
    row = add_field(appliance, examination.id, olga, 2, passed=False)
    page = browser.get(address).text
    assert steps(page)["Images"] == ("attention", "1 needs you")
    assert page.index(f"/fields/{row.id}") < page.index("Image </span>1<")
    assert f"/fields/{row.id}/thumbnail.jpg" in page
    add_field(appliance, examination.id, olga, 3)
    assert fields.fail(fields.claim_oldest("test"), "It broke off.")
    assert steps(browser.get(address).text)["Images"] == ("attention", "2 need you")


def test_the_parts_that_change_come_without_the_page(browser, appliance, olga, examination):
    address = f"/examinations/{examination.id}"
    add_field(appliance, examination.id, olga)
    browser.get(address)
    read = audit.recent(action="examination:read").total
    analyse([0.9, 0.1])
    parts = browser.get(f"{address}/live", headers={"X-Poll": "1"}).text
    assert "<html" not in parts
    for part in ("steps", "results", "images", "actions"):
        assert f'id="{part}"' in parts
    assert "1 of 2 decided cells" in parts
    assert "Read the cells" in parts
    assert audit.recent(action="examination:read").total == read


def test_no_cell_in_any_image_is_said(browser, appliance, olga, examination):
    add_field(appliance, examination.id, olga)
    analyse([])
    page = browser.get(f"/examinations/{examination.id}").text
    assert "No cell was found" in page
    assert steps(page)["Read cells"] == ("attention", "none found")


def test_findings_times_and_other_examinations_stand_beside_it(browser, olga, examination):
    by = users.actor_of(olga)
    today = now().astimezone().date()
    for days, value in ((9, 64.0), (1, 98.0)):
        given = {"observed_on": today - timedelta(days=days), "haemoglobin_g_per_l": value}
        clinical.add(examination.patient_id, given, by)
    examination_of(olga, accession_number="26-0002", specimen="bone-marrow")
    page = browser.get(f"/examinations/{examination.id}").text
    words = plain(page)
    assert "Haemoglobin 98 g/L" in words
    assert '<polyline points="2.0,' in page
    assert all(f"<dt>{time}</dt>" in page for time in ("Collected", "Received", "Imaged"))
    assert "26-0002 Marrow" in words
    assert "No images yet" in words


def test_without_findings_there_is_a_way_to_enter_them(browser, examination):
    page = browser.get(f"/examinations/{examination.id}").text
    assert "No clinical details yet." in page
    assert f"/patients/{examination.patient_id}/findings/new" in page


def test_a_change_is_kept_with_its_history(browser, examination):
    data = TYPED | {"accession_number": "26-0001", "revision": 1, "reason": "Request came later"}
    answer = browser.post(f"/examinations/{examination.id}/change", data=data)
    assert answer.location == f"/examinations/{examination.id}"
    page = plain(browser.get(f"/examinations/{examination.id}/history").text)
    assert "Specimen Peripheral blood → became Bone marrow" in page
    assert f"Collected {NOTHING} → became 1 Mar 2026 08:15" in page
    assert f"Scale {NOTHING} → became 0.13 µm/px" in page
    assert "“Request came later”" in page


def test_a_change_can_be_undone(browser, examination):
    address = f"/examinations/{examination.id}"
    browser.post(f"{address}/change", data=TYPED | {"revision": 1})
    assert f'action="{address}/take-back"' in browser.get(address).text
    browser.post(f"{address}/take-back", data={"revision": "2"})
    after = examinations.get(examination.id)
    assert (after.accession_number, after.objective) == ("26-0001", "10x dry")
    assert (after.collected_at, after.revision) == (None, 3)


def test_saving_what_is_shown_changes_nothing(browser, olga, patient):
    hour = timedelta(hours=1)
    row = examination_of(olga, collected_at=now() - 2 * hour, received_at=now() - hour)
    form = browser.get(f"/examinations/{row.id}/change").text
    typed = dict(re.findall(r'name="(\w+)" type="[a-z-]+" value="([^"]*)"', form))
    typed |= {"specimen": "peripheral-blood", "stain": "wright", "revision": "1"}
    assert browser.post(f"/examinations/{row.id}/change", data=typed).status_code == 303
    assert examinations.get(row.id).revision == 1


def test_an_image_that_came_in_between_is_a_conflict_in_words(
    browser, appliance, olga, examination
):
    address = f"/examinations/{examination.id}/change"
    add_field(appliance, examination.id, olga)
    answer = browser.post(address, data=TYPED | {"revision": 1, "notes": "Mine."})
    assert answer.status_code == 409
    assert "Somebody else changed this in the meantime" in answer.text
    assert "Imaged" in answer.text
    assert ">Mine.</textarea>" in answer.text
    revision = examinations.get(examination.id).revision
    assert f'name="revision" value="{revision}"' in answer.text
    assert browser.post(address, data=TYPED | {"revision": revision}).status_code == 303


def test_received_after_the_first_image_is_said_where_it_can_be_corrected(
    browser, appliance, olga, examination
):
    add_field(appliance, examination.id, olga)
    row = examinations.get(examination.id)
    late = (row.imaged_at + timedelta(minutes=2)).astimezone().strftime("%Y-%m-%dT%H:%M")
    data = TYPED | {"received_at": late, "revision": row.revision}
    answer = browser.post(f"/examinations/{row.id}/change", data=data)
    assert answer.status_code == 422
    assert "This cannot be after the first image was taken." in answer.text


def test_a_closed_examination_takes_no_more_changes(browser, examination):
    Examination.update(status="cancelled", revision=2).execute()
    page = browser.get(f"/examinations/{examination.id}").text
    assert f"/examinations/{examination.id}/change" not in page
    assert f"/examinations/{examination.id}/upload" not in re.sub(
        r"<ol.*?</ol>", "", page, flags=re.S
    )
    answer = browser.post(f"/examinations/{examination.id}/change", data=TYPED | {"revision": 2})
    assert answer.status_code == 409
    assert "is cancelled and takes no more changes" in answer.text


@pytest.mark.parametrize("username", ["hana", "adam"])
def test_who_registers_nothing_reads(as_user, appliance, olga, examination, username):
    add_field(appliance, examination.id, olga)
    analyse([0.9])
    browser, address = as_user(username), f"/examinations/{examination.id}"
    page = browser.get(address).text
    assert ("Read the cells" if username == "hana" else "Look at the cells") in page
    assert "Add images" not in page
    assert f"{address}/change" not in page
    assert browser.get(f"{address}/history").status_code == 200
    new = f"/patients/{examination.patient_id}/examinations/new"
    for path in (f"{address}/change", new):
        assert browser.get(path).status_code == 403
        assert browser.post(path, data=TYPED).status_code == 403


@pytest.mark.parametrize("path", ["", "/live", "/change", "/history"])
def test_an_unknown_examination_is_said_in_words(browser, path):
    answer = browser.get(f"/examinations/{UNKNOWN}{path}")
    assert answer.status_code == 404
    assert "There is no such record" in answer.text
    assert browser.get("/examinations/nonsense").status_code == 404


def test_reading_an_examination_is_noted(browser, examination):
    browser.get(f"/examinations/{examination.id}")
    assert audit.recent(action="examination:read", subject_id=examination.id).total == 1


def test_words_cannot_smuggle_markup_into_the_pages(browser, patient):
    data = TYPED | {"indication": "<script>alert(1)</script>", "notes": "</textarea><b>bold"}
    data["objective_other"] = '"><i>lens'
    browser.post(f"/patients/{patient.id}/examinations/new", data=data)
    row = examinations.by_accession_number("H26/0815")
    for path in ("", "/change", "/history"):
        page = browser.get(f"/examinations/{row.id}{path}").text
        assert not re.search(r"<script>alert|<b>bold|<i>lens", page), path
