"""One small drawn image in every format that intake reads, made in memory.

The picture is a smear in miniature: rose ground, a few purple discs. Nothing is read from disk.
"""

from functools import cache
from io import BytesIO

import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from PIL import Image, ImageCms, ImageDraw
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)

WIDTH, HEIGHT = 96, 64
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
MICROSCOPY = "1.2.840.10008.5.1.4.1.1.77.1.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG2000_LOSSLESS = "1.2.840.10008.1.2.4.90"


@cache
def drawing() -> Image.Image:
    """The picture that all samples show, RGB."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (236, 208, 214))
    draw = ImageDraw.Draw(image)
    draw.ellipse((8, 8, 44, 44), fill=(190, 160, 214))
    draw.ellipse((14, 12, 38, 36), fill=(96, 44, 140))
    draw.ellipse((60, 30, 90, 60), fill=(84, 36, 128))
    draw.rectangle((0, 58, 20, 63), fill=(222, 150, 160))
    return image


def pixels() -> np.ndarray:
    """The same as (HEIGHT, WIDTH, 3) uint8."""
    return np.asarray(drawing())


def grey() -> np.ndarray:
    """The same in grey, (HEIGHT, WIDTH) uint8."""
    return np.asarray(drawing().convert("L"))


@cache
def samples() -> dict[str, bytes]:
    """Every sample by a file name that says what it is."""
    return {**_pillow(), **_deep(), **_tiffs(), **_dicoms()}


def saved(image: Image.Image, form: str, **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def with_alpha() -> Image.Image:
    """The picture, wholly transparent in its upper left quarter and half so in its lower right."""
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[: HEIGHT // 2, : WIDTH // 2] = 0
    alpha[HEIGHT // 2 :, WIDTH // 2 :] = 128
    image = drawing().copy()
    image.putalpha(Image.fromarray(alpha))
    return image


def turned(orientation: int) -> bytes:
    """EXIF with an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


@cache
def wide_profile() -> bytes:
    """An ICC profile that is not sRGB: its red and green are exchanged."""
    raw = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(raw[128:132], "big")
    tags = {bytes(raw[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    raw[red + 4 : red + 12], raw[green + 4 : green + 12] = (
        raw[green + 4 : green + 12],
        raw[red + 4 : red + 12],
    )
    return (
        bytes(raw)
        .replace(b"s\0R\0G\0B\0", b"t\0e\0s\0t\0")
        .replace(b"\0s\0R\0G\0B", b"\0t\0e\0s\0t")
    )


def _pillow() -> dict[str, bytes]:
    image = drawing()
    palette = image.quantize(16)
    return {
        "plain.jpg": saved(image, "JPEG", quality=90),
        "progressive.jpg": saved(image, "JPEG", progressive=True),
        "grey.jpg": saved(image.convert("L"), "JPEG"),
        "cmyk.jpg": saved(image.convert("CMYK"), "JPEG"),
        "turned.jpg": saved(image, "JPEG", exif=turned(6)),
        "profile.jpg": saved(image, "JPEG", icc_profile=wide_profile()),
        "plain.png": saved(image, "PNG"),
        "alpha.png": saved(with_alpha(), "PNG"),
        "palette.png": saved(palette, "PNG", transparency=3),
        "bilevel.png": saved(image.convert("1"), "PNG"),
        "plain.bmp": saved(image, "BMP"),
        "palette.bmp": saved(palette, "BMP"),
        "plain.gif": saved(palette, "GIF"),
        "moving.gif": saved(
            palette, "GIF", save_all=True, append_images=[image.rotate(90).quantize(16)]
        ),
        "plain.webp": saved(image, "WEBP", quality=90),
        "alpha.webp": saved(with_alpha(), "WEBP", lossless=True, exact=True),
        "plain.heic": _heic(image),
        "plain.jp2": saved(image, "JPEG2000"),
        "plain.j2k": saved(image, "JPEG2000", no_jp2=True, irreversible=True, tile_size=(64, 64)),
    }


def _heic(image: Image.Image) -> bytes:
    buffer = BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=90)
    return buffer.getvalue()


def _deep() -> dict[str, bytes]:
    wide = pixels().astype(np.uint16) * 257
    single = np.ascontiguousarray(wide[..., 1])
    return {
        "deep.png": imagecodecs.png_encode(wide),
        "deep-grey.png": imagecodecs.png_encode(single),
        "deep-grey.jp2": saved(Image.fromarray(single), "JPEG2000"),
        "deep-grey.jpg": imagecodecs.jpeg8_encode(single >> 4, bitspersample=12),
    }


def tiff(samples: np.ndarray, **options) -> bytes:
    buffer = BytesIO()
    tifffile.imwrite(buffer, samples, **options)
    return buffer.getvalue()


def _tiffs() -> dict[str, bytes]:
    rgb, wide = pixels(), pixels().astype(np.uint16) * 257
    cmyk = np.asarray(drawing().convert("CMYK"))
    alpha = np.asarray(with_alpha())
    return {
        "plain.tif": tiff(rgb, photometric="rgb"),
        "strips-lzw.tif": tiff(
            rgb, photometric="rgb", compression="lzw", predictor=True, rowsperstrip=7
        ),
        "deep-deflate.tif": tiff(wide, photometric="rgb", compression="zlib", predictor=True),
        "deep-grey.tif": tiff(wide[..., 1], byteorder=">"),
        "tiles.tif": tiff(rgb, photometric="rgb", tile=(16, 32), compression="lzw"),
        "tiles-jpeg.tif": tiff(
            rgb, photometric="rgb", tile=(32, 32), compression="jpeg", subsampling=(2, 2)
        ),
        "packbits.tif": tiff(grey(), compression="packbits"),
        "pages.tif": _pages(rgb),
        "planes.tif": tiff(np.moveaxis(rgb, -1, 0), photometric="rgb", planarconfig="separate"),
        "palette.tif": saved(drawing().quantize(16), "TIFF", compression="tiff_lzw"),
        "bilevel.tif": saved(drawing().convert("1"), "TIFF"),
        "cmyk.tif": tiff(cmyk, photometric="separated"),
        "alpha.tif": tiff(alpha, photometric="rgb", extrasamples=["unassalpha"]),
        "big.tif": tiff(rgb, photometric="rgb", bigtiff=True, compression="zlib"),
        "white-is-zero.tif": tiff(255 - grey(), photometric="miniswhite"),
    }


def _pages(rgb: np.ndarray) -> bytes:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as file:
        file.write(rgb, photometric="rgb", compression="zlib")
        file.write(rgb[::-1], photometric="rgb", compression="lzw")
        file.write(rgb[::4, ::4], photometric="rgb", subfiletype=1)
        file.write(rgb[..., 0])
    return buffer.getvalue()


def dicom(
    frame: np.ndarray | bytes,
    photometric: str = "RGB",
    syntax: str = ExplicitVRLittleEndian,
    **attributes,
) -> bytes:
    """A DICOM file of one frame; a code stream is wrapped, an array is written as it is."""
    data = Dataset()
    data.SOPClassUID = SECONDARY_CAPTURE
    data.SOPInstanceUID = "1.2.3.4.5"
    data.PatientName = "Smear^Drawn"
    data.Rows, data.Columns = HEIGHT, WIDTH
    data.SamplesPerPixel = 1 if photometric.startswith(("MONO", "PALETTE")) else 3
    data.PhotometricInterpretation = photometric
    if data.SamplesPerPixel == 3:
        data.PlanarConfiguration = 0
    data.BitsAllocated = 8 if isinstance(frame, bytes) else frame.dtype.itemsize * 8
    data.BitsStored = data.BitsAllocated
    data.PixelRepresentation = 0
    for name, value in attributes.items():
        setattr(data, name, value)
    data.HighBit = data.BitsStored - 1
    data.PixelData = encapsulate([frame]) if isinstance(frame, bytes) else frame.tobytes()
    data["PixelData"].VR = "OB" if data.BitsAllocated == 8 else "OW"
    data["PixelData"].is_undefined_length = isinstance(frame, bytes)
    return dicom_bytes(data, syntax)


def dicom_bytes(data: Dataset, syntax: str) -> bytes:
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.file_meta.ImplementationClassUID = generate_uid(entropy_srcs=["samples"])
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _dicoms() -> dict[str, bytes]:
    rgb = pixels()
    ycc = np.asarray(drawing().convert("YCbCr"))
    twelve = grey().astype(np.uint16) << 4
    lossless = imagecodecs.jpeg8_encode(rgb, lossless=True, colorspace="rgb", outcolorspace="rgb")
    return {
        "plain.dcm": dicom(rgb, PixelSpacing=[0.00025, 0.00025], SOPClassUID=MICROSCOPY),
        "implicit.dcm": dicom(rgb, syntax=ImplicitVRLittleEndian),
        "big-endian.dcm": dicom(twelve.astype(">u2"), "MONOCHROME2", ExplicitVRBigEndian),
        "planes.dcm": dicom(np.moveaxis(rgb, -1, 0), PlanarConfiguration=1),
        "deflated.dcm": dicom(rgb, syntax=DEFLATED),
        "mono1.dcm": dicom(4095 - twelve, "MONOCHROME1", BitsStored=12),
        "mono2.dcm": dicom(twelve, "MONOCHROME2", BitsStored=12),
        "signed.dcm": dicom(
            twelve.astype(np.int16) - 2048, "MONOCHROME2", BitsStored=12, PixelRepresentation=1
        ),
        "ybr.dcm": dicom(ycc, "YBR_FULL"),
        "ybr422.dcm": dicom(_halved(ycc), "YBR_FULL_422"),
        "palette.dcm": _palette_dicom(),
        "rle.dcm": _rle_dicom(rgb),
        "jpeg.dcm": dicom(saved(drawing(), "JPEG"), "YBR_FULL_422", JPEG_BASELINE),
        "jpeg-twelve.dcm": dicom(
            imagecodecs.jpeg8_encode(twelve, bitspersample=12),
            "MONOCHROME2",
            JPEG_EXTENDED,
            BitsAllocated=16,
            BitsStored=12,
        ),
        "jpeg-lossless.dcm": dicom(lossless, "RGB", JPEG_LOSSLESS),
        "jpeg-ls.dcm": dicom(imagecodecs.jpegls_encode(rgb), "RGB", JPEG_LS),
        "jpeg2000.dcm": dicom(
            saved(drawing(), "JPEG2000", no_jp2=True, mct=1), "YBR_RCT", JPEG2000_LOSSLESS
        ),
        "jpeg2000-mono.dcm": dicom(
            imagecodecs.jpeg2k_encode(twelve, bitspersample=12, codecformat="j2k", level=0),
            "MONOCHROME2",
            JPEG2000_LOSSLESS,
            BitsAllocated=16,
            BitsStored=12,
        ),
    }


def _halved(ycc: np.ndarray) -> np.ndarray:
    """Two pixels as Y, Y, Cb, Cr."""
    pairs = ycc.reshape(-1, 2, 3)
    return np.stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1], pairs[:, 0, 2]], axis=1)


def _palette_dicom() -> bytes:
    indexed = drawing().quantize(16)
    table = np.asarray(indexed.getpalette()[:48], np.uint16).reshape(-1, 3) * 257
    tables = {
        f"{name}PaletteColorLookupTable{part}": value
        for channel, name in enumerate(("Red", "Green", "Blue"))
        for part, value in (
            ("Descriptor", [len(table), 0, 16]),
            ("Data", np.ascontiguousarray(table[:, channel]).tobytes()),
        )
    }
    return dicom(np.asarray(indexed), "PALETTE COLOR", **tables)


def _rle_dicom(rgb: np.ndarray) -> bytes:
    source = Dataset()
    source.Rows, source.Columns, source.SamplesPerPixel = HEIGHT, WIDTH, 3
    source.BitsAllocated = source.BitsStored = 8
    source.HighBit, source.PixelRepresentation, source.PlanarConfiguration = 7, 0, 0
    source.PhotometricInterpretation = "RGB"
    source.SOPClassUID, source.SOPInstanceUID = SECONDARY_CAPTURE, "1.2.3.4.5"
    source.file_meta = FileMetaDataset()
    source.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    source.PixelData = rgb.tobytes()
    source["PixelData"].VR = "OB"
    source.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    return dicom_bytes(source, RLELossless)
