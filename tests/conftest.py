"""Fixtures that every test may ask for."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

# As `appliance.cli` does, and before NumPy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from argon2 import PasswordHasher
from peewee import Database
from selenium.webdriver import Chrome

from appliance.permissions import Role
from appliance.records import users
from appliance.records.database import close, open_database
from appliance.records.tables import User
from appliance.vocabulary import Actor
from tests.browser import Chromium, missing
from tests.counting import Counting, spare, uncounted

DATA = Path(__file__).parents[2] / "shared" / "data"
MEMORY, ROOM_BYTES = Path("/dev/shm"), 4_000_000_000


def pytest_configure(config: pytest.Config) -> None:
    """Put the tests' folders into memory where it has room, and spare time: see `tests.counting`.

    What the appliance acknowledges is synced, and most of the time went by waiting for a disk. A
    process that is killed loses nothing there, either.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    config.pluginmanager.register(Counting())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Half as many processes again as cores: many tests wait for a browser or a command."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0))
    return cores + cores // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spare time: see `tests.counting`."""
    spare(items)


def pytest_collection_finish() -> None:
    """Keep what the modules hold from being looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def spared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the processes of a test the counting of their lines, unless it is marked `counted`."""
    if request.node.get_closest_marker("counted") is None:
        for name in os.environ.keys() - uncounted().keys():
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real smear images, which the repository does not contain."""
    if not (DATA / "labels.csv").exists():
        pytest.skip(f"real smear images are not at {DATA.parent.name}/{DATA.name}")
    return DATA


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables and nothing in them, made once; copy it, never open it."""
    path = tmp_path_factory.mktemp("migrated") / "records.sqlite3"
    open_database(path).close()
    return path


@pytest.fixture
def database_path(tmp_path: Path, migrated_file: Path) -> Path:
    """A copy of the migrated file, of this test only, not opened."""
    path = tmp_path / "records.sqlite3"
    shutil.copy(migrated_file, path)
    return path


@pytest.fixture
def database(database_path: Path) -> Iterator[Database]:
    """The records, open and empty; the tables are bound to it.

    This thread's connection does not wait for the disk: the tests of durability open their own.
    """
    opened = open_database(database_path)
    opened.execute_sql("PRAGMA synchronous = off")
    yield opened
    close()


@pytest.fixture(scope="session")
def cheap_hasher() -> PasswordHasher:
    """For `Accounts(hasher=...)`: argon2id of the same kind, in a millisecond."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def password() -> str:
    """What Olga, Hana and Adam sign in with."""
    return "four plain grey words"


@pytest.fixture(scope="session")
def password_hash(cheap_hasher: PasswordHasher, password: str) -> str:
    """The hash of `password`, cheaply made."""
    return cheap_hasher.hash(password)


@pytest.fixture
def olga(database: Database, password_hash: str) -> User:
    """The technician at the bench."""
    return users.add("olga", "Olga Tamm", Role.TECHNICIAN, password_hash, None)


@pytest.fixture
def hana(database: Database, password_hash: str) -> User:
    """The clinician, a haematologist."""
    return users.add("hana", "Hana Sato", Role.CLINICIAN, password_hash, None)


@pytest.fixture
def adam(database: Database, password_hash: str) -> User:
    """The administrator."""
    return users.add("adam", "Adam Okoye", Role.ADMINISTRATOR, password_hash, None)


@pytest.fixture(scope="session")
def actor_of() -> Callable[[User], Actor]:
    """Turns a person into one who does something at the bench: actor_of(olga)."""
    return lambda user: users.actor_of(user, "127.0.0.1")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """The browser of this process; `chromium.fresh()` for each test."""
    if why := missing():
        pytest.skip(why)
    browser = Chromium(lambda: tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture
def driver(chromium: Chromium) -> Chrome:
    """A real browser at the size of the touchscreen."""
    return chromium.fresh()
