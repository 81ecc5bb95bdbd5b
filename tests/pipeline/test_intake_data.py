from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageOps

from appliance.pipeline.intake import Limits, read_images

FOLDERS = (
    ("allidb1/fields", 3),
    ("allidb2/blast", 20),
    ("bccd/images", 60),
    ("pbc/lymphocyte", 60),
    ("taleqani/pre", 100),
    ("wbcseg/images", 60),
)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(("folder", "step"), FOLDERS)
def test_real_images_are_decoded_as_pillow_does(data_dir, folder, step):
    files = sorted(p for p in (data_dir / folder).iterdir() if p.is_file())[::step]
    assert files
    for path in files:
        data = path.read_bytes()
        (image,) = read_images(data, name=path.name, limits=Limits())
        expected = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
        assert np.array_equal(image.pixels, np.asarray(expected)), path.name
        assert not image.greyscale
        assert image.notes == ()
