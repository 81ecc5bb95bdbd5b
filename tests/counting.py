"""What counts for coverage: counting takes as long again as the code that is counted.

Counted is what a test calls, and what it asks for where that is made the first time. Not counted
are all but the first cases of a test with many, tests that draw their cases, tests in a browser,
tests marked `no_cover`, and the processes of tests that are not marked `counted`.
"""

import os
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from coverage import Coverage

CASES = 2
"""So many cases of a test are counted; the others run the same lines on other values."""

_HANDED_DOWN = "COVERAGE_PROCESS_CONFIG"


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


class Counting:
    """Counts within this process while something worth it runs, and not in between."""

    def __init__(self) -> None:
        self._counter: Coverage | None = None
        self._made: set[tuple[Any, int]] = set()

    def pytest_collection_finish(self) -> None:
        """Take over once the modules are loaded.

        A process of xdist has three counters, one upon the other. Who stops the uppermost only, as
        pytest-cov does for `no_cover`, lets the next one count.
        """
        while running := Coverage.current():
            running.stop()
            self._counter = self._counter or running

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: Any
    ) -> Generator[None, object, object]:
        """Count what a test asks for where it is made the first time."""
        made = fixturedef, request.param_index
        with self._on(worth_it=made not in self._made):
            self._made.add(made)
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Count what a test calls, unless it is spared."""
        with self._on(worth_it=item.get_closest_marker("no_cover") is None):
            return (yield)

    @contextmanager
    def _on(self, *, worth_it: bool) -> Iterator[None]:
        if self._counter is None or Coverage.current():  # a test may ask for more while it runs
            yield
            return
        if worth_it:
            self._start(self._counter)
        try:
            yield
        finally:
            self._counter.stop()

    @staticmethod
    def _start(counter: Coverage) -> None:
        """Count, but hand down to processes what was handed down before: starting sets it anew."""
        handed_down = _HANDED_DOWN in os.environ
        counter.start()
        if not handed_down:
            os.environ.pop(_HANDED_DOWN, None)
