from io import BytesIO

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from appliance.errors import UnreadableImage
from appliance.pipeline.intake import Limits, read_images
from tests.samples import HEIGHT, WIDTH, drawing, pixels, samples, saved, turned, wide_profile


def read(data):
    return read_images(data, name="smear", limits=Limits())[0]


def heic(**options):
    buffer = BytesIO()
    drawing().save(buffer, "HEIF", quality=100, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module", autouse=True)
def heic_can_be_written():
    Image.init()
    pillow_heif.register_heif_opener()
    yield
    pillow_heif.unregister_heif_opener() if hasattr(
        pillow_heif, "unregister_heif_opener"
    ) else Image.OPEN.pop("HEIF", None)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_the_orientation_in_exif_is_undone(form, orientation):
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}
    data = saved(drawing(), form, exif=turned(orientation), **options.get(form, {}))
    image = read(data)
    assert (image.width > image.height) == (orientation < 5)
    corners = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0)}
    corners |= {5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}
    # The drawing's lower left corner is dark; where it came tells how the picture was turned.
    dark = [c for c in ((0, 0), (0, -1), (-1, 0), (-1, -1)) if image.pixels[c][1] < 180]
    expected = {1: (-1, 0), 2: (-1, -1), 3: (0, -1), 4: (0, 0), 5: (0, -1), 6: (0, 0)}
    expected |= {7: (-1, 0), 8: (-1, -1)}
    assert dark == [expected[orientation]]


def test_the_orientation_in_heic_is_undone_once():
    image = read(heic(exif=turned(6)))
    assert (image.width, image.height) == (HEIGHT, WIDTH)
    assert np.abs(image.pixels.astype(int) - np.rot90(pixels(), -1)).mean() < 4


def test_of_a_heic_with_several_pictures_the_first_is_taken():
    image = read(heic(save_all=True, append_images=[drawing().rotate(180)]))
    assert np.abs(image.pixels.astype(int) - pixels()).mean() < 4
    assert image.notes == ("The file holds several pictures; the first one was taken.",)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_profile_in_the_file_is_used(form):
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}
    image = read(saved(drawing(), form, icc_profile=wide_profile(), **options.get(form, {})))
    exchanged = pixels().astype(int)
    assert np.abs(image.pixels.astype(int) - exchanged).mean() > 10
    assert image.notes == ("Converted from the file's own colour profile to sRGB.",)


@pytest.mark.parametrize("broken", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"rubbish"])
def test_exif_that_cannot_be_read_does_not_make_an_image_unreadable(broken):
    image = read(saved(drawing(), "PNG", exif=broken))
    assert np.array_equal(image.pixels, pixels())


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_colours_of_a_png_that_a_camera_did_not_scale_are_not_black(bits):
    wide = pixels().astype(np.uint16) << (bits - 8)
    image = read(imagecodecs.png_encode(wide))
    assert np.array_equal(image.pixels, pixels())
    assert image.notes == (f"Values of {bits} bits were scaled to 8 bits.",)


def test_deep_colours_with_alpha_are_laid_over_white():
    wide = np.dstack([pixels(), np.full((HEIGHT, WIDTH), 128, np.uint8)]).astype(np.uint16) * 257
    image = read(imagecodecs.png_encode(wide))
    assert np.abs(image.pixels - (pixels() * (128 / 255) + 127)).max() <= 1
    assert len(image.notes) == 2


def test_jpeg_of_four_inks_is_converted():
    image = read(samples()["cmyk.jpg"])
    assert image.notes == ("Converted from CMYK to RGB.",)


def test_a_lossless_jpeg_is_read_exactly():
    data = imagecodecs.jpeg8_encode(pixels(), lossless=True, colorspace="rgb", outcolorspace="rgb")
    assert np.array_equal(read(data).pixels, pixels())


def test_jpeg2000_of_grey_with_alpha_is_laid_over_white():
    grey = Image.merge("LA", [drawing().convert("L"), Image.new("L", drawing().size, 0)])
    image = read(saved(grey, "JPEG2000"))
    assert (image.pixels == 255).all()
    assert image.greyscale


def test_a_damaged_check_sum_is_refused():
    data = bytearray(samples()["plain.png"])
    data[-20] ^= 1
    with pytest.raises(UnreadableImage, match="damaged"):
        read(bytes(data))
