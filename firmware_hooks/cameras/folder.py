"""A folder of pictures as a camera: for trials on one's own images, and for cameras that only save.

Files that OpenCV cannot read are passed over; which formats a person may upload is another matter
(`appliance.pipeline.intake`).
"""

from pathlib import Path

import cv2
import numpy as np

from appliance import clock
from appliance.errors import CameraUnavailable
from firmware_hooks.cameras.base import Frame


class FolderCamera:
    """Hands out the pictures of a folder in the order of their names, then from the start again."""

    def __init__(self, folder: str | Path, *, um_per_px: float | None = None) -> None:
        """Open a folder.

        Args:
            folder: where the pictures are; looked through at every capture, so more may come.
            um_per_px: width of a pixel on the slide, where it is known.

        Raises:
            CameraUnavailable: there is no such folder, or no picture in it.
        """
        self.folder, self.um_per_px = Path(folder), um_per_px
        self._last = ""
        self._closed = False
        self._pictures()

    def capture(self) -> Frame:
        """Read the next picture.

        Raises:
            CameraUnavailable: the folder or its pictures are gone, a picture is damaged, or the
                camera was closed.
        """
        if self._closed:
            raise CameraUnavailable(f"The folder camera on {self.folder} is closed.")
        names = self._pictures()
        self._last = next((name for name in names if name > self._last), names[0])
        path = self.folder / self._last
        # OpenCV's own reader of files takes no names beyond ASCII on some systems.
        bgr = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
        if bgr is None:
            raise CameraUnavailable(
                f"The picture {path.name} in {self.folder} is damaged.",
                advice="Remove or replace it; the next capture goes on with the next picture.",
            )
        pixels = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        return Frame(pixels=pixels, taken_at=clock.now(), um_per_px=self.um_per_px)

    def close(self) -> None:
        """Let go of the folder; may be called twice."""
        self._closed = True

    def _pictures(self) -> list[str]:
        """Return the names of the readable pictures, sorted."""
        if not self.folder.is_dir():
            raise CameraUnavailable(
                f"The folder {self.folder} does not exist.", advice="Check the camera's setting."
            )
        names = sorted(
            path.name
            for path in self.folder.iterdir()
            if path.is_file() and cv2.haveImageReader(str(path))
        )
        if not names:
            raise CameraUnavailable(
                f"The folder {self.folder} has no picture in it.",
                advice="Put JPEG, PNG or TIFF files into it, then press Retry.",
            )
        return names
