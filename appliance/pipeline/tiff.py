"""Reads TIFF: 8 and 16 bits, strips and tiles, several pages, what microscopes write.

tifffile decodes. Before it does, the chain of directories is walked here, and every page is held
against the limits: sizes, number and place of strips, and what each JPEG tile claims of itself.
"""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tifffile import TIFF, TiffFile, TiffPage

from appliance.errors import TooLarge, UnreadableImage
from appliance.pipeline import headers, scale
from appliance.pipeline.colour import Page, as_image, finish, to_eight_bits
from appliance.pipeline.limits import (
    MAX_PAGES,
    MAX_PROFILE_BYTES,
    Limits,
    admit,
    admit_total,
    cut_off,
    damaged,
)

_MAX_TAGS = 500
_MAX_LIST_BYTES = 4_000_000
_MAX_SEGMENTS = 100_000
"""Strips and tiles of a page; each costs about 20 microseconds."""
_LISTS = {258, 273, 277, 279, 282, 283, 320, 324, 325, 330, 338, 339, 347, 513, 514, 530}
"""Tags whose values are read whole: strips, tiles, tables, colours."""
_SINGLE = {254, 256, 257, 259, 262, 266, 274, 277, 278, 284, 296, 317, 322, 323, 32997, 32998}
"""Tags of which a page has one whole number: sizes, kinds, counts."""
_WHOLE = {1, 3, 4, 16}
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_TYPE_BYTES |= {13: 4, 16: 8, 17: 8, 18: 8}

_NONE, _LZW, _JPEG, _DEFLATE, _PACKBITS = 1, 5, 7, (8, 32946), 32773
_LZMA, _ZSTD = 34925, 50000
_COMPRESSIONS = {_NONE, _LZW, _JPEG, *_DEFLATE, _PACKBITS, _LZMA, _ZSTD}
_BITS = {1, 2, 4, 8, 10, 12, 14, 16}
_WHITE_IS_ZERO, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_CHANNELS = {_WHITE_IS_ZERO: 1, _GREY: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3}
_UNSIGNED, _UNDEFINED = 1, 4
_PREMULTIPLIED, _STRAIGHT = 1, 2
_REDUCED, _MASK = 1, 4
"""Bits of NewSubfileType."""
_UNIT_UM = {2: 25_400.0, 3: 10_000.0}
_PLAIN: dict[str, Any] = {f"is_{flag}": False for flag in TIFF.FILE_FLAGS}
"""tifffile's special treatment of some makers' files, which reads far more than the pixels."""


def read(data: bytes, limits: Limits) -> list[Page]:
    """Decode every page that is a picture of its own; previews and masks are passed over.

    Raises:
        UnreadableImage, TooLarge: it is refused.
        DECODER_ERRORS: what the libraries raise; call this inside `decoding.decoding`.
    """
    for _ in _directories(data):
        pass
    with TiffFile(BytesIO(data), **_PLAIN) as file:
        pages = [p for p in file.pages if isinstance(p, TiffPage) and _is_picture(p)]
        if not pages:
            raise UnreadableImage("is a TIFF file without a full picture in it.")
        for page in pages:
            _admit_page(page, data, limits)
        total = sum(page.imagewidth * page.imagelength for page in pages)
        admit_total(total, limits, f"{len(pages)} pages")
        return [_decode(page) for page in pages]


def _directories(data: bytes) -> Iterator[int]:
    """Follow the chain of directories; yield where each is.

    Raises:
        UnreadableImage: it leaves the file, runs in a circle, or asks for absurd lists.
        TooLarge: there are too many.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    head, entry = (8, "Q") if big else (4, "I")
    count_layout = order + ("Q" if big else "H")
    seen: set[int] = set()
    (at,) = headers.take(data, head, order + entry)
    while at:
        if at in seen:
            raise damaged("its pages run in a circle")
        if len(seen) == MAX_PAGES:
            raise TooLarge(f"has more than {MAX_PAGES} pages.")
        seen.add(at)
        yield at
        (count,) = headers.take(data, at, count_layout)
        at += struct.calcsize(count_layout)
        if not 0 < count <= _MAX_TAGS:
            raise damaged("its header is not in order")
        for _ in range(count):
            _check_tag(*headers.take(data, at, f"{order}HH{entry}"))
            at += 20 if big else 12
        (at,) = headers.take(data, at, order + entry)


def _check_tag(code: int, kind: int, count: int) -> None:
    if code in _LISTS and count * _TYPE_BYTES.get(kind, 8) > _MAX_LIST_BYTES:
        raise damaged("its header is not in order")
    if code in _SINGLE and (count != 1 or kind not in _WHOLE):
        raise damaged("its header is not in order")


def _is_picture(page: TiffPage) -> bool:
    return not page.subfiletype & (_REDUCED | _MASK)


def _admit_page(page: TiffPage, data: bytes, limits: Limits) -> None:
    """Refuse a page by what its directory says."""
    admit(page.imagewidth, page.imagelength, limits)
    if page.is_tiled:
        admit_total(page.tilewidth * page.tilelength, limits, "a tile")
    if page.imagedepth != 1 or page.tiledepth != 1:
        raise UnreadableImage("is a TIFF with volumes in it; export single fields.")
    _admit_samples(page)
    _admit_segments(page, data)


def _admit_samples(page: TiffPage) -> None:
    if page.compression not in _COMPRESSIONS:
        raise UnreadableImage(
            "is a TIFF with a compression that cannot be read.",
            advice="Save it again with LZW compression, or without any.",
        )
    channels = _CHANNELS.get(page.photometric)
    fits = channels is not None and channels <= page.samplesperpixel <= channels + 1
    # Halved colours are common inside JPEG, which unpacks them itself, and hardly met elsewhere.
    if not fits or (page.is_subsampled and page.compression != _JPEG):
        raise UnreadableImage(
            "is a TIFF whose colours are stored in an unusual way.",
            advice="Save it again as RGB or greyscale.",
        )
    if page.bitspersample not in _BITS or page.sampleformat not in (_UNSIGNED, _UNDEFINED):
        raise UnreadableImage(
            "is a TIFF with measured values in place of colours (fractions, or over 16 bits).",
            advice="Save it again with 8 or 16 bits a channel.",
        )


def _admit_segments(page: TiffPage, data: bytes) -> None:
    """Hold every strip or tile against the file, and against the page it belongs to."""
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    wanted = int(np.prod(page.chunked, dtype=np.int64))
    if wanted > _MAX_SEGMENTS:
        raise damaged("it consists of too many pieces")
    if len(segments) < wanted:
        raise damaged("a part of the picture is missing")
    total = 0
    for offset, count in segments[:wanted]:
        if offset + count > len(data):
            raise cut_off()
        total += int(count)
        # Pieces that overlap could make a small file take for ever.
        if offset <= 0 or count <= 0 or total > 2 * len(data):
            raise damaged("a part of the picture is missing")
        if page.compression == _JPEG:
            _admit_jpeg(page, headers.jpeg(data[offset : offset + count]))


def _admit_jpeg(page: TiffPage, header: headers.Header) -> None:
    width = page.tilewidth if page.is_tiled else page.imagewidth
    height = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    # Some writers give the size rounded up to libjpeg's blocks, the largest of which is 32 wide.
    if header.width > width + 32 or header.height > height + 32:
        raise damaged("its parts do not fit together")


def _decode(page: TiffPage) -> Page:
    samples = _samples(page)
    profile = page.tags.valueof(34675)
    small = isinstance(profile, bytes) and len(profile) <= MAX_PROFILE_BYTES
    image, note = _image(page, samples)
    return finish(
        image,
        profile=profile if small else None,
        orientation=page.tags.valueof(274, 1),
        um_per_px=_scale(page),
        notes=[note],
    )


def _samples(page: TiffPage) -> NDArray[np.generic]:
    """Decode to (height, width) or (height, width, channels)."""
    planes = page.asarray(squeeze=False, maxworkers=1)[:, 0]
    samples: NDArray[np.generic] = (
        planes[0] if len(planes) == 1 else np.moveaxis(planes[..., 0], 0, -1)
    )
    return samples[..., 0] if samples.shape[-1] == 1 else samples


def _image(page: TiffPage, samples: NDArray[np.generic]) -> tuple[Image.Image, str]:
    """Give the samples the meaning that the page's tags give them."""
    if page.photometric == _PALETTE:
        indices = samples if samples.ndim == 2 else samples[..., 0]
        return as_image(_colours(page)[indices]), ""
    eight, note = to_eight_bits(samples, page.bitspersample)
    if page.photometric == _WHITE_IS_ZERO:
        colour, rest = np.split(np.atleast_3d(eight), [1], axis=2)
        eight = np.concatenate([255 - colour, rest], axis=2)
    channels = _CHANNELS[page.photometric]
    extra = page.extrasamples[0] if page.extrasamples else 0
    if page.samplesperpixel > channels and extra not in (_PREMULTIPLIED, _STRAIGHT):
        eight = eight[..., :channels]
    return _by_mode(page, eight, premultiplied=extra == _PREMULTIPLIED), note


def _by_mode(page: TiffPage, eight: NDArray[np.uint8], *, premultiplied: bool) -> Image.Image:
    if eight.ndim == 3 and eight.shape[2] == 1:
        return as_image(eight[..., 0])
    if page.photometric == _CMYK:
        return as_image(eight[..., :4], "CMYK")
    if page.photometric == _YCBCR and page.compression != _JPEG:
        return as_image(eight[..., :3], "YCbCr")
    if premultiplied and eight.ndim == 3 and eight.shape[2] in (2, 4):
        grey = eight.shape[2] == 2
        return as_image(eight[..., [0, 0, 0, 1]] if grey else eight, "RGBa")
    return as_image(eight)


def _colours(page: TiffPage) -> NDArray[np.uint8]:
    """Return the palette as (2 ** bits, 3)."""
    table = np.asarray(page.tags.valueof(320)).reshape(3, -1).T
    if page.bitspersample > 8 or len(table) != 2**page.bitspersample:
        raise damaged("its palette does not fit")
    # The table has 16 bits; writers who filled in 8 are common enough to be told by its largest.
    return (table >> (8 if table.max() > 255 else 0)).astype(np.uint8)


def _scale(page: TiffPage) -> float | None:
    """Return micrometres a pixel from OME, ImageJ or TIFF's own resolution."""
    description = page.tags.valueof(270, "")
    if not isinstance(description, str):
        description = ""
    if "<OME" in description[:1000]:
        return scale.from_ome(description)
    x, y = page.tags.valueof(282), page.tags.valueof(283)
    if not (isinstance(x, tuple) and isinstance(y, tuple)):
        return None
    unit_um = scale.imagej_unit_um(description) if description.startswith("ImageJ=") else None
    unit_um = unit_um or _UNIT_UM.get(page.tags.valueof(296, 2))
    return scale.from_resolution(x, y, unit_um) if unit_um else None
