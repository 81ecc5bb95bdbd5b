"""The model at this microscope: from no verified cell to a head that is switched on, and back."""

import re

import pytest

from appliance.permissions import Role
from appliance.records import (
    edits,
    fields,
    readings,
    replays,
    site_verifications,
    users,
)
from appliance.records.database import proxy
from appliance.records.guards import install, remove
from appliance.records.tables import Cell
from appliance.review_vocabulary import CellLabel, ReadingKind
from appliance.review_vocabulary import VerificationState as State
from appliance.vocabulary import Box
from appliance.wiring import line_of
from tests.verified import drawn, imaged, read

REASON = "Better here on 40 cells of four examinations."


@pytest.fixture
def line(appliance, app):
    return line_of(appliance)


@pytest.fixture
def work(line):
    """The worker, until nothing waits."""

    def until_done():
        while line.run_next(lambda: True):
            pass

    return until_done


@pytest.fixture
def case(appliance, olga, work):
    """Has drawn slides read by the worker and, unless told otherwise, by Olga: case(seed)."""

    def examine(seed, *, submitted=True, fields_=2):
        slides = [drawn(100 * seed + place) for place in range(fields_)]
        examination = imaged(appliance, olga, slides, f"M-{seed}")
        work()
        if submitted:
            read(examination, olga, slides)
        return examination

    return examine


def posted(browser, path, **data):
    answer = browser.post(path, data={name: str(value) for name, value in data.items()})
    assert answer.status_code == 303, answer.text
    return answer


def newest():
    return site_verifications.latest(1)[0]


def test_from_zero_to_a_head_that_is_switched_on_and_back(as_user, case, work):
    olga, adam = as_user("olga"), as_user("adam")
    page = olga.get("/model").text
    assert "Not yet verified at this microscope" in page
    assert "10 blasts and 10 normal cells more to verify first." in page
    assert olga.post("/model/fits").status_code == 409

    for seed in range(2):
        case(seed)
    assert "A head can be fitted." in olga.get("/model").text
    posted(olga, "/model/fits")
    assert "is being fitted" in olga.get("/model/live").text
    assert olga.post("/model/fits").status_code == 409
    work()
    row = newest()
    assert row.state == State.FITTED, row.sentence
    assert row.figures["judged_by"] == "patient"
    assert row.figures["changed"] == row.figures["missing"] == 0
    page = olga.get("/model").text
    assert "Learning curve" in page
    assert "Area under the ROC curve" in page

    refused = adam.post(f"/model/heads/{row.id}/switch-on", data={"reason_on": REASON})
    assert refused.status_code == 409
    posted(olga, f"/model/heads/{row.id}/shadow", revision=row.revision)
    examination = case(7, fields_=1)
    cells = [cell for field in fields.of_examination(examination) for cell in _cells(field)]
    assert site_verifications.shadowed(row.id) == len(cells)
    assert {field.stamp["verified_here"] for field in fields.of_examination(examination)} == {False}
    page = olga.get("/model").text
    compared = int(re.search(r"(\d+) of 20 cells", page).group(1))
    assert f"{20 - compared} more verified cells before a comparison is shown." in page
    case(8)
    assert "The other class" in olga.get("/model").text

    row = newest()
    adam_refused = adam.post(f"/model/heads/{row.id}/switch-on", data={"revision": row.revision})
    assert adam_refused.status_code == 422
    posted(adam, f"/model/heads/{row.id}/switch-on", revision=row.revision, reason_on=REASON)
    assert "Verified at this microscope" in olga.get("/model").text
    (field,) = fields.of_examination(case(9, fields_=1))
    assert field.stamp["verified_here"] is True
    assert field.stamp["site_head"]["sha256"] == row.head_sha256
    (old,) = {field.stamp["verified_here"] for field in fields.of_examination(examination)}
    assert old is False

    row = newest()
    posted(adam, f"/model/heads/{row.id}/switch-off", revision=row.revision, reason_off=REASON)
    (field,) = fields.of_examination(case(10, fields_=1, submitted=False))
    assert (field.stamp["verified_here"], field.stamp["site_head"]) == (False, None)


def _cells(field):
    return fields.cells_of(field.id)


class TestReplay:
    def test_a_result_is_the_same_and_an_altered_value_is_found(self, as_user, olga, case, work):
        examination = case(1, submitted=False)
        by, hana = users.actor_of(olga), as_user("hana")
        first = fields.of_examination(examination)[0]
        reading = readings.take(examination, ReadingKind.FIRST, by)  # what people add stays out
        edits.add(reading.id, first.id, Box(300, 300, 60, 60), None, CellLabel.BLAST, by)
        posted(hana, f"/examinations/{examination}/replays")
        assert "Waiting" in hana.get(f"/examinations/{examination}/replays").text
        work()
        assert (
            "2 of 2 results are the same."
            in hana.get(f"/examinations/{examination}/replays/live").text
        )

        field = fields.of_examination(examination)[0]
        altered = fields.cells_of(field.id)[0]
        remove(proxy.obj)
        Cell.update(blast_probability=0.123456, x=altered.x + 1).where(
            Cell.id == altered.id
        ).execute()
        install(proxy.obj)
        posted(hana, f"/fields/{field.id}/replay")
        assert hana.post(f"/fields/{field.id}/replay").status_code == 409
        work()
        found = replays.last_of_examination(examination)[field.id]
        assert found.matched is False
        assert {each["what"] for each in found.outcome["differences"]} == {"box", "probability"}
        assert {each["cell"] for each in found.outcome["differences"]} == {1}
        page = hana.get(f"/examinations/{examination}/replays").text
        assert "0.123456" in page
        assert "1 differ" in page

    def test_what_is_missing_is_named(self, appliance, as_user, case, work):
        examination = case(2, submitted=False)
        one, other = fields.of_examination(examination)
        appliance.pictures.path(one.sha256).unlink()
        remove(proxy.obj)
        stamp = {**other.stamp, "sha256": "f" * 64, "id": "all-gone-1"}
        other.stamp = stamp
        other.save(only=["stamp"])
        install(proxy.obj)
        assert replays.ask_all(examination, users.actor_of(users.by_username("adam"))) == 2
        work()
        page = as_user("adam").get(f"/examinations/{examination}/replays").text
        assert "The stored original cannot be used" in page
        assert "the classifier all-gone-1 with SHA-256 ffffffffffff is not installed here" in page
        assert "2 could not be computed" in page


def test_totals_tell_nothing_of_an_examination_that_is_to_be_read_blind(
    as_user, case, work, olga, password_hash
):
    case(0)
    before = _called(as_user("olga").get("/model").text)
    blind = case(1)
    posted(as_user("olga"), "/model/fits")
    work()
    users.add("ivo", "Ivo Brandt", Role.TECHNICIAN, password_hash, None)
    ivo, head = as_user("ivo"), f"/model/heads/{newest().id}"
    all_of_it = ivo.get("/model").text
    split = f"{newest().cells['blast']} blasts and {newest().cells['normal']} normal cells of 2"
    assert split in ivo.get(head).text
    readings.ask(blind, ReadingKind.SECOND, "Drawn at random.", users.actor_of(olga))
    page = ivo.get("/model").text
    assert "1 examination is left out for you" in page
    assert _called(page) == before
    assert _called(as_user("olga").get("/model").text) == _called(all_of_it) != _called(page)
    together = sum(newest().cells[kind] for kind in ("blast", "normal"))
    assert f"<dd>{together} cells of 2 examinations</dd>" in ivo.get(head).text
    assert split in as_user("olga").get(head).text
    assert f"{together} cells" in ivo.get(f"{head}/history").text


def _called(page):
    """What stands on the page as verified blasts and normal cells."""
    card = page[page.index("Cells to learn from") :]
    return [int(number) for number in re.findall(r'figure-value">(\d+)', card)[:2]]
