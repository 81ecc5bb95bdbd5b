"""Secrets that the appliance makes for itself, each in a file only its own user may read."""

import os
import secrets
from pathlib import Path
from uuid import uuid4

_SECRET = "session.key"  # noqa: S105 - a file name
_SETUP = "setup-code"


def secret_key(data: Path) -> bytes:
    """Return the key that signs sessions, made on the first start."""
    return _kept(data / _SECRET, secrets.token_bytes(32))


def setup_code(data: Path) -> str:
    """Return the code that a stranger on the network lacks; the first-run wizard asks for it."""
    code = f"{secrets.randbelow(10**8):08d}"
    return _kept(data / _SETUP, code.encode()).decode()


def _kept(path: Path, fresh: bytes) -> bytes:
    """Return the file's bytes; the first of several processes to come makes it."""
    beside = path.with_name(f"{path.name}.{uuid4().hex}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(fresh)
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link fails where the file exists, so two processes cannot each keep a key of their own.
        os.link(beside, path)
    except FileExistsError:
        return path.read_bytes()
    finally:
        beside.unlink()
    return fresh
