import numpy as np
import pytest
from peewee import Database

from appliance.records import cells
from appliance.records.database import transaction
from appliance.records.tables import Cell, FieldImage, ModelRelease
from appliance.vocabulary import Box, FoundCell, Suggestion, Verdict

OUTLINE = np.array([[3, 4], [30, 4], [30, 44]], np.int32)


def test_a_cell_is_kept_with_all_that_was_found(field: FieldImage):
    box = Box(np.int64(3), np.int32(4), 27, 40)
    found = FoundCell(box, OUTLINE, OUTLINE + 5, np.float32(540.5), 1080, at_border=np.bool_(False))
    verdict = Verdict(Suggestion.UNSURE, np.float32(0.25), np.bool_(True))
    cells.write(field.id, [found], [verdict])
    (kept,) = cells.cells_of(field.id)
    assert (kept.number, kept.x, kept.y, kept.width, kept.height) == (1, 3, 4, 27, 40)
    assert kept.nucleus == [[3, 4], [30, 4], [30, 44]]
    assert kept.outline == [[8, 9], [35, 9], [35, 49]]
    assert (kept.nucleus_area_px, kept.cell_area_px, kept.counted) == (540.5, 1080.0, True)
    assert (kept.suggestion, kept.blast_probability) == (Suggestion.UNSURE, 0.25)
    assert kept.outside_training_range is True


def test_a_cell_without_verdict_is_refused(field: FieldImage, analysis):
    found = analysis(2)
    with pytest.raises(ValueError, match="shorter"), transaction():
        cells.write(field.id, found.cells, found.verdicts[:1])
    assert Cell.select().count() == 0


def test_a_model_is_written_with_its_first_result(database: Database, analysis):
    model = analysis().model
    first, second = (cells.release_of(model, {"id": model.id}) for _ in range(2))
    assert first == second
    assert ModelRelease.get().card == {"id": model.id}


def test_a_gallery_is_read_in_order_without_outlines(field: FieldImage, analysis):
    found = analysis(3)
    cells.write(field.id, found.cells, found.verdicts)
    places = cells.places_in(field.examination_id)
    assert [(cell.number, cell.x, cell.field_id) for cell in places] == [
        (1, 0, field.id),
        (2, 1, field.id),
        (3, 2, field.id),
    ]
    assert "nucleus" not in places[0].__data__
