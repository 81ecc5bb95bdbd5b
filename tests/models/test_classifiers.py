"""The contract of `models.classifier`, run over every implementation."""

import threading

import numpy as np
import pytest

from models.card import load_card
from models.litert import open_classifier
from models.scripted import ScriptedClassifier


@pytest.fixture(params=["litert", "scripted"])
def classifier(request, bundle):
    if request.param == "litert":
        return open_classifier(bundle, threads=1)
    return ScriptedClassifier(load_card(bundle), [0.1, 0.9], outside=[False, False, True])


def test_a_prediction_has_an_entry_for_each_cell(classifier, drawn_crops):
    prediction = classifier.predict(drawn_crops)
    assert len(prediction) == len(drawn_crops)
    assert prediction.blast_probability.shape == (len(drawn_crops),)
    assert prediction.blast_probability.dtype == np.float32
    assert prediction.embedding.shape[0] == len(drawn_crops)
    assert prediction.embedding.dtype == np.float32
    assert prediction.outside.dtype == np.bool_


def test_probabilities_lie_between_0_and_1(classifier, drawn_crops):
    probability = classifier.predict(drawn_crops).blast_probability
    assert np.all((probability >= 0) & (probability <= 1))


def test_no_cell_gives_an_empty_prediction(classifier):
    side = classifier.card.side_px
    prediction = classifier.predict(np.zeros((0, side, side, 3), np.uint8))
    assert len(prediction) == 0
    assert prediction.embedding.ndim == 2


@pytest.mark.parametrize("shape", [(1, 32, 32, 3), (128, 128, 3), (1, 128, 128, 1)])
def test_crops_of_another_shape_are_refused(classifier, shape):
    with pytest.raises(ValueError, match="expected uint8"):
        classifier.predict(np.zeros(shape, np.uint8))


def test_crops_of_another_type_are_refused(classifier, drawn_crops):
    with pytest.raises(ValueError, match="expected uint8"):
        classifier.predict(drawn_crops / np.float32(255))


def test_the_runtime_is_named(classifier):
    assert classifier.runtime


def test_calls_from_several_threads_do_not_disturb_each_other(classifier, drawn_crops):
    alone = classifier.predict(drawn_crops)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(classifier.predict(drawn_crops)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(answers) == 4
    for answer in answers:
        assert np.array_equal(answer.blast_probability, alone.blast_probability)
