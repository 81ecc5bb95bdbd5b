"""`scopeside model`: fit the classifier to a microscope, as somebody types it."""

import hashlib
import json
import shutil
import subprocess

import cv2
import numpy as np
import pytest
from pypdf import PdfReader

from appliance import model_commands, wiring
from appliance.settings import Settings
from firmware_hooks.drawing import Kind
from firmware_hooks.slides import draw_field
from models.card import CARD
from models.trained_on import DIGITS, TRAINED_ON
from tests.flow.live import COMMAND

pytestmark = pytest.mark.slow


def scopeside(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Six drawn fields of three slides, with LABELS.csv beside them."""
    folder = tmp_path_factory.mktemp("lab")
    rows = ["file,label,x,y,slide"]
    for number in range(6):
        field = draw_field(number, width=900, height=675, cells=8, blasts=4, red_cover=0.2)
        cv2.imwrite(str(folder / f"{number}.png"), field.pixels[..., ::-1])
        for cell in field.white_cells:
            label = "blast" if cell.kind is Kind.BLAST else "normal"
            x, y = cell.box.x + cell.box.width / 2, cell.box.y + cell.box.height / 2
            if not cell.at_border:
                rows.append(f"{number}.png,{label},{x},{y},{number // 2}")
    (folder / "LABELS.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def fitted(lab):
    """The finished `calibrate`, and the folder of its head."""
    out = lab / "made" / "head"
    return scopeside("model", "calibrate", lab / "LABELS.csv", "--out", out), out


def test_calibrate_says_what_the_head_is_worth_beside_the_one_in_use(fitted):
    done, out = fitted
    assert done.returncode == 0, done.stderr
    assert "from 3 slides" in done.stdout
    for word in ("AUC", "sensitivity", "specificity", "calibration error"):
        line = next(line for line in done.stdout.splitlines() if line.startswith(word))
        assert line.count(" to ") == 2
    assert "of blasts are called normal" in done.stdout
    assert "AUC changes by" in done.stdout
    assert "trained on" not in done.stdout
    assert (out / "site-head.json").is_file()
    assert "Traceback" not in done.stderr


def test_calibrate_warns_of_pictures_that_the_network_was_trained_on(lab, tmp_path, monkeypatch):
    """The released bundle once more, as if one of the laboratory's pictures had taught it."""
    settings = Settings(data=tmp_path / "data")
    bundle = tmp_path / "bundles" / settings.model
    shutil.copytree(wiring.BUNDLES / settings.model, bundle)
    learned = (lab / "3.png").read_bytes()
    with (bundle / TRAINED_ON).open("a", encoding="utf-8") as lines:
        lines.write(hashlib.sha256(learned).hexdigest()[:DIGITS] + "\n")
    card = json.loads((bundle / CARD).read_text("utf-8"))
    card["files"][TRAINED_ON] = hashlib.sha256((bundle / TRAINED_ON).read_bytes()).hexdigest()
    (bundle / CARD).write_text(json.dumps(card), "utf-8")
    for module in (wiring, model_commands):
        monkeypatch.setattr(module, "BUNDLES", tmp_path / "bundles")
    said = model_commands.run_calibrate(settings, lab / "LABELS.csv", tmp_path / "head")
    assert "WARNING: the network was trained on 1 of these pictures, for instance 3.png" in said


@pytest.mark.counted
def test_analyse_uses_the_head_and_says_so(fitted, lab, tmp_path):
    out, report = fitted[1], tmp_path / "report.pdf"
    field = lab / "0.png"
    plain = json.loads(scopeside("analyse", "--json", field).stdout)
    done = scopeside("analyse", "--json", field, "--site-head", out, "--pdf", report)
    seen = json.loads(done.stdout)
    head = json.loads((out / "site-head.json").read_text("utf-8"))
    assert seen["model"]["site_head"]["cells"] == sum(head["cells"].values())
    assert seen["model"]["site_head"]["date"] == head["date"]
    assert len(seen["model"]["site_head"]["sha256"]) == 64
    assert seen["model"]["verified_here"] is False
    assert "site_head" not in plain["model"]
    assert [cell["box"] for cell in seen["cells"]] == [cell["box"] for cell in plain["cells"]]
    low, high = head["thresholds"]
    for cell, before in zip(seen["cells"], plain["cells"], strict=True):
        assert cell["outside_training_range"] == before["outside_training_range"]
        if cell["suggestion"] == "blast":
            assert cell["blast_probability"] >= high - 1e-4
        if cell["suggestion"] == "normal":
            assert cell["blast_probability"] < low + 1e-4
    text = "".join(page.extract_text() for page in PdfReader(report).pages)
    assert "Site head" in text


@pytest.mark.counted
def test_embed_writes_every_cell_and_names_what_is_broken(lab, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    out = tmp_path / "made" / "x.npz"
    done = scopeside("model", "embed", tmp_path / "broken.png", lab / "0.png", "--out", out)
    assert done.returncode == 1
    assert "broken.png: " in done.stderr
    with np.load(out) as table:
        count = len(table["file"])
        assert count >= 6
        assert set(table["file"]) == {str(lab / "0.png")}
        assert table["box"].shape == (count, 4)
        assert table["embedding"].shape[0] == count
        assert table["embedding"].dtype == np.float32
        assert ((table["probability"] >= 0) & (table["probability"] <= 1)).all()
        assert {len(str(table["model_sha256"])), len(table["sha256"][0])} == {64}
    assert f"{count} cells of 1 files" in done.stdout


def test_a_head_of_another_network_is_refused_in_words(fitted, lab, tmp_path):
    head = json.loads((fitted[1] / "site-head.json").read_text("utf-8"))
    head["model"]["sha256"] = "0" * 64
    (tmp_path / "site-head.json").write_text(json.dumps(head), "utf-8")
    done = scopeside("analyse", lab / "0.png", "--site-head", tmp_path)
    assert done.returncode == 2
    assert "belongs to the classifier" in done.stderr
    assert "Traceback" not in done.stderr


def test_labels_that_do_not_fit_are_refused_in_words_and_nothing_is_written(lab, tmp_path):
    rows = (lab / "LABELS.csv").read_text("utf-8").splitlines()
    (tmp_path / "few.csv").write_text("\n".join([rows[0], f"{lab}/{rows[1]}"]), "utf-8")
    (tmp_path / "lost.csv").write_text("\n".join(rows), "utf-8")
    few = scopeside("model", "--data", tmp_path, "calibrate", tmp_path / "few.csv", "--out", "x")
    lost = scopeside("model", "calibrate", tmp_path / "lost.csv", "--out", tmp_path / "x")
    assert (few.returncode, lost.returncode) == (2, 2)
    assert "at least 10 of each" in few.stderr
    assert "there is no file 0.png" in lost.stderr
    assert not (tmp_path / "x").exists()
