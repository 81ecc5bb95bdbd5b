"""What changed between two signed records, in words."""

from webui.versions import MOST_CELLS, changed


def record(labels, *, finding="no-blasts", given="Ada", fraction=0.0):
    cells = [
        {"id": str(place), "number": place, "label": label, "counted": True}
        for place, label in enumerate(labels, start=1)
    ]
    counts = {label: labels.count(label) for label in ("blast", "normal", "unsure", "other")}
    return {
        "conclusion": {"finding": finding, "text": "", "critical": False, "told_to": ""},
        "counts": counts
        | {"counted": len(labels), "not-a-cell": 0, "blast_fraction": fraction}
        | {"interval95": [0.0, 0.5]},
        "images": [{"number": 3, "cells": cells}],
        "patient": {"given_name": given, "birth_date": None},
        "examination": {"stain": "wright"},
    }


def words(before, after):
    return [(one.label, one.before, one.after) for one in changed(before, after)]


def test_the_same_record_has_no_changes():
    assert words(record(["blast"]), record(["blast"])) == []


def test_conclusion_counts_cells_and_patient_are_said_in_that_order():
    before = record(["normal", "normal"])
    after = record(["blast", "normal"], finding="not-conclusive", given="Adaeze", fraction=0.5)
    assert words(before, after) == [
        ("Finding", "no blasts", "not conclusive"),
        ("Blasts", "0", "1"),
        ("Normal", "2", "1"),
        ("Blast fraction", "0.0 % (0.0 to 50.0 %)", "50.0 % (0.0 to 50.0 %)"),
        ("Image 3, cell 1", "Normal", "Blast"),
        ("Given name", "Ada", "Adaeze"),
    ]


def test_what_is_printed_otherwise_is_said():
    before, after = record(["blast"]), record(["blast"])
    printed = {"decision_limit": 0.2, "parts": [], "wording": {"foot": ""}, "findings": {}}
    after["printed"] = printed | {"decision_limit": 0.25, "wording": {"foot": "Ask us."}}
    after["printed"]["findings"] = {"no-blasts": "None."}
    assert words(before, after) == []
    assert words(before | {"printed": printed}, after) == [
        ("Decision limit", "20 %", "25 %"),
        ("Wording", "", "Ask us."),
        ("Wording of a finding", "", "None."),
    ]


def test_a_cell_that_was_added_was_not_there():
    assert ("Image 3, cell 2", "not there", "Other cell") in words(
        record(["blast"]), record(["blast", "other"])
    )


def test_many_cells_are_counted_instead_of_named():
    many = MOST_CELLS + 7
    found = words(record(["blast"] * many), record(["normal"] * many))
    assert sum(label.startswith("Image") for label, _, _ in found) == MOST_CELLS
    assert found[-1] == ("Further cells", "", "7 more called differently")
