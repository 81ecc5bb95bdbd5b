"""The scorecard on cells whose answers are known."""

from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, recall_score, roc_auc_score

from appliance.records.scored_cells import BlindPair
from appliance.services.statistics import sentences
from appliance.services.statistics.accuracy import accuracy
from appliance.services.statistics.cells import Column, ReadCells
from appliance.services.statistics.drawn import of_accuracy

BLAST, NORMAL, UNSURE, OTHER = 0, 1, 2, 3


def read(label, call, *, patients=10, probability=None):
    """Cells of examinations of as many patients, one each, all signed."""
    label, call = np.array(label, int), np.array(call, int)
    of = np.arange(len(label)) % patients
    if probability is None:
        probability = np.choose(call, [0.9, 0.1, 0.5], mode="clip")
    return ReadCells(
        label=label,
        call=call,
        probability=np.where(call < 0, np.nan, probability),
        patient=of,
        case=of,
        signed=np.ones(patients, bool),
        columns=[Column("Microscope", ["Olympus", "Zeiss"], of % 2)],
    )


def drawn(cells=600, patients=12, seed=1):
    random = np.random.default_rng(seed)
    label = random.choice([BLAST, NORMAL, UNSURE, OTHER], cells, p=[0.35, 0.55, 0.06, 0.04])
    score = np.where(label == BLAST, 1.5, -1.5) + random.normal(0, 1.2, cells)
    probability = 1 / (1 + np.exp(-score))
    call = np.where(probability > 0.7, BLAST, np.where(probability < 0.3, NORMAL, UNSURE))
    return read(label, call, patients=patients, probability=probability)


def lines(result, part="cells"):
    return {line.name: line for line in getattr(result, part)}


@pytest.fixture(scope="module")
def cells():
    return drawn()


@pytest.fixture(scope="module")
def result(cells):
    return accuracy(cells, [], decision_limit=0.2)


def test_rates_are_of_the_cells_that_both_called_blast_or_normal(cells, result):
    decided = (cells.label <= 1) & (cells.call <= 1)
    truth, said = cells.label[decided] == BLAST, cells.call[decided] == BLAST
    found = lines(result)
    assert found["Sensitivity"].figure.value == pytest.approx(recall_score(truth, said))
    assert found["Specificity"].figure.value == pytest.approx(recall_score(~truth, ~said))
    assert result.agreed.figure.value == pytest.approx((truth == said).mean())
    kappa = found["Kappa, model and readers"].figure.value
    assert kappa == pytest.approx(cohen_kappa_score(truth, said))
    assert found["Sensitivity"].figure.cells == truth.sum()


def test_cells_the_model_was_unsure_of_are_said_and_counted_as_wrong_beside(cells, result):
    judged = cells.label <= 1
    blast = cells.label == BLAST
    found = lines(result)
    strict = found["Sensitivity, unsure counted as wrong"].figure
    assert strict.value == pytest.approx((cells.call[blast] == BLAST).mean())
    assert strict.cells == blast.sum()
    unsure = found["Left unsure"].figure
    assert unsure.value == pytest.approx((cells.call[judged] == UNSURE).mean())


def test_predictive_values_are_at_the_prevalence_of_this_laboratory(result):
    found = lines(result)
    prevalence = found["Prevalence"].figure.value
    sensitivity, specificity = (found[n].figure.value for n in ("Sensitivity", "Specificity"))
    right = sensitivity * prevalence
    expected = right / (right + (1 - specificity) * (1 - prevalence))
    positive = found["Positive predictive value"]
    assert positive.figure.value == pytest.approx(expected)
    assert f"{prevalence * 100:.0f} %" in positive.meaning


def test_curve_and_calibration_are_of_all_judged_cells(cells, result):
    judged = cells.label <= 1
    truth, score = cells.label[judged] == BLAST, cells.probability[judged]
    assert result.roc.area.value == pytest.approx(roc_auc_score(truth, score))
    assert result.reliability.cells.sum() == judged.sum()
    point = result.roc_rows[3]
    assert point.threshold == 0.5
    assert point.sensitivity == pytest.approx((score[truth] >= 0.5).mean())
    assert point.specificity == pytest.approx((score[~truth] < 0.5).mean())


def test_what_readers_could_not_tell_or_called_otherwise_is_left_out_and_said(cells, result):
    counts = result.counts
    assert counts.verified == 600
    assert counts.compared == (cells.label <= 1).sum() == result.table.sum()
    assert (counts.unsure, counts.other) == tuple(np.bincount(cells.label)[[UNSURE, OTHER]])
    told = sentences.left_out(counts)
    assert f"{counts.unsure} the readers were unsure of" in told
    assert f"{counts.other} called other" in told


def test_a_cell_that_a_person_had_to_add_is_no_suggestion_but_is_said():
    cells = read([BLAST] * 60 + [NORMAL] * 60, [BLAST] * 59 + [-1] + [NORMAL] * 60)
    result = accuracy(cells, [], decision_limit=0.2)
    assert (result.counts.compared, result.counts.added) == (119, 1)
    assert "1 the model never saw" in sentences.left_out(result.counts)


def test_below_the_minimum_it_says_how_many_more_instead_of_a_figure():
    cells = read([BLAST] * 12 + [NORMAL] * 60, [BLAST] * 12 + [NORMAL] * 60, patients=2)
    result = accuracy(cells, [], decision_limit=0.2)
    found = lines(result)
    assert found["Sensitivity"].figure is None
    assert found["Sensitivity"].missing == "38 more blasts, from 1 more patient"
    assert found["Specificity"].missing == "normal cells from 1 more patient"
    assert result.roc is None
    assert "38 more blasts" in result.roc_missing
    assert sentences.headline(result, None).startswith("Not enough cells yet")
    assert set(of_accuracy(result, 0.2)) == {"confusion", "cases"}


def test_of_nothing_everything_is_withheld():
    nothing = read([], [], patients=1)
    result = accuracy(replace(nothing, signed=np.zeros(0, bool)), [], decision_limit=0.2)
    assert {line.figure for line in [*result.cells, *result.readers, *result.cases]} == {None}
    assert lines(result)["Sensitivity"].missing == "50 more blasts, from 3 more patients"
    assert of_accuracy(result, 0.2) == {}


def pairs(count, patients=8):
    random = np.random.default_rng(3)
    kinds = ["blast", "normal", "unsure", "other", "not-a-cell"]
    found = []
    for number in range(count):
        first = kinds[random.integers(0, 2)]
        second = first if random.random() < 0.85 else kinds[random.integers(0, 5)]
        suggestion = second if random.random() < 0.7 else "normal"
        found.append(BlindPair(UUID(int=number % patients), suggestion, first, second))
    return found


def test_readers_are_held_against_each_other_and_the_model_against_the_blind_one():
    read_twice = pairs(200)
    result = accuracy(drawn(60), read_twice, decision_limit=0.2)
    found = lines(result, "readers")
    first, second, model = (
        [getattr(pair, name) for pair in read_twice] for name in ("first", "second", "suggestion")
    )
    kappa = found["Kappa, two readers"].figure
    assert kappa.value == pytest.approx(cohen_kappa_score(first, second))
    assert kappa.blocks == 8
    both = [(m, s) for m, s in zip(model, second, strict=True) if {m, s} <= {"blast", "normal"}]
    blind = found["Kappa, model and blind reader"].figure
    assert blind.value == pytest.approx(cohen_kappa_score(*zip(*both, strict=True)))
    assert result.readers_table.sum() == 200
    assert "readers" in of_accuracy(result, 0.2)


def test_few_cells_read_twice_are_withheld():
    result = accuracy(drawn(60), pairs(30), decision_limit=0.2)
    assert lines(result, "readers")["Kappa, two readers"].missing == "20 more cells read twice"
    assert result.readers_table is None


def case(blasts_read, blasts_said, cells=40):
    label = [BLAST] * blasts_read + [NORMAL] * (cells - blasts_read)
    call = [BLAST] * blasts_said + [NORMAL] * (cells - blasts_said)
    return label, call


def of_cases(cases, signed=None):
    label = np.concatenate([label for label, _ in cases])
    call = np.concatenate([call for _, call in cases])
    sizes = [len(label) for label, _ in cases]
    place = np.repeat(np.arange(len(cases)), sizes)
    cells = read(label, call, patients=len(cases))
    signed = np.ones(len(cases), bool) if signed is None else np.array(signed)
    return replace(cells, case=place, patient=place, signed=signed)


def test_examinations_are_judged_at_the_decision_limit():
    cases = [case(8, 8)] * 18 + [case(8, 7)] * 4 + [case(7, 7)] * 19 + [case(7, 8)] * 2
    result = accuracy(of_cases(cases), [], decision_limit=0.2)
    assert result.cases_table.tolist() == [[18, 4], [2, 19]]
    found = lines(result, "cases")
    assert found["Sensitivity at 20 %"].figure.value == pytest.approx(18 / 22)
    assert found["Specificity at 20 %"].figure.value == pytest.approx(19 / 21)


def test_unsigned_examinations_and_those_with_few_cells_are_not_judged():
    cases = [case(8, 8), case(8, 8), case(3, 3, cells=10)]
    result = accuracy(of_cases(cases, [True, False, True]), [], decision_limit=0.2)
    assert result.cases_table.tolist() == [[1, 0], [0, 0]]
    missing = lines(result, "cases")["Sensitivity at 20 %"].missing
    assert missing == "19 more examinations at or above 20 %, from 2 more patients"


def test_the_same_figures_are_given_for_each_microscope(cells, result):
    (group,) = result.groups
    assert [name for name, _, _ in group.rows] == ["Olympus", "Zeiss"]
    assert sum(count for _, count, _ in group.rows) == result.counts.compared
    olympus = group.rows[0][2][0].figure
    chosen = cells.where(cells.columns[0].of == 0)
    decided = chosen.where(chosen.decided)
    assert olympus.value == pytest.approx((decided.label == decided.call).mean())


def test_the_headline_is_a_plain_sentence(result):
    told = sentences.headline(result, None)
    figure = result.agreed.figure
    assert told == (
        f"On {figure.cells} cells of 12 patients verified here the model agreed with the readers "
        f"in {figure.value * 100:.1f} % ({figure.low * 100:.1f} to {figure.high * 100:.1f})."
    )
