"""`scopeside analyse` on names, places and outputs that nobody meant to give."""

import os
import subprocess
from pathlib import Path

import cv2
import pytest

from appliance.errors import UnreadableImage
from appliance.pipeline.intake import Limits
from appliance.services.batch import files_under, read_file
from firmware_hooks.slides import draw_field
from tests.flow.live import COMMAND
from tests.flow.test_analyse import analyse


@pytest.fixture(scope="module")
def field() -> bytes:
    pixels = draw_field(5, width=480, height=360, cells=2, blasts=1).pixels
    return cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()


def _in_shell(redirected: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    command = " ".join([*COMMAND, "analyse", *map(str, arguments), redirected])
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_strange_names_take_one_line_each(tmp_path, field):
    for name in (b"new\nline.png", b"\x1b[31mred.png", b"bytes\xff.png", "rtl\u202e.png".encode()):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(field)
    done = analyse(tmp_path, env=os.environ | {"PYTHONIOENCODING": "utf-8"})
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if not line.startswith("    quality:")]
    assert len(lines) == 4
    assert all("white cell" in line for line in lines)
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("out", ["a.png/all.pdf", "a.png", "a.png/folder", "/proc/no/all.pdf"])
def test_reports_that_cannot_be_written_are_refused_before_the_work(tmp_path, field, out):
    image = tmp_path / "a.png"
    image.write_bytes(field)
    done = analyse(image, "--pdf", tmp_path / out)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert image.read_bytes() == field


@pytest.mark.slow
@pytest.mark.parametrize(("redirected", "status"), [(">/dev/full", 2), (">&-", 0), ("2>&-", 0)])
def test_full_and_closed_outputs_end_in_words_or_in_peace(tmp_path, field, redirected, status):
    (tmp_path / "a.png").write_bytes(field)
    done = _in_shell(redirected, tmp_path)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    if status:
        assert "No space left" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("nonsense", ["abc", "nan", "-1", "0", "1e-300", "inf"])
def test_nonsense_for_a_scale_is_refused_in_words(nonsense):
    done = analyse(f"--um-per-px={nonsense}", "a.png")
    assert done.returncode == 2
    assert "not a plausible number of micrometres" in done.stderr


@pytest.mark.slow
def test_nothing_to_do_is_said(tmp_path):
    done = analyse(tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "no files" in done.stderr


def test_loops_pipes_and_devices_in_a_folder_are_passed_over(tmp_path, field):
    (tmp_path / "a.png").write_bytes(field)
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.png")
    assert files_under([tmp_path]) == [tmp_path / "a.png"]


@pytest.mark.parametrize("name", ["a" * 300, "/dev/zero", "a.png/b.png"])
def test_what_is_no_file_is_said_in_words(tmp_path, field, name):
    (tmp_path / "a.png").write_bytes(field)
    (path,) = files_under([tmp_path / name])
    with pytest.raises(UnreadableImage, match=r"cannot be opened|not a regular file"):
        read_file(path, Limits())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_shut_folder_is_complained_of(tmp_path, field):
    (tmp_path / "shut").mkdir(mode=0)
    (tmp_path / "a.png").write_bytes(field)
    listed = files_under([tmp_path])
    assert listed == [tmp_path / "a.png", tmp_path / "shut"]
    with pytest.raises(UnreadableImage, match="may not be looked into"):
        read_file(listed[1], Limits())
