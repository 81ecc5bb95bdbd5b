"""Takes a file a person or the camera hands over: checks it, looks at its quality, keeps it.

Runs while the person waits, so it stops before detection; what it says is kept survives a power
cut. Nothing of a file that fails stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from uuid import UUID

from appliance.pipeline import intake, quality
from appliance.records import fields
from appliance.records.database import transaction
from appliance.records.pictures import PictureStore
from appliance.records.tables import FieldImage
from appliance.vocabulary import Actor, Quality, SourceImage

DECODERS = 2
"""Files decoded at the same time: one of 100 megapixels takes about 700 MB while it is judged."""


@dataclass(frozen=True)
class Taken:
    """What became of one page of a file: its row, and whether it had been there already."""

    field: FieldImage
    duplicate: bool = False


@dataclass(frozen=True)
class CaptureService:
    """Adds images to examinations."""

    pictures: PictureStore
    limits: intake.Limits
    decoders: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(DECODERS))

    def add_file(self, examination_id: UUID, name: str, data: bytes, *, by: Actor) -> list[Taken]:
        """Keep one file and put its pages before the quality gate.

        The same image twice in one examination is recognised and answered with the row it has, so
        a client that lost the answer may simply send again.

        Returns:
            One entry a page, in the order of the file.

        Raises:
            UnreadableImage, TooLarge: the bytes are not a usable image.
            DiskFull: there is too little room.
            NotFound, Conflict: no such examination, or it takes no more images.
        """
        with self.decoders:
            images = intake.read_images(data, name=name, limits=self.limits)
            passports = [quality.assess(i.pixels, greyscale=i.greyscale) for i in images]
        fields.require_place(examination_id, images[0].sha256)
        self.pictures.keep(data)
        return self._record(examination_id, name, len(data), images, passports, by)

    def override(self, field_id: UUID, reason: str, *, by: Actor) -> FieldImage:
        """Go on with an image that failed the quality gate; the reason is kept and printed."""
        return fields.override(field_id, reason, by=by)

    def _record(
        self,
        examination_id: UUID,
        name: str,
        byte_size: int,
        images: Sequence[SourceImage],
        passports: Sequence[Quality],
        by: Actor,
    ) -> list[Taken]:
        taken: list[Taken] = []
        with transaction():
            fields.require_place(examination_id, images[0].sha256)  # it may be submitted by now
            for image, passport in zip(images, passports, strict=True):
                try:
                    row = fields.add(
                        examination_id,
                        image,
                        original_name=name,
                        byte_size=byte_size,
                        quality=passport,
                        by=by,
                    )
                except fields.DuplicateImage as known:
                    taken.append(Taken(known.field, duplicate=True))
                else:
                    taken.append(Taken(row))
        return taken
