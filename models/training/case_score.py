"""From cells to the field: does a field show blasts? Judged on fields that nothing learned from.

    python -m models.training.case_score ../shared/data [--bundle FOLDER] [--out build/evaluation]

A field is a bag of cells and only the bag has a label (multiple instances: Dietterich et al. 1997,
Artif Intell 89:31). How the cells' log-odds are put together, and from which score on a field
counts as one with blasts, is chosen on some blocks and reported on others. All cells of a field
count, those too that no expert called.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp
from tqdm import tqdm

from appliance.pipeline import cells as cells_module
from appliance.pipeline import morphology
from appliance.pipeline.cells import find_cells
from appliance.pipeline.crops import crop_cells
from appliance.pipeline.evidence import EXPONENT
from appliance.pipeline.morphology import as_columns, measure
from appliance.vocabulary import Morphology
from models.card import Card
from models.classifier import Classifier
from models.figures import auc, auc_figure, with_interval
from models.head_fitting import SiteCells, fit
from models.litert import open_classifier
from models.site_head import log_odds
from models.training.cells_table import BLAST, UNUSABLE, Cells
from models.training.data import CACHE, prepare
from models.training.figures import rate_figure
from models.training.folds import ALLIDB, EVERY, SERIES, origin, origin_block
from models.training.learning_curve import MOST, STRONGEST
from models.training.measuring import measured
from models.training.morphology_trial import FORM, filled
from models.training.page import fields_table
from models.training.sources import pictures, read_pixels
from models.training.trying import command_line, keep

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Columns = NDArray[np.float32] | None
SOURCES = ("taleqani", "allidb1")
IN_USE = f"power mean, exponent {EXPONENT}"


def _top(margins: Floats, share: float) -> float:
    count = max(1, round(share * len(margins)))
    return float(np.sort(margins)[-count:].mean())


def _power_mean(margins: Floats, exponent: int) -> float:
    return float(np.mean(expit(margins) ** exponent) ** (1 / exponent))


POOLINGS: dict[str, Callable[[Floats], float]] = {
    "mean log-odds": lambda m: float(m.mean()),
    "power mean, exponent 2": lambda m: _power_mean(m, 2),
    IN_USE: lambda m: _power_mean(m, EXPONENT),
    "power mean, exponent 8": lambda m: _power_mean(m, 8),
    "mean of the upper half": lambda m: _top(m, 0.5),
    "mean of the upper quarter": lambda m: _top(m, 0.25),
    "highest cell": lambda m: float(m.max()),
    "mean probability": lambda m: float(expit(m).mean()),
    "share of cells above one half": lambda m: float((m > 0).mean()),
    "soft maximum": lambda m: float(logsumexp(m) - np.log(len(m))),
    "noisy or": lambda m: float(np.logaddexp(0, m).sum()),
}
"""How the log-odds of a field's cells become one score; where two do alike the earlier is taken."""
PLAIN = ("share of cells above one half",)
"""What a person has without any score of fields: how many of the cells are suggested as blasts."""
SCORE = (IN_USE,)
"""What the product gives, `pipeline.evidence.field_score`."""


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """n fields, column by column, and the m cells found in them."""

    source: NDArray[np.str_]
    block: NDArray[np.str_]
    blast: Mask
    place: NDArray[np.intp]
    """(m,) the field each cell is of."""
    embedding: NDArray[np.float32]
    """(m, d)."""
    probability: NDArray[np.float32]
    """(m,) of the network itself."""
    numbers: NDArray[np.float32]
    """(m, k) of `pipeline.morphology`, NaN where not known."""

    def scores(self, margins: Floats, pooling: str) -> Floats:
        """Pool the log-odds (m,) of the cells; a field without a cell gets the lowest score."""
        pool = POOLINGS[pooling]
        found = np.full(len(self.blast), np.nan)
        for field in np.unique(self.place):
            found[field] = pool(margins[self.place == field])
        return np.where(np.isnan(found), np.nanmin(found) - 1, found)


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """How cells are put together and from which score on there are blasts."""

    pooling: str
    cut: float


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Fields that were held out, each with its score less the cut."""

    name: str
    chosen: tuple[Chosen, ...]
    above: Floats
    blast: Mask
    block: NDArray[np.str_]


def look(data: Path, classifier: Classifier, *, cache: Path = CACHE) -> Fields:
    """Find and look at every cell of every field, once for a network; then from the cache."""
    mark = hashlib.sha256(classifier.card.sha256.encode())
    mark.update((data / "labels.csv").read_bytes())
    for module in (cells_module, morphology):
        mark.update(Path(str(module.__file__)).read_bytes())
    path = cache / f"fields-{mark.hexdigest()[:12]}.npz"
    if path.exists():
        with np.load(path) as stored:
            return Fields(*(stored[column.name] for column in fields(Fields)))
    entries = [entry for entry in pictures(data) if entry["source"] in SOURCES]
    place, embeddings, probabilities = [], [], []
    numbers: list[Morphology | None] = []
    for number, entry in enumerate(tqdm(entries, desc="reading fields", unit="field")):
        pixels = read_pixels(data / entry["file"])
        cells = [cell for cell in find_cells(pixels) if not cell.at_border]
        seen = classifier.predict(crop_cells(pixels, cells, side_px=classifier.card.side_px))
        place += [number] * len(cells)
        embeddings.append(seen.embedding)
        probabilities.append(seen.blast_probability)
        numbers += measure(pixels, cells)
    found = Fields(
        source=np.array([entry["source"] for entry in entries]),
        block=np.array([entry["block"] for entry in entries]),
        blast=np.array([entry["label"] == "blast" for entry in entries]),
        place=np.array(place, np.intp),
        embedding=np.concatenate(embeddings),
        probability=np.concatenate(probabilities),
        numbers=as_columns(numbers),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part.npz")
    np.savez(half, **{column.name: getattr(found, column.name) for column in fields(Fields)})
    half.replace(path)
    return found


def choose(
    scored: Fields, margins: Floats, among: Mask, poolings: Iterable[str] = POOLINGS
) -> Chosen:
    """Choose the pooling by AUC and the cut by the mean of sensitivity and specificity.

    Args:
        scored: all fields.
        margins: (m,) log-odds of their cells, by heads that had not seen these fields.
        among: (n,) the fields to choose on, of both classes in each source; sources count alike.
        poolings: what to choose from.
    """
    sources = [among & (scored.source == name) for name in np.unique(scored.source[among])]
    best, chosen = -1.0, Chosen("", 0.0)
    for pooling in poolings:
        score = scored.scores(margins, pooling)
        area = float(np.mean([auc(scored.blast[mine], score[mine]) for mine in sources]))
        if area > best + 1e-3:
            parts = [(score[mine], scored.blast[mine]) for mine in sources]
            best, chosen = area, Chosen(pooling, _cut(parts))
    return chosen


def _cut(parts: list[tuple[Floats, Mask]]) -> float:
    """Put the cut midway between two scores, where it serves both classes of all sources best."""
    values = np.unique(np.concatenate([score for score, _ in parts]))
    cuts = (values[1:] + values[:-1]) / 2 if len(values) > 1 else values
    right = np.zeros(len(cuts))
    for score, blast in parts:
        right += (score[blast] >= cuts[:, None]).mean(axis=1)
        right += (score[~blast] < cuts[:, None]).mean(axis=1)
    best = np.flatnonzero(np.isclose(right, right.max()))
    return float(cuts[best[len(best) // 2]])


class Twins(Protocol):
    """Networks of one recipe that did not learn from some cells."""

    def margins(self, learns: Mask) -> Floats:
        """Give the log-odds of all fields' cells, by a twin that learned from some cells only."""


class HeadTwins:
    """Heads on the bundle's embedding that did not learn from some cells."""

    def __init__(
        self, cells: Cells, embedding: NDArray[np.float32], found: Fields, *, form: Columns = None
    ) -> None:
        """Take the labelled cells and the fields that are to be scored.

        Args:
            cells: n cells.
            embedding: (n, d) of theirs.
            found: the fields.
            form: (n, k) numbers of the cells, to be put beside the embedding.
        """
        of_fields = found.embedding
        if form is not None:
            scaled = filled(np.concatenate([form, found.numbers]), FORM)
            embedding = np.column_stack([embedding, scaled[: len(cells)]])
            of_fields = np.column_stack([of_fields, scaled[len(cells) :]])
        self._cells, self._of_fields = cells, of_fields
        nothing = np.full(len(cells), 0.5, np.float32)
        self._known = SiteCells(embedding, nothing, cells.label == BLAST, cells.block)

    def margins(self, learns: Mask) -> Floats:
        """Give the log-odds of all fields' cells, by a head that learned from some cells only."""
        random, source = np.random.default_rng(1), origin(self._cells)
        rows = []
        for name, most in MOST.items():
            for label in range(UNUSABLE):
                mine = (source == name) & (self._cells.label == label) & learns
                rows.append(random.permutation(np.flatnonzero(mine))[:most])
        head = fit(self._known.where(np.sort(np.concatenate(rows)))).linear
        even = np.full(len(self._of_fields), 0.5, np.float32)
        return head.margin(self._of_fields, even)


def trials(found: Fields, cells: Cells, twins: Twins) -> Iterator[Trial]:
    """Try what had not seen the fields it is tried on; choose on fields it had not seen, too."""
    for poolings in (POOLINGS, PLAIN, SCORE):
        yield _by_blocks(found, poolings)
    far = twins.margins(origin(cells) != "taleqani")
    for poolings in (POOLINGS, PLAIN, SCORE):
        yield _in_halves(found, far, poolings)
    strange = twins.margins(~np.isin(origin(cells), ALLIDB))
    unseen = np.where(found.source[found.place] == "taleqani", far, strange)
    mine = found.source == "taleqani"
    for poolings in (POOLINGS, SCORE):
        name = f"allidb1, twin without ALL-IDB, chosen on taleqani{_only(poolings)}"
        yield _trial(name, found, strange, choose(found, unseen, mine, poolings), ~mine)
    yield from _pairings(found, unseen, cells, twins)


def _by_blocks(found: Fields, poolings: Iterable[str]) -> Trial:
    """Try the released network: chosen on validation blocks, reported on test blocks."""
    number = np.array([int(block.rpartition(":")[2]) if ":" in block else -1
                       for block in found.block])  # fmt: skip
    margins = log_odds(found.probability)
    chosen = choose(found, margins, number % EVERY == 1, poolings)
    name = f"taleqani, blocks the released network did not learn from{_only(poolings)}"
    return _trial(name, found, margins, chosen, number % EVERY == 0)


def _in_halves(found: Fields, margins: Floats, poolings: Iterable[str]) -> Trial:
    """Choose on every second block of taleqani, report on the others, and the other way round."""
    mine = found.source == "taleqani"
    names = np.unique(found.block[mine])
    odd = np.isin(found.block, names[1::2])
    halves = (mine & odd, mine & ~odd)
    parts = [
        _trial("", found, margins, choose(found, margins, one, poolings), other)
        for one, other in (halves, halves[::-1])
    ]
    return _joined(f"taleqani, twin without taleqani{_only(poolings)}", parts)


def _only(poolings: Iterable[str]) -> str:
    if poolings is SCORE:
        return ", the score in use"
    return ", plain share of blasts" if poolings is PLAIN else ""


def _pairings(found: Fields, unseen: Floats, cells: Cells, twins: Twins) -> Iterator[Trial]:
    """Try every blast series with every healthy one; choose on taleqani and the other two."""
    series = np.array([block.split(":")[0] for block in origin_block(cells)])
    elsewhere, here = ~np.isin(origin(cells), ALLIDB), origin(cells) == "allidb1"
    strangers, trained, scored = [], [], []
    for pair in product(*SERIES):
        tested = (found.source == "allidb1") & np.isin(found.block, pair)
        chosen = choose(found, unseen, ~tested)
        strangers.append(_trial("", found, unseen, chosen, tested))
        learned = twins.margins(elsewhere | (here & ~np.isin(series, pair)))
        name = f"allidb1 {' and '.join(pair)}, twin trained on the other two series"
        trained.append(_trial(name, found, learned, chosen, tested))
        known = choose(found, unseen, ~tested, SCORE)
        scored.append(_trial("", found, learned, known, tested))
    name = "allidb1, twin without ALL-IDB, chosen on taleqani and two series, tried on the others"
    yield _joined(name, strangers)
    yield from trained
    yield _joined("the four pairings above together", trained)
    yield _joined(f"the four pairings above together{_only(SCORE)}", scored)


def _trial(name: str, found: Fields, margins: Floats, chosen: Chosen, tested: Mask) -> Trial:
    above = found.scores(margins, chosen.pooling)[tested] - chosen.cut
    loose = np.array([f"{index}" for index in range(len(found.blast))])
    block = np.where(found.source == "taleqani", found.block, loose)
    return Trial(name, (chosen,), above, found.blast[tested], block[tested])


def _joined(name: str, parts: list[Trial]) -> Trial:
    return Trial(
        name,
        tuple(chosen for part in parts for chosen in part.chosen),
        np.concatenate([part.above for part in parts]),
        np.concatenate([part.blast for part in parts]),
        np.concatenate([part.block for part in parts]),
    )


def figures(trial: Trial) -> dict[str, Any]:
    """Give the figures of a trial, intervals over blocks (ALL-IDB: over fields)."""
    blast, block, called = trial.blast, trial.block, trial.above >= 0
    right = called == blast
    accuracy = with_interval(
        lambda rows: float(right[rows].mean()), block, stratum=blast.astype("U5")
    )
    return {
        "what": trial.name,
        "poolings": sorted({chosen.pooling for chosen in trial.chosen}),
        "fields": len(blast),
        "with_blasts": int(blast.sum()),
        "accuracy": accuracy.as_json(),
        "sensitivity": rate_figure(called[blast], block[blast]).as_json(),
        "specificity": rate_figure(~called[~blast], block[~blast]).as_json(),
        "auc": auc_figure(blast, trial.above, block).as_json(),
    }


def as_page(found: list[dict[str, Any]]) -> str:
    """Write the figures as Markdown."""
    return f"# Fields with or without blasts\n\n{fields_table(found)}\n"


def write(out: Path, name: str, card: Card, tried: Iterable[Trial]) -> None:
    """Write the figures as JSON and as Markdown, and print them."""
    rows = [figures(trial) for trial in tried]
    kept = {"model": card.id, "sha256": card.sha256, "trials": rows}
    keep(out, name, kept, as_page(rows))


def main() -> None:
    """Read the command line, try, and write case_score.json and .md."""
    given = command_line(__doc__).parse_args()
    classifier = open_classifier(given.bundle, threads=1)
    found = look(given.data, classifier, cache=given.cache)
    cells = prepare(given.data, side_px=classifier.card.side_px, cache=given.cache)
    embedding = classifier.predict(cells.crops).embedding[:, :STRONGEST]
    found = replace(found, embedding=found.embedding[:, :STRONGEST])
    plain = HeadTwins(cells, embedding, found)
    write(given.out, "case_score", classifier.card, trials(found, cells, plain))
    form = HeadTwins(cells, embedding, found, form=measured(given.data, cells, cache=given.cache))
    write(given.out, "case_score_with_form", classifier.card, trials(found, cells, form))


if __name__ == "__main__":
    main()
