"""Keeps picture files by the SHA-256 of their bytes, so that what was acknowledged survives.

Originals are written once and never changed; a second writer of the same bytes changes nothing.
What is derived from them (display copies, thumbnails) is a cache that may be deleted any time.
Two processes may share the folder, and either may be killed at any moment: there are no locks
that outlive their process, and no name ever points to half a file.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from appliance.errors import DiskFull, NotFound, PictureDamaged, RecordsUnavailable

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KIND = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class PictureStore:
    """A folder of originals and, beside it, of what can be made from them again."""

    def __init__(self, root: Path, min_free_bytes: int = 0) -> None:
        """Name the folder; it is made with the first picture.

        Args:
            root: on the disk that holds the records.
            min_free_bytes: room that must stay free on that disk after a picture is kept.
        """
        self.root = root
        self.min_free_bytes = min_free_bytes

    def keep(self, data: bytes) -> str:
        """Store the bytes so that a power cut right after this call does not lose them.

        Keeping the same bytes again is no error and writes nothing, unless the stored file has
        been damaged: then it is written anew.

        Returns:
            Their SHA-256, 64 lower-case hexadecimal digits.

        Raises:
            DiskFull: there is too little room; nothing of the file stays.
            RecordsUnavailable: the folder cannot be written.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        with _plain_errors():
            if _hash_of(path) != sha256:
                self._write(path, data)
            # Also for a picture found here: its writer may not have come to this line yet.
            _sync_folder(path.parent)
            _sync_folder(path.parent.parent)
        return sha256

    def read(self, sha256: str) -> bytes:
        """Return the bytes of an original, which are checked against their name.

        Raises:
            NotFound: there is no such picture.
            PictureDamaged: what lies there is not what was stored.
        """
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise NotFound("This picture is not in the store.") from error
        except OSError as error:
            raise PictureDamaged(f"The stored picture cannot be read: {error.strerror}.") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise PictureDamaged("The stored picture is no longer what was stored.")
        return data

    def path(self, sha256: str) -> Path:
        """Return where the original lies or would lie; whether it does is not asked.

        Raises:
            NotFound: this is no SHA-256.
        """
        return self._place("originals", sha256)

    def keep_derived(self, sha256: str, kind: str, data: bytes) -> None:
        """Remember something made from an original, to save making it again.

        On a nearly full disk, or one that cannot be written, nothing happens: pages go on,
        only slower.

        Args:
            sha256: of the original.
            kind: lower-case letters, digits and hyphens, for instance "display" or "thumb-96".
            data: what was made.
        """
        path = self._derived_path(sha256, kind)
        with contextlib.suppress(DiskFull, OSError):
            self._write(path, data)

    def derived(self, sha256: str, kind: str) -> bytes | None:
        """Return what `keep_derived` remembered, or None: then make it again."""
        try:
            return self._derived_path(sha256, kind).read_bytes()
        except OSError:
            return None

    def sweep(self) -> int:
        """Delete what killed writers left unfinished; called when a process starts.

        Writers at work are not disturbed: each holds a lock on its file that ends with it.

        Returns:
            How many files were deleted.
        """
        swept = 0
        with contextlib.suppress(FileNotFoundError):
            for leftover in self._incoming.iterdir():
                swept += _delete_if_abandoned(leftover)
        return swept

    @property
    def _incoming(self) -> Path:
        return self.root / "incoming"

    def _place(self, room: str, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise NotFound("This is not the name of a picture.")
        return self.root / room / sha256[:2] / sha256

    def _derived_path(self, sha256: str, kind: str) -> Path:
        if not _KIND.fullmatch(kind):
            raise ValueError(f"{kind!r} is no name of a derived picture")
        path = self._place("derived", sha256)
        return path.with_name(f"{sha256}.{kind}")

    def _write(self, path: Path, data: bytes) -> None:
        """Write beside, sync, rename; the new name itself is not durable yet."""
        _make_folder(self._incoming)
        self._demand_room(len(data))
        _make_folder(path.parent)
        with _unfinished(self._incoming, path.name) as (descriptor, temporary):
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(data)
            # The cache too: after a power cut a renamed but unsynced file can be empty.
            os.fsync(descriptor)
            temporary.replace(path)

    def _demand_room(self, size: int) -> None:
        free = shutil.disk_usage(self.root).free
        if free - size < self.min_free_bytes:
            raise DiskFull(
                f"The disk has {free // 10**6} MB left; "
                f"{self.min_free_bytes // 10**6} MB must stay free."
            )


@contextlib.contextmanager
def _unfinished(folder: Path, name: str) -> Iterator[tuple[int, Path]]:
    """Give a locked new file; what is still under its temporary name at the end is deleted."""
    descriptor, temporary = _open_locked(folder, name)
    try:
        yield descriptor, temporary
    finally:
        temporary.unlink(missing_ok=True)
        os.close(descriptor)


def _open_locked(folder: Path, name: str) -> tuple[int, Path]:
    """Make a file that `sweep` in another process leaves alone as long as it is open."""
    while True:
        temporary = folder / f"{name}.{uuid4().hex}"
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Between its making and its locking a sweep may have taken the file for abandoned.
        if os.fstat(descriptor).st_nlink:
            return descriptor, temporary
        os.close(descriptor)


def _delete_if_abandoned(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False  # finished or swept by somebody else since it was listed
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _hash_of(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, each durable in the one that holds it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    """Say in words what the disk refused."""
    try:
        yield
    except DiskFull:
        raise
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFull("The disk is full; the picture was not kept.") from error
        raise RecordsUnavailable(
            f"The picture folder cannot be written: {error.strerror}."
        ) from error
