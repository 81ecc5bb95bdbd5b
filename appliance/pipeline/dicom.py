"""Reads DICOM files with one frame: visible light and secondary capture, plain or compressed.

pydicom reads the attributes; which bytes are the frame and what decodes them is decided here,
since a frame claims a size of its own and attributes may contradict it.
"""

import zlib
from io import BytesIO

from PIL import Image
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from appliance.errors import TooLarge, UnreadableImage
from appliance.pipeline import scale
from appliance.pipeline.colour import Page, as_image, finish, to_eight_bits
from appliance.pipeline.decoding import DECODER_ERRORS
from appliance.pipeline.dicom_frames import Decoded, Frame, decoder
from appliance.pipeline.headers import take
from appliance.pipeline.limits import Limits, admit, cut_off, damaged

_PIXEL_DATA = 0x7FE00010
_HEADER_BYTES = 4_000_000
"""Before the pixel data; the largest thing there is a colour profile."""
_MAX_ELEMENTS = 20_000
_MAX_ITEMS = 20_000
"""Of sequences, however deep; each costs pydicom about 30 microseconds."""
_MAX_FRAGMENTS = 100_000
_UNDEFINED = 0xFFFFFFFF
_LONG_FORM = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
"""Value representations whose explicit header has 12 bytes in place of 8."""

_WANTED: list[BaseTag | int] = [
    0x00080005,  # character set
    0x00181164,  # imager pixel spacing
    0x00182010,  # nominal scanned pixel spacing
    *(0x00280000 + e for e in (2, 4, 6, 8, 0x10, 0x11, 0x30, 0x100, 0x101, 0x102, 0x103)),
    *(0x00281000 + e for e in (0x101, 0x102, 0x103, 0x201, 0x202, 0x203)),  # palettes
    0x00282000,  # ICC profile
    0x00480105,  # optical paths, which may hold it in its place
]
_SPACINGS = ("PixelSpacing", "NominalScannedPixelSpacing", "ImagerPixelSpacing")


def read(data: bytes, limits: Limits) -> list[Page]:
    """Decode the only frame of a DICOM file.

    Raises:
        UnreadableImage, TooLarge: it is refused.
        DECODER_ERRORS: what the libraries raise; call this inside `decoding.decoding`.
    """
    syntax, start = _file_meta(data)
    body = (
        _inflate(data[start:], limits) if syntax == DeflatedExplicitVRLittleEndian else data[start:]
    )
    attributes, pixels = _attributes(body, syntax)
    frame = _frame(attributes, limits, big_endian=syntax == ExplicitVRBigEndian)
    decoded = decoder(syntax)(pixels, frame)
    if decoded.samples.shape[:2] != (frame.height, frame.width):
        raise damaged("the size of its picture is not what its header says")
    image, note = _image(decoded, frame, attributes)
    return [finish(image, profile=_profile(attributes), um_per_px=_scale(attributes), notes=[note])]


def _file_meta(data: bytes) -> tuple[str, int]:
    """Return the transfer syntax and where the data set after the file meta group starts."""
    syntax, at = str(ExplicitVRLittleEndian), 132
    for _ in range(100):
        group, element, kind, length = take(data, at, "<HH2sH")
        if group != 2:
            return syntax, at
        at += 8
        if kind.decode("latin-1") in _LONG_FORM:
            (length,) = take(data, at, "<I")
            at += 4
        if element == 0x10:
            syntax = data[at : at + min(length, 64)].rstrip(b"\0 ").decode("ascii")
        at += length
    raise damaged("its header is not in order")


def _inflate(packed: bytes, limits: Limits) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    body = stream.decompress(packed, limits.max_bytes)
    if stream.unconsumed_tail:
        raise TooLarge(f"has more than {limits.max_bytes / 1e6:g} MB when unpacked.")
    if not stream.eof:
        raise cut_off()
    return body


def _attributes(body: bytes, syntax: str) -> tuple[Dataset, bytes]:
    """Return the attributes that matter, and the value of the pixel data: one code stream."""
    found: list[tuple[str | None, int]] = []
    seen = 0

    def at_pixels(tag: BaseTag, kind: str | None, length: int) -> bool:
        nonlocal seen
        seen += 1
        if tag == _PIXEL_DATA:
            found.append((kind, length))
        return tag >= _PIXEL_DATA or seen > _MAX_ELEMENTS

    head = body[:_HEADER_BYTES]
    little = syntax != ExplicitVRBigEndian
    if head.count(b"\xfe\xff\x00\xe0" if little else b"\xff\xfe\xe0\x00") > _MAX_ITEMS:
        raise damaged("it consists of too many pieces")
    stream = BytesIO(head)
    attributes = read_dataset(
        stream, syntax == ImplicitVRLittleEndian, little, stop_when=at_pixels, specific_tags=_WANTED
    )
    if not found:
        raise UnreadableImage("is a DICOM file without a picture in it, or its end is missing.")
    kind, length = found[-1]
    at = stream.tell() + (12 if kind in _LONG_FORM else 8)
    if length == _UNDEFINED:
        return attributes, _joined_fragments(body, at)
    if at + length > len(body):
        raise cut_off()
    return attributes, body[at : at + length]


def _joined_fragments(body: bytes, at: int) -> bytes:
    """Return the code stream of a single frame, which may be cut into several items."""
    fragments: list[bytes] = []
    for _ in range(_MAX_FRAGMENTS):
        group, element, length = take(body, at, "<HHI")
        at += 8
        if (group, element) == (0xFFFE, 0xE0DD):
            return b"".join(fragments[1:])  # the first is the table of offsets
        if (group, element) != (0xFFFE, 0xE000):
            raise damaged("its parts do not fit together")
        if at + length > len(body):
            raise cut_off()
        fragments.append(body[at : at + length])
        at += length
    raise damaged("it consists of too many pieces")


def _frame(attributes: Dataset, limits: Limits, *, big_endian: bool) -> Frame:
    """Check the description of the pixels against the limits and what can be decoded."""
    frames = int(attributes.get("NumberOfFrames") or 1)
    if frames != 1:
        raise UnreadableImage(
            f"is a DICOM file with {frames} frames; only those with one frame can be read.",
            advice="Export the frame you want as a file of its own, or as TIFF, PNG or JPEG.",
        )
    allocated = int(attributes.BitsAllocated)
    stored = int(attributes.get("BitsStored") or allocated)
    frame = Frame(
        height=int(attributes.Rows),
        width=int(attributes.Columns),
        channels=int(attributes.get("SamplesPerPixel") or 1),
        allocated=allocated,
        stored=stored,
        high_bit=int(attributes.get("HighBit") or stored - 1),
        signed=bool(attributes.get("PixelRepresentation")),
        by_plane=bool(attributes.get("PlanarConfiguration")),
        colours=str(attributes.PhotometricInterpretation).strip(),
        big_endian=big_endian,
    )
    admit(frame.width, frame.height, limits)
    _admit_samples(frame)
    return frame


def _admit_samples(frame: Frame) -> None:
    known = frame.colours.startswith(("MONOCHROME", "PALETTE", "RGB", "YBR_FULL", "YBR_RCT"))
    known |= frame.colours == "YBR_ICT"
    single = frame.colours.startswith(("MONOCHROME", "PALETTE"))
    if not known or frame.channels != (1 if single else 3) or frame.allocated not in (8, 16):
        raise UnreadableImage(
            "is a DICOM file whose colours are stored in a way that cannot be read.",
            advice="Export it again as a secondary capture in RGB, or as TIFF, PNG or JPEG.",
        )
    if not 0 < frame.stored <= frame.allocated or not frame.stored <= frame.high_bit + 1 <= 16:
        raise damaged("its header is not in order")


def _image(decoded: Decoded, frame: Frame, attributes: Dataset) -> tuple[Image.Image, str]:
    """Give the samples the meaning that the attributes give them."""
    samples, bits = decoded.samples, decoded.bits
    if frame.colours.startswith("PALETTE"):
        samples, bits = apply_color_lut(samples, attributes), 16
    eight, note = to_eight_bits(samples, bits)
    if frame.colours == "MONOCHROME1":
        eight = 255 - eight
    return as_image(eight, "YCbCr" if decoded.luma_chroma else ""), note


def _profile(attributes: Dataset) -> bytes | None:
    """Return the ICC profile, or None where there is none or it cannot be read."""
    try:
        holder = attributes
        if "ICCProfile" not in attributes and attributes.get("OpticalPathSequence"):
            holder = attributes.OpticalPathSequence[0]
        profile = holder.get("ICCProfile")
    except DECODER_ERRORS:
        return None
    return profile if isinstance(profile, bytes) else None


def _scale(attributes: Dataset) -> float | None:
    """Return micrometres a pixel; the attributes give millimetres down, then across."""
    for name in _SPACINGS:
        try:
            spacing = attributes.get(name)
            if spacing and len(spacing) == 2:
                return scale.from_sizes(1000 * float(spacing[1]), 1000 * float(spacing[0]))
        except DECODER_ERRORS:
            continue
    return None
