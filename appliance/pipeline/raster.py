"""Reads the single-image formats: JPEG, PNG, BMP, GIF, WebP, HEIC and JPEG 2000."""

from collections.abc import Callable
from io import BytesIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pillow_heif import HeifImageFile

from appliance.errors import TooLarge
from appliance.pipeline import headers
from appliance.pipeline.colour import Page, as_image, finish, to_eight_bits
from appliance.pipeline.decoding import DECODER_ERRORS
from appliance.pipeline.headers import Header
from appliance.pipeline.limits import MAX_EXIF_BYTES, Limits, admit, damaged
from appliance.pipeline.signatures import Kind

_ORIENTATION_TAG = 0x0112
_BMP_RUN_LENGTH_BYTES = 8_000_000
"""Pillow unpacks run-length coded BMP in Python, at about 1 MB a second."""
_HEIF: Callable[[BytesIO], ImageFile.ImageFile] = HeifImageFile
_SIXTEEN = "Values of 16 bits were scaled to 8 bits."
_FIRST_OF_SEVERAL = "The file holds several pictures; the first one was taken."


def read(data: bytes, kind: Kind, limits: Limits) -> list[Page]:
    """Decode a file of one of the single-image formats.

    Raises:
        UnreadableImage, TooLarge: it is refused.
        DECODER_ERRORS: what the libraries raise; call this inside `decoding.decoding`.
    """
    return [_READERS[kind](data, limits)]


def decode_jpeg(data: bytes, header: Header) -> NDArray[np.generic]:
    """Decode a JPEG stream: (height, width) or (height, width, 3), 8 bits or as the header says.

    CMYK is not taken here.
    """
    if header.bits == 8:
        image = _load(JpegImageFile, data, header)
        if image.mode not in {"L", "RGB"}:
            raise damaged("it has an unusual number of colours")
        return np.asarray(image)
    # libjpeg-turbo 3 also reads 12 bits and the lossless kinds; Pillow only asks it for 8.
    samples: NDArray[np.generic] = imagecodecs.jpeg8_decode(data)
    return samples


def decode_jpeg2000(data: bytes, header: Header) -> Image.Image:
    """Decode a JPEG 2000 file or code stream; a single channel of over 8 bits comes as I;16."""
    if header.pieces > headers.MAX_J2K_PIECES:
        raise damaged("it is cut into too many parts")
    return _load(Jpeg2KImageFile, data, header)


def _load(plugin: type[ImageFile.ImageFile], data: bytes, header: Header) -> Image.Image:
    """Open and decode with one plugin alone, so that no other format can slip in."""
    image = plugin(BytesIO(data))
    # A file may give its size in several places; this one is what memory is reserved for.
    if image.width > header.width or image.height > header.height:
        raise damaged("its header contradicts itself")
    image.load()
    return image


def _jpeg(data: bytes, limits: Limits) -> Page:
    header = headers.jpeg(data)
    admit(header.width, header.height, limits)
    if header.bits != 8:
        samples, note = to_eight_bits(decode_jpeg(data, header), header.bits)
        return finish(as_image(samples), notes=[note])
    return _finish(_load(JpegImageFile, data, header))


def _png(data: bytes, limits: Limits) -> Page:
    header = headers.png(data)
    admit(header.width, header.height, limits)
    image = _load(PngImageFile, data, header)
    if header.bits < 16:
        return _finish(image)
    # From 16 bits, Pillow keeps the upper byte of a colour, but both of a grey.
    samples = np.asarray(image).astype(np.uint16)
    if image.mode == "RGB":
        samples <<= np.uint16(8)
        if int(samples.max(initial=0)).bit_length() < 15:
            samples |= _lower_bytes(data)
    elif not image.mode.startswith("I;16"):
        return _finish(image, _SIXTEEN)
    eight, note = to_eight_bits(samples, 16)
    deep = as_image(eight)
    deep.info = {k: v for k, v in image.info.items() if k in ("exif", "icc_profile")}
    return _finish(deep, note)


def _lower_bytes(data: bytes) -> NDArray[np.uint8]:
    """Decode the lower bytes of a PNG of 16-bit colours.

    Needed where the upper ones are nearly empty: cameras of 12 bits do not always scale. PNG's
    samples are big-endian, so the upper byte of a little-endian one is the lower one here.
    """
    image = PngImageFile(BytesIO(data))
    image.tile = [tile._replace(args="RGB;16L") for tile in image.tile]
    image.load()
    return np.asarray(image)


def _bmp(data: bytes, limits: Limits) -> Page:
    image = BmpImageFile(BytesIO(data))
    admit(image.width, image.height, limits)
    if image.info.get("compression") in (1, 2) and len(data) > _BMP_RUN_LENGTH_BYTES:
        raise TooLarge("is a run-length coded BMP of over 8 MB; save it as PNG or TIFF.")
    image.load()
    return _finish(image)


def _gif(data: bytes, limits: Limits) -> Page:
    header = headers.gif(data)
    admit(header.width, header.height, limits)
    image = _load(GifImageFile, data, header)
    return _finish(image, _FIRST_OF_SEVERAL if header.first_of_several else "")


def _webp(data: bytes, limits: Limits) -> Page:
    header = headers.webp(data)
    admit(header.width, header.height, limits)
    return _finish(_load(WebPImageFile, data, header))


def _heic(data: bytes, limits: Limits) -> Page:
    image: ImageFile.ImageFile = _HEIF(BytesIO(data))
    admit(image.width, image.height, limits)
    several = getattr(image, "n_frames", 1) > 1
    image.load()
    admit(image.width, image.height, limits)
    return _finish(image, _FIRST_OF_SEVERAL if several else "")


def _jpeg2000(data: bytes, limits: Limits) -> Page:
    header = headers.jpeg2000(data)
    admit(header.width, header.height, limits)
    image = decode_jpeg2000(data, header)
    note = ""
    if image.mode.startswith("I;16"):
        samples, note = to_eight_bits(np.asarray(image), 16)
        image = as_image(samples)
    return finish(image, profile=header.profile, notes=[note])


def _finish(image: Image.Image, note: str = "") -> Page:
    orientation = _orientation(image)
    return finish(
        image, profile=image.info.get("icc_profile"), orientation=orientation, notes=[note]
    )


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; one that cannot be read does not make the image unreadable."""
    if len(image.info.get("exif") or b"") > MAX_EXIF_BYTES:
        return 1
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except DECODER_ERRORS:
        return 1


_READERS: dict[Kind, Callable[[bytes, Limits], Page]] = {
    Kind.BMP: _bmp,
    Kind.GIF: _gif,
    Kind.HEIC: _heic,
    Kind.JPEG: _jpeg,
    Kind.JPEG2000: _jpeg2000,
    Kind.PNG: _png,
    Kind.WEBP: _webp,
}
