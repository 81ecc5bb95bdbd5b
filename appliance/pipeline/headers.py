"""Reads what a picture file promises in its header, without decoding anything.

Decoders believe headers: they reserve the memory that is asked for, walk every list to its end
and fill up what is missing. So size, completeness and the length of lists are looked at here,
format by format, before a decoder sees the file.
"""

import struct
from dataclasses import dataclass, replace
from typing import Any

from appliance.errors import UnreadableImage
from appliance.pipeline.limits import MAX_EXIF_BYTES, cut_off, damaged

_JPEG_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7}
_JPEG_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF, 0xF7}
_JPEG_BARE = {0x01, *range(0xD0, 0xD9)}
_JPEG_HEADER_BYTES = 32_000_000
_JPEG_SEGMENTS = 2000
_JPEG_SCANS = 100
"""Progressive JPEG uses about 10; each costs a pass over all pixels, however short it is."""
_PNG_CHUNKS = 100_000
_GIF_BLOCKS = 1_000_000
_JP2_BOXES = 1000
_J2K_TILE_PIECES = 400
"""What a tile costs a decoder, in code blocks."""
MAX_J2K_PIECES = 4_000_000
"""100 megapixels in usual settings have about 75,000."""


@dataclass(frozen=True)
class Header:
    """What the header of a single image says."""

    width: int
    height: int
    bits: int = 8
    """Of one sample."""
    components: int = 3
    first_of_several: bool = False
    """More pictures follow in the file, which are not read."""
    colour_declared: bool = True
    """JPEG: a JFIF or Adobe mark says how the components make colours."""
    lossless: bool = False
    """JPEG: of the kinds that predict samples, where others transform blocks."""
    profile: bytes | None = None
    """JPEG 2000: the ICC profile; other formats hand theirs out while decoding."""
    pieces: int = 1
    """JPEG 2000: about how many a decoder has to keep account of: code blocks by layers."""


def take(data: bytes, at: int, layout: str) -> tuple[Any, ...]:
    """Unpack numbers at a place in the file.

    Args:
        data: the file.
        at: offset of the first.
        layout: as `struct` has it, with the byte order.

    Raises:
        UnreadableImage: the file ends before.
    """
    if at + struct.calcsize(layout) > len(data):
        raise cut_off()
    return struct.unpack_from(layout, data, at)


def jpeg(data: bytes) -> Header:
    """Walk the segments of a JPEG stream up to its picture data.

    Raises:
        UnreadableImage: it is cut off, damaged, or made to keep a decoder busy.
    """
    frame: Header | None = None
    declared, exif_bytes, at = False, 0, 2
    for _ in range(_JPEG_SEGMENTS):
        at = _next_marker(data, at)
        marker = data[at + 1]
        if marker in _JPEG_BARE:
            at += 2
            continue
        (length,) = take(data, at + 2, ">H")
        if marker in _JPEG_FRAMES:
            bits, height, width, components = take(data, at + 4, ">BHHB")
            lossless = marker in _JPEG_LOSSLESS
            frame = Header(width, height, bits, components, lossless=lossless)
        declared |= marker in (0xE0, 0xEE) and data[at + 4 : at + 9] in (b"JFIF\0", b"Adobe")
        exif_bytes += length if marker == 0xE1 and data[at + 4 : at + 8] == b"Exif" else 0
        if marker == 0xDA:
            return _with_scans(data, at, frame, declared=declared)
        at += 2 + length
        if length < 2 or at > _JPEG_HEADER_BYTES or exif_bytes > MAX_EXIF_BYTES:
            break
    raise damaged("its header is not in order")


def _next_marker(data: bytes, at: int) -> int:
    """Return where the next marker starts; fill bytes and some stray ones may come before it."""
    found = data.find(b"\xff", at, at + 4096)
    while found >= 0 and data[found + 1 : found + 2] in (b"\xff", b"\0"):
        found = data.find(b"\xff", found + 1, at + 4096)
    if found < 0 or found + 2 > len(data):
        raise cut_off() if at + 4096 > len(data) else damaged("its header is not in order")
    return found


def _with_scans(data: bytes, at: int, frame: Header | None, *, declared: bool) -> Header:
    if frame is None:
        raise damaged("its header is not in order")
    if data.rfind(b"\xff\xd9", at) < 0:
        raise cut_off()
    if data.count(b"\xff\xda", at) > _JPEG_SCANS:
        raise damaged("it consists of too many layers")
    return replace(frame, colour_declared=declared)


def png(data: bytes) -> Header:
    """Walk the chunks of a PNG file to its end.

    Raises:
        UnreadableImage: it is cut off, damaged, or an animation.
    """
    width, height, bits = take(data, 16, ">IIB")
    at = 8
    for _ in range(_PNG_CHUNKS):
        length, name = take(data, at, ">II")
        if name == int.from_bytes(b"acTL", "big") and take(data, at + 8, ">I")[0] > 1:
            raise UnreadableImage("is an animation; save a single picture of it.")
        at += 12 + length
        if at > len(data):
            raise cut_off()
        if name == int.from_bytes(b"IEND", "big"):
            return Header(width, height, bits)
    raise damaged("it consists of too many pieces")


def gif(data: bytes) -> Header:
    """Walk the blocks of a GIF file to the end of its first picture.

    Raises:
        UnreadableImage: it is cut off or damaged.
    """
    width, height, flags = take(data, 6, "<HHB")
    at = _gif_after_blocks(data, 13 + _gif_palette(flags))
    left, top, w, h, flags = take(data, at + 1, "<HHHHB")
    if data[at] != 0x2C:
        raise damaged("there is no picture in it")
    at = _gif_after_chain(data, at + 11 + _gif_palette(flags))
    following = _gif_after_blocks(data, at)
    more = data[following : following + 1] == b"\x2c"
    return Header(max(width, left + w), max(height, top + h), first_of_several=more)


def _gif_palette(flags: int) -> int:
    """Return the bytes of the colour table that the flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_after_blocks(data: bytes, at: int) -> int:
    """Skip extension blocks; return where what is none begins."""
    while data[at : at + 1] == b"\x21":
        at = _gif_after_chain(data, at + 2)
    return at


def _gif_after_chain(data: bytes, at: int) -> int:
    for _ in range(_GIF_BLOCKS):
        (size,) = take(data, at, "B")
        at += 1 + size
        if size == 0:
            return at
    raise damaged("it consists of too many pieces")


def webp(data: bytes) -> Header:
    """Read the first chunk of a WebP file.

    Raises:
        UnreadableImage: it is cut off, damaged, or an animation.
    """
    (size,) = take(data, 4, "<I")
    if 8 + size > len(data):
        raise cut_off()
    name = data[12:16]
    if name == b"VP8X":
        flags, wide, high = data[20], data[24:27], data[27:30]
        if flags & 2:
            raise UnreadableImage("is an animation; save a single picture of it.")
        return Header(int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1)
    if name == b"VP8L":
        (packed,) = take(data, 21, "<I")
        return Header((packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1)
    if name == b"VP8 ":
        width, height = take(data, 26, "<HH")
        return Header(width & 0x3FFF, height & 0x3FFF)
    raise damaged("there is no picture in it")


def jpeg2000(data: bytes) -> Header:
    """Read the image and tile sizes of a JPEG 2000 file or bare code stream.

    Raises:
        UnreadableImage: it is cut off or damaged.
    """
    profile, at = (None, 0) if data.startswith(b"\xff\x4f") else _jp2_stream(data)
    if data[at : at + 4] != b"\xff\x4f\xff\x51":
        raise damaged("there is no picture in it")
    x1, y1, x0, y0, tile_w, tile_h, tile_x, tile_y, components, bits = take(
        data, at + 8, ">IIIIIIIIHB"
    )
    if x1 <= x0 or y1 <= y0 or not tile_w or not tile_h or max(tile_x - x0, tile_y - y0) > 0:
        raise damaged("its header is not in order")
    tiles = -(-(x1 - tile_x) // tile_w) * -(-(y1 - tile_y) // tile_h)
    parts = _j2k_parts(data, at + 2, (x1 - x0) * (y1 - y0) * components)
    # Inside a code stream no byte above 8F follows FF, so this can only be its end.
    if data.rfind(b"\xff\xd9", at) < 0:
        raise cut_off()
    return Header(
        x1 - x0,
        y1 - y0,
        (bits & 0x7F) + 1,
        components,
        profile=profile,
        pieces=max(parts, tiles * _J2K_TILE_PIECES),
    )


def _jp2_stream(data: bytes) -> tuple[bytes | None, int]:
    """Return the ICC profile, if there is one, and where the code stream starts."""
    profile, at = None, 0
    for _ in range(_JP2_BOXES):
        (size,) = take(data, at, ">I")
        name, content = data[at + 4 : at + 8], at + 8
        if size == 1:
            (size,) = take(data, content, ">Q")
            content += 8
        if name == b"jp2c":
            return profile, content
        if name == b"colr" and data[content : content + 1] == b"\2":
            profile = data[content + 3 : at + size]
        if size < 8:
            break
        at = content if name == b"jp2h" else at + size
    raise damaged("there is no picture in it")


def _j2k_parts(data: bytes, at: int, samples: int) -> int:
    """Return about how many code blocks or precincts there are, by layers."""
    parts = 0
    for _ in range(_JPEG_SEGMENTS):
        marker, length = take(data, at, ">HH")
        if marker in (0xFF90, 0xFFD9) or length < 2:
            break
        body = data[at + 4 : at + 2 + length]
        if marker == 0xFF52:
            (layers,) = take(body, 2, ">H")
            parts += layers * samples // _j2k_smallest(body[0], body[5:])
        if marker == 0xFF53:
            parts += samples // _j2k_smallest(body[1], body[2:])
        at += 2 + length
    return parts


def _j2k_smallest(style: int, body: bytes) -> int:
    """Return the samples in the smallest code block or precinct, seen at full size.

    Args:
        style: with bit 0, precinct sizes follow.
        body: from the number of levels on, as in the COD and COC segments.
    """
    levels, wide, high = body[:3]
    sizes = [1 << ((wide & 15) + 2 + (high & 15) + 2)]
    if style & 1:
        # From the smallest level up; each level has a quarter of the next one's samples.
        precincts = body[5 : 6 + levels]
        sizes += [4 ** (levels - i) << ((p & 15) + (p >> 4)) for i, p in enumerate(precincts)]
    return min(sizes)
