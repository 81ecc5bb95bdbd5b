import struct
import zlib
from io import BytesIO

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image

from appliance.errors import TooLarge, UnreadableImage
from appliance.pipeline.intake import Limits, read_images
from tests import samples as made
from tests.samples import HEIGHT, WIDTH, dicom, drawing, grey, pixels, samples, saved, wide_profile

DICOMS = sorted(name for name in samples() if name.endswith(".dcm"))
PLAIN = samples()["plain.dcm"]
BODY = PLAIN.index(b"\x08\x00\x16\x00UI")
LONG_SEQUENCE = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff"
ITEM = b"\xfe\xff\x00\xe0"


def read(data, limits=Limits()):  # noqa: B008 - frozen
    (image,) = read_images(data, name="smear.dcm", limits=limits)
    return image


def refused(data, limits=Limits()):  # noqa: B008 - frozen
    with pytest.raises(UnreadableImage) as refusal:
        read(data, limits)
    return refusal.value.sentence


@pytest.mark.parametrize("name", [n for n in DICOMS if n != "ybr422.dcm"])
def test_pydicom_decodes_the_same(name):
    data = pydicom.dcmread(BytesIO(samples()[name]))
    theirs = data.pixel_array
    if name == "palette.dcm":
        theirs = pydicom.pixels.apply_color_lut(theirs, data) >> 8
    if theirs.ndim == 2:
        theirs = (theirs.astype(int) + (2048 if name == "signed.dcm" else 0)) >> 4
        theirs = np.dstack([255 - theirs if name == "mono1.dcm" else theirs] * 3)
    # What is computed comes out of two libraries with roundings of their own.
    allowed = {"jpeg.dcm": 3, "jpeg-twelve.dcm": 1, "ybr.dcm": 2}.get(name, 0)
    assert np.abs(read(samples()[name]).pixels.astype(int) - theirs).max() <= allowed


def test_colours_at_half_resolution_are_spread_over_pairs():
    ours = read(samples()["ybr422.dcm"]).pixels.astype(int)
    assert np.abs(ours - pixels()).mean() < 2
    assert np.abs(ours[:, ::2] - pixels()[:, ::2]).mean() < 2


@pytest.mark.parametrize(("photometric", "space"), [("RGB", "rgb"), ("YBR_FULL_422", "ycbcr")])
def test_a_jpeg_without_marks_has_the_colours_that_the_attribute_says(photometric, space):
    stream = imagecodecs.jpeg8_encode(pixels(), level=100, colorspace="rgb", outcolorspace=space)
    bare = _without_marks(stream)
    assert b"Adobe" not in bare
    assert b"JFIF" not in bare
    image = read(dicom(bare, photometric, made.JPEG_BASELINE))
    assert np.abs(image.pixels.astype(int) - pixels()).mean() < 6


def _without_marks(stream):
    kept, at = stream[:2], 2
    while stream[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", stream, at + 2)
        if stream[at + 1] not in (0xE0, 0xEE):
            kept += stream[at : at + 2 + length]
        at += 2 + length
    return kept + stream[at:]


def test_a_code_stream_cut_into_fragments_is_put_together():
    stream = saved(drawing(), "JPEG")
    whole = dicom(stream, "YBR_FULL_422", made.JPEG_BASELINE)
    value = whole.index(b"\xe0\x7f\x10\x00OB") + 12
    parts = [stream[:100], stream[100:101] + b"", stream[101:]]
    fragments = b"".join(ITEM + struct.pack("<I", len(p)) + p for p in parts)
    cut = whole[:value] + ITEM + bytes(4) + fragments + b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert np.array_equal(read(cut).pixels, read(whole).pixels)


def test_several_frames_are_refused_in_words():
    data = dicom(np.stack([pixels()] * 3), NumberOfFrames=3)
    assert "with 3 frames; only those with one frame can be read" in refused(data)
    assert read(dicom(pixels(), NumberOfFrames=1))


@pytest.mark.parametrize(
    ("spacing", "um"),
    [([0.00025, 0.00025], 0.25), ([0.00025, 0.00026], None), ([0.35, 0.35], None), ([], None)],
)
@pytest.mark.parametrize("name", ["PixelSpacing", "NominalScannedPixelSpacing"])
def test_the_pixel_spacing_gives_the_scale_where_it_is_plausible(name, spacing, um):
    assert read(dicom(pixels(), **{name: spacing})).um_per_px == (um and pytest.approx(um))


def test_a_spacing_that_is_no_number_does_not_make_an_image_unreadable():
    data = dicom(pixels(), PixelSpacing=[0.00025, 0.00025])
    assert read(data.replace(b"0.00025\\0.00025", b"broken\\\\0.0002x")).um_per_px is None


@pytest.mark.parametrize("place", ["of its own", "in the optical path"])
def test_a_profile_is_used_wherever_it_stands(place):
    profile = wide_profile()
    path = pydicom.Dataset()
    path.ICCProfile = profile
    attributes = (
        {"ICCProfile": profile}
        if place == "of its own"
        else {"OpticalPathSequence": pydicom.Sequence([path])}
    )
    image = read(dicom(pixels(), **attributes))
    assert image.notes == ("Converted from the file's own colour profile to sRGB.",)
    assert not np.array_equal(image.pixels, pixels())


def test_a_stored_range_that_starts_above_the_lowest_bit_is_moved_down():
    data = bytearray(dicom(grey().astype(np.uint16) << 8, "MONOCHROME2", BitsStored=8))
    at = data.index(b"\x28\x00\x02\x01US") + 8
    data[at : at + 2] = struct.pack("<H", 15)
    assert np.array_equal(read(bytes(data)).pixels[..., 0], grey())


@pytest.mark.parametrize("bits", [1, 3, 7, 9, 11, 15])
def test_unusual_depths_use_their_whole_range(bits):
    ramp = np.tile(np.linspace(0, 2**bits - 1, WIDTH).round(), (HEIGHT, 1))
    image = read(dicom(ramp.astype(np.uint16), "MONOCHROME2", BitsStored=bits))
    assert (image.pixels.min(), image.pixels.max()) == (0, 255)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"Rows": 128}, "cut off"),
        ({"Columns": 128}, "cut off"),
        ({"BitsStored": 9}, "its header is not in order"),
        ({"PhotometricInterpretation": "CMYK"}, "stored in a way that cannot be read"),
        ({"PhotometricInterpretation": "MONOCHROME2"}, "stored in a way that cannot be read"),
        ({"SamplesPerPixel": 1}, "stored in a way that cannot be read"),
        ({"BitsAllocated": 32, "BitsStored": 32}, "stored in a way that cannot be read"),
        ({"Rows": 60_000, "Columns": 60_000}, "3600 megapixels"),
        ({"Rows": 8}, "too few to show a cell"),
    ],
)
def test_attributes_that_contradict_the_pixels_are_refused(attributes, words):
    assert words in refused(dicom(pixels(), **attributes))


@pytest.mark.parametrize("name", ["jpeg.dcm", "jpeg2000.dcm", "jpeg-ls.dcm", "jpeg-lossless.dcm"])
def test_a_code_stream_of_another_size_than_the_attributes_is_refused(name):
    data = bytearray(samples()[name])
    at = data.index(b"\x28\x00\x10\x00US") + 8
    data[at : at + 2] = struct.pack("<H", HEIGHT // 2)
    assert "the size of its picture is not what its header says" in refused(bytes(data))


@pytest.mark.parametrize(
    ("syntax", "words"),
    [
        ("1.2.840.10008.1.2.4.102", "a video"),
        ("1.2.840.10008.1.2.6.1", "a compression"),
    ],
)
def test_what_cannot_be_decoded_is_said(syntax, words):
    assert words in refused(dicom(saved(drawing(), "JPEG"), "YBR_FULL_422", syntax))


def test_an_object_without_a_picture_is_refused():
    pixel_data = PLAIN.index(b"\xe0\x7f\x10\x00")
    assert "without a picture in it" in refused(PLAIN[:pixel_data])


def test_a_palette_that_is_missing_is_refused():
    assert "damaged" in refused(dicom(grey(), "PALETTE COLOR"))


def test_a_deflated_bomb_is_not_unpacked():
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = b"".join(packer.compress(bytes(10**6)) for _ in range(30)) + packer.flush()
    start = samples()["deflated.dcm"]
    start = start[: 144 + int.from_bytes(start[140:144], "little")]
    with pytest.raises(TooLarge, match="more than 20 MB when unpacked"):
        read(start + bomb, Limits(max_bytes=20_000_000))


@pytest.mark.parametrize(
    "inserted",
    [
        (LONG_SEQUENCE + ITEM + b"\xff\xff\xff\xff") * 15_000,
        LONG_SEQUENCE + (ITEM + bytes(4)) * 200_000 + b"\xfe\xff\xdd\xe0\0\0\0\0",
        b"\x08\x00\x05\x01LO\0\0" * 400_000,
        ITEM + b"\xff\xff\xff\xff",
    ],
    ids=["nested", "countless items", "countless elements", "stray item"],
)
def test_attributes_made_to_be_slow_are_refused(inserted):
    assert refused(PLAIN[:BODY] + inserted + PLAIN[BODY:])


def test_the_decoded_image_is_what_pillow_makes_of_the_stream():
    stream = saved(drawing(), "JPEG")
    image = read(dicom(stream, "YBR_FULL_422", made.JPEG_BASELINE))
    assert np.array_equal(image.pixels, np.asarray(Image.open(BytesIO(stream))))
