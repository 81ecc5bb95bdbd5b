import gzip
import zipfile
from io import BytesIO

import pytest

from appliance.errors import UnreadableImage
from appliance.pipeline.intake import Limits, read_images
from appliance.pipeline.signatures import identify
from tests.samples import drawing, saved


def zipped():
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("smear.png", saved(drawing(), "PNG"))
    return buffer.getvalue()


def box(brand, *compatible):
    body = brand + bytes(4) + b"".join(compatible)
    return (8 + len(body)).to_bytes(4, "big") + b"ftyp" + body + bytes(200)


OTHERS = {
    "empty": (b"", "is empty"),
    "windows program": (b"MZ\x90\x00" + bytes(500), "a program"),
    "linux program": (b"\x7fELF\x02\x01\x01" + bytes(500), "a program"),
    "script": (b"#!/bin/sh\nrm -rf /\n", "a program"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "a PDF document"),
    "pdf after junk": (b"\n\n%PDF-1.4\n", "a PDF document"),
    "zip": (zipped(), "a ZIP archive"),
    "gzip": (gzip.compress(b"smear"), "a packed archive"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "an SVG drawing"),
    "svg with prologue": (b"<?xml version='1.0'?>\n<!-- x -->\n<svg/>", "an SVG drawing"),
    "svg in utf-16": ("\ufeff<svg/>".encode("utf-16-le"), "an SVG drawing"),
    "html": (b"\n<!DOCTYPE html><html><body>", "a web page"),
    "html without doctype": (b"<HTML><img src=x onerror=alert(1)>", "a web page"),
    "xml": (b"<?xml version='1.0'?><report/>", "an XML document"),
    "text": ("Befund: unauffällig\n".encode(), "a text file"),
    "zeros": (bytes(5000), "filled with zeros"),
    "mp4": (box(b"isom", b"iso2", b"mp41"), "a video"),
    "mov": (b"\0\0\0\x08wide\0\0\x10\0mdat" + bytes(99), "a video"),
    "avi": (b"RIFF\0\x10\0\0AVI LIST" + bytes(99), "a video"),
    "mkv": (b"\x1a\x45\xdf\xa3" + bytes(99), "a video"),
    "wav": (b"RIFF\0\x10\0\0WAVEfmt " + bytes(99), "a sound recording"),
    "avif": (box(b"avif", b"mif1", b"miaf"), "an AVIF picture"),
    "avif by its second brand": (box(b"mif1", b"avif"), "an AVIF picture"),
    "heic burst": (box(b"msf1", b"heic", b"hevc"), "an animated picture or a burst"),
    "photoshop": (b"8BPS\0\x01" + bytes(99), "a Photoshop file"),
    "canon raw": (b"II*\0\x10\0\0\0CR\x02\0" + bytes(99), "a camera's raw file"),
    "canon raw 3": (box(b"crx ", b"crx ", b"isom"), "a camera's raw file"),
    "zeiss": (b"ZISRAWFILE" + bytes(99), "a whole-slide scan"),
    "icon": (saved(drawing(), "ICO"), "an icon"),
    "jpeg xl": (b"\xff\x0a" + bytes(range(99)), "a JPEG XL picture"),
    "postscript": (b"%!PS-Adobe-3.0\n", "a PostScript document"),
    "word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "an office document"),
    "records": (b"SQLite format 3\0" + bytes(99), "a database"),
    "noise": (bytes(range(128, 256)) * 9, "not a picture in a format that can be read"),
    "nearly a bitmap": (b"BM is how this text begins", "a text file"),
    "one byte": (b"\x89", "not a picture in a format that can be read"),
}


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_what_is_no_image_is_called_what_it_is(kind):
    data, words = OTHERS[kind]
    with pytest.raises(UnreadableImage) as refusal:
        read_images(data, name="smear.jpg", limits=Limits())
    assert words in refusal.value.sentence
    assert refusal.value.sentence.endswith(".")
    assert refusal.value.advice


@pytest.mark.parametrize("form", ["PPM", "TGA", "PCX", "SGI", "DDS", "ICNS"])
def test_image_formats_that_no_microscope_writes_are_not_opened(form):
    with pytest.raises(UnreadableImage):
        read_images(saved(drawing(), form), name="smear.png", limits=Limits())


def test_moving_pictures_are_refused_where_no_first_one_is_foreseen():
    frames = [drawing(), drawing().rotate(180)]
    for form in ("PNG", "WEBP"):
        data = saved(frames[0], form, save_all=True, append_images=frames[1:])
        with pytest.raises(UnreadableImage, match="is an animation; save a single picture"):
            read_images(data, name="smear.png", limits=Limits())


def test_heic_is_told_from_its_relatives_by_any_of_its_brands():
    assert identify(box(b"heic", b"mif1")) == "image/heic"
    assert identify(box(b"mif1", b"heic")) == "image/heic"
