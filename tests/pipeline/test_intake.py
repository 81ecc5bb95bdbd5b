import hashlib
import threading
import warnings
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from appliance.errors import TooLarge, UnreadableImage
from appliance.pipeline.intake import Limits, read_images
from tests.samples import HEIGHT, WIDTH, drawing, grey, pixels, samples, saved

MEDIA_TYPES = {
    "bmp": "image/bmp",
    "dcm": "application/dicom",
    "gif": "image/gif",
    "heic": "image/heic",
    "j2k": "image/jp2",
    "jp2": "image/jp2",
    "jpg": "image/jpeg",
    "png": "image/png",
    "tif": "image/tiff",
    "webp": "image/webp",
}
# Named after how they differ from the drawing; tested by themselves elsewhere.
CHANGED = {"turned.jpg", "profile.jpg", "alpha.png", "palette.png", "alpha.webp", "alpha.tif"}


def read(data, name="smear.tif", limits=Limits()):  # noqa: B008 - frozen
    return read_images(data, name=name, limits=limits)


@pytest.mark.parametrize("name", sorted(samples()))
def test_every_format_gives_the_image_it_was_made_from(name):
    image = read(samples()[name], name)[0]
    assert image.media_type == MEDIA_TYPES[name.split(".")[1]]
    assert image.pixels.dtype == np.uint8
    if name in CHANGED:
        return
    if "bilevel" in name:
        expected = np.asarray(drawing().convert("1").convert("RGB"))
    elif image.greyscale:
        luma = pixels()[..., 1] if name.startswith("deep") else grey()
        expected = np.dstack([luma] * 3)
    else:
        expected = pixels()
    assert image.pixels.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(image.pixels.astype(int) - expected).mean() < 4


@pytest.mark.parametrize("name", sorted(samples()))
def test_the_name_decides_nothing(name):
    right, wrong = read(samples()[name], name), read(samples()[name], "letter.docx")
    assert [i.media_type for i in right] == [i.media_type for i in wrong]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(right, wrong, strict=True))


def test_grey_images_are_flagged_whatever_their_channels():
    flagged = {name for name in samples() if read(samples()[name], name)[0].greyscale}
    named_grey = {n for n in samples() if any(w in n for w in ("grey", "mono", "bilevel"))}
    assert flagged >= named_grey
    assert not flagged & {"plain.jpg", "plain.tif", "plain.dcm", "palette.png"}
    three_channels = saved(drawing().convert("L").convert("RGB"), "PNG")
    assert read(three_channels)[0].greyscale


def test_each_page_of_a_tiff_is_an_image_of_its_own():
    images = read(samples()["pages.tif"])
    assert [(i.page, i.pages, i.greyscale) for i in images] == [
        (0, 3, False),
        (1, 3, False),
        (2, 3, True),
    ]
    assert len({i.sha256 for i in images}) == 1
    assert np.array_equal(images[1].pixels, images[0].pixels[::-1])


def test_the_hash_is_that_of_the_bytes_as_they_came():
    data = samples()["turned.jpg"]
    assert read(data)[0].sha256 == hashlib.sha256(data).hexdigest()


def test_the_same_bytes_give_the_same_image():
    for data in samples().values():
        assert np.array_equal(read(data)[0].pixels, read(data)[0].pixels)


def test_a_jpeg_is_decoded_as_pillow_does():
    data = samples()["plain.jpg"]
    assert np.array_equal(read(data)[0].pixels, np.asarray(Image.open(BytesIO(data))))


def test_of_a_moving_gif_the_first_picture_is_taken_and_that_is_said():
    image = read(samples()["moving.gif"])[0]
    assert np.array_equal(image.pixels, read(samples()["plain.gif"])[0].pixels)
    assert image.notes == ("The file holds several pictures; the first one was taken.",)


def test_a_plain_image_needs_no_note():
    for name in ("plain.jpg", "plain.png", "plain.tif", "plain.dcm", "plain.heic", "alpha.webp"):
        assert bool(read(samples()[name])[0].notes) == (name == "alpha.webp")


def test_a_file_over_the_limit_is_refused_by_its_size():
    data = samples()["plain.tif"]
    with pytest.raises(TooLarge, match=r"has 0 MB; the limit is 0\.018 MB"):
        read(data, limits=Limits(max_bytes=18_000))
    assert read(data, limits=Limits(max_bytes=len(data)))


@pytest.mark.parametrize("name", sorted(samples()))
def test_too_many_pixels_are_refused(name):
    pages = len(read(samples()[name]))
    with pytest.raises(TooLarge):
        read(samples()[name], name, Limits(max_pixels=WIDTH * HEIGHT * pages - 1))
    assert read(samples()[name], name, Limits(max_pixels=WIDTH * HEIGHT * pages))


@pytest.mark.parametrize("form", ["BMP", "GIF", "JPEG", "JPEG2000", "PNG", "TIFF", "WEBP"])
def test_images_too_small_for_a_cell_are_refused(form):
    with pytest.raises(UnreadableImage, match="only 200 x 31 pixels"):
        read(saved(Image.new("RGB", (200, 31), "pink"), form))
    assert read(saved(Image.new("RGB", (200, 32), "pink"), form))


@pytest.mark.parametrize("name", sorted(samples()))
def test_a_file_that_is_cut_off_is_never_filled_up(name):
    data = samples()[name]
    whole = read(data, name)
    for end in {*range(1, len(data), len(data) // 60 + 1), len(data) - 1}:
        try:
            images = read(data[:end], name)
        except UnreadableImage:
            continue
        # A GIF is complete without its last byte, or its second picture.
        assert name.endswith(".gif"), end
        assert np.array_equal(images[0].pixels, whole[0].pixels)


@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "webp", "j2k", "dcm", "bmp"])
def test_a_file_cut_in_half_is_said_to_be_cut_off(kind):
    data = samples()[f"plain.{kind}"]
    with pytest.raises(UnreadableImage, match=r"is cut off: its end is missing\.$"):
        read(data[: len(data) // 2])


def test_the_sentence_names_the_file_without_its_folders():
    with pytest.raises(UnreadableImage) as refusal:
        read(b"", name="C:\\scans\\2026/smear 1.jpg")
    assert refusal.value.sentence.startswith("\u201csmear 1.jpg\u201d is empty")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("", "It is"), ("a\nb\x1b[2J.png", "\u201ca?b?[2J.png\u201d is"), ("x" * 300 + ".tif", "…")],
)
def test_a_name_cannot_spoil_the_sentence(name, shown):
    with pytest.raises(UnreadableImage) as refusal:
        read(b"", name=name)
    assert shown in refusal.value.sentence
    assert len(refusal.value.sentence) < 160
    assert refusal.value.sentence.isprintable()


def test_images_may_be_read_from_several_threads_at_once():
    outcomes = []

    def work():
        for data in samples().values():
            outcomes.append(read(data)[0].pixels.shape[2])

    threads = [threading.Thread(target=work) for _ in range(4)]
    before = list(warnings.filters)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes == [3] * 4 * len(samples())
    assert warnings.filters == before
