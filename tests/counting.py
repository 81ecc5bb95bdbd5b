"""What counts for coverage: counting takes as long again as the code that is counted.

Not counted are all but the first cases of a test with many, tests that draw their cases, tests in a
browser, tests marked `no_cover`, and the processes of tests that are not marked `counted`.
"""

import os
from collections import Counter
from collections.abc import Sequence

import pytest

CASES = 2
"""So many cases of a test are counted; the others run the same lines on other values."""


def uncounted() -> dict[str, str]:
    """Return the environment without the counting of lines that `make test` hands down."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def spare(items: Sequence[pytest.Item]) -> None:
    """Leave the counting out where a test runs the same lines again and again."""
    cases: Counter[str] = Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        cases[test] += 1
        draws = hasattr(getattr(item, "obj", None), "hypothesis")
        if cases[test] > CASES or draws or item.get_closest_marker("browser"):
            item.add_marker("no_cover")
