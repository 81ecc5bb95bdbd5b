"""An engine built on this machine, as a file: a line of JSON that says for what, then the engine.

An engine is machine code of one library for one accelerator; anywhere else it is refused, since it
would fail late or, worse, compute something else. No library is needed to read the line.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.errors import CannotWrite, ModelUnusable

BUILD = "Build it on this machine: scopeside model build-engine"
_FORMAT = 1
_LONGEST_LINE = 4096


@dataclass(frozen=True, slots=True)
class EngineKey:
    """For what an engine was built; it runs only where all of this is the same."""

    model_id: str
    graph_sha256: str
    """Of the model.onnx it was built from, as the card names it."""
    library: str
    """For instance "tensorrt 10.13.3"."""
    device: str
    """Name and compute capability of the accelerator."""
    precision: str
    """Of most of the arithmetic: "fp16" or "int8"."""


def engine_path(folder: Path, model_id: str) -> Path:
    """Say where the engine of a bundle lies."""
    return folder / f"{model_id}.engine"


def write_engine(path: Path, key: EngineKey, engine: bytes) -> None:
    """Write an engine, whole or not at all; one that was there is replaced.

    Raises:
        CannotWrite: in a sentence.
    """
    sha256 = hashlib.sha256(engine).hexdigest()
    line = json.dumps({"format": _FORMAT, "sha256": sha256, **asdict(key)})
    write_whole(path, line.encode() + b"\n" + engine)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a power cut leaves the old one or the new one.

    Raises:
        CannotWrite: in a sentence.
    """
    half = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        half.replace(path)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror}") from error


def read_engine(path: Path, **expected: str) -> tuple[EngineKey, bytes]:
    """Read an engine and prove that it was built for here.

    Args:
        path: as `engine_path` says.
        expected: entries of the key that must be so.

    Raises:
        ModelUnusable: there is none, it is damaged, or it was built for something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelUnusable(f"there is no engine at {path}", advice=BUILD) from error
    line, _, engine = content.partition(b"\n")
    try:
        raw = json.loads(line[:_LONGEST_LINE])
        form, sha256 = raw.pop("format"), raw.pop("sha256")
        key = EngineKey(**raw)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnusable(f"{path} is not an engine of this software", advice=BUILD) from error
    if form != _FORMAT or hashlib.sha256(engine).hexdigest() != sha256:
        raise ModelUnusable(f"{path} is damaged or of another version", advice=BUILD)
    for name, value in expected.items():
        if getattr(key, name) != value:
            what = name.replace("_", " ").replace(" sha256", " (SHA-256)")
            raise ModelUnusable(
                f"{path.name} was built for another {what}: {getattr(key, name)}, here {value}",
                advice=BUILD,
            )
    return key, engine
