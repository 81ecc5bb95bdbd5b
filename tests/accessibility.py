"""What assistive technology, a keyboard and a finger need of a page, asked of the page shown.

axe-core comes by `make build/axe`; the test puts it into pages, it is no part of the product. It is
not asked to go into frames: the only ones show a PDF.
"""

from collections.abc import Mapping
from pathlib import Path

from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser import Screen, show_on, small_targets

AXE = Path(__file__).parents[1] / "build/axe/axe_playwright_python/axe.min.js"

_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_LOOKS = ("color-contrast", "target-size", "scrollable-region-focusable")
"""Rules whose verdict changes with theme and screen; those of names and structure do not."""

_ASK_AXE = """
const [where, only, done] = arguments;
const rules = {'label-content-name-mismatch': {enabled: true}};  // WCAG 2.5.3, off by itself here
const quick = {resultTypes: ['violations'], preload: false, iframes: false, rules};
axe.run(where, {runOnly: only, ...quick}).then(
  (found) => done(found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id} at ${node.target.join(' ')}: ${node.failureSummary.replace(/\\s+/g, ' ')}`))),
  (error) => done([`axe-core broke off: ${error}`]))
"""

_COUNT_MENUS = "return document.querySelectorAll('details.drop, dialog').length"
_OPEN_MENU = """
const menu = document.querySelectorAll('details.drop, dialog')[arguments[0]];
if (menu.matches('dialog')) menu.showModal(); else menu.open = true;
"""
_SHUT_MENU = """
const menu = document.querySelectorAll('details.drop, dialog')[arguments[0]];
if (menu.matches('dialog')) menu.close(); else menu.open = false;
"""
_UNFOLD = """
for (const fold of document.querySelectorAll('main details')) fold.open = true;
document.activeElement.blur();
window.scrollTo(0, 0);
"""

# A group of radio buttons is one stop; where none is chosen, its first one.
_LISTEN = """
const focusable = 'a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, '
  + '[tabindex], [contenteditable]';
const seen = {visibilityProperty: true};
const isStop = (e) => e.checkVisibility(seen) && !e.disabled && e.tabIndex >= 0
  && !e.closest('[inert]');
const groupOf = (e) => e.type === 'radio' ? e.form?.id + '/' + e.name : '';
const all = [...document.querySelectorAll(focusable)].filter(isStop);
const every = all.filter((e) => !groupOf(e) || e === (
  all.find((other) => groupOf(other) === groupOf(e) && other.checked)
  || all.find((other) => groupOf(other) === groupOf(e))));
const start = [...document.querySelectorAll(arguments[0])].at(-1);
const stops = every.slice(Math.max(every.indexOf(start), 0));
const words = (e) => e.outerHTML.slice(0, 90).replace(/\\s+/g, ' ');
const isRinged = (e) => e && getComputedStyle(e).outlineStyle !== 'none'
  && parseFloat(getComputedStyle(e).outlineWidth) >= 2;
const isSeenAt = (e, x, y) => {
  const top = document.elementFromPoint(x, y);
  return top && (e.contains(top) || top.contains(e) && top.matches('label, a, button'));
};
const isCovered = (e) => {
  const box = e.getBoundingClientRect();
  const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
  const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
  const across = [left + 3, (left + right) / 2, right - 3];
  const down = [top + 3, (top + bottom) / 2, bottom - 3];
  return !across.some((x) => down.some((y) => isSeenAt(e, x, y)));
};
const walk = window.scopesideWalk = {met: [stops[0]], stops, faults: []};
for (const e of all) if (e.tabIndex > 0) walk.faults.push(`out of order: ${words(e)}`);
for (const e of document.querySelectorAll('body *')) {
  const alone = !e.closest(focusable + ', label, dialog:not([open])');
  if (alone && getComputedStyle(e).cursor === 'pointer' && e.checkVisibility(seen)) {
    walk.faults.push(`for the mouse only: ${words(e)}`);
  }
}
document.addEventListener('keyup', () => {
  const e = document.activeElement;
  if (walk.met.includes(e) || e.matches('body, iframe')) return;
  walk.met.push(e);
  const ring = [e, e.parentElement, e.nextElementSibling].some(isRinged);
  if (!ring) walk.faults.push(`focus is not seen: ${words(e)}`);
  const shown = e.matches('.file-input') ? e.nextElementSibling : e;
  if (isCovered(shown)) walk.faults.push(`focus is covered: ${words(e)}`);
});
// Tab stays within a date for its parts.
const parts = (e) => /^(date|time|month|week)/.test(e.type) ? 8 : 1;
stops[0]?.focus();
return stops.reduce((sum, e) => sum + parts(e), 2);
"""
# A frame is another process, which takes its keys one at a time.
_STOPS_OF_A_FRAME = 60
_HAS_FRAME = "return window.scopesideWalk.stops.some((e) => e.matches('iframe'))"
_IS_UNFINISHED = """
const {met, stops} = window.scopesideWalk, e = document.activeElement;
if (!met.includes(e)) met.push(e);
return stops.some((stop) => stop.matches('iframe')) && stops.some((stop) => !met.includes(stop));
"""
_HEARD = """
const {met, stops, faults} = window.scopesideWalk;
const words = (e) => e.outerHTML.slice(0, 90).replace(/\\s+/g, ' ');
const missed = stops.filter((e) => !met.includes(e)).map((e) => `not reached by Tab: ${words(e)}`);
const order = [...new Set(met)].map((e) => stops.indexOf(e)).filter((place) => place >= 0);
const hasFrame = stops.some((e) => e.matches('iframe'));  // it may be loaded in a second round only
const late = order.filter((place, i) => i && !hasFrame && place < order[i - 1])
  .map((place) => stops[place])
  .map((e) => `reached too late: ${words(e)}`);
return [...faults, ...missed, ...late];
"""


def missing() -> str:
    """Say why axe-core cannot be asked here; nothing where it can."""
    return "" if AXE.exists() else "axe-core is not here: make build/axe"


def prepare(driver: Chrome) -> None:
    """Put axe-core into every page opened from now on; no policy of the page is changed."""
    source = {"source": AXE.read_text("utf-8")}
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)


def frame_faults(driver: Chrome, screens: list[Screen]) -> list[str]:
    """Look at what frames every page: each menu and sheet opened in turn, then Tab from the top."""
    found = []
    for place in range(driver.execute_script(_COUNT_MENUS)):
        driver.execute_script(_OPEN_MENU, place)
        found += _looked_at(driver, screens, {"include": ["body"]})
        driver.execute_script(_SHUT_MENU, place)
    return found + keyboard_faults(driver, screens, start=".skip")


def page_faults(driver: Chrome, screens: list[Screen]) -> list[str]:
    """Look at a page within its frame; what is folded is opened."""
    driver.execute_script(_UNFOLD)
    return small_targets(driver) + _looked_at(driver, screens, {"exclude": [".topbar"]})


def repeated_faults(driver: Chrome, _: list[Screen]) -> list[str]:
    """Look at a page of a template that was looked at thoroughly with other records."""
    driver.execute_script(_UNFOLD)
    return small_targets(driver) + _axe(
        driver, {"exclude": [".topbar"]}, {"type": "tag", "values": _TAGS}
    )


def _looked_at(driver: Chrome, screens: list[Screen], where: Mapping[str, list[str]]) -> list[str]:
    """Ask axe-core for everything on the screen shown, on the other for what may differ there.

    The other one stays, and is the first of `screens` then: changing it takes as long as asking.
    """
    found = _axe(driver, where, {"type": "tag", "values": _TAGS})
    screens.reverse()
    show_on(driver, screens[0])
    return found + _axe(driver, where, {"type": "rule", "values": _LOOKS})


def _axe(driver: Chrome, where: object, only: object) -> list[str]:
    found: list[str] = driver.execute_async_script(_ASK_AXE, where, only)
    return found


def keyboard_faults(driver: Chrome, _: list[Screen], start: str = ".topbar summary") -> list[str]:
    """Go through the page with the Tab key alone, from an element of the frame to the end."""
    presses = driver.execute_script(_LISTEN, start)
    if not driver.execute_script(_HAS_FRAME):
        _press_tab(driver, presses)
    for _ in range(_STOPS_OF_A_FRAME):
        if not driver.execute_script(_IS_UNFINISHED):
            break
        _press_tab(driver, 1)
    found: list[str] = driver.execute_script(_HEARD)
    return found


def _press_tab(driver: Chrome, times: int) -> None:
    ActionChains(driver, duration=0).send_keys(Keys.TAB * times).perform()
