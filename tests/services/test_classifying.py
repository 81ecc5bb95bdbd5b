"""A picture as a whole: where most cells are flagged, none of the others may pass for blood."""

from pathlib import Path

import numpy as np
import pytest

from appliance.services.classifying import classify
from appliance.vocabulary import Box, FoundCell, SourceImage
from models.card import load_card
from models.scripted import ScriptedClassifier

BUNDLE = next((Path(__file__).parents[2] / "models" / "bundles").iterdir())


def flagged(outside, cut=()):
    """Flags of cells after `classify`, of which the network flagged some, and some are cut."""
    nothing = np.empty((0, 2), np.int32)
    cells = [
        FoundCell(Box(40 * n, 10, 20, 20), nothing, None, 0.0, None, at_border=n in cut)
        for n in range(len(outside))
    ]
    card = load_card(BUNDLE)
    network = ScriptedClassifier(card, [0.9], outside=outside)
    picture = SourceImage(np.zeros((40, 400, 3), np.uint8), "", "image/png")
    crops = np.zeros((len(cells), card.side_px, card.side_px, 3), np.uint8)
    return classify(picture, cells, crops, network).outside.tolist()


def test_where_most_cells_are_strange_the_picture_is():
    assert flagged([True, True, False, True, True]) == [True] * 5
    assert flagged([True, False, True, True, True, True, True, True, True, False]) == [True] * 10


@pytest.mark.parametrize(
    "outside", [[True, True, False, False], [True, True, False], [False] * 6, [True]]
)
def test_a_strange_cell_or_a_picture_of_few_cells_says_nothing_of_the_others(outside):
    assert flagged(outside) == outside


def test_cells_cut_by_the_edge_do_not_speak_for_the_picture():
    outside = [True, True, True, False, False, False, False]
    assert flagged(outside, cut={0, 1, 2}) == outside
