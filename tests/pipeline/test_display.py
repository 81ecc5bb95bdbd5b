"""Attention maps go through a picture and come out where they were."""

from io import BytesIO

import numpy as np
from PIL import Image

from appliance.pipeline.display import attention_png, one_attention_png


def _maps() -> np.ndarray:
    maps = np.zeros((3, 8, 8), np.float32)
    maps[1, 0, 7] = 1.0
    maps[2, 7, 0] = 0.5
    return maps


def _seen(number: int) -> np.ndarray:
    png = one_attention_png(attention_png(_maps()), number, side_px=80)
    assert png is not None
    return np.asarray(Image.open(BytesIO(png)))


def test_each_cell_gets_its_own_map_smoothed_to_the_size_asked_for():
    assert _seen(0).shape == (80, 80)
    assert _seen(0).max() == 0
    assert np.unravel_index(_seen(1).argmax(), (80, 80))[0] < 10
    assert np.unravel_index(_seen(1).argmax(), (80, 80))[1] >= 70
    assert _seen(2)[75:, :5].mean() > 100


def test_a_cell_beyond_the_last_has_no_map():
    packed = attention_png(_maps())
    assert one_attention_png(packed, 3) is None
    assert one_attention_png(packed, -1) is None
    assert one_attention_png(b"no picture", 0) is None
