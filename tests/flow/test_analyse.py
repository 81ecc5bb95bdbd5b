"""`scopeside analyse`: the pipeline without a server, as a script or a person calls it."""

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from pathlib import Path
from time import monotonic

import cv2
import pytest
from pypdf import PdfReader

from firmware_hooks.slides import draw_field
from tests.flow.live import COMMAND

FIXED = {"file", "sha256", "width", "height", "quality", "cells", "summary", "model", "timings_ms"}

BROKEN = {
    "empty.png": b"",
    "program.jpg": b"\x7fELF\x02\x01\x01" + bytes(500),
    "page.jpg": b"<!doctype html><html><body>not a picture</body></html>",
    "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'/>",
    "notes.txt": b"slide 4, looks fine",
    "archive.tif": b"PK\x03\x04" + bytes(200),
    "document.bmp": b"%PDF-1.7\n%\xe2\xe3\n",
    "zeros.dcm": bytes(4096),
    "noise.webp": bytes(range(256)) * 8,
}


def analyse(*arguments: object, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "analyse", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **more,
    )


@pytest.fixture(scope="module")
def field() -> bytes:
    pixels = draw_field(5, width=960, height=720, cells=6, blasts=3).pixels
    return cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()


@pytest.fixture
def mixed(tmp_path: Path, field: bytes) -> Path:
    """A folder with two good fields, one below another folder, and ten broken files."""
    folder = tmp_path / "mixed"
    (folder / "below").mkdir(parents=True)
    (folder / "a.png").write_bytes(field)
    (folder / "below" / "b.png").write_bytes(field)
    (folder / "cut.png").write_bytes(field[: len(field) // 2])
    (folder / ".hidden").write_bytes(b"of the operating system")
    for name, content in BROKEN.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.counted
@pytest.mark.slow
def test_a_mixed_folder_gives_a_line_for_each_file_and_status_one(mixed):
    done = analyse(mixed, "--json", "--outlines")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    good = [line for line in lines if "error" not in line]
    bad = [line for line in lines if "error" in line]
    assert [Path(line["file"]).name for line in good] == ["a.png", "b.png"]
    assert {Path(line["file"]).name for line in bad} == {*BROKEN, "cut.png"}
    assert all(set(line) == {"file", "error"} and len(line["error"]) > 15 for line in bad)
    for line in good:
        assert set(line) >= FIXED
        assert line["cells"]
        assert line["model"]["verified_here"] is False
        _assert_sums(line)
    # The same bytes give the same answer.
    assert good[0]["cells"] == good[1]["cells"]
    assert "Traceback" not in done.stderr


def _assert_sums(line: dict) -> None:
    summary = line["summary"]
    counted = [cell for cell in line["cells"] if cell["counted"]]
    assert summary["cells"] == len(counted)
    assert summary["cells"] == summary["blast"] + summary["normal"] + summary["unsure"]
    for cell in line["cells"]:
        x, y, width, height = cell["box"]
        assert 0 <= x < x + width <= line["width"]
        assert 0 <= y < y + height <= line["height"]
        assert 0 <= cell["blast_probability"] <= 1
        assert cell["suggestion"] in {"blast", "normal", "unsure"}
        assert len(cell["nucleus"]) > 2


@pytest.mark.counted
@pytest.mark.slow
def test_good_files_give_status_zero_sizes_in_micrometres_and_one_pdf(tmp_path, field):
    image, out = tmp_path / "a.png", tmp_path / "made" / "report.pdf"
    image.write_bytes(field)
    done = analyse(image, image, "--json", "--um-per-px", "0.12", "--pdf", out)
    assert done.returncode == 0, done.stderr
    cell = json.loads(done.stdout.splitlines()[0])["cells"][0]
    assert cell["width_um"] == pytest.approx(cell["box"][2] * 0.12, abs=0.01)
    text = "".join(page.extract_text() for page in PdfReader(out).pages)
    assert text.count("Image analysis") >= 2
    assert "Research use only" in text


@pytest.mark.counted
@pytest.mark.slow
def test_a_folder_of_reports_keeps_files_of_one_name_apart(tmp_path, field):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(field)
    done = analyse(tmp_path / "one", tmp_path / "two", "--pdf", tmp_path / "reports")
    assert done.returncode == 0, done.stderr
    assert "white cells" in done.stdout
    made = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert made == ["a.png-2.pdf", "a.png.pdf"]


@pytest.mark.slow
def test_what_does_not_exist_is_said_and_the_rest_is_done(tmp_path, field):
    (tmp_path / "a.png").write_bytes(field)
    done = analyse(tmp_path / "missing.png", tmp_path / "a.png", "--json")
    first, second = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 1
    assert "no such file" in first["error"]
    assert "error" not in second


@pytest.mark.slow
def test_ctrl_c_leaves_whole_lines(tmp_path, field):
    for number in range(40):
        (tmp_path / f"{number:02}.png").write_bytes(field)
    process = subprocess.Popen(
        [*COMMAND, "analyse", str(tmp_path), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background has Ctrl-C ignored, and hands that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    lines = [first, *rest.splitlines(keepends=True)]
    assert len(lines) < 40
    assert all(line.endswith("\n") and "cells" in json.loads(line) for line in lines)
    assert "Traceback" not in errors


@pytest.mark.counted
@pytest.mark.slow
def test_a_bar_shows_on_a_terminal_only(tmp_path, field):
    (tmp_path / "a.png").write_bytes(field)
    assert "file/s" not in analyse(tmp_path, "--json").stderr
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "analyse", str(tmp_path)], stdout=theirs, stderr=theirs, stdin=theirs
    )
    os.close(theirs)
    shown = _read_all(ours)
    assert process.wait(60) == 0
    assert re.search(r"0/1 \[|1/1 \[", shown)
    assert "white cells" in shown


def _read_all(descriptor: int) -> str:
    parts, end = [], monotonic() + 60
    while monotonic() < end:
        try:
            part = os.read(descriptor, 4096)
        except OSError:  # Linux: the other side has closed
            break
        if not part:
            break
        parts.append(part)
    os.close(descriptor)
    return b"".join(parts).decode("utf-8", "replace")


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_not_an_error(tmp_path, field):
    for number in range(6):
        (tmp_path / f"{number}.png").write_bytes(field)
    command = " ".join([*COMMAND, "analyse", str(tmp_path), "--json"])
    done = subprocess.run(
        ["sh", "-c", f"{command} | head -n 1"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.data
@pytest.mark.slow
def test_real_fields_are_read(data_dir):
    some = sorted((data_dir / "allidb1" / "fields").glob("*_1.jpg"))[:3]
    done = analyse(*some, "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == [str(path) for path in some]
    assert all(line["quality"]["passed"] and line["summary"]["cells"] for line in lines)
