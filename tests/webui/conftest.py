"""A real appliance on a folder of the test's own, its pages, and people who use them."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from jinja2 import FileSystemBytecodeCache
from peewee import Database
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from appliance.records import fields
from appliance.records.database import close, proxy
from appliance.records.tables import Cell, Examination, User
from appliance.settings import Settings
from appliance.wiring import Appliance, build
from tests.browser import Patience, patience
from tests.webui.examples import add_field, analyse, examination_of
from tests.webui.reading_pages import Later
from webui.app import create_app

View = Callable[[], object]


class Browser(FlaskClient):
    """A client that, as the pages do, sends the CSRF token with whatever it posts."""

    bare = False
    """Leave the token out."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if kwargs.get("method") == "POST" and not self.bare:
            kwargs["headers"] = {**(kwargs.get("headers") or {}), "X-CSRFToken": self.token()}
        kwargs.setdefault("buffered", True)  # or a static file stays open
        return super().open(*args, **kwargs)

    def token(self) -> str:
        """Return what a page opened now would carry; opening one would use up the notices."""
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", secrets.token_hex(20))
        signer = URLSafeTimedSerializer(self.application.secret_key or b"", salt="wtf-csrf-token")
        return str(signer.dumps(raw))

    def sign_in(self, username: str, password: str, **fields: str) -> TestResponse:
        return self.post("/sign-in", data={"username": username, "password": password} | fields)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of the appliance under test; a test file may override it."""
    return Settings(data=tmp_path, min_free_mb=0)


@pytest.fixture
def appliance(
    settings: Settings, database_path: Path, cheap_hasher: PasswordHasher
) -> Iterator[Appliance]:
    """A real one: SQLite, pictures, keys; only the password hashes are made cheaply."""
    yield build(settings, hasher=cheap_hasher)
    close()


@pytest.fixture
def database(appliance: Appliance) -> Database:
    """The records of the appliance under test."""
    return proxy.obj


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates compiled once for all applications that are made here."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session")
def apps() -> dict[object, Flask]:
    """Applications by the settings they were made for and the pages that were added."""
    return {}


@pytest.fixture
def more_pages() -> tuple[tuple[str, View], ...]:
    """Addresses and views of pages that a test file adds; it may override this."""
    return ()


@pytest.fixture
def empty_app(
    appliance: Appliance,
    compiled: FileSystemBytecodeCache,
    apps: dict[object, Flask],
    more_pages: tuple[tuple[str, View], ...],
) -> Flask:
    """The pages of a new appliance, which has no user yet.

    Making the routes takes longer than most tests do: an application is made once, and serves the
    appliance of one test after the other.
    """
    made_for = replace(appliance.settings, data=Path()), more_pages
    if made_for not in apps:
        apps[made_for] = _app(appliance, compiled)
        for address, view in more_pages:
            apps[made_for].add_url_rule(address, address, view)
    app = apps[made_for]
    app.config["SECRET_KEY"] = appliance.secret_key
    app.extensions.update(appliance=appliance, set_up=False)
    return app


@pytest.fixture
def app(empty_app: Flask, olga: User, hana: User, adam: User) -> Flask:
    """The pages of an appliance with a technician, a clinician and an administrator."""
    return empty_app


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser in which nobody is signed in."""
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def as_user(app: Flask, password: str) -> Callable[[str], Browser]:
    """Gives a browser of its own in which a person is signed in: as_user("olga")."""

    def sign_in(username: str) -> Browser:
        browser = app.test_client()
        assert browser.sign_in(username, password).status_code == 303
        return browser

    return sign_in


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the pages are served for a real browser."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def go(driver: Chrome, address: str, password: str) -> Callable[[str], Patience]:
    """Sign Olga in and open a page."""

    def sign_in_and_open(path: str) -> Patience:
        driver.get(f"{address}/sign-in?next={path}")
        driver.find_element(By.ID, "username").send_keys("olga")
        driver.find_element(By.ID, "password").send_keys(password)
        driver.find_element(By.CSS_SELECTOR, ".entry-card .button-main").click()
        return patience(driver)

    return sign_in_and_open


@pytest.fixture
def examination(olga: User) -> Examination:
    """Olga's, without images."""
    return examination_of(olga)


@pytest.fixture
def cells(appliance: Appliance, examination: Examination, olga: User) -> list[Cell]:
    """Blast, normal, unsure, and one that the edge cuts."""
    add_field(appliance, examination.id, olga, 1, um_per_px=0.5)
    row = analyse([0.95, 0.05, 0.5, 0.99], at_border=frozenset({4}))
    return fields.cells_of(row.id)


@pytest.fixture
def olgas(as_user: Callable[[str], Browser]) -> Browser:
    """The browser of Olga, signed in."""
    return as_user("olga")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """The clock by which cells have been on the screen; put `seconds` forward."""
    clock = Later()
    monkeypatch.setattr("webui.displays.now", clock)
    return clock


def _app(appliance: Appliance, compiled: FileSystemBytecodeCache) -> Flask:
    app = create_app(appliance, TESTING=True, SIGN_IN_RATE="10000 per minute")
    app.jinja_env.bytecode_cache = compiled
    app.test_client_class = Browser
    return app
