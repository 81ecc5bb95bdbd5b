"""From a list of verified cells to a site head: what fits, what is said, what is refused."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.metrics import recall_score

from appliance.errors import InvalidInput, LabelsUnusable, ModelUnusable, UnreadableImage
from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import crop_cells
from appliance.pipeline.intake import Limits, read_images
from appliance.pipeline.morphology import NUMBERS
from appliance.services.analysis import analyse
from appliance.services.calibration import calibrate, learned_from
from appliance.services.classifying import classify
from appliance.services.embedding import embed, write_table
from appliance.services.labels import read_labels
from appliance.services.matching import match
from appliance.services.performance import Rate, band_of, performance
from appliance.vocabulary import SourceImage
from firmware_hooks.drawing import Kind
from firmware_hooks.slides import draw_field
from models.card import load_card
from models.scripted import EMBEDDING_SIZE, ScriptedClassifier
from models.site_head import SITE_HEAD, Numbers, SiteHeadClassifier
from models.trained_on import DIGITS, TrainedOn

LIMITS = Limits()
BUNDLE = next((Path(__file__).parents[2] / "models" / "bundles").iterdir())


@pytest.fixture(scope="module")
def classifier():
    """A network that tells nothing; its embedding is the mean colour of the crop."""
    return ScriptedClassifier(load_card(BUNDLE), [0.4, 0.6])


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Eight drawn fields, and every white cell in them with its middle: (folder, rows)."""
    folder = tmp_path_factory.mktemp("lab")
    rows = []
    for slide in range(8):
        field = draw_field(slide, width=900, height=675, cells=7, blasts=3, red_cover=0.25)
        cv2.imwrite(str(folder / f"{slide}.png"), field.pixels[..., ::-1])
        for cell in field.white_cells:
            if cell.at_border:
                continue
            label = "blast" if cell.kind is Kind.BLAST else "normal"
            x, y = cell.box.x + cell.box.width / 2, cell.box.y + cell.box.height / 2
            rows.append(f"{slide}.png,{label},{x:.1f},{y:.1f},s{slide // 2}")
    return folder, rows


def listed(folder, rows, header="file,label,x,y,slide", name="labels.csv"):
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def made(lab, classifier, tmp_path_factory):
    folder, rows = lab
    out = tmp_path_factory.mktemp("head")
    return calibrate(listed(folder, rows), classifier, out, limits=LIMITS), out


def test_every_verified_cell_is_found_once(lab, made):
    calibration, _ = made
    cells = calibration.matched.cells
    matched = calibration.matched
    assert len(cells) + len(matched.unmatched) + matched.cut_off == len(lab[1])
    assert len(calibration.matched.unmatched) <= 1
    assert set(cells.group) == {"slide s0", "slide s1", "slide s2", "slide s3"}
    assert calibration.judged_by == "slide"


def test_pictures_that_the_network_was_trained_on_are_named(made, lab):
    calibration, _ = made
    digest = hashlib.sha256((lab[0] / "3.png").read_bytes()).hexdigest()
    assert learned_from(calibration.labels, TrainedOn(frozenset(), frozenset())) == []
    known = TrainedOn(frozenset({digest[:DIGITS]}), frozenset())
    assert learned_from(calibration.labels, known) == [lab[0] / "3.png"]


def test_the_head_is_kept_with_all_that_was_measured(made, lab, classifier):
    calibration, out = made
    kept = json.loads((out / SITE_HEAD).read_text("utf-8"))
    assert kept["model"] == {"id": classifier.card.id, "sha256": classifier.card.sha256}
    assert kept["cells"]["blast"] == calibration.matched.cells.blast.sum()
    assert kept["groups"] == 4
    assert kept["labels_sha256"] == calibration.labels.sha256
    for figures in kept["figures"].values():
        for name in ("auc", "sensitivity", "specificity", "calibration_error"):
            assert 0 <= figures[name]["low"] <= figures[name]["value"] <= figures[name]["high"] <= 1
    assert kept["thresholds"] == list(calibration.head.thresholds)
    assert 0 < kept["unsure_band"]["blasts_called_normal_at_most"] < 0.1


def test_the_head_can_be_put_on_the_network_it_was_fitted_to(made, classifier, lab):
    calibration, _ = made
    headed = SiteHeadClassifier(classifier, calibration.head)
    image = embed(lab[0] / "0.png", headed, limits=LIMITS)[0]
    plain = embed(lab[0] / "0.png", classifier, limits=LIMITS)[0]
    seen, before = image.prediction.blast_probability, plain.prediction.blast_probability
    assert not np.array_equal(seen, before)
    assert headed.card.site_head == calibration.head.stamp


def test_the_same_labels_give_the_same_head(lab, classifier, tmp_path, made):
    again = calibrate(lab[0] / "labels.csv", classifier, tmp_path, limits=LIMITS)
    assert again.head.stamp == made[0].head.stamp


def test_each_picture_advances_the_bar(lab, classifier):
    calls = []
    labels = read_labels(listed(lab[0], lab[1], name="bar.csv"))
    match(labels, classifier, limits=LIMITS, advance=lambda: calls.append(1))
    assert len(calls) == 8


def test_a_cell_named_twice_counts_once(lab, classifier):
    folder, rows = lab
    file, label, x, y, slide = rows[0].split(",")
    beside = f"{file},{label},{float(x) + 3:.1f},{y},{slide}"
    labels = read_labels(listed(folder, [*rows, beside, rows[0]], name="twice.csv"))
    matched = match(labels, classifier, limits=LIMITS, advance=lambda: None)
    assert matched.repeated == 2
    assert len(matched.cells) == len(rows) - len(matched.unmatched) - matched.cut_off


def test_cells_cut_by_the_edge_are_not_fitted_to(tmp_path, classifier):
    drawn = draw_field(3, width=900, height=675, cells=12, blasts=6, red_cover=0.2)
    box = next(cell.box for cell in drawn.white_cells if not cell.at_border)
    middle = box.x + box.width // 2
    cv2.imwrite(str(tmp_path / "cut.png"), drawn.pixels[:, middle - box.width // 6 :, ::-1])
    (image,) = embed(tmp_path / "cut.png", classifier, limits=LIMITS)
    cut = [cell for cell in image.cells if cell.at_border]
    assert cut
    rows = [
        f"cut.png,blast,{c.box.x + c.box.width / 2},{c.box.y + c.box.height / 2}"
        for c in image.cells
    ]
    labels = read_labels(listed(tmp_path, rows, "file,label,x,y"))
    matched = match(labels, classifier, limits=LIMITS, advance=lambda: None)
    assert matched.cut_off == len(cut)
    assert len(matched.cells) == len(image.cells) - len(cut)
    only = [row for row, cell in zip(rows, image.cells, strict=True) if cell.at_border]
    with pytest.raises(LabelsUnusable, match="cut by the edge"):
        match(
            read_labels(listed(tmp_path, only, "file,label,x,y")),
            classifier,
            limits=LIMITS,
            advance=lambda: None,
        )


def test_a_cell_called_both_ways_is_refused(lab, classifier):
    folder, rows = lab
    file, label, x, y, slide = rows[0].split(",")
    other = "normal" if label == "blast" else "blast"
    beside = f"{file},{other},{float(x) + 3:.1f},{y},{slide}"
    labels = read_labels(listed(folder, [*rows, beside], name="both.csv"))
    with pytest.raises(LabelsUnusable, match=f"lines 2 and {len(rows) + 2} call one cell"):
        match(labels, classifier, limits=LIMITS, advance=lambda: None)


def test_places_without_cells_are_named_and_refused_above_a_tenth(lab, classifier):
    folder, rows = lab
    missed = [f"0.png,blast,5000,{5000 + n},s0" for n in range(len(rows))]
    path = listed(folder, [*rows, *missed], name="missed.csv")
    with pytest.raises(LabelsUnusable, match=r"more than 10%: line \d+: no white cell is found"):
        calibrate(path, classifier, folder / "never", limits=LIMITS)
    assert not (folder / "never").exists()


@pytest.mark.parametrize(("blasts", "normals"), [(9, 20), (20, 9), (0, 0)])
def test_too_few_cells_of_either_class_are_refused(tmp_path, classifier, blasts, normals):
    (tmp_path / "a.png").write_bytes(b"never read")
    rows = [f"a.png,blast,{n},1" for n in range(blasts)]
    rows += [f"a.png,normal,{n},2" for n in range(normals)]
    path = listed(tmp_path, rows, "file,label,x,y")
    with pytest.raises(LabelsUnusable, match=rf"{blasts} blasts and {normals} .* at least 10"):
        calibrate(path, classifier, tmp_path / "out", limits=LIMITS)


def test_pictures_of_single_cells_need_no_place(lab, classifier, tmp_path):
    folder, rows = lab
    singles = []
    for number, row in enumerate(rows):
        file, label, x, y, _ = row.split(",")
        left, top = round(float(x)) - 80, round(float(y)) - 80
        pixels = cv2.imread(str(folder / file))[max(top, 0) : top + 160, max(left, 0) : left + 160]
        if pixels.shape[:2] == (160, 160):
            pixels[np.hypot(*(np.indices((160, 160)) - 80)) > 68] = np.median(pixels.max((0, 1)))
            cv2.imwrite(str(tmp_path / f"{number}.png"), pixels)
            singles.append(f"{number}.png,{'ALL' if label == 'blast' else 'hem'}")
    made = calibrate(
        listed(tmp_path, singles, "file,label"), classifier, tmp_path / "out", limits=LIMITS
    )
    assert len(made.matched.cells) + made.matched.cut_off >= 0.9 * len(singles)
    assert made.judged_by == "file"


def test_a_whole_field_without_a_place_is_not_taken_for_a_cell(lab, classifier):
    labels = read_labels(listed(lab[0], ["0.png,blast"], "file,label", name="field.csv"))
    with pytest.raises(LabelsUnusable, match="x and y are needed"):
        match(labels, classifier, limits=LIMITS, advance=lambda: None)


def test_an_unreadable_picture_is_named(lab, classifier, tmp_path):
    (tmp_path / "notes.png").write_text("slide 4", "utf-8")
    labels = read_labels(listed(tmp_path, ["notes.png,blast,1,1"], "file,label,x,y"))
    with pytest.raises(LabelsUnusable, match=r"notes\.png: .*not a picture"):
        match(labels, classifier, limits=LIMITS, advance=lambda: None)


FAULTS = {
    "no column label": ("file,kind", ["a.png,blast"]),
    "only one of the columns x and y": ("file,label,x", ["a.png,blast,1"]),
    "line 2: no file is named": ("file,label", [",blast"]),
    "line 2: there is no file b.png": ("file,label", ["b.png,blast"]),
    "line 3: unknown label 'mask'": ("file,label", ["a.png,blast", "a.png,mask"]),
    "line 2: x 'left' and y '3' are not two numbers": ("file,label,x,y", ["a.png,1,left,3"]),
    "line 2: x '4' and y '' are not two numbers": ("file,label,x,y", ["a.png,1,4,"]),
    "line 2: x -4 and y 1 are not a place": ("file,label,x,y", ["a.png,1,-4,1"]),
    "line 2: x nan and y 1 are not a place": ("file,label,x,y", ["a.png,1,nan,1"]),
    "line 3 contradicts line 2": ("file,label,x,y", ["a.png,1,7,7", "a.png,0,7.0,7"]),
    "and 3 more": ("file,label", ["b.png,blast"] * 8),
}


@pytest.mark.parametrize("said", FAULTS)
def test_a_fault_in_the_list_is_named_with_its_line(tmp_path, said):
    (tmp_path / "a.png").write_bytes(b"")
    header, rows = FAULTS[said]
    with pytest.raises(LabelsUnusable, match=said):
        read_labels(listed(tmp_path, rows, header))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", None])
def test_what_is_no_list_is_refused(tmp_path, content):
    path = tmp_path / "labels.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LabelsUnusable):
        read_labels(path)


def test_a_list_from_a_spreadsheet_is_read(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    text = (
        "\ufeffFile; Label ;X;Y;Patient;Slide\r\na.png;ALL;10;20;p1;s1\r\na.png;HEM;30;20;;s2\r\n"
    )
    (tmp_path / "labels.csv").write_bytes(text.encode())
    labels = read_labels(tmp_path / "labels.csv")
    assert labels.grouped_by == "patient"
    first, second = labels.rows
    assert (first.blast, first.point, first.group) == (True, (10.0, 20.0), "patient p1")
    assert not second.blast
    assert second.group.startswith("file ")


def test_the_band_keeps_its_stated_rates_on_new_cells():
    """Over many laboratories the mean share on the wrong side stays below what was stated."""
    random = np.random.default_rng(6)
    missed, called = [], []
    for _ in range(400):
        blast = np.arange(60) < 25
        scores = 1 / (1 + np.exp(-random.normal(np.where(blast, 1, -1), 1)))
        band = band_of(scores.astype(np.float32), blast)
        new = 1 / (1 + np.exp(-random.normal([[1], [-1]], 1, (2, 200))))
        missed.append((new[0] < band.low).mean())
        called.append((new[1] >= band.high).mean())
        assert band.low <= band.middle <= band.high
    assert band.blast_error == pytest.approx(1 / 26)
    assert np.mean(missed) < band.blast_error + 0.005
    assert np.mean(called) < band.normal_error + 0.005


def test_with_ten_cells_of_a_class_the_band_states_the_larger_rate_it_can_keep():
    blast = np.arange(40) < 10
    band = band_of(np.where(blast, 0.9, 0.1).astype(np.float32), blast)
    assert band.blast_error == pytest.approx(1 / 11)
    assert (band.low, band.high) == (0.25, 0.25)


def test_sensitivity_and_specificity_are_scikit_learns_with_exact_intervals():
    random = np.random.default_rng(5)
    blast = random.random(80) < 0.4
    probability = np.clip(random.normal(np.where(blast, 0.6, 0.4), 0.2), 0, 1).astype(np.float32)
    block = np.array([f"{n // 4}" for n in range(80)])
    found = performance(probability, blast, block, (0.3, 0.5, 0.7))
    called = probability >= 0.5
    assert found.sensitivity.value == pytest.approx(recall_score(blast, called))
    assert found.specificity.value == pytest.approx(recall_score(~blast, ~called))
    assert found.auc.low < found.auc.value < found.auc.high
    assert Rate(10, 10).interval == (pytest.approx(0.025**0.1), 1.0)


def test_a_table_of_no_cells_can_be_read(tmp_path, classifier):
    out = tmp_path / "new" / "x.npz"
    assert write_table(out, [], classifier) == 0
    with np.load(out) as table:
        assert table["box"].shape == (0, 4)
        assert table["embedding"].shape[0] == 0
        assert str(table["model_sha256"]) == classifier.card.sha256


def test_a_table_that_cannot_be_written_is_said(tmp_path, classifier):
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(InvalidInput, match="cannot be written"):
        write_table(tmp_path / "file" / "x.npz", [], classifier)


def test_a_missing_file_is_said(tmp_path, classifier):
    with pytest.raises(UnreadableImage, match="no such file"):
        embed(tmp_path / "missing.png", classifier, limits=LIMITS)


def test_the_head_is_fitted_to_form_and_texture_too_and_measures_them_again(made, lab, classifier):
    calibration, out = made
    kept = json.loads((out / SITE_HEAD).read_text("utf-8"))
    assert tuple(kept["numbers"]["names"]) == NUMBERS
    assert np.isfinite(kept["numbers"]["usual"]).all()
    assert len(kept["head"]["weight"]) == EMBEDDING_SIZE + len(NUMBERS)
    headed = SiteHeadClassifier(classifier, calibration.head)
    (image,) = read_images((lab[0] / "1.png").read_bytes(), name="1.png", limits=LIMITS)
    cells = find_cells(image.pixels)
    crops = crop_cells(image.pixels, cells, side_px=headed.card.side_px)
    usual = headed.predict(crops).blast_probability
    seen = classify(image, cells, crops, headed).blast_probability
    assert not np.array_equal(seen, usual)
    assert [v.blast_probability for v in analyse(image, headed).verdicts] == seen.tolist()


def test_a_head_fitted_to_numbers_of_another_version_is_refused(made, classifier):
    head = replace(made[0].head, numbers=Numbers(("width", "height"), np.zeros(2)))
    image = SourceImage(np.full((64, 64, 3), 240, np.uint8), "0" * 64, "image/png")
    headed = SiteHeadClassifier(classifier, head)
    nothing = crop_cells(image.pixels, [], side_px=headed.card.side_px)
    with pytest.raises(ModelUnusable, match="measures differently"):
        classify(image, [], nothing, headed)
