from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import ImageCms, ImageOps

from appliance.pipeline.colour import as_image, finish, to_eight_bits
from tests.samples import drawing, pixels, wide_profile, with_alpha

unhurried = settings(deadline=None, max_examples=60)  # the machine may be busy
SIZES = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9)


def colours(mode, channels):
    return SIZES.flatmap(lambda size: arrays(np.uint8, (*size, channels))).map(
        lambda samples: as_image(samples, mode)
    )


@unhurried
@given(colours("RGB", 3), st.integers(0, 10))
def test_every_orientation_is_undone_as_exif_means_it(image, orientation):
    tagged = image.copy()
    tagged.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(tagged))
    page = finish(image, orientation=orientation)
    assert np.array_equal(page.pixels, expected)
    assert bool(page.notes) == (2 <= orientation <= 8)


@unhurried
@given(colours("RGBA", 4))
def test_alpha_is_laid_over_white(image):
    page = finish(image)
    samples = np.asarray(image).astype(float)
    opacity = samples[..., 3:] / 255
    expected = samples[..., :3] * opacity + 255 * (1 - opacity)
    assert np.abs(page.pixels - expected).max() <= 1


@unhurried
@given(colours("RGBA", 4))
def test_premultiplied_alpha_is_laid_over_white_too(image):
    straight = finish(image).pixels.astype(int)
    premultiplied = finish(image.convert("RGBa")).pixels
    assert np.abs(premultiplied - straight).max() <= 2


@unhurried
@given(arrays(np.uint8, SIZES))
def test_eight_bits_stay_as_they_are(samples):
    scaled, note = to_eight_bits(samples, 8)
    assert np.array_equal(scaled, samples)
    assert note == ""


@unhurried
@given(arrays(np.uint8, SIZES))
def test_eight_bits_widened_to_sixteen_come_back(samples):
    wide = samples.astype(np.uint16) * 257
    wide.flat[0] = 65535
    scaled, _ = to_eight_bits(wide, 16)
    assert np.array_equal(scaled.flat[1:], samples.flat[1:])


@unhurried
@given(st.sampled_from((8, 10, 12, 14, 16)), arrays(np.uint16, SIZES))
def test_the_largest_value_tells_how_many_bits_a_camera_used(depth, samples):
    used = samples >> (16 - depth)
    used.flat[0] = 2**depth - 1
    scaled, note = to_eight_bits(used, 16)
    assert scaled.flat[0] == 255
    assert np.array_equal(scaled, (used >> (depth - 8)).astype(np.uint8))
    assert f"{depth} bits" in note


@unhurried
@given(st.integers(1, 16), st.data())
def test_scaling_keeps_the_order_and_the_range(bits, data):
    samples = data.draw(arrays(np.uint16, 12, elements=st.integers(0, 2**bits - 1)))
    scaled, _ = to_eight_bits(samples, bits)
    order = np.argsort(samples, kind="stable")
    assert (np.diff(scaled[order].astype(int)) >= 0).all()
    assert scaled.dtype == np.uint8
    if bits <= 8:  # above, the largest value tells the range
        assert to_eight_bits(np.array([0, 2**bits - 1]), bits)[0].tolist() == [0, 255]


@unhurried
@given(arrays(np.bool_, SIZES))
def test_bilevel_samples_become_black_and_white(samples):
    assert np.array_equal(to_eight_bits(samples, 1)[0], np.where(samples, 255, 0))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_every_mode_becomes_rgb(mode):
    page = finish(drawing().convert(mode))
    assert page.pixels.shape == pixels().shape
    assert page.greyscale == (mode in {"1", "L", "LA"})
    if mode in {"RGB", "RGBA", "CMYK", "YCbCr", "HSV"}:
        assert np.abs(page.pixels.astype(int) - pixels()).max() <= 4


def test_colours_that_agree_in_all_but_the_last_pixel_are_not_grey():
    samples = np.full((200, 70, 3), 128, np.uint8)
    assert finish(as_image(samples)).greyscale
    samples[-1, -1, 2] = 129
    assert not finish(as_image(samples)).greyscale


def test_a_foreign_profile_is_converted_to_srgb():
    page = finish(drawing(), profile=wide_profile())
    expected = ImageCms.profileToProfile(
        drawing(),
        ImageCms.ImageCmsProfile(BytesIO(wide_profile())),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    assert np.array_equal(page.pixels, np.asarray(expected))
    assert not np.array_equal(page.pixels, pixels())
    assert page.notes == ("Converted from the file's own colour profile to sRGB.",)


def test_an_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    page = finish(drawing(), profile=profile)
    assert np.array_equal(page.pixels, pixels())
    assert page.notes == ()


@pytest.mark.parametrize("profile", [b"no profile", bytes(200), wide_profile()[:-40]])
def test_a_damaged_profile_is_left_out_and_that_is_said(profile):
    page = finish(drawing(), profile=profile)
    assert "left out" in " ".join(page.notes) or "Converted" in " ".join(page.notes)
    assert page.pixels.shape == pixels().shape


def test_a_profile_for_other_channels_is_left_out():
    page = finish(drawing().convert("CMYK"), profile=wide_profile())
    assert "does not fit" in page.notes[0]
    assert np.abs(page.pixels.astype(int) - pixels()).max() <= 1


@unhurried
@given(st.binary(max_size=40), st.integers(0, 500))
def test_no_damage_to_a_profile_makes_an_image_unreadable(noise, at):
    profile = wide_profile()[:at] + noise + wide_profile()[at + len(noise) :]
    assert finish(drawing(), profile=profile).pixels.shape == pixels().shape


def test_transparent_parts_are_white_and_opaque_ones_untouched():
    page = finish(with_alpha())
    half = (pixels().shape[0] // 2, pixels().shape[1] // 2)
    assert (page.pixels[: half[0], : half[1]] == 255).all()
    assert np.array_equal(page.pixels[: half[0], half[1] :], pixels()[: half[0], half[1] :])
    assert page.notes == ("Transparent parts were laid over white.",)


def test_an_opaque_alpha_channel_needs_no_word():
    assert finish(drawing().convert("RGBA")).notes == ()
