"""A folder hands out its pictures in order and says what is wrong with it."""

import cv2
import numpy as np
import pytest

from appliance.errors import CameraUnavailable
from firmware_hooks.cameras.folder import FolderCamera


def put(place, name: str, red: int) -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[..., 2] = red  # OpenCV writes B, G, R
    assert cv2.imwrite(str(place / name), picture)


def shown(camera: FolderCamera) -> int:
    return int(camera.capture().pixels[0, 0, 0])


def test_pictures_come_in_the_order_of_their_names_then_again(tmp_path):
    for name, red in (("c.png", 30), ("a.png", 10), ("b.png", 20)):
        put(tmp_path, name, red)
    camera = FolderCamera(tmp_path)
    assert [shown(camera) for _ in range(5)] == [10, 20, 30, 10, 20]


def test_a_picture_that_arrives_later_is_shown(tmp_path):
    put(tmp_path, "a.png", 10)
    camera = FolderCamera(str(tmp_path))
    assert shown(camera) == 10
    put(tmp_path, "b.png", 20)
    assert shown(camera) == 20


def test_other_files_and_folders_are_passed_over(tmp_path):
    put(tmp_path, "b.png", 20)
    (tmp_path / "a.txt").write_text("not a picture")
    (tmp_path / "empty.png").touch()
    (tmp_path / "more").mkdir()
    camera = FolderCamera(tmp_path)
    assert [shown(camera), shown(camera)] == [20, 20]


def test_names_in_any_script_are_read(tmp_path):
    put(tmp_path, "a.png", 10)
    (tmp_path / "a.png").rename(tmp_path / "عينة.png")
    assert shown(FolderCamera(tmp_path)) == 10


def test_the_scale_is_what_was_given(tmp_path):
    put(tmp_path, "a.png", 10)
    assert FolderCamera(tmp_path, um_per_px=0.2).capture().um_per_px == 0.2
    assert FolderCamera(tmp_path).capture().um_per_px is None


def test_a_missing_or_empty_folder_is_named(tmp_path):
    with pytest.raises(CameraUnavailable, match="does not exist"):
        FolderCamera(tmp_path / "gone")
    with pytest.raises(CameraUnavailable, match="no picture"):
        FolderCamera(tmp_path)


def test_a_damaged_picture_is_named_and_the_next_one_comes(tmp_path):
    put(tmp_path, "a.png", 10)
    put(tmp_path, "b.png", 20)
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[:20])
    camera = FolderCamera(tmp_path)
    with pytest.raises(CameraUnavailable, match=r"a\.png"):
        camera.capture()
    assert shown(camera) == 20
