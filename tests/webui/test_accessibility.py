"""Every page, by axe-core, by the Tab key alone, and by a finger in a glove."""

from threading import Thread

import pytest
from werkzeug.serving import make_server

from appliance.errors import RecordsUnavailable
from appliance.records import users
from tests import accessibility, browser
from tests.accessibility import frame_faults, keyboard_faults, page_faults, repeated_faults
from tests.browser import Screen, open_browser
from tests.webui.addresses import PEOPLE, Address, all_pages, furnish
from webui.access import PUBLIC, needs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BENCH = Screen(800, 480, touch=True, still=True)
DESK = Screen(1280, 800, touch=False, still=True)
REFUSED = ("account.show_password", "examinations.show_new", "patients.show_new")
"""Pages whose form is sent empty, too: one for each kind of entry."""
_SEND_EMPTY = """
const form = document.querySelector('main form.form');
for (const e of form.elements) {
  if (e.matches('[type=radio]')) e.checked = false;
  else if (!e.matches('[type=hidden]')) e.value = '';
}
form.noValidate = true;
form.requestSubmit();
"""


class Inspector:
    """Goes from page to page and keeps what is wrong."""

    def __init__(self, driver, address):
        self.driver, self.address, self.faults = driver, address, []
        self.screens = [BENCH, DESK]
        self.known = set()

    def open(self, path):
        self.driver.get(self.address + path)

    def become(self, client):
        """Go on as somebody who is signed in."""
        self.driver.delete_all_cookies()
        cookie = client.get_cookie("scopeside")
        self.driver.add_cookie({"name": "scopeside", "value": cookie.value})

    def look(self, name, *ways):
        """Note what is wrong with the page shown."""
        found = [fault for way in ways for fault in way(self.driver, self.screens)]
        self.faults += [f"{name}: {fault}" for fault in found]


@pytest.fixture
def more_pages():
    """One that breaks."""
    return (("/broken.html", _break),)


@pytest.fixture
def inspector(empty_app, tmp_path):
    """Somebody with a browser before a new appliance, which also has a page that breaks."""
    if why := browser.missing() or accessibility.missing():
        pytest.skip(why)
    server = make_server("127.0.0.1", 0, empty_app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    driver = open_browser(tmp_path / "profile", BENCH)
    accessibility.prepare(driver)
    yield Inspector(driver, f"http://127.0.0.1:{server.port}")
    driver.quit()
    server.shutdown()
    thread.join()
    server.server_close()


@needs(PUBLIC)
def _break():
    raise RecordsUnavailable("The records do not answer.")


def _hire(app, password, password_hash):
    """Return a signed-in client of each person."""
    for username, role in PEOPLE.items():
        users.add(username, f"{username.title()} Tamm", role, password_hash, None)
    clients = {username: app.test_client() for username in PEOPLE}
    for username, client in clients.items():
        assert client.sign_in(username, password).status_code == 303
    return clients


def _visit(inspector: Inspector, page: Address):
    inspector.open(page.path)
    again = page.template in inspector.known
    inspector.known.add(page.template)
    ways = [repeated_faults] if again else [keyboard_faults, page_faults]
    inspector.look(f"{page.endpoint} {page.path}", *ways)


def test_every_page_is_for_everybody(inspector, empty_app, appliance, password, password_hash):
    """One walk for all pages: starting a browser for each would cost more than looking."""
    _visit(inspector, Address("setup.show", "/setup", "", "setup"))
    clients = _hire(empty_app, password, password_hash)
    _visit(inspector, Address("signin.show", "/sign-in", "", "sign-in"))
    _visit(inspector, Address("broken", "/broken.html", "", "bare"))

    people = (users.by_username(name) for name in ("olga", "hana"))
    examples = furnish(appliance, *people, password)
    pages = list(all_pages(empty_app, examples, clients.__getitem__))
    pages.append(Address("no such page", "/nowhere", "adam", "error"))
    for username in PEOPLE:
        inspector.become(clients[username])
        for page in pages:
            if page.username == username:
                _visit(inspector, page)
                if page.endpoint in REFUSED:
                    inspector.driver.execute_script(_SEND_EMPTY)
                    inspector.look(f"{page.endpoint}, refused", page_faults)
    inspector.look("the frame", frame_faults)
    assert not inspector.faults, "\n".join(inspector.faults)
