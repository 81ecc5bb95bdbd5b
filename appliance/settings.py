"""What differs between two appliances: read once at the start, then handed on value by value.

Only `appliance.wiring` and `appliance.cli` see `Settings`; everyone else gets the two or three
values they need.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

from appliance.errors import SettingsInvalid

FILE_NAME = "settings.toml"
PREFIX = "SCOPESIDE_"
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read from settings.toml in the data folder, then from SCOPESIDE_* variables."""

    data: Path
    """Folder of the database, the pictures and the keys; on a disk that survives re-flashing."""
    place: str = "Bench 1"
    """Name of this microscope's place, shown in the top bar."""
    laboratory: str = "Haematology laboratory"
    """Name of the laboratory, printed on reports."""
    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 opens the appliance to the local network."""
    port: int = 8080
    """Port to listen on."""
    https_only: bool = False
    """Send cookies over HTTPS only and tell browsers so; set where a TLS proxy stands in front."""
    simulated: bool = False
    """A demo lab: every page and report is marked SIMULATED."""
    model: str = "all-lite0-1"
    """Folder name of the classifier under models/bundles/."""
    runner: str = "litert"
    """What computes the network: litert, onnx, or tensorrt after `scopeside model build-engine`."""
    threads: int = 2
    """Threads for the network; more than the cores of the board makes it slower."""
    max_megapixels: float = 100.0
    """Images with more pixels are refused before they are decoded."""
    max_file_mb: float = 200.0
    """Files with more megabytes (10^6 bytes) are refused."""
    max_files: int = 500
    """Files taken in one upload."""
    min_free_mb: float = 500.0
    """Uploads are refused when the disk has less room than this (10^6 bytes)."""
    idle_minutes: float = 15.0
    """Minutes without a touch after which a person is signed out."""
    login_failures: int = 5
    """Failed log-ins after which an account is locked."""
    lock_minutes: float = 15.0
    """Minutes an account stays locked."""
    decision_limit: float = 0.2
    """Blast fraction that decides (WHO: 20 % of nucleated cells); the report says where it lies."""

    second_reading_share: float = 0.05
    """Share of submissions that a second person reads blind, drawn at random: 0 to 1."""
    second_reading_difference: float = 0.15
    """A second reading is asked for when the reader's blast fraction differs more than this from
    the model's."""
    sign_own_submission: bool = False
    """Let a person sign what they submitted themselves; four eyes otherwise."""
    display_seconds: float = 1.0
    """Seconds a cell must have been on the screen to count as displayed; without it, it is neither
    verified with the rest of a screen nor submitted."""
    public_address: str = ""
    """Where browsers reach the appliance, for the QR code of signed reports: https://bench-2.lab;
    empty for a code that holds the hash alone."""
    laboratory_address: str = ""
    """Lines of the laboratory's address, printed on reports."""
    laboratory_logo: str = ""
    """PNG or JPEG file printed in the head of reports; relative to the data folder."""
    report_wording: str = ""
    """A TOML file with the laboratory's own wording of report and phrases; relative to the data
    folder."""

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "records.sqlite3"

    @property
    def pictures(self) -> Path:
        """Folder of original files, by SHA-256."""
        return self.data / "pictures"

    @property
    def site_heads(self) -> Path:
        """Folder of the heads that the laboratory fitted, each in a folder named by its SHA-256."""
        return self.data / "site-heads"

    @property
    def engines(self) -> Path:
        """Folder of what was built for this machine's accelerator; may be deleted any time."""
        return self.data / "engines"


def load(data: Path, environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the settings of a data folder.

    Args:
        data: the folder; settings.toml in it may be absent.
        environ: SCOPESIDE_* variables win over the file; the process's own where None.
        overrides: from the command line, win over both; None means not given.

    Raises:
        SettingsInvalid: an unknown key, or a value that is not allowed, named in the message.
    """
    given = _from_file(data / FILE_NAME) | _from_environment(
        os.environ if environ is None else environ
    )
    given |= {key: value for key, value in overrides.items() if value is not None}
    kinds = {f.name: f.type for f in fields(Settings) if f.name != "data"}
    unknown = sorted(given.keys() - kinds.keys())
    known = ", ".join(sorted(kinds))
    if unknown:
        raise SettingsInvalid(f"unknown setting {unknown[0]!r}; known are: {known}")
    values = {key: _convert(key, value, kinds[key]) for key, value in given.items()}
    return Settings(data=data, **values)


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} is not valid TOML: {error}") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    known = {f.name for f in fields(Settings)} - {"data"}
    given = {
        key.removeprefix(PREFIX).lower(): value
        for key, value in environ.items()
        if key.startswith(PREFIX)
    }
    # A variable of another tool may share our prefix; only the file is held to known keys.
    return {key: value for key, value in given.items() if key in known}


def _convert(key: str, value: object, kind: Any) -> Any:
    """Bring a value from TOML or a variable to the declared type, or say why it cannot be."""
    wanted = get_args(kind)[0] if get_args(kind) else kind
    try:
        converted = _as(wanted, value)
    except (TypeError, ValueError, KeyError) as error:
        raise SettingsInvalid(f"{key} = {value!r}: expected {_name(wanted)}") from error
    if isinstance(converted, int | float) and converted < 0:
        raise SettingsInvalid(f"{key} = {value!r}: must not be negative")
    if key == "port" and not 0 < converted < 65536:
        raise SettingsInvalid(f"port = {value!r}: expected 1 to 65535")
    if key.startswith("second_reading_") and converted > 1:
        raise SettingsInvalid(f"{key} = {value!r}: expected a fraction between 0 and 1")
    if key == "decision_limit" and not 0 < converted < 1:
        raise SettingsInvalid(f"decision_limit = {value!r}: expected a fraction between 0 and 1")
    return converted


def _as(wanted: Any, value: object) -> Any:
    if wanted is bool:
        return value if isinstance(value, bool) else _TRUTH[str(value).lower()]
    if isinstance(value, bool):
        raise TypeError(value)
    if wanted is str and not isinstance(value, str):
        raise TypeError(value)
    return wanted(value)


def _name(wanted: Any) -> str:
    return {bool: "true or false", int: "a whole number", float: "a number", str: "text"}.get(
        wanted, "a path"
    )
