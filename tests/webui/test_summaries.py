import pytest

from appliance.records.overview import Listed
from appliance.records.tables import Examination, Patient
from appliance.vocabulary import ExaminationStatus, FieldState, Suggestion
from webui import summaries

READ = FieldState.ANALYSED


def listed(status="partial", states=None, suggestions=None):
    row = Examination(accession_number="26-0001", status=status)
    return Listed(row, Patient(), states or {}, suggestions or {})


@pytest.mark.parametrize(
    ("status", "states", "suggestions", "words", "state"),
    [
        ("registered", {}, {}, "No images yet", "attention"),
        ("partial", {FieldState.ACCEPTED: 2, READ: 1}, {}, "1 of 3 read", "busy"),
        ("partial", {FieldState.REFUSED: 1, READ: 1}, {}, "1 image needs you", "attention"),
        (
            "partial",
            {FieldState.REFUSED: 1, FieldState.FAILED: 1},
            {},
            "2 images need you",
            "attention",
        ),
        (
            "partial",
            {FieldState.REFUSED: 1, FieldState.ACCEPTED: 9},
            {},
            "1 image needs you",
            "attention",
        ),
        ("partial", {READ: 2}, {}, "No cell found", "attention"),
        ("partial", {READ: 2}, {Suggestion.BLAST: 3, Suggestion.UNSURE: 1}, "4 to verify", "quiet"),
        (
            "preliminary",
            {FieldState.REFUSED: 1, READ: 1},
            {Suggestion.BLAST: 3},
            "To conclude",
            "quiet",
        ),
        ("final", {READ: 2}, {Suggestion.BLAST: 3}, "Final", "ok"),
        ("cancelled", {}, {}, "Cancelled", "fault"),
        ("entered-in-error", {FieldState.FAILED: 1}, {}, "Entered in error", "fault"),
    ],
)
def test_the_most_pressing_thing_is_said(status, states, suggestions, words, state):
    missing = summaries.missing(listed(status, states, suggestions))
    assert (missing.words, missing.state) == (words, state)


@pytest.mark.parametrize("status", ExaminationStatus)
def test_every_status_has_words(status):
    assert summaries.missing(listed(status, {READ: 1})).words


def test_result_and_interval_are_in_words():
    line = summaries.line(listed(suggestions={Suggestion.BLAST: 8, Suggestion.NORMAL: 2}))
    assert (line.cells, line.interval) == ("10 cells", "44 to 97 %")
    assert summaries.line(listed(suggestions={Suggestion.UNSURE: 1})).cells == "1 cell"
    assert summaries.line(listed(suggestions={Suggestion.UNSURE: 1})).interval == ""
