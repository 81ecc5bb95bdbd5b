"""From the submission to the signature and beyond it: corrected, concluded, signed, amended."""

import pytest

from appliance.permissions import Role
from appliance.records import decisions, readings, users
from appliance.review_vocabulary import CellLabel, ReadingKind
from tests import cases
from tests.browser import faults_of_page
from tests.flow.live import Client
from tests.journeys import bench
from tests.journeys.smears import drawn

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def submitted(lab, register, tmp_path):
    """A drawn smear that Olga read as suggested, and submitted."""
    examination = register([drawn(tmp_path, 31)])
    with bench.records(lab.data):
        olga = bench.person("olga")
        readings.submit(cases.read(examination, olga).id, users.actor_of(olga))
    return examination


@pytest.fixture
def differing(lab, register, tmp_path, password_hash):
    """Olga's smear, of which Ivo has called all cells but one, the first as she did not."""
    examination = register([drawn(tmp_path, 32)])
    with bench.records(lab.data):
        if users.by_username("ivo") is None:
            users.add("ivo", "Ivo Brandt", Role.TECHNICIAN, password_hash, None)
        olga, ivo = bench.person("olga"), bench.person("ivo")
        first = cases.read(examination, olga)
        readings.submit(first.id, users.actor_of(olga), second_because="Drawn at random.")
        _call_all_but_one(examination, ivo)
    return examination


def _call_all_but_one(examination, ivo):
    by, cells = users.actor_of(ivo), cases.cells_of(examination)
    second = readings.take(examination, ReadingKind.SECOND, by)
    other = CellLabel.NORMAL if cells[0].suggestion == "blast" else CellLabel.BLAST
    decisions.showed(second.id, {cell.id: 2000 for cell in cells}, by)
    decisions.decide(second.id, [cells[0].id], other, by)
    for cell in cells[1:-1]:
        decisions.decide(second.id, [cell.id], CellLabel(str(cell.suggestion)), by)


def test_a_report_is_corrected_concluded_signed_and_amended(before, lab, submitted, password):
    hand = before(lab)
    hand.open("/")
    hand.sign_in("hana", password)
    hand.tap(hand.find(f"#exam-{submitted}"))
    _correct_one_cell(hand)
    _conclude(hand)
    _sign(hand, "Sign version 1", password)
    hand.sees("Report, version 1", "h1")
    assert faults_of_page(hand.driver) == []

    olga = Client(lab.address)
    olga.sign_in("olga", password)
    assert "Report, version 1" in olga.get(f"/examinations/{submitted}/reports").text

    _amend(hand)
    _sign(hand, "Sign version 2", password)
    hand.sees("What changed since version 1")
    hand.sees("Immunophenotyping is recommended.", ".version-shown")
    assert faults_of_page(hand.driver) == []

    _leave(hand)
    hand.sign_in("olga", password)
    hand.tap(hand.find(".status summary"))
    hand.tap("Report")
    hand.sees("Report, version 2", "h1")
    hand.tap("Version 1")
    hand.sees("Superseded.", ".notice-attention")
    assert faults_of_page(hand.driver) == []


def test_a_second_reading_is_done_blind_and_settled_by_a_third(before, lab, differing, password):
    hand = before(lab)
    hand.open("/second-readings")
    hand.sign_in("ivo", password)
    assert faults_of_page(hand.driver) == []
    hand.tap("Go on")
    hand.sees("You read blind")
    _call(hand, ".read-tile[data-todo] .cell", "blast")
    hand.tap("Submit")
    hand.sees("is submitted", "#notices")
    hand.sees("Called differently")
    assert faults_of_page(hand.driver) == []

    _leave(hand)
    hand.sign_in("hana", password)
    hand.open("/second-readings")
    hand.tap("Adjudicate")
    hand.sees("call differently", ".notice-info")
    while hand.driver.find_elements("css selector", ".read-tile[data-todo]"):
        _call(hand, ".read-tile[data-todo] .cell", "normal")
    hand.tap("Submit")
    hand.sees("adjudication", "#notices")
    hand.sees("Normal", ".differing-calls strong")
    hand.open(f"/examinations/{differing}")
    hand.sees("done by Hana Sato", "#verdict")
    assert faults_of_page(hand.driver) == []


def _correct_one_cell(hand):
    hand.tap("Review the cells")
    _call(hand, '.read-tile[data-group="normal"] .cell', "unsure")
    hand.tap(hand.find(".read-head .icon-button"))
    hand.sees("Cells", "#results-title")


def _call(hand, css, label):
    """Select a cell and call it; the page has it from the server then."""
    hand.tap(hand.find(css))
    hand.sees("1 selected", ".read-selection")
    hand.tap(hand.find(f".read-bar .read-label-{label}"))
    hand.wait.until(lambda d: not d.find_elements("css selector", ".read-tile[data-waiting]"))
    hand.sees("1 cell to", ".read-undo")


def _conclude(hand):
    hand.tap("Conclude")
    hand.sees("verified leukocytes", ".results-sentence")
    hand.tap("Blasts at or above the decision limit")
    hand.tap("Lymphoblasts with high")
    hand.tap("The ward must hear of this at once")
    assert faults_of_page(hand.driver) == []
    hand.tap("Save the conclusion")
    hand.type("told_to", "Dr. Haddad, ward 3")
    assert faults_of_page(hand.driver) == []
    hand.tap("They were told")
    hand.sees("Dr. Haddad, ward 3 was told by Hana Sato")


def _sign(hand, words, password):
    hand.type("password", password)
    assert faults_of_page(hand.driver) == []
    hand.tap(words)


def _amend(hand):
    hand.tap("Amend")
    hand.tap("Corrected: what was signed was wrong")
    hand.tap("A second opinion was obtained")
    assert faults_of_page(hand.driver) == []
    hand.tap("Open it for changes")
    hand.sees("Being corrected", ".state-line")
    hand.tap("Conclusion")
    hand.tap("Immunophenotyping is recommended.")
    hand.tap("Save the conclusion")


def _leave(hand):
    hand.driver.delete_all_cookies()
    hand.open("/")
