"""What differs between a result on record and one computed now, thing by thing."""

from dataclasses import replace

import numpy as np
import pytest

from appliance.records.tables import Cell
from appliance.services.gathering import SAME, SIMILAR, tolerance_of
from appliance.services.replaying import MOST_LISTED, compare
from appliance.services.site_verification import EXAMINATIONS, Comparison, Need, Verified
from appliance.vocabulary import (
    Box,
    FieldAnalysis,
    FoundCell,
    ModelStamp,
    Suggestion,
    Tally,
    Verdict,
)
from appliance.wiring import BUNDLES
from models.card import load_card
from models.last_seen import LastSeen
from models.scripted import ScriptedClassifier

MAKER = ModelStamp("all-test", "f" * 64, "scripted", "0.1.0", (0.3, 0.7))
STAMP = {"runtime": "scripted", "pipeline": "0.1.0", "thresholds": [0.3, 0.7]}
NUCLEUS = np.array([[1, 1], [9, 1], [9, 9]], np.int32)


def found(place):
    return FoundCell(Box(10 * place, 5, 8, 8), NUCLEUS, None, 32.0, None, at_border=False)


def stored(place, **other):
    values = {"suggestion": "blast", "blast_probability": 0.9, "outside_training_range": False}
    where = {"number": place, "x": 10 * place, "y": 5, "width": 8, "height": 8}
    return Cell(**{**where, **values, **other})


@pytest.fixture
def now():
    """What is computed now: three blasts."""
    verdicts = [Verdict(Suggestion.BLAST, 0.9, False)] * 3
    return FieldAnalysis([found(n) for n in (1, 2, 3)], verdicts, Tally(3, 0, 0, None), MAKER)


def whats(outcome):
    return [(each.cell, each.what) for each in outcome.differences]


def test_nothing_differs_within_the_tolerance(now):
    then = [stored(1), stored(2, blast_probability=0.9 + 5e-7), stored(3)]
    outcome = compare(STAMP, then, now, SAME)
    assert (outcome.matched, outcome.compared, whats(outcome)) == (True, 3, [])
    assert outcome.sentence == "The result is the same: 3 cells compared."


def test_each_thing_that_differs_is_named_with_both_values(now):
    then = [
        stored(1, x=11),
        stored(2, suggestion="normal", blast_probability=0.2),
        stored(3, outside_training_range=True),
    ]
    outcome = compare({**STAMP, "thresholds": [0.2, 0.7]}, then, now, SAME)
    assert outcome.matched is False
    assert whats(outcome) == [
        (0, "thresholds"),
        (1, "box"),
        (2, "suggestion"),
        (2, "probability"),
        (3, "outside"),
    ]
    assert outcome.differences[1].then == "11, 5, 8 x 8"
    assert (outcome.differences[3].then, outcome.differences[3].now) == ("0.200000", "0.900000")


def test_cells_that_are_missing_or_new_are_named_and_a_long_list_is_cut(now):
    assert whats(compare(STAMP, [stored(n) for n in (1, 2, 3, 4)], now, SAME)) == [(4, "missing")]
    assert whats(compare(STAMP, [stored(1), stored(2)], now, SAME)) == [(3, "new")]
    many = compare(STAMP, [stored(n) for n in range(1, 64)], now, SAME).as_json()
    assert (len(many["differences"]), many["more"]) == (MOST_LISTED, 60 - MOST_LISTED)


def test_another_library_or_another_file_may_round_differently():
    network = ScriptedClassifier(load_card(next(BUNDLES.iterdir())), [0.5])
    here = {"runtime": network.runtime, "computed_sha256": network.computed_sha256}
    assert tolerance_of(here, network) == SAME
    assert tolerance_of({"runtime": network.runtime}, network) == SAME  # of before it was kept
    assert tolerance_of({**here, "runtime": "other 1"}, network) == SIMILAR
    assert tolerance_of({**here, "computed_sha256": "0" * 64}, network) == SIMILAR


def test_two_heads_share_one_run_of_the_network():
    network = ScriptedClassifier(load_card(next(BUNDLES.iterdir())), [0.5])
    shared, side = LastSeen(network), network.card.side_px
    crops = np.zeros((2, side, side, 3), np.uint8)
    assert shared.predict(crops) is shared.predict(crops)
    assert network.calls == [2]
    shared.predict(crops.copy())
    assert network.calls == [2, 2]


@pytest.mark.parametrize(
    ("verified", "sentence"),
    [
        (Verified(0, 9, 1, 1), "10 blasts and 1 normal cell more to verify first."),
        (Verified(12, 3, 2, 2), "7 normal cells more to verify first."),
        (Verified(15, 15, EXAMINATIONS, 3), "20 cells more would make its figures"),
        (Verified(40, 40, 1, 1), "2 examinations more would make its figures"),
        (Verified(40, 40, EXAMINATIONS, 3), "Enough to fit a head to"),
    ],
)
def test_what_is_missing_is_said_in_numbers(verified, sentence):
    assert sentence in Need(verified).sentence


def test_a_comparison_says_which_head_is_right_alone_more_often():
    few = Comparison(8, 1, None, None, 0, 0)
    assert few.sentence == "12 more verified cells before a comparison is shown."
    enough = replace(few, cells=30, better=5, worse=1)
    assert enough.sentence == "The head on trial is right alone on 5 cells, the other on 1."
    assert "in use is right alone on 5" in replace(enough, better=1, worse=5).sentence
    assert "equally often" in replace(enough, worse=5).sentence
