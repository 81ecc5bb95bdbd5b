import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from appliance.errors import DiskFull, NotFound, PictureDamaged, RecordsUnavailable
from appliance.records.pictures import PictureStore

DATA = b"a smear, as the camera gave it" * 100
SHA = hashlib.sha256(DATA).hexdigest()

KEEP_FOR_EVER = """
import sys
from pathlib import Path
from appliance.records.pictures import PictureStore
store = PictureStore(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    print(store.keep(f"{sys.argv[2]} {number} ".encode() * 20000), flush=True)
"""

DIE_HALFWAY = """
import os, sys
from pathlib import Path
from appliance.records.pictures import PictureStore
os.fsync = lambda descriptor: os._exit(9)
store = PictureStore(Path(sys.argv[1]))
store.keep(b"half" * 1000)
"""


@pytest.fixture
def store(tmp_path):
    return PictureStore(tmp_path / "pictures")


def files(root):
    return sorted(p for p in root.rglob("*") if p.is_file())


def test_what_was_kept_is_read_back_under_its_sha256(store):
    assert store.keep(DATA) == SHA
    assert store.read(SHA) == DATA
    assert store.path(SHA).read_bytes() == DATA


def test_keeping_the_same_bytes_again_changes_nothing(store):
    store.keep(DATA)
    before = store.path(SHA).stat()
    assert store.keep(DATA) == SHA
    after = store.path(SHA).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert files(store.root) == [store.path(SHA)]


def test_no_unfinished_file_stays_after_keeping(store):
    store.keep(DATA)
    assert files(store.root / "incoming") == []


def test_an_unknown_picture_is_not_found(store):
    with pytest.raises(NotFound):
        store.read(SHA)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", SHA.upper(), SHA[:-1], SHA + "0"])
def test_a_name_that_is_no_sha256_reaches_no_file(store, name):
    with pytest.raises(NotFound):
        store.path(name)


def test_a_damaged_picture_is_not_handed_out(store):
    store.keep(DATA)
    store.path(SHA).write_bytes(DATA[:-1] + b"!")
    with pytest.raises(PictureDamaged):
        store.read(SHA)


def test_a_picture_that_cannot_be_read_is_called_damaged(store):
    store.path(SHA).mkdir(parents=True)
    with pytest.raises(PictureDamaged):
        store.read(SHA)


def test_keeping_again_mends_a_damaged_picture(store):
    store.keep(DATA)
    store.path(SHA).write_bytes(b"")
    store.keep(DATA)
    assert store.read(SHA) == DATA


def test_a_picture_is_refused_when_it_would_leave_too_little_room(tmp_path):
    store = PictureStore(tmp_path / "pictures", min_free_bytes=2**62)
    with pytest.raises(DiskFull, match="MB must stay free"):
        store.keep(DATA)
    assert files(store.root) == []


def test_a_picture_already_kept_needs_no_room(store):
    store.keep(DATA)
    assert PictureStore(store.root, min_free_bytes=2**62).keep(DATA) == SHA


def test_a_disk_that_fills_up_while_writing_leaves_nothing(store, monkeypatch):
    def no_room(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    store.keep(b"makes the folders")
    store.path(SHA).parent.mkdir(exist_ok=True)
    kept = files(store.root)
    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(DiskFull):
        store.keep(DATA)
    assert files(store.root) == kept


def test_a_folder_that_cannot_be_written_is_named_in_words(tmp_path):
    (tmp_path / "pictures").write_bytes(b"in the way")
    with pytest.raises(RecordsUnavailable, match="cannot be written"):
        PictureStore(tmp_path / "pictures").keep(DATA)


def test_the_picture_and_its_names_are_synced_before_it_counts_as_kept(store, monkeypatch):
    synced = []
    real = os.fsync

    def watch(descriptor):
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    store.keep(DATA)
    path = store.path(SHA)
    assert any(p.parent == store.root / "incoming" for p in synced)
    assert {path.parent, path.parent.parent, store.root, store.root.parent} <= set(synced)
    assert synced.index(path.parent) > [p.parent for p in synced].index(store.root / "incoming")


def test_derived_pictures_are_remembered_by_kind(store):
    store.keep(DATA)
    store.keep_derived(SHA, "thumb-96", b"small")
    store.keep_derived(SHA, "display", b"large")
    assert store.derived(SHA, "thumb-96") == b"small"
    assert store.derived(SHA, "display") == b"large"
    assert store.derived(SHA, "other") is None


def test_a_derived_picture_may_be_replaced(store):
    store.keep_derived(SHA, "display", b"old")
    store.keep_derived(SHA, "display", b"new")
    assert store.derived(SHA, "display") == b"new"


@pytest.mark.parametrize("kind", ["", "../x", "Thumb", "a/b", "x" * 61])
def test_a_kind_that_could_name_another_file_is_refused(store, kind):
    with pytest.raises(ValueError, match="no name"):
        store.keep_derived(SHA, kind, b"")


def test_a_nearly_full_disk_only_costs_the_cache(tmp_path):
    store = PictureStore(tmp_path / "pictures", min_free_bytes=2**62)
    store.keep_derived(SHA, "display", b"large")
    assert store.derived(SHA, "display") is None


def test_sweep_of_a_folder_that_is_not_there_yet_finds_nothing(store):
    assert store.sweep() == 0


def test_sweep_deletes_what_a_killed_writer_left(store):
    # A folder that the writer had to make would be the first thing it syncs, and dies over.
    store.keep(DATA)
    store.path(hashlib.sha256(b"half" * 1000).hexdigest()).parent.mkdir(exist_ok=True)
    ended = subprocess.run([sys.executable, "-c", DIE_HALFWAY, store.root], check=False, timeout=30)
    assert ended.returncode == 9
    assert len(files(store.root / "incoming")) == 1
    assert store.sweep() == 1
    assert files(store.root) == [store.path(SHA)]


def test_sweep_leaves_a_writer_at_work_alone(store, monkeypatch):
    reached, go_on = threading.Event(), threading.Event()
    real = os.fsync

    def wait_at_the_file(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").readlink().parent.name == "incoming":
            reached.set()
            assert go_on.wait(10)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", wait_at_the_file)
    writer = threading.Thread(target=store.keep, args=(DATA,))
    writer.start()
    assert reached.wait(10)
    swept = PictureStore(store.root).sweep()
    go_on.set()
    writer.join(10)
    assert swept == 0
    assert store.read(SHA) == DATA


def test_a_writer_swept_before_it_could_lock_starts_again(store, monkeypatch):
    real, made = os.open, []

    def open_and_lose_the_first(path, flags, mode=0o777):
        descriptor = real(path, flags, mode)
        if flags & os.O_CREAT:
            made.append(path)
            if len(made) == 1:
                Path(path).unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose_the_first)
    store.keep(DATA)
    assert len(made) == 2
    assert store.read(SHA) == DATA


@pytest.mark.slow
def test_two_writers_killed_at_any_moment_lose_nothing_they_acknowledged(store):
    acknowledged = []
    for round_number in range(4):
        writers = [
            subprocess.Popen(
                # Both write the same pictures, so that they also meet at the same names.
                [sys.executable, "-c", KEEP_FOR_EVER, store.root, str(round_number)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        for writer in writers:
            acknowledged += [writer.stdout.readline().strip() for _ in range(3)]
        store.sweep()
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().split("\n")
            acknowledged += [line for line in rest if len(line) == 64]
            writer.stdout.close()
            writer.wait(10)
    store.sweep()
    assert files(store.root / "incoming") == []
    assert len(set(acknowledged)) >= 12
    for sha256 in set(acknowledged):
        store.read(sha256)
    for path in files(store.root / "originals"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
