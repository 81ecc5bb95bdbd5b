"""Keeps the data folder small and the database quick; removes nothing that was promised."""

import logging

from appliance.records import database
from appliance.records.pictures import PictureStore

log = logging.getLogger(__name__)


def tidy(pictures: PictureStore) -> None:
    """Sweep up after killed writers and refresh the database's statistics."""
    swept = pictures.sweep()
    if swept:
        log.info("%d unfinished files removed", swept)
    database.optimise()
