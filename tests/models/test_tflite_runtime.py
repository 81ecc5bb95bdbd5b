"""The released network on tflite-runtime, in a second environment with NumPy 1.

Make one with `python3.11 -m venv build/tflite && build/tflite/bin/pip install "numpy<2"
tflite-runtime==2.14.0`, then name it: SCOPESIDE_TFLITE_VENV=build/tflite/bin/python.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from models.litert import open_classifier

ROOT = Path(__file__).parents[2]
KNOWN_SINCE_2019 = {
    "ADD",
    "CONV_2D",
    "DELEGATE",
    "DEPTHWISE_CONV_2D",
    "DEQUANTIZE",
    "MEAN",
    "QUANTIZE",
    "RESIZE_BILINEAR",
}
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from models.litert import open_classifier
crops = np.load(sys.argv[2])
found = {}
for batch in (1, 5):
    classifier = open_classifier(Path(sys.argv[1]), threads=1, batch=batch)
    seen = classifier.predict(crops)
    found[f"probability{batch}"] = seen.blast_probability
    found[f"embedding{batch}"] = seen.embedding
np.savez(sys.argv[3], **found)
print(classifier.runtime)
"""


@pytest.fixture(scope="module")
def other_python():
    """A Python with tflite-runtime."""
    named = os.environ.get("SCOPESIDE_TFLITE_VENV", "")
    if not named:
        pytest.skip("SCOPESIDE_TFLITE_VENV names no Python with tflite-runtime and NumPy 1")
    path = ROOT / named
    if not path.exists():
        pytest.skip(f"SCOPESIDE_TFLITE_VENV names {named}, which is not there")
    return path


@pytest.fixture(scope="module")
def other_answer(other_python, bundle, drawn_crops, tmp_path_factory):
    """What tflite-runtime says of the drawn crops, in batches of 1 and 5."""
    folder = tmp_path_factory.mktemp("tflite")
    np.save(folder / "crops.npy", drawn_crops)
    run = subprocess.run(
        [other_python, "-c", SCRIPT, bundle, folder / "crops.npy", folder / "found.npz"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    with np.load(folder / "found.npz") as found:
        return run.stdout.strip(), {name: found[name] for name in found.files}


def test_the_network_uses_only_operations_that_old_runtimes_know(bundle):
    interpreter = Interpreter(model_path=str(bundle / "model.tflite"))
    interpreter.allocate_tensors()
    assert {op["op_name"] for op in interpreter._get_ops_details()} <= KNOWN_SINCE_2019


def test_it_runs_there_and_names_the_runtime(other_answer):
    assert other_answer[0] == "tflite-runtime 2.14.0"


def test_its_answer_does_not_depend_on_the_batch_there_either(other_answer):
    found = other_answer[1]
    assert np.array_equal(found["probability1"], found["probability5"])
    assert np.array_equal(found["embedding1"], found["embedding5"])


def test_both_runtimes_agree_within_the_rounding_of_int8(other_answer, bundle, drawn_crops):
    ours = open_classifier(bundle).predict(drawn_crops)
    assert np.abs(other_answer[1]["probability1"] - ours.blast_probability).max() < 0.1
