"""The bundle's page: tables from figures, and figures measured after training."""

import json
import shutil

from models.training.card_figures import add_measured
from models.training.page import (
    MISSING,
    curve_table,
    cut_out_list,
    drawn_sentences,
    fields_table,
    matrix_table,
    spoilt_table,
)


def test_the_source_that_was_left_out_stands_out():
    figure = {"value": 0.9, "low": 0.8, "high": 0.95}
    entries = [
        {"left_out": "a", "tried_on": "a", "auc": figure},
        {"left_out": "a", "tried_on": "b", "blasts_of_normal": figure},
        {"left_out": "b", "tried_on": "b", "blasts_of_normal": figure},
    ]
    table = matrix_table(entries)
    assert "| a | **AUC 0.900 (0.800-0.950)** | 0.900 (0.800-0.950) |" in table
    assert "| b | - | **0.900 (0.800-0.950)** |" in table


def test_what_was_not_measured_is_said_so():
    assert {matrix_table([]), curve_table({}), drawn_sentences({}), spoilt_table({})} == {MISSING}
    assert {fields_table([]), cut_out_list({})} == {MISSING}


def test_fields_are_shown_with_how_many_there_were():
    figure = {"value": 0.9, "low": 0.8, "high": 0.95}
    keys = ("accuracy", "sensitivity", "specificity", "auc")
    trial = {"what": "here", "fields": 12, "with_blasts": 5, "poolings": ["mean"]} | dict.fromkeys(
        keys, figure
    )
    assert "| here | 12 (5) | 0.900 (0.800-0.950) |" in fields_table([trial])


def test_pictures_never_shown_are_counted_apart():
    counts = {"pictures": 10, "noticed": 9, "empty": 1, "flagged": 7, "cells": 20}
    drawn = {
        "grapes, never shown": counts | {"cells_flagged": 15},
        "page, of a kind shown": counts | {"cells_flagged": 20, "noticed": 10},
    }
    never, shown = drawn_sentences(drawn).splitlines()
    assert "1 kinds never shown, 10 pictures" in never
    assert "90.0%; without the gate 80.0%. 75.0% of 20 cells" in never
    assert "100.0%" in shown


def test_only_figures_of_this_very_network_enter_its_card(bundle, tmp_path):
    copy, measured = tmp_path / bundle.name, tmp_path / "evaluation"
    shutil.copytree(bundle, copy)
    measured.mkdir()
    digest = json.loads((copy / "card.json").read_text("utf-8"))["files"]["model.tflite"]
    point = {"cells": 10, "auc": 0.5, "auc_low": 0.4, "auc_high": 0.6, "calibration_error": 0.1}
    curve = {"sha256": digest, "curves": {"here": [point]}}
    (measured / "learning_curve.json").write_text(json.dumps(curve), "utf-8")
    (measured / "range.json").write_text(json.dumps({"sha256": "0", "drawn": {}}), "utf-8")
    assert add_measured(copy, measured) == ["learning_curve.json"]
    card = json.loads((copy / "card.json").read_text("utf-8"))
    assert card["figures"]["learning_curve"] == {"here": [point]}
    page = (copy / "MODEL_CARD.md").read_text("utf-8")
    assert "| here | 0.500 (0.400-0.600) / 0.100 |" in page
