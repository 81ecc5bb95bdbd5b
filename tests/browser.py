"""The one place that starts headless Chromium, and what every page shown in it must keep to."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import (
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
    TimeoutException,
    WebDriverException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait
from urllib3.exceptions import HTTPError

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
_FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --lang=en-GB "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--hide-scrollbars"
)
_SMALL_TARGETS = """
const targets = 'main a, main button, main summary, main select, main label.choice, '
  + '.action-bar a, .action-bar button';
return [...document.querySelectorAll(targets)]
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest('svg, p'))
  .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 47.5 || box.height < 47.5))
  .map(([html, box]) => `${html}: ${box.width} x ${box.height}`)
"""
_SCROLL_TO = "arguments[0].scrollIntoView({block: 'nearest', behavior: 'instant'})"
_UNCOVERED = """
const box = arguments[0].getBoundingClientRect();
const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
return arguments[0].contains(top);
"""

_FORGET = (
    ("Network.clearBrowserCookies", {}),
    ("Network.clearBrowserCache", {}),
    ("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"}),
)
_IS_TOUCH = "return navigator.maxTouchPoints > 0"
_EXCHANGED = "does not belong to the document"

T = TypeVar("T")


@dataclass(frozen=True)
class Screen:
    """What a page is shown on."""

    width: int
    height: int
    touch: bool
    dark: bool = False
    scale: int = 1
    still: bool = False
    """The person asked for no movement: colours change at once."""

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


TOUCHSCREEN = Screen(800, 480, touch=True)
DESKTOP = Screen(1280, 800, touch=False)
SCREENS = (TOUCHSCREEN, DESKTOP)


def missing() -> str:
    """Say why no browser can be driven here; nothing where it can."""
    if CHROMIUM.exists() and DRIVER.exists():
        return ""
    return "Chromium or its driver is not installed: apt install chromium chromium-driver"


def open_browser(profile: Path, screen: Screen = TOUCHSCREEN) -> webdriver.Chrome:
    """Start a browser of its own, with a fresh profile in the folder given."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in [*_FLAGS.split(), f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    show_on(driver, screen)
    return driver


class Chromium:
    """One browser for many tests: to start one takes longer than most of them.

    Each test begins as with a browser of its own, without a trace of those before it.
    """

    def __init__(self, profiles: Callable[[], Path]) -> None:
        self._profiles = profiles
        self._driver: webdriver.Chrome | None = None

    def fresh(self, screen: Screen = TOUCHSCREEN) -> webdriver.Chrome:
        """Hand out the browser, empty; another one where it was lost."""
        try:
            driver = self._emptied()
        except (WebDriverException, HTTPError):
            self.quit()
            driver = self._emptied()
        show_on(driver, screen)
        return driver

    def quit(self) -> None:
        """End it."""
        if self._driver is not None:
            with suppress(WebDriverException, HTTPError):
                self._driver.quit()
        self._driver = None

    def _emptied(self) -> webdriver.Chrome:
        if self._driver is None:
            self._driver = open_browser(self._profiles())
        self._driver.get("about:blank")
        for command, details in _FORGET:
            self._driver.execute_cdp_cmd(command, details)
        ActionBuilder(self._driver).clear_actions()  # the pointer is where none was moved
        self._driver.get_log("browser")
        return self._driver


class Patience(WebDriverWait[webdriver.Chrome]):
    """Waits as a person does: looks again when a part of the page is exchanged under their eyes."""

    def __init__(self, driver: webdriver.Chrome, seconds: float) -> None:
        passing = (
            NoSuchElementException,
            StaleElementReferenceException,
            ElementNotInteractableException,
        )
        super().__init__(driver, seconds, poll_frequency=0.05, ignored_exceptions=passing)

    def until(self, method: Callable[[webdriver.Chrome], Any], message: str = "") -> Any:
        """Call until something is true; return it."""
        return super().until(lambda driver: _named(method, driver), message)


def _named(method: Callable[[webdriver.Chrome], T], driver: webdriver.Chrome) -> T:
    """Call; an element that went between two steps of the driver is stale like any other."""
    try:
        return method(driver)
    except WebDriverException as error:
        if _EXCHANGED in (error.msg or ""):
            raise StaleElementReferenceException(error.msg) from error
        raise


def patience(driver: webdriver.Chrome, seconds: float = 15) -> Patience:
    """Wait for what a page shows, as a person does."""
    return Patience(driver, seconds)


def show_on(driver: webdriver.Chrome, screen: Screen) -> None:
    """Give the pages another screen."""
    metrics = {
        "width": screen.width,
        "height": screen.height,
        "deviceScaleFactor": screen.scale,
        "mobile": False,
    }
    scheme = {"name": "prefers-color-scheme", "value": "dark" if screen.dark else "light"}
    motion = {
        "name": "prefers-reduced-motion",
        "value": "reduce" if screen.still else "no-preference",
    }
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, motion]})
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": screen.touch})


def faults_of_page(driver: webdriver.Chrome) -> list[str]:
    """What the page now shown breaks of the rules for every page, in words; empty where none."""
    found = [f"console: {entry['message']}" for entry in take_faults(driver)]
    width = driver.execute_script("return document.documentElement.clientWidth")
    wide = driver.execute_script("return document.documentElement.scrollWidth")
    if wide > width:
        found.append(f"scrolls sideways: {wide} px on {width}")
    if not driver.title.endswith("· Scopeside") or driver.title.startswith("·"):
        found.append(f"title: {driver.title!r}")
    return found + [f"too small to touch: {one}" for one in small_targets(driver)]


def small_targets(driver: webdriver.Chrome) -> list[str]:
    """What a gloved finger would miss: under 48 px, outside of running text."""
    found: list[str] = driver.execute_script(_SMALL_TARGETS)
    return found


def take_faults(driver: webdriver.Chrome) -> list[dict[str, Any]]:
    """Errors in the browser's log since the last call."""
    entries = driver.get_log("browser")
    return [e for e in entries if e["level"] == "SEVERE" and "favicon" not in e["message"]]


def is_reachable(driver: webdriver.Chrome, element: WebElement) -> bool:
    """Say whether a finger would hit the element as the page stands now."""
    return bool(driver.execute_script(_UNCOVERED, element))


class Hand:
    """Somebody at the screen: waits for what they look for, touches it, types into fields."""

    def __init__(self, driver: webdriver.Chrome, address: str, seconds: float = 20) -> None:
        self.driver = driver
        self.address = address
        self.wait = patience(driver, seconds)

    def open(self, path: str) -> None:
        """Type an address."""
        self.driver.get(self.address + path)

    def find(self, css: str) -> WebElement:
        """Wait for an element that can be seen."""
        found: WebElement = self.wait.until(lambda d: self._seen(css), css)
        return found

    def named(self, words: str, css: str = "a, button, summary, label") -> WebElement:
        """Wait for something to touch whose words or name begin as given."""
        found: WebElement = self.wait.until(lambda d: self._called(words, css), words)
        return found

    def tap(self, target: WebElement | str) -> None:
        """Touch an element, or what bears the words given; nothing may lie over it."""

        def touched() -> bool:
            element = self.named(target) if isinstance(target, str) else target
            if not self._reach(element):
                return False
            element.click()
            return True

        self.wait.until(lambda d: touched(), f"something covers {target}")

    def tap_at(self, x: int, y: int) -> None:
        """Touch a place on the screen, with a finger where it is a touchscreen."""
        kind = "touch" if self.driver.execute_script(_IS_TOUCH) else "mouse"
        actions = ActionBuilder(self.driver, mouse=PointerInput(kind, kind))
        actions.pointer_action.move_to_location(x, y).pointer_down().pointer_up()
        actions.perform()

    def type(self, field: str, text: str) -> None:
        """Type into the field with this id; dates as YYYY-MM-DD."""

        def typed() -> bool:
            element = self.find(f"#{field}")
            if element.get_attribute("type") in ("date", "datetime-local"):
                self.driver.execute_script("arguments[0].value = arguments[1]", element, text)
            else:
                element.clear()
                element.send_keys(text)
            return True

        self.wait.until(lambda d: typed(), field)

    def sees(self, words: str, css: str = "body", seconds: float | None = None) -> None:
        """Wait until words stand in a part of the page."""
        wait = self.wait if seconds is None else patience(self.driver, seconds)
        try:
            wait.until(lambda d: words in self._text(css))
        except TimeoutException as error:
            shown = f"{self.driver.current_url}\n{self._text(css)}"
            raise AssertionError(f"{words!r} is not shown at {shown}") from error

    def sign_in(self, username: str, password: str) -> None:
        """Sign in on the page of that name, which must be shown; the next page is there then."""
        self.type("username", username)
        self.type("password", password)
        button = self.find(".entry-card .button-main")
        self.tap(button)
        # Else an address typed now would race with the page that the answer leads to.
        self.wait.until(staleness_of(button))

    def _reach(self, element: WebElement) -> bool:
        self.driver.execute_script(_SCROLL_TO, element)
        return is_reachable(self.driver, element)

    def _text(self, css: str) -> str:
        script = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return str(self.driver.execute_script(script, css))

    def _seen(self, css: str) -> WebElement | None:
        for element in self.driver.find_elements(By.CSS_SELECTOR, css):
            if element.is_displayed():
                return element
        return None

    def _called(self, words: str, css: str) -> WebElement | None:
        script = """
          const [words, css] = arguments, seen = {visibilityProperty: true};
          const name = (e) => (e.getAttribute('aria-label') || e.innerText || '').trim();
          return [...document.querySelectorAll(css)].find(
            (e) => e.checkVisibility(seen) && name(e).startsWith(words))
        """
        return self.driver.execute_script(script, words, css)
