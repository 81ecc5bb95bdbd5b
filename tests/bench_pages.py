"""Measures how long pages take in a lab of 100,000 examinations, against one of 100 (`make bench`).

Both labs are invented from the same numbers, so that their last hundred examinations are the same,
and are kept in build/bench. Two servers run side by side and answer in turn, so that a machine that
slows down slows both. Pages are full in both labs, since more rows take longer however many records
there are. A visit is timed whole, from the request to the last byte of the page; of
five times the same visit the quickest counts, so that what else the machine does is left out.
"""

import re
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

from appliance.records import database
from appliance.services import demo
from appliance.settings import load
from appliance.wiring import analysis_of, build
from tests.flow.live import Client, LiveAppliance

LABS = Path("build/bench")
SMALL, LARGE = 100, 100_000
VISITS, TIMES = 40, 5
FORM = 2
"""Raised when a lab that was invented before is no longer like one that would be invented now."""

Visit = Callable[[], object]


class Lab:
    """A served lab, somebody signed in, and what there is to look for in it.

    Looked for are people whose name nobody else has, or the larger lab would have more to show.
    """

    def __init__(self, live: LiveAppliance) -> None:
        self.client = Client(live.address)
        self.client.sign_in("hana", password_of("hana", live.data))
        with closing(sqlite3.connect(live.data / "records.sqlite3")) as records:
            self.known = {
                number: person
                for number, *person in records.execute(
                    "SELECT p.medical_record_number, p.id, p.family_name, p.given_name "
                    "FROM patient p JOIN examination e ON e.patient_id = p.id WHERE p.simulated "
                    "AND p.medical_record_number LIKE 'SIM-1%' GROUP BY p.id "
                    "ORDER BY p.medical_record_number DESC LIMIT 60"
                )
            }
            self.people = list(self.known.values())
            self.examinations = records.execute(
                "SELECT id, accession_number, date(created_at) FROM examination "
                "ORDER BY created_at DESC LIMIT 80 OFFSET 10"
            ).fetchall()

    def meet(self, other: "Lab") -> None:
        """Look for those people only who are found as often in the other lab."""
        self.people = [
            person
            for number, person in self.known.items()
            if number in other.known and self._found(person) == other._found(person)
        ]

    def _found(self, person: list[str]) -> int:
        text = f"{person[1]} {person[2]}"
        answer = self.client.session.get(
            f"{self.client.address}/api/v1/examinations", params={"text": text}, timeout=60
        )
        total: int = answer.json()["total"]
        return total

    def visits(self) -> Mapping[str, Callable[[int], Visit]]:
        """Return the pages by name, each varied by the number of the visit."""
        return {
            "worklist": lambda n: self.page("/?tab=all"),
            "worklist_filtered": lambda n: self.page(
                ("/?status=final", "/?specimen=peripheral-blood", "/?blasts=yes")[n % 3]
            ),
            "worklist_days": lambda n: self.page(f"/?to={self.examinations[n % 20][2]}"),
            "search_number": lambda n: self._search("/search", self._part_of_number(n)),
            "search_name": lambda n: self._search("/search", self._name(n)),
            "search_beginning": lambda n: self._search("/search", "mksabdl"[n % 7]),
            "search_patient": lambda n: self._search("/patients/search", self._name(n)),
            "patients": lambda n: self.page("/patients"),
            "patient": lambda n: self.page(
                f"/patients/{UUID(self.people[n % len(self.people)][0])}"
            ),
            "scorecard": lambda n: self.page(("/scorecard", "/scorecard/work")[n % 2]),
        }

    def page(self, path: str) -> Visit:
        """Return a visit of a page."""
        return lambda: self._open(path)

    def _open(self, path: str) -> None:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"

    def _search(self, path: str, text: str) -> Visit:
        def visit() -> None:
            answer = self.client.post(path, {"text": text})
            assert answer.status_code == 303
            self._open(answer.headers["Location"])

        return visit

    def _name(self, number: int) -> str:
        _, family, given = self.people[number % len(self.people)]
        return f"{family} {given}"

    def _part_of_number(self, number: int) -> str:
        found: str = self.examinations[number % len(self.examinations)][1]
        return found.rpartition("-")[2]


def page_figures(say: Callable[[str, float, str, str], None]) -> dict[str, float]:
    """Measure all pages of both labs."""
    figures: dict[str, float] = {}
    with served(SMALL) as small, served(LARGE) as large:
        small.meet(large)
        large.meet(small)
        for name, visit in large.visits().items():
            few, many = in_turn(small.visits()[name], visit)
            figures |= {f"page_{name}_p95_ms": many, f"page_{name}_p95_ratio": many / few}
            say(f"{name}, p95", many, "ms", f"{few:.1f} ms among {SMALL}, ratio {many / few:.2f}")
        figures |= counted_anew(small, large, say)
    ratios = [value for name, value in figures.items() if name.endswith("_p95_ratio")]
    figures["pages_p95_ratio_100k"] = max(ratios)
    say("slowest page over its peer", max(ratios), "", "aim at most 1.2")
    return figures


def counted_anew(
    small: Lab, large: Lab, say: Callable[[str, float, str, str], None]
) -> dict[str, float]:
    """Time a scorecard that is counted while somebody waits: the first of ten minutes.

    Of a large lab a sample of a thousand examinations is looked at, so the small one is no peer.
    """
    visit = "/scorecard?again=1"
    few, many = in_turn(*(lambda n, lab=lab: lab.page(visit) for lab in (small, large)), visits=3)
    say("scorecard counted anew", many, "ms", f"{few:.1f} ms for all of {SMALL}")
    return {"scorecard_counted_anew_ms": many}


def in_turn(*pages: Callable[[int], Visit], visits: int = VISITS) -> list[float]:
    """Return the 95th percentiles of some pages, visited in turn, in milliseconds."""
    taken: list[dict[int, float]] = [{} for _ in pages]
    for number in (n % visits for n in range(visits * (TIMES + 1))):
        for page, times in zip(pages, taken, strict=True):
            visit = page(number)
            started = time.perf_counter()
            visit()
            took = (time.perf_counter() - started) * 1000
            times[number] = min(times.get(number, took), took)
    return [statistics.quantiles(times.values(), n=20)[-1] for times in taken]


@contextmanager
def served(count: int) -> Iterator[Lab]:
    """Serve a lab, which is invented first where it is not there."""
    live = LiveAppliance(lab(count))
    live.start("serve")
    try:
        live.wait_until_up(120)  # the first start after an update makes the index anew
        yield Lab(live)
    finally:
        live.stop()


def lab(count: int) -> Path:
    """Return the folder of a lab of so many examinations."""
    data = (LABS / f"lab-{FORM}-{count}").absolute()
    if not (data / demo.LOG_INS).exists():
        LABS.mkdir(parents=True, exist_ok=True)
        print(f"inventing {count:,} examinations, for this time only", flush=True)
        subprocess.run(
            [sys.executable, "-m", "tests.bench_pages", str(data), str(count)], check=True
        )
    return data


def password_of(username: str, data: Path) -> str:
    """Read a password of the demo's staff."""
    found = re.search(rf"\b{username}\s+(\S+)", (data / demo.LOG_INS).read_text("utf-8"))
    assert found
    return found.group(1)


def invent(data: Path, count: int) -> None:
    """Make a demo lab of so many examinations."""

    def fill(folder: Path) -> str:
        parts = build(load(folder))
        analysis = analysis_of(parts)
        try:
            log_ins = demo.fill(parts.accounts, parts.capture, analysis, say=print)
            demo.fill_up(count, parts.capture, analysis, say=print)
            return log_ins
        finally:
            database.close()

    demo.prepare(data, fill)


if __name__ == "__main__":
    invent(Path(sys.argv[1]), int(sys.argv[2]))
