"""How results look to somebody at a terminal, or to a program behind a pipe."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from tqdm import tqdm

from appliance import clock, streams
from appliance.errors import CannotWrite
from appliance.exchange import pdf
from appliance.exchange.report import FieldReport
from appliance.services.batch import Analysed, Failed
from appliance.vocabulary import how_many


@dataclass(frozen=True)
class Bar:
    """A progress bar that lets whole lines through."""

    bar: "tqdm[None]"

    def line(self, text: str) -> None:
        """Write one line to standard output in one piece, so that Ctrl-C never halves it.

        Raises:
            CannotWrite: there is no room for it.
        """
        if not self.bar.disable and sys.stdout.isatty():
            self.bar.write(text)
            return
        try:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            streams.abandon_output()
            raise CannotWrite(f"the results cannot be written: {error.strerror}") from error

    def complain(self, text: str) -> None:
        """Write one line to standard error, past the bar."""
        self.bar.write(text, file=sys.stderr)

    def advance(self) -> None:
        """One more file is done."""
        self.bar.update()


@contextmanager
def progress(files: int | None = None) -> Iterator[Bar]:
    """Show how far the work is on a terminal; nothing in a pipe."""
    shown = sys.stderr.isatty() and not _is_pipe(sys.stdout.fileno())
    with tqdm(total=files, unit="file", disable=not shown, file=sys.stderr, leave=False) as bar:
        yield Bar(bar)


def describe(result: Analysed | Failed) -> str:
    """Say in a line or two what was found, for a person."""
    name = streams.printable(result.name)
    if isinstance(result, Failed):
        return f"{name}: {result.sentence}"
    counts = result.analysis.tally
    page = f" page {result.image.page + 1}" if result.image.pages > 1 else ""
    line = (
        f"{name}{page}: {how_many(counts.cells, 'white cell')}: "
        f"{counts.blast} blast?, "
        f"{counts.normal} normal?, {counts.unsure} unsure"
    )
    if counts.blast_fraction is not None and counts.interval95 is not None:
        low, high = counts.interval95
        line += f"; blasts {counts.blast_fraction:.1%} (95 % interval {low:.1%} to {high:.1%})"
    for check in result.quality.checks:
        if not check.passed:
            line += f"\n    quality: {check.sentence}"
    return line


class ReportFiles:
    """Writes PDF reports: all into one file OUT.pdf, or one file an image into a folder OUT.

    Raises:
        CannotWrite: at once where nothing can be written there, not after an hour of work.
    """

    def __init__(self, out: Path | None, *, laboratory: str) -> None:
        self._out = out
        self._laboratory = laboratory
        self._book = pdf.ReportBook() if out is not None and _is_file(out) else None
        self._written: set[Path] = set()
        if out is not None:
            _require_writable(out.parent if self._book is not None else out)

    def add(self, result: Analysed | Failed) -> None:
        """Take one result; a failed file has no report."""
        if self._out is None or isinstance(result, Failed):
            return
        report = FieldReport.of_analysis(
            result.image,
            result.quality,
            result.analysis,
            name=streams.printable(Path(result.name).name),
            printed_at=clock.now(),
            laboratory=self._laboratory,
        )
        if self._book is not None:
            self._book.add(report)
        else:
            _write(self._free_name(self._out, result), pdf.field_report(report))

    def close(self) -> None:
        """Write the book, where there is one."""
        if self._out is not None and self._book is not None and self._book.pages:
            _write(self._out, self._book.output())

    def _free_name(self, folder: Path, result: Analysed) -> Path:
        """Name a report after its image; files of one name from two folders keep apart."""
        page = f"-{result.image.page + 1}" if result.image.pages > 1 else ""
        stem = Path(result.name).name + page
        path, number = folder / f"{stem}.pdf", 2
        while path in self._written:
            path, number = folder / f"{stem}-{number}.pdf", number + 1
        self._written.add(path)
        return path


def _require_writable(folder: Path) -> None:
    with _in_words(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass


def _write(path: Path, data: bytes) -> None:
    with _in_words(path):
        path.write_bytes(data)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror}") from error


def _is_file(out: Path) -> bool:
    return out.suffix.lower() == ".pdf" and not out.is_dir()


def _is_pipe(descriptor: int) -> bool:
    return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
