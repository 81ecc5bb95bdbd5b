"""Tells by its first bytes, never by its name, what kind of file somebody handed over."""

from enum import StrEnum

from appliance.errors import UnreadableImage


class Kind(StrEnum):
    """Image formats that intake reads; the value is the media type."""

    BMP = "image/bmp"
    DICOM = "application/dicom"
    GIF = "image/gif"
    HEIC = "image/heic"
    JPEG = "image/jpeg"
    JPEG2000 = "image/jp2"
    PNG = "image/png"
    TIFF = "image/tiff"
    WEBP = "image/webp"


_PICTURES = (
    (0, b"\xff\xd8\xff", Kind.JPEG),
    (0, b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (0, b"GIF87a", Kind.GIF),
    (0, b"GIF89a", Kind.GIF),
    (0, b"II*\0", Kind.TIFF),
    (0, b"MM\0*", Kind.TIFF),
    (0, b"II+\0", Kind.TIFF),
    (0, b"MM\0+", Kind.TIFF),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", Kind.JPEG2000),
    (0, b"\xff\x4f\xff\x51", Kind.JPEG2000),
    (128, b"DICM", Kind.DICOM),
)

_VIDEO = "a video, not a picture"
_ARCHIVE = "a packed archive, not a picture; unpack it first"
_PROGRAM = "a program, not a picture"
_SOUND = "a sound recording, not a picture"
_RAW = "a camera's raw file; export it as TIFF, PNG or JPEG"
_WHOLE_SLIDE = "a whole-slide scan or stack; export the field as TIFF, PNG or JPEG"

_OTHERS = (
    (0, b"MZ", _PROGRAM),
    (0, b"\x7fELF", _PROGRAM),
    (0, b"#!", _PROGRAM),
    (0, b"\xca\xfe\xba\xbe", _PROGRAM),
    (0, b"\xcf\xfa\xed\xfe", _PROGRAM),
    (0, b"\xce\xfa\xed\xfe", _PROGRAM),
    (0, b"PK\x03\x04", "a ZIP archive or an office document, not a picture; unpack it first"),
    (0, b"PK\x05\x06", _ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (0, b"Rar!", _ARCHIVE),
    (0, b"\x1f\x8b", _ARCHIVE),
    (0, b"BZh", _ARCHIVE),
    (0, b"\xfd7zXZ", _ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (257, b"ustar", _ARCHIVE),
    (0, b"%!PS", "a PostScript document, not a picture"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript document, not a picture"),
    (0, b"{\\rtf", "a text document, not a picture"),
    (0, b"\xd0\xcf\x11\xe0", "an office document or a microscope's own container, not a picture"),
    (0, b"SQLite format 3", "a database, not a picture"),
    (0, b"8BPS", "a Photoshop file; export it as TIFF, PNG or JPEG"),
    (0, b"\0\0\1\0", "an icon, not a picture"),
    (0, b"\xff\x0a", "a JPEG XL picture, which cannot be read; save it as PNG or JPEG"),
    (4, b"JXL ", "a JPEG XL picture, which cannot be read; save it as PNG or JPEG"),
    (0, b"ZISRAWFILE", _WHOLE_SLIDE),
    (0, b"\xda\xce\xbe\x0a", _WHOLE_SLIDE),
    (0, b"IIRO", _RAW),
    (0, b"IIU\0", _RAW),
    (0, b"FUJIFILM", _RAW),
    (8, b"AVI ", _VIDEO),
    (8, b"WAVE", _SOUND),
    (0, b"\x1a\x45\xdf\xa3", _VIDEO),
    (0, b"OggS", _VIDEO),
    (0, b"FLV", _VIDEO),
    (0, b"\0\0\1\xba", _VIDEO),
    (0, b"\0\0\1\xb3", _VIDEO),
    (0, b"\x30\x26\xb2\x75", _VIDEO),
    (4, b"moov", _VIDEO),
    (4, b"mdat", _VIDEO),
    (4, b"wide", _VIDEO),
    (0, b"ID3", _SOUND),
)

_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis"}
_MOVING_BRANDS = {b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"}
_MARKUP = (
    ("<svg", "an SVG drawing, not a picture of a smear"),
    ("<!doctype html", "a web page, not a picture; save the picture itself"),
    ("<html", "a web page, not a picture; save the picture itself"),
    ("<body", "a web page, not a picture; save the picture itself"),
    ("<?xml", "an XML document, not a picture"),
)


def identify(data: bytes) -> Kind:
    """Say which image format the bytes are in.

    Raises:
        UnreadableImage: none that is read here; the sentence says what the file is instead.
    """
    if not data:
        raise UnreadableImage(
            "is empty: there is not a single byte in it.",
            advice="Copy it again from the microscope, or export it again.",
        )
    for offset, magic, kind in _PICTURES:
        if data.startswith(magic, offset):
            return _unless_raw(data, kind)
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return Kind.BMP
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Kind.WEBP
    if data[4:8] == b"ftyp":
        return _by_brand(data)
    raise UnreadableImage(f"is {_what_else(data)}.")


def _unless_raw(data: bytes, kind: Kind) -> Kind:
    if kind is Kind.TIFF and data[8:10] == b"CR":
        raise UnreadableImage(f"is {_RAW}.")
    return kind


def _by_brand(data: bytes) -> Kind:
    """Tell apart what shares the container of MPEG-4: HEIC, AVIF, films."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[at : at + 4] for at in (8, *range(16, length, 4))]
    if brands[0] in _MOVING_BRANDS:
        raise UnreadableImage("is an animated picture or a burst; save a single picture of it.")
    if _HEIC_BRANDS.intersection(brands):
        return Kind.HEIC
    if {b"avif", b"avis"}.intersection(brands):
        raise UnreadableImage("is an AVIF picture, which cannot be read; save it as PNG or JPEG.")
    if brands[0] == b"crx ":
        raise UnreadableImage(f"is {_RAW}.")
    raise UnreadableImage(f"is {_VIDEO}.")


def _what_else(data: bytes) -> str:
    for offset, magic, what in _OTHERS:
        if data.startswith(magic, offset):
            return what
    head = data[:4096]
    if b"%PDF-" in head[:1024]:
        return "a PDF document, not a picture"
    if not any(head):
        return "filled with zeros where a picture should begin; copy it again"
    text = _as_text(head)
    if text is None:
        return "not a picture in a format that can be read (JPEG, PNG, TIFF, DICOM and others)"
    return next((what for tag, what in _MARKUP if tag in text), "a text file, not a picture")


def _as_text(head: bytes) -> str | None:
    """Return the beginning in lower case if it is text, else None."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = head.decode(encoding, errors="replace").lower()
    strange = sum(not (c.isprintable() or c in "\r\n\t\f") for c in text) + text.count("\ufffd")
    return text if strange <= len(text) // 50 else None
