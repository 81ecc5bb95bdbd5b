"""What a header may ask for: each of these files would make a decoder reserve or do too much."""

import struct
import zlib

import pytest

from appliance.errors import TooLarge, UnreadableImage
from appliance.pipeline import headers
from appliance.pipeline.intake import Limits, read_images
from tests.samples import HEIGHT, WIDTH, drawing, samples, saved


def read(data):
    return read_images(data, name="smear.jpg", limits=Limits())


def refused(data):
    with pytest.raises(UnreadableImage) as refusal:
        read(data)
    return refusal.value


def chunk(name, data=b""):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, *chunks):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(HEIGHT * (3 * WIDTH + 1)))
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", body), chunk(b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def changed(name, at, new):
    data = bytearray(samples()[name])
    data[at : at + len(new)] = new
    return bytes(data)


def after(name, mark):
    return samples()[name].index(mark) + len(mark)


def exif(tags, value_bytes):
    """EXIF in which every tag refers to the same long value."""
    entry = struct.pack("<HHII", 0x9286, 7, value_bytes, 8)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", tags) + entry * tags + bytes(value_bytes)


HUGE = struct.pack(">II", 60_000, 60_000)


@pytest.mark.parametrize(
    "data",
    [
        png(60_000, 60_000),
        changed("plain.bmp", 18, struct.pack("<ii", 60_000, 60_000)),
        changed("plain.gif", 6, b"\xff\xff\xff\xff"),
        changed(
            "plain.gif", samples()["plain.gif"].rindex(b"\x2c\0\0\0\0") + 5, b"\xff\xff\xff\xff"
        ),
        changed("plain.jpg", after("plain.jpg", b"\xff\xc0\0\x11\x08"), b"\xff\xff\xff\xff"),
        changed("plain.heic", after("plain.heic", b"ispe\0\0\0\0"), HUGE),
        changed("plain.j2k", after("plain.j2k", b"\xff\x51\0\x2f\0\0"), HUGE),
        changed("alpha.webp", 21, b"\xff\xff\xff\x0f"),
        changed("plain.webp", 26, b"\xff\x3f\xff\x3f"),
        b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff",
    ],
    ids=["png", "bmp", "gif", "gif frame", "jpeg", "heic", "j2k", "webp-l", "webp", "webp-x"],
)
def test_a_header_that_asks_for_too_many_pixels_is_believed_and_refused(data):
    assert isinstance(refused(data), TooLarge)


def test_where_two_headers_disagree_the_larger_reserves_nothing():
    assert (
        "contradicts itself"
        in refused(changed("plain.jp2", after("plain.jp2", b"ihdr"), HUGE)).sentence
    )


def test_jpeg_rubbish_is_not_searched_for_ever():
    start = samples()["plain.jpg"][:2]
    for rubbish in (b"\xff" * 10**7, b"\xff" + bytes(10**7), b"\xff\xe5\x00\x02" * 10**6):
        assert "its header is not in order" in refused(start + rubbish).sentence


def test_jpeg_with_endless_scans_is_refused():
    data = samples()["progressive.jpg"]
    scan, end = data.rindex(b"\xff\xda"), data.rindex(b"\xff\xd9")
    assert read(data[:scan] + data[scan:end] * 50 + data[end:])
    assert "too many layers" in refused(data[:scan] + data[scan:end] * 500 + data[end:]).sentence


def test_jpeg_with_megabytes_of_exif_is_refused():
    data = samples()["plain.jpg"]
    part = b"\xff\xe1\xff\xffExif\0\0" + bytes(65_527)
    assert "its header is not in order" in refused(data[:2] + part * 5 + data[2:]).sentence


def test_exif_made_to_be_slow_does_not_slow_reading():
    for tags, size in ((20_000, 200_000), (65_535, 2_000_000)):
        image = read(png(WIDTH, HEIGHT, chunk(b"eXIf", exif(tags, size))))[0]
        assert image.width == WIDTH


def test_png_text_that_unpacks_to_gigabytes_is_refused():
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**7)))
    assert refused(png(WIDTH, HEIGHT, text))


def test_png_of_countless_chunks_is_refused():
    assert "too many pieces" in refused(png(WIDTH, HEIGHT, chunk(b"abCd") * 200_000)).sentence


def test_gif_of_countless_blocks_is_refused():
    data = samples()["plain.gif"]
    start = 13 + 3 * 2 ** ((data[10] & 7) + 1)
    comment = b"\x21\xfe" + b"\x01a" * 1_100_000 + b"\0"
    assert "too many pieces" in refused(data[:start] + comment + data[start:]).sentence


def test_gif_without_a_picture_is_refused():
    data = samples()["plain.gif"]
    assert (
        "no picture in it"
        in refused(data[: 13 + 3 * 2 ** ((data[10] & 7) + 1)] + b";" * 12).sentence
    )


@pytest.mark.parametrize(
    ("at", "new"),
    [
        (b"\xff\x51\0\x2f\0\0", struct.pack(">IIIIII", 9000, 9000, 0, 0, 1, 1)),
        (b"\xff\x51\0\x2f\0\0", struct.pack(">IIIIII", 64, 64, 64, 64, 64, 64)),
        (b"\xff\x51\0\x2f\0\0", struct.pack(">IIIIII", 64, 64, 0, 0, 0, 64)),
    ],
)
def test_jpeg2000_tiles_that_make_no_sense_are_refused(at, new):
    assert "damaged" in refused(changed("plain.j2k", after("plain.j2k", at), new)).sentence


def test_jpeg2000_with_a_precinct_for_every_pixel_is_refused():
    data = samples()["plain.j2k"]
    cod = data.index(b"\xff\x52\0\x0c")
    style = bytes([1]) + data[cod + 5 : cod + 9] + b"\0" + data[cod + 10 : cod + 14]
    tiny = b"\xff\x52" + struct.pack(">H", 2 + len(style) + 1) + style + b"\0"
    size = after("plain.j2k", b"\xff\x51\0\x2f\0\0")
    large = struct.pack(">IIIIII", 9000, 9000, 0, 0, 9000, 9000)
    made = data[:size] + large + data[size + 24 : cod] + tiny + data[cod + 14 :]
    assert "too many parts" in refused(made).sentence


def test_jp2_of_countless_boxes_is_refused():
    data = samples()["plain.jp2"]
    assert "no picture in it" in refused(data[:12] + b"\0\0\0\x08free" * 10**5 + data[12:]).sentence


def test_run_length_coded_bmp_is_taken_only_where_it_is_small():
    data = bytearray(samples()["palette.bmp"])
    data[30:34] = struct.pack("<I", 1)
    (start,) = struct.unpack_from("<I", data, 10)
    row = b"".join(bytes((1, n % 16)) for n in range(WIDTH)) + b"\0\0"
    assert read(bytes(data[:start]) + row * HEIGHT + b"\0\1")[0].width == WIDTH
    assert "over 8 MB" in refused(bytes(data[:start]) + row * 43_000 + b"\0\1").sentence


def test_a_header_tells_size_and_kind():
    jpeg = headers.jpeg(samples()["plain.jpg"])
    assert (jpeg.width, jpeg.height, jpeg.components, jpeg.bits) == (WIDTH, HEIGHT, 3, 8)
    assert jpeg.colour_declared
    assert not jpeg.lossless
    assert headers.jpeg(samples()["deep-grey.jpg"]).bits == 12
    assert headers.png(samples()["deep.png"]).bits == 16
    assert headers.gif(samples()["moving.gif"]).first_of_several
    assert not headers.gif(samples()["plain.gif"]).first_of_several
    assert headers.jpeg2000(samples()["deep-grey.jp2"]).bits == 16


def test_the_profile_of_a_jp2_is_found_and_used():
    data = samples()["plain.jp2"]
    box = data.index(b"colr") - 4
    profile = b"\x02\0\0" + b"not a profile"
    colour = struct.pack(">I", 8 + len(profile)) + b"colr" + profile
    head = data.index(b"jp2h") - 4
    (old,) = struct.unpack_from(">I", data, head)
    made = (
        data[:head]
        + struct.pack(">I", old - 15 + len(colour))
        + data[head + 4 : box]
        + colour
        + data[box + 15 :]
    )
    assert headers.jpeg2000(made).profile == b"not a profile"
    assert "left out" in read(made)[0].notes[0]


def test_a_webp_of_an_unknown_kind_is_refused():
    assert "no picture in it" in refused(b"RIFF\x20\0\0\0WEBPVP9 " + bytes(40)).sentence


def test_an_orientation_in_any_format_turns_the_image():
    for form in ("JPEG", "PNG", "WEBP", "TIFF"):
        plain = saved(drawing(), form, **({"lossless": True} if form == "WEBP" else {}))
        assert read(plain)[0].height == HEIGHT
