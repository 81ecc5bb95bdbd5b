"""Keeps what image libraries do in trouble inside: their many exceptions, warnings and logs.

Decoders are fed files from outside. Which exception a library raises for which damage is not
part of its contract, so what is caught here is the list of types that decoders were seen to
raise or raise by design; anything else is a fault of ours and must show.
"""

import contextlib
import logging
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator

from PIL import Image, ImageCms
from pydicom.errors import InvalidDicomError

from appliance.errors import TooLarge, UnreadableImage
from appliance.pipeline.limits import cut_off, damaged

DECODER_ERRORS: tuple[type[Exception], ...] = (
    ArithmeticError,  # divisions by a size of zero, numbers beyond C's
    AssertionError,  # Pillow states what a header must hold
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,  # most of Pillow; truncated data
    RuntimeError,  # all codecs of imagecodecs, libheif, too deep nesting
    StopIteration,
    SyntaxError,  # Pillow's "not this format"
    TypeError,
    ValueError,  # tifffile, most of pydicom
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    ImageCms.PyCMSError,
    InvalidDicomError,
)

# Decoding holds whole images in memory, and Python's list of warning filters is one for all
# threads: one image at a time, then, on a board with little memory.
_ONE_AT_A_TIME = threading.RLock()

for _library in ("PIL", "pydicom", "tifffile"):
    # They log, at levels up to error, what here becomes an exception or is of no interest.
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)


@contextlib.contextmanager
def decoding() -> Iterator[None]:
    """Let only `UnreadableImage` and `TooLarge` out of the block, and nothing to the terminal.

    Raises:
        UnreadableImage: a library raised one of `DECODER_ERRORS`.
        TooLarge: there was not enough memory.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except UnreadableImage:
            raise
        except MemoryError as error:
            raise TooLarge("needs more memory than this appliance has.") from error
        except DECODER_ERRORS as error:
            raise (cut_off() if "truncated" in str(error) else damaged()) from error
