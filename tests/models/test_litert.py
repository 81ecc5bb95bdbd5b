"""The released network on the runtime that is installed."""

import hashlib

import numpy as np
import pytest

from appliance.errors import ModelUnusable
from models import litert
from models.litert import open_classifier


@pytest.fixture(scope="module")
def reference(bundle, drawn_crops):
    return open_classifier(bundle, threads=1, batch=1).predict(drawn_crops)


@pytest.mark.parametrize(("threads", "batch"), [(1, 2), (1, 8), (2, 1), (2, 5), (2, 64)])
def test_the_same_bytes_give_the_same_bits_in_any_batch_on_any_threads(
    bundle, drawn_crops, reference, threads, batch
):
    prediction = open_classifier(bundle, threads=threads, batch=batch).predict(drawn_crops)
    for name in ("blast_probability", "embedding", "outside", "attention"):
        assert np.array_equal(getattr(prediction, name), getattr(reference, name)), name


def test_a_cell_is_judged_without_regard_to_its_neighbours(bundle, drawn_crops, reference):
    classifier = open_classifier(bundle)
    turned = classifier.predict(drawn_crops[::-1])
    assert np.array_equal(turned.embedding[::-1], reference.embedding)


def test_attention_is_a_coarse_map_from_0_to_1(reference, drawn_crops):
    assert reference.attention.shape[0] == len(drawn_crops)
    assert reference.attention.ndim == 3
    assert reference.attention.min() >= 0
    assert reference.attention.max() <= 1


def test_different_cells_get_different_embeddings(reference):
    assert len(np.unique(reference.embedding, axis=0)) == len(reference)


def test_a_network_that_differs_from_its_card_is_refused(spoiled):
    bundle = spoiled()
    content = bytearray((bundle / "model.tflite").read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / "model.tflite").write_bytes(content)
    with pytest.raises(ModelUnusable, match="not the file its card describes"):
        open_classifier(bundle)


def test_a_bundle_without_its_network_is_refused(spoiled):
    bundle = spoiled()
    (bundle / "model.tflite").unlink()
    with pytest.raises(ModelUnusable, match=r"has no model\.tflite"):
        open_classifier(bundle)


def test_bytes_that_are_no_network_are_refused_although_their_hash_fits(spoiled):
    bundle = spoiled(files={"model.tflite": hashlib.sha256(b"no network").hexdigest()})
    (bundle / "model.tflite").write_bytes(b"no network")
    with pytest.raises(ModelUnusable, match="cannot be run"):
        open_classifier(bundle)


def test_a_card_for_another_network_is_refused(spoiled):
    with pytest.raises(ModelUnusable, match="inputs and outputs of its card"):
        open_classifier(spoiled(outputs={"embedding": 80}))


def test_without_a_runtime_it_is_said_what_to_install(bundle, monkeypatch):
    monkeypatch.setattr(litert, "Interpreter", None)
    with pytest.raises(ModelUnusable) as caught:
        open_classifier(bundle)
    assert caught.value.advice == "Install ai-edge-litert."


@pytest.mark.parametrize("options", [{"threads": 0}, {"batch": 0}])
def test_no_threads_or_an_empty_batch_is_refused(bundle, options):
    with pytest.raises(ValueError, match="at least 1"):
        open_classifier(bundle, **options)
