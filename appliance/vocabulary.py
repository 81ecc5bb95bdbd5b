"""The laboratory's words, each defined once: what stages hand to each other and records remember.

Values only: frozen, without behaviour beyond what follows from their own fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""(height, width, 3) uint8, RGB, sRGB."""

Outline = NDArray[np.int32]
"""(n, 2) int32, closed polygon of x, y in pixels of the whole image."""

Crops = NDArray[np.uint8]
"""(n, side, side, 3) uint8, RGB: one cell each, as the network takes it."""


class Suggestion(StrEnum):
    """What the network suggests for a cell; never a result by itself."""

    BLAST = "blast"
    NORMAL = "normal"
    UNSURE = "unsure"


class FieldState(StrEnum):
    """How far the analysis of a field image is. Forward only; the last two keep their reason."""

    ACCEPTED = "accepted"
    ANALYSING = "analysing"
    ANALYSED = "analysed"
    REFUSED = "refused"
    """The quality gate failed; a person with the permission may go on with a reason."""
    FAILED = "failed"
    """The analysis itself broke off; the reason stands beside it."""


class ExaminationStatus(StrEnum):
    """FHIR R4 DiagnosticReport.status."""

    REGISTERED = "registered"
    PARTIAL = "partial"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered-in-error"

    @property
    def words(self) -> str:
        """The code as it stands in a sentence."""
        return self.value.replace("-", " ")


class Sex(StrEnum):
    """FHIR R4 administrative gender."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class Specimen(StrEnum):
    """What the smear was made of."""

    BLOOD = "peripheral-blood"
    MARROW = "bone-marrow"


class Stain(StrEnum):
    """Romanowsky-type stains of blood and marrow smears."""

    MAY_GRUNWALD_GIEMSA = "may-grunwald-giemsa"
    WRIGHT = "wright"
    WRIGHT_GIEMSA = "wright-giemsa"
    GIEMSA = "giemsa"
    LEISHMAN = "leishman"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: written into every revision and audit event."""

    user_id: UUID | None
    """None for the appliance itself and for somebody not signed in."""
    name: str
    role: str = ""
    address: str = ""


APPLIANCE = Actor(user_id=None, name="appliance", role="system")


@dataclass(frozen=True, slots=True)
class Box:
    """Axis-parallel rectangle in pixels of the whole image; x, y is its upper left pixel."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class SourceImage:
    """One checked image, as it leaves intake: a page of the file that came in."""

    pixels: Pixels
    sha256: str
    """Of the file's bytes as they came; the pages of one file share it."""
    media_type: str
    """Of the original, for instance image/tiff."""
    page: int = 0
    pages: int = 1
    greyscale: bool = False
    um_per_px: float | None = None
    """From the file itself (DICOM, TIFF resolution with a plausible value), else None."""
    notes: tuple[str, ...] = ()
    """Sentences about what was converted, for the quality passport."""

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """One line of the quality passport: a number, its limits, and a plain sentence."""

    name: str
    """focus, exposure, clipping, evenness, stain, cells, thickness; of cells cut out and laid on
    black cut-out and resolution."""
    value: float
    low: float | None
    high: float | None
    """Inclusive limits; None where there is none on that side."""
    unit: str
    passed: bool
    sentence: str
    """What was found and, where it failed, what to do."""


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality passport of one image."""

    checks: tuple[QualityCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[str, ...]:
        """Names of the checks that failed, in passport order."""
        return tuple(check.name for check in self.checks if not check.passed)


@dataclass(frozen=True, slots=True, eq=False)
class FoundCell:
    """A leukocyte found in a field."""

    box: Box
    nucleus: Outline
    outline: Outline | None
    """Of the whole cell, where it can be had."""
    nucleus_area_px: float
    cell_area_px: float | None
    at_border: bool
    """Cut by the edge of the image: shown, but not counted."""

    @property
    def counted(self) -> bool:
        """Whether the cell enters the differential count."""
        return not self.at_border


@dataclass(frozen=True, slots=True)
class Morphology:
    """A cell's form, stain and texture as numbers, for a person to look at; none decides.

    None stands where the picture does not show it: no red cell, no cytoplasm, too few pixels.
    """

    nucleus_to_red_cell: float | None
    """Area of the nucleus over that of the field's usual red cell, the microscopist's ruler. FAB
    tells small L1 blasts from large L2 ones by size (Bennett et al. 1976, Br J Haematol 33:451)."""
    cell_to_red_cell: float | None
    """Area of the whole cell likewise."""
    nucleus_px: float | None
    """Diameter of the circle of the nucleus' area in pixels, where the picture shows no red cell to
    measure by: comparable only between pictures that one microscope took alike."""
    cell_px: float | None
    """Of the circle of the cell's area likewise."""
    nucleus_diameter_um: float | None
    """Of the circle of the nucleus' area, where the picture's scale is known."""
    cell_diameter_um: float | None
    """Of the circle of the cell's area likewise."""
    nucleus_share: float | None
    """Area of nucleus over area of cell, 0 to 1: what haematologists call N:C; in the FAB score of
    1981 (Bennett et al., Br J Haematol 47:553) cytoplasm below a fifth of the cell speaks for L1.
    """
    nucleus_to_cytoplasm: float | None
    """Area of nucleus over area of cytoplasm; None where there is hardly any cytoplasm."""
    circularity: float
    """4 pi area over squared perimeter of the nucleus, 1 for a disc (form factor, as in Putzu et
    al. 2014, Artif Intell Med 62:179); the perimeters of a nucleus in pieces add up."""
    solidity: float
    """Share of its convex hull that the nucleus fills: below 1 where it is cleft, indented or
    lobed. FAB: regular in L1, irregular in L2 (Bennett et al. 1976)."""
    axis_ratio: float
    """Shorter over longer axis of the ellipse of the nucleus' second moments (Hu 1962, IRE Trans
    Inf Theory 8:179)."""
    lobes: int
    """Separate pieces of the nucleus."""
    nucleus_density: float
    """Mean green optical density of the nucleus (density: Ruifrok and Johnston 2001, Anal Quant
    Cytol Histol 23:291)."""
    chromatin_variation: float | None
    """Standard deviation over mean of the nucleus' green density: low for fine even chromatin,
    high for clumped (chromatin descriptors: Young, Verbeek and Mayall 1986, Cytometry 7:467)."""
    chromatin_contrast: float | None
    """Mean squared difference of densities a 32nd of the cell's width apart, relative to the mean
    (grey-level co-occurrence: Haralick, Shanmugam and Dinstein 1973, IEEE Trans SMC 3:610)."""
    chromatin_entropy: float | None
    """Entropy of the same co-occurrences, 0 to 1 (Haralick et al. 1973)."""
    nucleoli: int | None
    """Pale round spots within the nucleus. A hint only: vacuoles lying over it and gaps between
    chromatin look alike (nucleoli: FAB 1976; inconspicuous to prominent in WHO's lymphoblasts)."""
    nucleoli_share: float | None
    """Share of the nucleus' area in such spots."""
    basophilia: float | None
    """Balance of red against green density in the cytoplasm, -1 to 1: azure dyes take red out of
    the light, eosin green. High for the deep blue cytoplasm of FAB L3 (Bennett et al. 1976); not
    comparable between differently stained slides."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The network's suggestion for one cell with what it rests on."""

    suggestion: Suggestion
    blast_probability: float
    outside_training_range: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one field or examination; only counted cells."""

    blast: int
    normal: int
    unsure: int
    interval95: tuple[float, float] | None
    """Clopper-Pearson interval of the blast fraction; None without a decided cell."""

    @property
    def cells(self) -> int:
        """All counted cells, the unsure ones too."""
        return self.blast + self.normal + self.unsure

    @property
    def blast_fraction(self) -> float | None:
        """Blasts among the decided cells (blast or normal); None where there is none."""
        decided = self.blast + self.normal
        return self.blast / decided if decided else None


@dataclass(frozen=True, slots=True)
class SiteHeadStamp:
    """Which head a laboratory fitted to its own cells stood on the network."""

    sha256: str
    """Of site-head.json."""
    cells: int
    """It was fitted to so many."""
    date: str
    """ISO 8601."""


@dataclass(frozen=True, slots=True)
class ModelStamp:
    """Which network, on which runtime, with which thresholds: printed beside every result."""

    id: str
    sha256: str
    """Of the bundle's model.tflite, which names the network whatever computes it."""
    runtime: str
    """For instance "litert 2.3.0"."""
    pipeline: str
    """Version of the software that cut and decided."""
    thresholds: tuple[float, float]
    """Below the first normal, from the second on blast, unsure between."""
    verified_here: bool = False
    site_head: SiteHeadStamp | None = None
    """None where the network's own probabilities stand."""
    computed_sha256: str = ""
    """Of the file that computed: model.tflite, model.onnx, an engine; "" where it was not kept."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldAnalysis:
    """Everything the pipeline says of one image; cells and verdicts in the same order."""

    cells: Sequence[FoundCell]
    verdicts: Sequence[Verdict]
    tally: Tally
    model: ModelStamp
    timings_ms: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage: decode, quality, detect, crop, classify."""
    attention: NDArray[np.float32] | None = None
    """(n, h, w), 0 to 1, coarse: which parts of each crop spoke for the suggestion."""


def how_many(count: int, one: str, several: str = "") -> str:
    """Write a number with its word: "1 cell", "1,200 cells", "2 cells are".

    Args:
        count: not negative.
        one: the words for one.
        several: for any other number; `one` with an s where it is not given.
    """
    return f"1 {one}" if count == 1 else f"{count:,} {several or f'{one}s'}"
