import logging
import struct
import warnings
import zlib

import pytest
from PIL import Image, ImageCms, UnidentifiedImageError
from pydicom.errors import InvalidDicomError
from tifffile import TiffFileError

from appliance.errors import TooLarge, UnreadableImage
from appliance.pipeline.decoding import decoding
from appliance.pipeline.limits import damaged

RAISED_BY_DECODERS = [
    AssertionError(),
    AttributeError("'NoneType' object has no attribute 'seek'"),
    BufferError(),
    EOFError(),
    IndexError("index out of range"),
    Image.DecompressionBombError("could be a bomb"),
    ImageCms.PyCMSError("cannot build transform"),
    InvalidDicomError(),
    KeyError(0x0010),
    NotImplementedError(),
    OSError("broken data stream when reading image file"),
    OverflowError(),
    RecursionError(),
    RuntimeError("IMCD_VALUE_ERROR"),
    StopIteration(),
    SyntaxError("not a PNG file"),
    TiffFileError("corrupted strip"),
    TypeError(),
    UnicodeDecodeError("ascii", b"\xff", 0, 1, "ordinal not in range"),
    UnidentifiedImageError(),
    ValueError(),
    ZeroDivisionError(),
    struct.error("unpack requires a buffer of 4 bytes"),
    zlib.error("Error -3"),
]


def fail(error):
    with decoding():
        raise error


@pytest.mark.parametrize("error", RAISED_BY_DECODERS, ids=lambda e: type(e).__name__)
def test_whatever_a_decoder_raises_becomes_a_sentence(error):
    with pytest.raises(UnreadableImage, match="damaged and cannot be decoded") as refusal:
        fail(error)
    assert refusal.value.__cause__ is error


def test_a_decoder_that_speaks_of_truncation_means_a_file_that_is_cut_off():
    with pytest.raises(UnreadableImage, match="its end is missing"):
        fail(OSError("image file is truncated (12 bytes not processed)"))


def test_too_little_memory_is_the_image_being_too_large():
    with pytest.raises(TooLarge, match="more memory"):
        fail(MemoryError())


def test_refusals_pass_unchanged():
    refusal = damaged("its pages run in a circle")
    with pytest.raises(UnreadableImage) as caught:
        fail(refusal)
    assert caught.value is refusal


def test_what_no_decoder_raises_is_not_hidden():
    with pytest.raises(KeyboardInterrupt):
        fail(KeyboardInterrupt())
    with pytest.raises(ReferenceError):
        fail(ReferenceError("a fault of ours"))


def test_warnings_and_logs_of_libraries_stay_inside(capfd):
    with decoding():
        warnings.warn("Truncated File Read", UserWarning, stacklevel=1)
        logging.getLogger("tifffile").error("corrupted tag list")
        logging.getLogger("pydicom").warning("Invalid value")
    assert capfd.readouterr() == ("", "")
    with pytest.warns(UserWarning, match="ours"):
        warnings.warn("ours", UserWarning, stacklevel=1)
