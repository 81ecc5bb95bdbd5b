"""What every camera promises, tried on every driver that runs here."""

from datetime import timedelta

import cv2
import numpy as np
import pytest

from appliance import clock
from appliance.errors import CameraUnavailable, SettingsInvalid
from firmware_hooks.cameras import CAMERAS, open_camera
from firmware_hooks.slides import draw_field


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("pictures")
    for seed, name in enumerate(("b.png", "a.jpg")):
        pixels = draw_field(seed, width=320, height=240, cells=2).pixels
        assert cv2.imwrite(str(place / name), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return place


@pytest.fixture(params=sorted(CAMERAS))
def camera(request, folder):
    options = {
        "folder": {"folder": folder},
        "synthetic": {"seed": 7, "width": 320, "height": 240, "cells": 2, "blasts": 1},
    }
    camera = open_camera(request.param, **options[request.param])
    yield camera
    camera.close()


def test_a_frame_is_rgb_of_eight_bits(camera):
    pixels = camera.capture().pixels
    assert (pixels.dtype, pixels.ndim, pixels.shape[2]) == (np.uint8, 3, 3)
    assert pixels.flags.c_contiguous


def test_channels_are_in_the_order_red_green_blue(camera):
    # Chromatin absorbs green most and lets blue through: the darkest spot of a smear is purple.
    pixels = camera.capture().pixels.astype(float)
    darkest = pixels[pixels[..., 1] <= np.percentile(pixels[..., 1], 0.5)].mean(axis=0)
    assert darkest[2] > darkest[0] > darkest[1]


def test_a_frame_was_taken_after_the_call_began(camera):
    before = clock.now()
    frame = camera.capture()
    assert before <= frame.taken_at <= clock.now()
    assert frame.taken_at.utcoffset() == timedelta(0)


def test_two_frames_are_two_pictures(camera):
    first, second = camera.capture(), camera.capture()
    assert not np.shares_memory(first.pixels, second.pixels)
    assert not np.array_equal(first.pixels, second.pixels)


def test_what_a_camera_cannot_tell_is_none_and_what_it_tells_is_positive(camera):
    frame = camera.capture()
    for told in (frame.exposure_us, frame.gain, frame.um_per_px):
        assert told is None or told > 0


def test_closing_twice_is_allowed_and_a_closed_camera_says_so(camera):
    camera.close()
    camera.close()
    with pytest.raises(CameraUnavailable, match="closed"):
        camera.capture()


def test_an_unknown_camera_is_named_with_the_known_ones():
    with pytest.raises(SettingsInvalid, match="'polaroid'; known are: folder, synthetic"):
        open_camera("polaroid")


def test_an_unknown_option_is_named():
    with pytest.raises(SettingsInvalid, match="zoom"):
        open_camera("synthetic", zoom=3)


def test_a_driver_without_its_library_says_which(monkeypatch):
    monkeypatch.setitem(CAMERAS, "lost", "no_such_library:Camera")
    with pytest.raises(CameraUnavailable, match="no_such_library"):
        open_camera("lost")
