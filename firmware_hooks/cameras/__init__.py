"""Cameras by name. A new one is a file with a class, and a line here."""

import importlib
import inspect
from typing import cast

from appliance.errors import CameraUnavailable, SettingsInvalid
from firmware_hooks.cameras.base import Camera

CAMERAS = {
    "folder": "firmware_hooks.cameras.folder:FolderCamera",
    "synthetic": "firmware_hooks.cameras.synthetic:SyntheticCamera",
}
"""Name to driver. The driver is text, so that its library is needed only where it is used."""


def open_camera(name: str, **options: object) -> Camera:
    """Open a camera by its name in CAMERAS.

    Args:
        name: which driver.
        options: handed on to it.

    Raises:
        SettingsInvalid: there is no such driver, or it has no such option.
        CameraUnavailable: the device does not answer, or its library is not installed.
    """
    if name not in CAMERAS:
        raise SettingsInvalid(f"unknown camera {name!r}; known are: {', '.join(sorted(CAMERAS))}")
    module, driver = CAMERAS[name].split(":")
    try:
        make = getattr(importlib.import_module(module), driver)
    except ImportError as error:
        raise CameraUnavailable(
            f"The {name} camera needs the library {error.name}, which is not installed.",
            advice="Install it as the manual says, or choose another camera.",
        ) from error
    try:
        inspect.signature(make).bind(**options)
    except TypeError as error:
        raise SettingsInvalid(f"the {name} camera cannot be opened so: {error}") from error
    return cast(Camera, make(**options))
