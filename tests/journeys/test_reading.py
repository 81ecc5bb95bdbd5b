"""A real smear read by touch alone, then by keyboard: every cell called, seen, and submitted."""

from itertools import pairwise

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import DESKTOP, faults_of_page
from tests.journeys.smears import crowded

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_ON_SCREEN = """
const top = document.querySelector('.read-head').getBoundingClientRect().bottom;
const bottom = document.querySelector('.action-bar').getBoundingClientRect().top;
return [...document.querySelectorAll('.read-tile')]
  .map((tile) => [tile, tile.getBoundingClientRect()])
  .filter(([tile, at]) => at.top >= top && at.bottom <= bottom && tile.matches(arguments[0]))
  .map(([tile, at]) => [at.x + at.width / 2, at.y + at.height / 2, tile.dataset.cell])
"""


class Reader:
    """Somebody with fingers on the page of a reading."""

    def __init__(self, hand):
        self.hand, self.driver = hand, hand.driver

    def on_screen(self, which="*"):
        return self.driver.execute_script(_ON_SCREEN, which)

    def count(self, code):
        return int(self.hand.find(f'[data-count="{code}"]').text)

    def tap(self, *tiles):
        for x, y, _ in tiles:
            self._touch([(x, y)])

    def tap_twice(self, tile):
        self._touch([tile[:2]], times=2)

    def drag(self, one, other):
        x, y, _ = one
        self._touch([(x, y), (x + 40, y), other[:2]])

    def call(self, label, place=".read-bar"):
        self.hand.find(f"{place} .read-label-{label}").click()

    def press(self, name):
        """Touch a button of the bar, which is in sight wherever the page is scrolled to."""
        self.hand.wait.until(lambda d: self.button(name).is_enabled())
        self.button(name).click()

    def go_on(self):
        """Touch "next", unless nothing is left: the page may hear so at any moment."""

        def touched():
            if self.count("todo"):
                self.button("next").click()
            return True

        self.hand.wait.until(lambda d: touched())

    def called(self, label):
        """Cells that the page says a person has called so."""
        css = f'.read-tile[data-verified][data-group="{label}"]'
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def settled(self):
        """Wait until the server has answered for every cell."""
        css = ".read-tile[data-waiting]"
        self.hand.wait.until(lambda d: not d.find_elements(By.CSS_SELECTOR, css))

    def button(self, name):
        return self.driver.find_element(By.CSS_SELECTOR, f'[data-do="{name}"]')

    def keys(self, *keys):
        """Press keys, as fast as the page answers."""
        for key in keys:
            ActionChains(self.driver, duration=20).send_keys(key).perform()
            self.settled()

    def shift(self, key):
        actions = ActionChains(self.driver, duration=20).key_down(Keys.SHIFT).send_keys(key)
        actions.key_up(Keys.SHIFT).perform()

    def _touch(self, points, times=1):
        finger = PointerInput("touch", "finger")
        actions = ActionBuilder(self.driver, mouse=finger, duration=20)
        for _ in range(times):
            actions.pointer_action.move_to_location(*map(round, points[0])).pointer_down()
            for x, y in points[1:]:
                actions.pointer_action.move_to_location(round(x), round(y))
            actions.pointer_action.pointer_up()
        actions.perform()


@pytest.fixture
def smear(register, tmp_path):
    """An examination of more than a hundred cells, read by the appliance."""
    return register(crowded(tmp_path, 4))


def test_a_hundred_cells_are_read_by_touch_alone(before, lab, screen, smear, password):
    hand = before(lab)
    hand.open(f"/examinations/{smear}")
    hand.sign_in("olga", password)
    hand.tap(hand.find('.step[form="begin"]'))
    reader = Reader(hand)
    hand.sees("Tap to select")
    total = reader.count("all")
    assert total >= 100
    assert reader.count("todo") == total
    _several_at_once_and_back(reader)
    _open_one(reader)
    _screen_by_screen(reader)
    assert faults_of_page(hand.driver) == []
    hand.tap(f"Submit {total} cells")
    hand.sees("is submitted")
    hand.open(f"/examinations/{smear}/read")
    hand.sees("All verified")


@pytest.mark.parametrize("screen", [DESKTOP], ids=str)
def test_the_keyboard_alone_is_enough(before, lab, register, tmp_path, password):
    examination = register(crowded(tmp_path, 1))
    hand = before(lab)
    hand.open(f"/examinations/{examination}")
    hand.sign_in("olga", password)
    hand.tap("Read the cells")
    hand.find(".read-tile")
    reader = Reader(hand)
    left = reader.count("todo")
    reader.keys("j", "b", "2")
    hand.sees("1 cell to Normal", ".read-undo")
    reader.keys(Keys.ARROW_RIGHT, Keys.SPACE)
    reader.shift(Keys.ARROW_RIGHT)
    hand.sees("2 selected", ".read-selection")
    reader.keys("u")
    hand.sees("2 cells to Unsure", ".read-undo")
    reader.keys("z", "z")
    hand.sees("1 cell to Blast", ".read-undo")
    reader.keys(Keys.ENTER)
    hand.find(".read-sheet .read-crop")
    reader.keys("x")
    hand.find('.read-sheet .read-label-not-a-cell[aria-pressed="true"]')
    reader.keys(Keys.ESCAPE)
    hand.wait.until(lambda d: not d.find_elements(By.CSS_SELECTOR, "dialog[open]"))
    reader.settled()
    hand.wait.until(lambda d: reader.button("verify").is_enabled())
    reader.keys("v")
    hand.wait.until(lambda d: reader.count("todo") < left - 5)
    reader.keys("?")
    hand.sees("Verify the rest of this screen", "#shortcuts")


def _several_at_once_and_back(reader):
    hand, tiles = reader.hand, reader.on_screen()
    left = reader.count("todo")
    reader.drag(tiles[0], tiles[3])
    reader.tap(tiles[5])
    hand.sees("5 selected", ".read-selection")
    assert faults_of_page(reader.driver) == []
    reader.call("unsure")
    hand.sees("5 cells to Unsure", ".read-undo")
    assert reader.count("todo") == left - 5
    assert len(reader.called("unsure")) == 5
    reader.press("undo")
    hand.wait.until(lambda d: not reader.called("unsure"))
    assert reader.count("todo") == left


def _open_one(reader):
    hand, tile = reader.hand, reader.on_screen()[1]
    reader.tap_twice(tile)
    hand.find(".read-sheet .read-crop")
    reader.call("other", ".read-sheet")
    hand.find('.read-sheet .read-label-other[aria-pressed="true"]')
    assert faults_of_page(reader.driver) == []
    hand.tap(hand.find(".read-sheet [data-close]"))
    assert [each.get_attribute("data-cell") for each in reader.called("other")] == [tile[2]]


def _screen_by_screen(reader):
    """Verify what is suggested; call by hand what the model leaves to the person."""
    hand, left = reader.hand, [reader.count("todo")]
    while left[-1]:
        hand.wait.until(lambda d: reader.button("verify").is_enabled() or _unsure(reader))
        if reader.button("verify").is_enabled():
            reader.press("verify")
        else:
            unsure = _unsure(reader)
            reader.drag(unsure[0], unsure[-1]) if len(unsure) > 1 else reader.tap(*unsure)
            reader.call("blast")
            reader.settled()
            reader.go_on()
        hand.wait.until(lambda d: reader.count("todo") < left[-1])
        reader.settled()
        left.append(reader.count("todo"))
    assert all(more > less for more, less in pairwise(left))


def _unsure(reader):
    """What is on the screen and not verified with the others; only once nothing else is left."""
    if reader.on_screen("[data-verifiable]:not([data-verified])"):
        return []
    return reader.on_screen("[data-todo]:not([data-verified])")
