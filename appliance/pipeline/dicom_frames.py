"""Decodes the frame of a DICOM file: plain, run-length coded, or a code stream of the JPEGs.

Which decoder a transfer syntax needs, and what its samples then mean, is decided here; what the
attributes around the frame are is not.
"""

from collections.abc import Callable
from dataclasses import dataclass

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    MPEGTransferSyntaxes,
    RLELossless,
)

from appliance.errors import UnreadableImage
from appliance.pipeline import headers
from appliance.pipeline.limits import cut_off, damaged
from appliance.pipeline.raster import decode_jpeg, decode_jpeg2000

Samples = NDArray[np.generic]
"""(height, width) or (height, width, 3)."""

_NATIVE = {
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
}
_HIGH_THROUGHPUT_JPEG2000 = "1.2.840.10008.1.2.4.20"
"""What its three transfer syntaxes begin with."""


@dataclass(frozen=True)
class Frame:
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
class Decoded:
    """Samples as they left a decoder."""

    samples: Samples
    bits: int
    """Used of each sample, all from zero up."""
    luma_chroma: bool
    """Still to be brought to RGB."""


def decoder(syntax: str) -> Callable[[bytes, Frame], Decoded]:
    """Return what decodes the pixel data of a transfer syntax.

    Raises:
        UnreadableImage: nothing here does.
    """
    if syntax in _NATIVE:
        return _native
    if syntax == RLELossless:
        return _run_length
    if syntax in JPEGTransferSyntaxes:
        return _jpeg
    if syntax in JPEGLSTransferSyntaxes:
        return _jpeg_ls
    if syntax in JPEG2000TransferSyntaxes or syntax.startswith(_HIGH_THROUGHPUT_JPEG2000):
        return _jpeg2000
    if syntax in MPEGTransferSyntaxes:
        raise UnreadableImage("is a DICOM file with a video in it, not a picture.")
    raise UnreadableImage(
        "is a DICOM file with a compression that cannot be read.",
        advice="Export it again uncompressed, or as TIFF, PNG or JPEG.",
    )


def _native(pixels: bytes, frame: Frame) -> Decoded:
    if len(pixels) < frame.raw_bytes:
        raise cut_off()
    layout = np.dtype(f"{'>' if frame.big_endian else '<'}u{frame.allocated // 8}")
    flat = np.frombuffer(pixels, layout, frame.raw_bytes // layout.itemsize)
    if frame.colours == "YBR_FULL_422":
        return _as_stored(_spread_chroma(flat, frame), frame)
    return _as_stored(_shaped(flat, frame, by_plane=frame.by_plane), frame)


def _spread_chroma(flat: Samples, frame: Frame) -> Samples:
    """Give both pixels of each pair the chroma they share; stored are Y, Y, Cb, Cr."""
    pairs = flat.reshape(-1, 4)
    left, right = pairs[:, [0, 2, 3]], pairs[:, [1, 2, 3]]
    return np.stack([left, right], axis=1).reshape(frame.height, frame.width, 3)


def _shaped(flat: Samples, frame: Frame, *, by_plane: bool) -> Samples:
    size = (frame.height, frame.width)
    if frame.channels == 1:
        return flat.reshape(size)
    if by_plane:
        return np.moveaxis(flat.reshape(frame.channels, *size), 0, -1)
    return flat.reshape(*size, frame.channels)


def _run_length(pixels: bytes, frame: Frame) -> Decoded:
    layout = np.dtype(f"<u{frame.allocated // 8}")
    size = frame.height * frame.width * frame.channels * layout.itemsize
    flat = np.frombuffer(imagecodecs.dicomrle_decode(pixels, layout, out=size), layout)
    return _as_stored(_shaped(flat, frame, by_plane=True), frame)


def _jpeg(pixels: bytes, frame: Frame) -> Decoded:
    header = _fitting(headers.jpeg(pixels), frame)
    # Without a mark of its own the stream's colours are what the attribute says, where libjpeg
    # would guess. The lossless kind cannot convert at all: its values are taken as they are.
    converts = frame.colours.startswith("YBR") and not header.lossless
    mark = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([converts])
    stream = pixels if header.colour_declared else pixels[:2] + mark + pixels[2:]
    samples = decode_jpeg(stream, header)
    if header.lossless:
        return _as_stored(samples, frame)
    return Decoded(samples, header.bits, luma_chroma=False)


def _jpeg_ls(pixels: bytes, frame: Frame) -> Decoded:
    _fitting(headers.jpeg(pixels), frame)
    return _as_stored(imagecodecs.jpegls_decode(pixels), frame)


def _jpeg2000(pixels: bytes, frame: Frame) -> Decoded:
    header = _fitting(headers.jpeg2000(pixels), frame)
    samples = np.asarray(decode_jpeg2000(pixels, header))
    # Pillow brings single channels of 9 to 16 bits to 16, and several channels to 8.
    bits = 16 if samples.dtype.itemsize > 1 else 8
    if frame.colours.startswith("PALETTE") and header.bits != 8:
        raise damaged("its palette does not fit")
    # What the code stream itself mixed (YBR_RCT, YBR_ICT) its decoder has already unmixed.
    return Decoded(samples, bits, luma_chroma=frame.colours.startswith("YBR_FULL"))


def _as_stored(samples: Samples, frame: Frame) -> Decoded:
    """Take the stored bits alone, and move signed values so that the smallest is zero."""
    shift = frame.high_bit + 1 - frame.stored
    if shift or frame.signed or frame.stored < 8 * samples.dtype.itemsize:
        wide = np.right_shift(samples.astype(np.uint16), shift) & np.uint16(2**frame.stored - 1)
        samples = wide ^ np.uint16(2 ** (frame.stored - 1)) if frame.signed else wide
    return Decoded(samples, frame.stored, luma_chroma=frame.colours.startswith("YBR"))


def _fitting(header: headers.Header, frame: Frame) -> headers.Header:
    """Refuse a code stream that claims another size than the attributes, which were admitted."""
    claimed = (header.width, header.height, header.components)
    if claimed != (frame.width, frame.height, frame.channels):
        raise damaged("the size of its picture is not what its header says")
    return header
