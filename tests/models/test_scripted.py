"""The classifier that answers what it was told to."""

import numpy as np
import pytest

from appliance.errors import ModelUnusable
from models.card import load_card
from models.scripted import ScriptedClassifier


@pytest.fixture
def card(bundle):
    return load_card(bundle)


def test_the_script_is_given_in_order_and_over_again(card, drawn_crops):
    classifier = ScriptedClassifier(card, [0.25, 0.75], outside=[True, False])
    prediction = classifier.predict(drawn_crops[:3])
    assert list(prediction.blast_probability) == [0.25, 0.75, 0.25]
    assert list(prediction.outside) == [True, False, True]


def test_it_remembers_how_many_cells_it_was_asked_about(card, drawn_crops):
    classifier = ScriptedClassifier(card, [0.5])
    classifier.predict(drawn_crops[:3])
    classifier.predict(drawn_crops[:0])
    assert classifier.calls == [3, 0]


def test_it_fails_once_when_told_to(card, drawn_crops):
    classifier = ScriptedClassifier(card, [0.5])
    classifier.fail_next(ModelUnusable("pulled out"))
    with pytest.raises(ModelUnusable, match="pulled out"):
        classifier.predict(drawn_crops)
    assert np.all(classifier.predict(drawn_crops).blast_probability == 0.5)


@pytest.mark.parametrize("script", [[], [1.5]])
def test_a_script_without_probabilities_is_refused(card, script):
    with pytest.raises(ValueError, match="between 0 and 1"):
        ScriptedClassifier(card, script)
