"""A laboratory's own head: what it fits, what it promises, what it refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from appliance.errors import ModelUnusable
from models.card import load_card
from models.figures import auc, calibration_error
from models.head_fitting import (
    NETWORK_PENALTY,
    PENALTIES,
    SiteCells,
    cross_validated,
    fit,
    folds_of,
    groups_suffice,
    leaning,
)
from models.scripted import EMBEDDING_SIZE, ScriptedClassifier
from models.site_head import (
    SITE_HEAD,
    LinearHead,
    Numbers,
    SiteHeadClassifier,
    linear_as_json,
    load_site_head,
    write_site_head,
)


def drawn(count, *, depth=24, apart=1.2, network=0.0, seed=1, groups=12, shift=0.0):
    """Cells of two classes that lie apart along a few axes; groups have a tint of their own."""
    random = np.random.default_rng(seed)
    blast = random.random(count) < 0.4
    axis = np.zeros(depth)
    axis[:4] = apart / 2
    group = random.integers(0, groups, count) * 2 + blast
    tint = random.normal(0, 0.3, (2 * groups, depth))
    sign = np.where(blast, 1, -1)
    embedding = random.normal(0, 1, (count, depth)) + sign[:, None] * axis + tint[group] + shift
    margin = network * sign + random.normal(0, 1, count) - 3
    return SiteCells(
        embedding.astype(np.float32),
        expit(margin).astype(np.float32),
        blast,
        np.array([f"slide {g}" for g in group]),
    )


@pytest.fixture(scope="module")
def linear():
    return fit(drawn(80, depth=EMBEDDING_SIZE)).linear


@pytest.fixture
def content(bundle, linear):
    card = load_card(bundle)
    return {
        "model": {"id": card.id, "sha256": card.sha256},
        "head": linear_as_json(linear),
        "thresholds": [0.2, 0.8],
        "cells": {"blast": 30, "normal": 50},
        "date": "2026-11-24",
    }


def test_a_head_separates_cells_it_has_not_seen_at_the_same_site():
    head = fit(drawn(80)).linear
    new = drawn(600, seed=2)
    margin = head.margin(new.embedding, new.probability)
    assert auc(new.blast, margin) > 0.87  # although the network's own score is noise


def test_a_good_network_is_listened_to_when_cells_are_few():
    few, new = drawn(20, network=2.0, apart=0.3), drawn(800, network=2.0, apart=0.3, seed=2)
    head = fit(few).linear
    alone = fit(replace(few, probability=np.full(20, 0.5, np.float32))).linear
    with_it = auc(new.blast, head.margin(new.embedding, new.probability))
    without = auc(new.blast, alone.margin(new.embedding, new.probability))
    assert with_it > without + 0.1
    assert with_it > auc(new.blast, new.probability.astype(float)) - 0.03


def test_a_network_that_knows_nothing_here_does_no_harm():
    cells, new = drawn(200), drawn(800, seed=2)
    alone = fit(replace(cells, probability=np.full(200, 0.5, np.float32))).linear
    both = fit(cells).linear
    gap = auc(new.blast, alone.margin(new.embedding, new.probability)) - auc(
        new.blast, both.margin(new.embedding, new.probability)
    )
    assert gap < 0.01


def test_the_fit_is_the_average_of_scikit_learns_at_all_strengths():
    cells = replace(drawn(120), leant_on={2: 0.01, 5: 0.1})
    fitted = fit(cells)
    assert sum(fitted.shares) == pytest.approx(1)
    columns = (cells.embedding - fitted.linear.centre) / fitted.linear.spread
    centre, scale, _ = fitted.linear.network
    margin = np.log(cells.probability / (1 - cells.probability.astype(float)))
    leant = np.column_stack([columns[:, [2, 5]] * np.sqrt(24), (margin - centre) / scale])
    penalties = np.array([0.01, 0.1, NETWORK_PENALTY])
    expected = np.zeros(len(cells))
    for penalty, share in zip(PENALTIES, fitted.shares, strict=True):
        # Scaling a column by a is dividing its penalty by a squared: one strength for all columns.
        whole = np.column_stack([columns, leant * np.sqrt(penalty / penalties)])
        peer = LogisticRegression(C=1 / (penalty * 120), max_iter=5000, tol=1e-9)
        expected += share * peer.fit(whole, cells.blast).decision_function(whole)
    ours = fitted.linear.margin(cells.embedding, cells.probability) * fitted.temperature
    assert ours == pytest.approx(expected, abs=0.03)


def test_a_number_that_is_leant_on_is_listened_to_when_cells_are_few():
    few, new = drawn(20, apart=0.3), drawn(800, apart=0.3, seed=2)
    for cells in (few, new):
        noise = np.random.default_rng(5).normal(0, 1, len(cells))
        cells.embedding[:, 23] = np.where(cells.blast, 1.0, -1.0) + noise
    found = {}
    for penalty in (None, 0.1, 0.01):
        head = fit(replace(few, leant_on={23: penalty} if penalty else {})).linear
        found[penalty] = auc(new.blast, head.margin(new.embedding, new.probability))
    assert found[0.01] > found[0.1] > found[None] + 0.05


def test_what_is_leant_on_is_known_by_its_name():
    cells = drawn(30, depth=8)
    numbers = Numbers(("nucleus_px", "solidity", "nucleus_share"), np.zeros(3))
    assert leaning(cells, numbers).leant_on == {5: 0.1, 7: 0.01}
    assert leaning(cells, Numbers(("lobes",), np.zeros(1))).leant_on == {}


def test_what_is_known_of_few_cells_only_is_not_leant_on():
    cells = drawn(30, depth=8)
    numbers = Numbers(("nucleus_px", "solidity", "nucleus_share"), np.zeros(3))
    cells.embedding[:20, 5] = 0
    assert leaning(cells, numbers).leant_on == {7: 0.01}


def test_a_number_that_is_known_of_no_cell_changes_nothing():
    cells = drawn(60, depth=8)
    unknown = np.full((60, 1), np.nan, np.float32)
    wide = Numbers.of(["nucleus_px"], unknown).beside(cells.embedding, unknown)
    both = [cells, replace(cells, embedding=wide, leant_on={8: 0.1})]
    ours = [fit(each).linear.margin(each.embedding, each.probability) for each in both]
    assert ours[1] == pytest.approx(ours[0], abs=0.2)
    assert fit(both[1]).linear.weight[8] == 0


def test_what_is_usual_is_the_median_of_what_is_known():
    table = np.array([[1, np.nan, 3], [2, np.nan, np.nan], [9, np.nan, 5]], np.float32)
    assert Numbers.of("abc", table).usual.tolist() == [2, 0, 4]


def test_probabilities_are_calibrated_on_cells_not_fitted_to():
    head = fit(drawn(200)).linear
    new = drawn(4000, seed=2)
    probability = head.probability(new.embedding, new.probability).astype(float)
    assert calibration_error(new.blast, probability) < 0.05


def test_cross_validation_is_not_fooled_by_labels_that_mean_nothing():
    """Each slide has a tint and one class, as in ALL-IDB1; the cells themselves tell nothing."""
    random = np.random.default_rng(8)
    place = np.repeat(np.arange(12), 15)
    tint = random.normal(0, 3, (12, 16))
    cells = SiteCells(
        (tint[place] + random.normal(0, 1, (180, 16))).astype(np.float32),
        np.full(180, 0.5, np.float32),
        place % 2 == 0,
        np.array([f"{slide}" for slide in place]),
    )
    honest = auc(cells.blast, cross_validated(cells).astype(float))
    torn = replace(cells, group=np.array([f"{cell}" for cell in range(180)]))
    assert auc(torn.blast, cross_validated(torn).astype(float)) > 0.95
    assert honest < 0.75


def test_no_group_is_in_two_folds_and_every_fold_has_both_classes():
    cells = drawn(200)
    folds = folds_of(cells.blast, cells.group)
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]
    for name in np.unique(cells.group):
        assert len(set(folds[cells.group == name])) == 1
    for fold in range(5):
        assert 0 < cells.blast[folds == fold].sum() < (folds == fold).sum()


def test_a_class_from_one_slide_is_dealt_by_the_cell():
    blast = np.arange(30) < 12
    group = np.where(blast, "one", "other")
    assert not groups_suffice(blast, group)
    folds = folds_of(blast, group)
    assert np.bincount(folds, weights=blast).min() >= 2


def test_cells_of_one_class_are_no_ground_for_a_head():
    with pytest.raises(ValueError, match="one class"):
        fit(drawn(30).where(drawn(30).blast))


def test_an_axis_that_is_constant_here_says_nothing_elsewhere():
    cells = drawn(60)
    cells.embedding[:, 10] = 2.5
    head = fit(cells).linear
    odd = cells.embedding.copy()
    odd[:, 10] = 3.5
    assert abs(head.weight[10]) < 1e-9
    assert np.isfinite(head.margin(odd, cells.probability)).all()


def test_a_head_is_read_back_as_it_was_written(tmp_path, content, linear):
    head = write_site_head(tmp_path / "new" / "head", content)
    again = load_site_head(tmp_path / "new" / "head" / SITE_HEAD)
    cells = drawn(40, depth=EMBEDDING_SIZE, seed=4)
    expected = linear.margin(cells.embedding, cells.probability)
    assert np.array_equal(again.linear.margin(cells.embedding, cells.probability), expected)
    assert again.stamp == head.stamp
    assert again.stamp.cells == 80
    assert [path.name for path in (tmp_path / "new" / "head").iterdir()] == [SITE_HEAD]


def test_the_head_replaces_probabilities_and_thresholds_and_nothing_else(
    bundle, tmp_path, content, drawn_crops, linear
):
    network = ScriptedClassifier(load_card(bundle), [0.1, 0.9], outside=[True, False, False])
    classifier = SiteHeadClassifier(network, write_site_head(tmp_path, content))
    plain, seen = network.predict(drawn_crops), classifier.predict(drawn_crops)
    expected = linear.probability(plain.embedding, plain.blast_probability)
    assert np.array_equal(seen.blast_probability, expected)
    assert seen.blast_probability.dtype == np.float32
    assert ((seen.blast_probability > 0) & (seen.blast_probability < 1)).all()
    assert np.array_equal(seen.embedding, plain.embedding)
    assert np.array_equal(seen.outside, plain.outside)
    assert classifier.card.thresholds == (0.2, 0.8)
    assert classifier.card.sha256 == network.card.sha256
    assert classifier.card.site_head.cells == 80
    assert classifier.runtime == "scripted"
    assert len(classifier.predict(drawn_crops[:0])) == 0


def test_a_map_is_withheld_where_the_head_says_otherwise_than_the_network(
    bundle, tmp_path, content, drawn_crops
):
    class Mapped(ScriptedClassifier):
        def predict(self, crops):
            return replace(super().predict(crops), attention=np.ones((len(crops), 4, 4), "f4"))

    network = Mapped(load_card(bundle), [0.01, 0.99])
    content["head"] |= {"weight": [0.0] * EMBEDDING_SIZE, "network": [0.0, 1.0, 0.0], "bias": 3.0}
    seen = SiteHeadClassifier(network, write_site_head(tmp_path, content)).predict(drawn_crops)
    assert (seen.blast_probability > 0.9).all()
    assert not seen.attention[::2].any()
    assert seen.attention[1::2].all()


def test_a_head_made_for_another_network_is_refused(bundle, tmp_path, content):
    content["model"] = {"id": "other", "sha256": "0" * 64}
    head = write_site_head(tmp_path, content)
    with pytest.raises(ModelUnusable, match="belongs to the classifier other") as refused:
        SiteHeadClassifier(ScriptedClassifier(load_card(bundle), [0.5]), head)
    assert "calibrate" in refused.value.advice


def damaged(content, **more):
    return {"format": 1, **content, **more}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda c: damaged(c, format=9), "format 9"),
        (lambda c: damaged(c, thresholds=[0.8, 0.2]), "rising"),
        (lambda c: damaged(c, thresholds=[0.1]), "values"),
        (lambda c: damaged(c, head={**c["head"], "weight": [1.0]}), "one length"),
        (lambda c: damaged(c, head={**c["head"], "bias": float("nan")}), "not finite"),
        (lambda c: damaged(c, head={**c["head"], "spread": [0.0] * EMBEDDING_SIZE}), "above zero"),
        (lambda c: {k: v for k, v in damaged(c).items() if k != "cells"}, "'cells' is missing"),
        (lambda c: [1, 2], "indices"),
    ],
)
def test_a_damaged_head_is_refused_in_words(tmp_path, content, spoil, said):
    (tmp_path / SITE_HEAD).write_text(json.dumps(spoil(content)), "utf-8")
    with pytest.raises(ModelUnusable, match=said):
        load_site_head(tmp_path)


def test_a_folder_without_a_head_and_half_a_file_are_refused(tmp_path):
    with pytest.raises(ModelUnusable, match="no site head"):
        load_site_head(tmp_path)
    (tmp_path / SITE_HEAD).write_text('{"format": 1, "mod', "utf-8")
    with pytest.raises(ModelUnusable, match="cannot be used"):
        load_site_head(tmp_path)


def test_a_head_that_cannot_be_written_is_said(tmp_path, content):
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(ModelUnusable, match="cannot be written"):
        write_site_head(tmp_path / "file", content)


def test_a_linear_head_takes_a_network_that_is_certain(linear):
    nothing = np.zeros((2, EMBEDDING_SIZE), np.float32)
    margin = linear.margin(nothing, np.array([0, 1], np.float32))
    assert np.isfinite(margin).all()
    certain = LinearHead(np.zeros(1), np.ones(1), np.array([1e6]), (0.0, 1.0, 0.0), 0.0)
    found = certain.probability(np.array([[-9], [9]], np.float32), np.full(2, 0.5, np.float32))
    assert 0 < found[0] < 0.001
    assert 0.999 < found[1] < 1


def test_a_number_that_is_not_known_is_taken_to_be_the_usual():
    numbers = Numbers(("one", "two"), np.array([5.0, 6.0]))
    embedding = np.ones((2, 3), np.float32)
    beside = numbers.beside(embedding, np.array([[1.0, np.nan], [np.nan, 2.0]], np.float32))
    assert beside.tolist() == [[1, 1, 1, 1, 6], [1, 1, 1, 5, 2]]
    assert numbers.beside(embedding, None)[:, 3:].tolist() == [[5, 6], [5, 6]]


@pytest.mark.parametrize("usual", [[1.0], [1.0, float("inf")], [[1.0, 2.0]]])
def test_measured_numbers_need_a_usual_value_each(tmp_path, content, usual):
    with pytest.raises(ModelUnusable, match="one usual value"):
        write_site_head(tmp_path, {**content, "numbers": {"names": ["a", "b"], "usual": usual}})
