"""Reads DICOM files with one frame: visible light and secondary capture, plain or compressed.

pydicom reads the attributes; which bytes are the frame and what decodes them is decided here,
since a frame claims a size of its own and attributes may contradict it.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.tag import BaseTag
from pydicom.uid import (
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    MPEGTransferSyntaxes,
)

from appliance.errors import TooLarge, UnreadableImage
from appliance.pipeline import headers, scale
from appliance.pipeline.colour import Page, as_image, finish, to_eight_bits
from appliance.pipeline.limits import Limits, admit, cut_off, damaged
from appliance.pipeline.raster import decode_jpeg, decode_jpeg2000

Samples = NDArray[np.generic]
"""(height, width) or (height, width, 3)."""

_IMPLICIT = "1.2.840.10008.1.2"
_EXPLICIT = "1.2.840.10008.1.2.1"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_RLE = "1.2.840.10008.1.2.5"
_NATIVE = {_IMPLICIT, _EXPLICIT, _DEFLATED, _BIG_ENDIAN}

_PIXEL_DATA = 0x7FE00010
_HEADER_BYTES = 8_000_000
_MAX_ELEMENTS = 20_000
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


@dataclass(frozen=True)
class _Frame:
    """How the attributes describe the pixels."""

    height: int
    width: int
    channels: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool
    by_plane: bool
    colours: str
    big_endian: bool

    @property
    def raw_bytes(self) -> int:
        """Bytes of the uncompressed frame."""
        half = self.colours == "YBR_FULL_422"
        return self.height * self.width * (2 if half else self.channels) * self.allocated // 8


@dataclass(frozen=True, eq=False)
class _Decoded:
    """Samples as they left a decoder."""

    samples: Samples
    bits: int
    """Used of each sample, all from zero up."""
    luma_chroma: bool
    """Still to be brought to RGB."""


def read(data: bytes, limits: Limits) -> list[Page]:
    """Decode the only frame of a DICOM file.

    Raises:
        UnreadableImage, TooLarge: it is refused.
        DECODER_ERRORS: what the libraries raise; call this inside `decoding.decoding`.
    """
    syntax, start = _file_meta(data)
    body = _inflate(data[start:], limits) if syntax == _DEFLATED else data[start:]
    attributes, pixels = _attributes(body, syntax)
    frame = _frame(attributes, limits, big_endian=syntax == _BIG_ENDIAN)
    decoded = _decoder(syntax)(pixels, frame)
    if decoded.samples.shape[:2] != (frame.height, frame.width):
        raise damaged("the size of its picture is not what its header says")
    image, note = _image(decoded, frame, attributes)
    return [finish(image, profile=_profile(attributes), um_per_px=_scale(attributes), notes=[note])]


def _file_meta(data: bytes) -> tuple[str, int]:
    """Return the transfer syntax and where the data set after the file meta group starts."""
    syntax, at = _EXPLICIT, 132
    for _ in range(100):
        group, element, kind, length = _take(data, at, "<HH2sH")
        if group != 2:
            return syntax, at
        at += 8
        if kind.decode("latin-1") in _LONG_FORM:
            (length,) = _take(data, at, "<I")
            at += 4
        if element == 0x10:
            syntax = data[at : at + min(length, 64)].rstrip(b"\0 ").decode("ascii")
        at += length
    raise damaged("its header is not in order")


def _take(data: bytes, at: int, layout: str) -> tuple:  # type: ignore[type-arg]
    if at + struct.calcsize(layout) > len(data):
        raise cut_off()
    return struct.unpack_from(layout, data, at)


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

    stream = BytesIO(body[:_HEADER_BYTES])
    little = syntax != _BIG_ENDIAN
    attributes = read_dataset(
        stream, syntax == _IMPLICIT, little, stop_when=at_pixels, specific_tags=_WANTED
    )
    if not found:
        raise UnreadableImage("is a DICOM file without a picture in it.")
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
        group, element, length = _take(body, at, "<HHI")
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


def _frame(attributes: Dataset, limits: Limits, *, big_endian: bool) -> _Frame:
    """Check the description of the pixels against the limits and what can be decoded."""
    frames = int(attributes.get("NumberOfFrames") or 1)
    if frames != 1:
        raise UnreadableImage(
            f"is a DICOM file with {frames} frames; only those with one frame can be read.",
            advice="Export the frame you want as a file of its own, or as TIFF, PNG or JPEG.",
        )
    allocated = int(attributes.BitsAllocated)
    stored = int(attributes.get("BitsStored") or allocated)
    frame = _Frame(
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


def _admit_samples(frame: _Frame) -> None:
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


def _decoder(syntax: str) -> Callable[[bytes, _Frame], _Decoded]:
    if syntax in _NATIVE:
        return _native
    if syntax == _RLE:
        return _run_length
    if syntax in JPEGTransferSyntaxes:
        return _jpeg
    if syntax in JPEGLSTransferSyntaxes:
        return _jpeg_ls
    if syntax in JPEG2000TransferSyntaxes or syntax.startswith("1.2.840.10008.1.2.4.20"):
        return _jpeg2000
    if syntax in MPEGTransferSyntaxes:
        raise UnreadableImage("is a DICOM file with a video in it, not a picture.")
    raise UnreadableImage(
        "is a DICOM file with a compression that cannot be read.",
        advice="Export it again uncompressed, or as TIFF, PNG or JPEG.",
    )


def _native(pixels: bytes, frame: _Frame) -> _Decoded:
    if len(pixels) < frame.raw_bytes:
        raise cut_off()
    layout = np.dtype(f"{'>' if frame.big_endian else '<'}u{frame.allocated // 8}")
    flat = np.frombuffer(pixels, layout, frame.raw_bytes // layout.itemsize)
    if frame.colours == "YBR_FULL_422":
        return _as_stored(_spread_chroma(flat, frame), frame)
    return _as_stored(_shaped(flat, frame, by_plane=frame.by_plane), frame)


def _spread_chroma(flat: Samples, frame: _Frame) -> Samples:
    """Give both pixels of each pair the chroma they share; stored are Y, Y, Cb, Cr."""
    pairs = flat.reshape(-1, 4)
    left, right = pairs[:, [0, 2, 3]], pairs[:, [1, 2, 3]]
    return np.stack([left, right], axis=1).reshape(frame.height, frame.width, 3)


def _shaped(flat: Samples, frame: _Frame, *, by_plane: bool) -> Samples:
    size = (frame.height, frame.width)
    if frame.channels == 1:
        return flat.reshape(size)
    if by_plane:
        return np.moveaxis(flat.reshape(frame.channels, *size), 0, -1)
    return flat.reshape(*size, frame.channels)


def _run_length(pixels: bytes, frame: _Frame) -> _Decoded:
    layout = np.dtype(f"<u{frame.allocated // 8}")
    size = frame.height * frame.width * frame.channels * layout.itemsize
    flat = np.frombuffer(imagecodecs.dicomrle_decode(pixels, layout, out=size), layout)
    return _as_stored(_shaped(flat, frame, by_plane=True), frame)


def _jpeg(pixels: bytes, frame: _Frame) -> _Decoded:
    header = _fitting(headers.jpeg(pixels), frame)
    # Without a mark of its own the stream's colours are what the attribute says, where libjpeg
    # would guess. The lossless kind cannot convert at all: its values are taken as they are.
    converts = frame.colours.startswith("YBR") and not header.lossless
    mark = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([converts])
    stream = pixels if header.colour_declared else pixels[:2] + mark + pixels[2:]
    samples = decode_jpeg(stream, header)
    if header.lossless:
        return _as_stored(samples, frame)
    return _Decoded(samples, header.bits, luma_chroma=False)


def _jpeg_ls(pixels: bytes, frame: _Frame) -> _Decoded:
    _fitting(headers.jpeg(pixels), frame)
    return _as_stored(imagecodecs.jpegls_decode(pixels), frame)


def _jpeg2000(pixels: bytes, frame: _Frame) -> _Decoded:
    header = _fitting(headers.jpeg2000(pixels), frame)
    samples = np.asarray(decode_jpeg2000(pixels, header))
    # Pillow brings single channels of 9 to 16 bits to 16, and several channels to 8.
    bits = 16 if samples.dtype.itemsize > 1 else 8
    if frame.colours.startswith("PALETTE") and header.bits != 8:
        raise damaged("its palette does not fit")
    # What the code stream itself mixed (YBR_RCT, YBR_ICT) its decoder has already unmixed.
    return _Decoded(samples, bits, luma_chroma=frame.colours.startswith("YBR_FULL"))


def _as_stored(samples: Samples, frame: _Frame) -> _Decoded:
    """Take the stored bits alone, and move signed values so that the smallest is zero."""
    shift = frame.high_bit + 1 - frame.stored
    if shift or frame.signed or frame.stored < 8 * samples.dtype.itemsize:
        wide = np.right_shift(samples.astype(np.uint16), shift) & np.uint16(2**frame.stored - 1)
        samples = wide ^ np.uint16(2 ** (frame.stored - 1)) if frame.signed else wide
    return _Decoded(samples, frame.stored, luma_chroma=frame.colours.startswith("YBR"))


def _fitting(header: headers.Header, frame: _Frame) -> headers.Header:
    """Refuse a code stream that claims another size than the attributes, which were admitted."""
    claimed = (header.width, header.height, header.components)
    if claimed != (frame.width, frame.height, frame.channels):
        raise damaged("the size of its picture is not what its header says")
    return header


def _image(decoded: _Decoded, frame: _Frame, attributes: Dataset) -> tuple[Image.Image, str]:
    """Give the samples the meaning that the attributes give them."""
    samples, bits = decoded.samples, decoded.bits
    if frame.colours.startswith("PALETTE"):
        samples, bits = apply_color_lut(samples, attributes), 16
    eight, note = to_eight_bits(samples, bits)
    if frame.colours == "MONOCHROME1":
        eight = 255 - eight
    return as_image(eight, "YCbCr" if decoded.luma_chroma else ""), note


def _profile(attributes: Dataset) -> bytes | None:
    holder = attributes
    if "ICCProfile" not in attributes and attributes.get("OpticalPathSequence"):
        holder = attributes.OpticalPathSequence[0]
    profile = holder.get("ICCProfile")
    return profile if isinstance(profile, bytes) else None


def _scale(attributes: Dataset) -> float | None:
    """Return micrometres a pixel; the attributes give millimetres down, then across."""
    for name in _SPACINGS:
        spacing = attributes.get(name)
        if spacing and len(spacing) == 2:
            return scale.from_sizes(1000 * float(spacing[1]), 1000 * float(spacing[0]))
    return None
