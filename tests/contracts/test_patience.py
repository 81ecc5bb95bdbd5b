"""What tests in a browser wait out, and what they do not."""

from unittest.mock import Mock

import pytest
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException

from tests.browser import patience


def _looks(*answers):
    return Mock(side_effect=answers)


@pytest.mark.parametrize(
    "gone",
    [
        StaleElementReferenceException("stale element not found"),
        WebDriverException("unknown error: Node with given id does not belong to the document"),
    ],
)
def test_a_part_that_is_exchanged_while_it_is_looked_at_is_looked_at_again(gone):
    look = _looks(gone, "there")
    assert patience(None, 5).until(look) == "there"
    assert look.call_count == 2


def test_a_lost_driver_is_not_waited_out():
    look = _looks(WebDriverException("chrome not reachable"), "there")
    with pytest.raises(WebDriverException, match="not reachable"):
        patience(None, 5).until(look)
