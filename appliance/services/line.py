"""What the worker does next: fields first, since a person waits; then what was asked for beside.

A switch of the site head is noticed between two fields.
"""

from collections.abc import Callable
from dataclasses import replace

from appliance.records import site_verifications
from appliance.services.analysis import AnalysisService
from appliance.services.heads import Heads
from appliance.services.replaying import Replaying
from appliance.services.site_fitting import SiteFitting


class Line:
    """The work that waits, in the order in which it is taken up. For one thread."""

    def __init__(
        self,
        analysis: AnalysisService,
        heads: Heads,
        open_heads: Callable[[], Heads],
        fitting: SiteFitting,
        replaying: Replaying,
    ) -> None:
        """Take over what was opened.

        Args:
            analysis: turns fields, with `heads`.
            heads: as they were opened for it.
            open_heads: opens what is switched on now.
            fitting: fits site heads.
            replaying: computes past results again.
        """
        self.analysis = analysis
        self._heads = heads
        self._open_heads = open_heads
        self._fitting = fitting
        self._replaying = replaying

    def run_next(self, go_on: Callable[[], bool]) -> bool:
        """Do one piece of work; return whether there was one.

        Args:
            go_on: called now and then during long work; False breaks it off, to be taken up later.

        Raises:
            RecordsUnavailable, DiskFull: what was found cannot be written.
        """

        def between() -> bool:
            while go_on() and self._run_field():
                pass
            return go_on()

        return self._run_field() or self._replaying.run_next() or self._fitting.run_next(between)

    def _run_field(self) -> bool:
        if site_verifications.switches() != self._heads.switches:
            self._heads = self._open_heads()
            self.analysis = with_heads(self.analysis, self._heads)
        return self.analysis.run_next()


def with_heads(analysis: AnalysisService, heads: Heads) -> AnalysisService:
    """Have new fields read with what is switched on."""
    return replace(analysis, classifier=heads.in_use, verified=heads.verified, shadow=heads.shadow)
