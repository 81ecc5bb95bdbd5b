"""The one template of the report: its parts, and what a laboratory may word itself."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import SettingsInvalid

SHIPPED = Path(__file__).with_name("template.toml")
ALWAYS = ("warnings", "signatures")
"""Parts that no laboratory can leave out."""


@dataclass(frozen=True, slots=True)
class Template:
    """What the report's parts and standing sentences are."""

    parts: tuple[str, ...]
    """In the order they are printed."""
    phrases: tuple[str, ...]
    """Offered beside the free text of a conclusion."""
    wording: Mapping[str, str]
    """Standing sentences by name."""
    findings: Mapping[str, str]
    """Words for each `review_vocabulary.Finding`."""


def load_template(own: Path | None = None) -> Template:
    """Read the template that is shipped, and over it the laboratory's own.

    Raises:
        SettingsInvalid: the file is absent, no TOML, or names what there is not.
    """
    shipped = _read(SHIPPED)
    given = _read(own) if own is not None else {}
    name = str(own)
    _refuse_unknown(given, shipped, name)
    for table in ("wording", "findings"):
        _refuse_unknown(given.get(table, {}), shipped[table], f"{name}, [{table}]")
    parts = _texts(given.get("parts", shipped["parts"]), f"{name}, parts")
    _refuse_unknown(dict.fromkeys(parts), dict.fromkeys(shipped["parts"]), f"{name}, parts")
    return Template(
        parts=(*parts, *(part for part in ALWAYS if part not in parts)),
        phrases=_texts(given.get("phrases", shipped["phrases"]), f"{name}, phrases"),
        wording=_worded(shipped, given, "wording", name),
        findings=_worded(shipped, given, "findings", name),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsInvalid(f"report_wording: {path} cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"report_wording: {path} is not valid TOML: {error}") from error


def _refuse_unknown(given: Any, known: Mapping[str, Any], where: str) -> None:
    if not isinstance(given, Mapping):
        raise SettingsInvalid(f"report_wording: {where}: expected a table")
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise SettingsInvalid(
            f"report_wording: {where}: there is no {unknown[0]!r}; known are: "
            + ", ".join(sorted(known))
        )


def _texts(given: Any, where: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise SettingsInvalid(f"report_wording: {where}: expected a list of texts")
    return tuple(given)


def _worded(
    shipped: Mapping[str, Any], given: Mapping[str, Any], table: str, name: str
) -> dict[str, str]:
    merged = {**shipped[table], **given.get(table, {})}
    for key, text in merged.items():
        if not isinstance(text, str):
            raise SettingsInvalid(f"report_wording: {name}, {table}.{key}: expected text")
    return merged
