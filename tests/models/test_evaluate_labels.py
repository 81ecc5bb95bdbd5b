"""Scoring on a list of labels, and refusing what was learned from."""

import hashlib
import shutil

import cv2
import pytest

from firmware_hooks.drawing import Kind
from firmware_hooks.slides import draw_field
from models.card import load_card
from models.trained_on import DIGITS, TRAINED_ON, TrainedOn, read_trained_on
from models.training.evaluate_labels import leaks, main, origins


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Four drawn fields of two blocks, and rows for every white cell."""
    folder = tmp_path_factory.mktemp("drawn")
    rows = ["file,label,source,block,x,y"]
    for number in range(4):
        field = draw_field(40 + number, width=900, height=675, cells=6, blasts=3, red_cover=0.2)
        cv2.imwrite(str(folder / f"{number}.png"), field.pixels[..., ::-1])
        for cell in field.white_cells:
            if not cell.at_border:
                label = "blast" if cell.kind is Kind.BLAST else "normal"
                x, y = cell.box.x + cell.box.width / 2, cell.box.y + cell.box.height / 2
                rows.append(f"{number}.png,{label},drawn,slide {number // 2},{x:.1f},{y:.1f}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return folder


def test_pictures_it_never_saw_are_scored(lab, capsys, tmp_path):
    assert main([str(lab / "labels.csv"), "--out", str(tmp_path / "figures.json")]) == 0
    said = capsys.readouterr().out
    assert "AUC: " in said
    assert "drawn: " in said
    assert (tmp_path / "figures.json").exists()


def test_a_picture_that_was_learned_from_is_refused_whatever_its_block_is_called(lab):
    listed = origins(lab / "labels.csv")
    digest = hashlib.sha256((lab / "1.png").read_bytes()).hexdigest()
    found = leaks(listed, TrainedOn(frozenset({digest[:DIGITS]}), frozenset()))
    assert len(found) == sum(each.file.name == "1.png" for each in listed.values())
    assert "learned from 1.png itself" in found[0]


def test_a_block_that_was_learned_from_is_refused(lab, bundle, tmp_path, capsys):
    source, block = min(read_trained_on(bundle, load_card(bundle)).blocks)
    shutil.copy(lab / "0.png", tmp_path / "0.png")
    labels = tmp_path / "labels.csv"
    labels.write_text(f"file,label,source,block\n0.png,blast,{source},{block}\n", "utf-8")
    assert main([str(labels)]) == 2
    assert f"the network learned from block {block} of {source}" in capsys.readouterr().err


def test_a_line_without_its_block_is_refused(lab, tmp_path, capsys):
    labels = tmp_path / "labels.csv"
    labels.write_text("file,label,source\n0.png,blast,here\n", "utf-8")
    assert main([str(labels)]) == 2
    assert "does not say source and block of line 2" in capsys.readouterr().err


def test_a_bundle_that_does_not_say_what_it_learned_from_is_refused(lab, spoiled, bundle, capsys):
    files = {n: d for n, d in load_card(bundle).files.items() if n != TRAINED_ON}
    copy = spoiled(files=files)
    assert main([str(lab / "labels.csv"), "--bundle", str(copy)]) == 2
    assert "does not say which pictures" in capsys.readouterr().err


@pytest.mark.data
def test_real_pictures_of_training_are_refused(data_dir, tmp_path, capsys):
    shutil.copy(data_dir / "allidb1/fields/Im050_1.jpg", tmp_path / "renamed.jpg")
    labels = tmp_path / "labels.csv"
    labels.write_text("file,label,source,block,x,y\nrenamed.jpg,blast,new,1,500,500\n", "utf-8")
    assert main([str(labels)]) == 2
    assert "learned from renamed.jpg itself" in capsys.readouterr().err
