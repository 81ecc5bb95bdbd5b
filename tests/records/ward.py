"""A ward where people of all roles do whatever they like, for tests to look at."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import rule

from appliance.records import (
    conclusions,
    decisions,
    edits,
    examinations,
    fields,
    patients,
    readings,
    report_versions,
    states,
    users,
)
from appliance.records.review_tables import Conclusion, Reading
from appliance.records.tables import Cell, Examination, FieldImage
from appliance.review_vocabulary import CellLabel, Finding, ReadingKind
from appliance.vocabulary import Actor, Box, Quality, SourceImage
from tests.records.conftest import SHARP
from tests.records.own_records import OwnRecords

CLOSED = {"cancelled", "entered-in-error"}
SIGNED = {"final", "amended", "corrected"}

people = st.integers(0, 3)
numbers = st.integers(0, 5)
kinds = st.sampled_from([*ReadingKind])
labels = st.sampled_from([CellLabel.BLAST, CellLabel.NORMAL, CellLabel.NOT_A_CELL])
reasons = st.sampled_from(["for a reason", "for another reason", ""])


class Ward(OwnRecords):
    """One smear after the other, two technicians, two clinicians."""

    def __init__(self, template: Path, make_analysis: Callable[..., Any]) -> None:
        super().__init__(template, make_analysis)
        staff = [("olga", "technician"), ("ivo", "technician")]
        staff += [("hana", "clinician"), ("yun", "clinician")]
        self.people = [
            users.actor_of(users.add(name, name.title(), role, "hash", None))
            for name, role in staff
        ]
        values = {"medical_record_number": "0", "family_name": "Núñez", "sex": "female"}
        self.patient = patients.register(values, self.people[0])
        self.begin()
        self.go_the_usual_way(0, 2, CellLabel.BLAST, "call")
        assert self.row.status == "final"
        self.begin()

    def begin(self) -> None:
        values = {"specimen": "bone-marrow", "stain": "wright"}
        self.id = examinations.create(self.patient.id, values, self.people[0]).id
        self.add_image()
        while self.analyse():
            pass

    def add_image(self) -> None:
        sha256 = f"{FieldImage.select().count():064x}"
        image = SourceImage(np.zeros((48, 64, 3), np.uint8), sha256, "image/png")
        fields.add(self.id, image, "a.png", 1, Quality((SHARP,)), self.people[0])

    def analyse(self) -> bool:
        claimed = fields.claim_oldest("w")
        if claimed:
            assert fields.finish(claimed, self.make_analysis(1, 1), card={}, by="w")
        return claimed is not None

    @property
    def row(self) -> Examination:
        return Examination.get_by_id(self.id)

    def cells(self) -> list[Cell]:
        return fields.cells_of_examination(self.id)

    def reading_of(self, by: Actor, kind: ReadingKind) -> UUID:
        """Go on with a reading, in any state and of anybody where the person has none open."""
        self.attempt(lambda: readings.take(self.id, kind, by))
        rows = list(Reading.select().where(Reading.examination == self.id))
        own = [row for row in rows if (row.reader_id, row.kind) == (by.user_id, kind)]
        return (own or rows)[-1].id if rows else uuid4()

    def call_all(self, by: Actor, kind: ReadingKind, label: CellLabel) -> None:
        ids = [cell.id for cell in self.cells()]
        called = decisions.standing(self.id)
        ids = [key for key in ids if not called[key].replaced]
        if kind == ReadingKind.ADJUDICATION:
            ids = [pair.cell_id for pair in readings.agreement(self.id) if pair.differs]
        reading = self.reading_of(by, kind)
        seen = dict.fromkeys(ids, 1000)
        self.attempt(lambda: decisions.decide(reading, ids, label, by, shown=seen))

    def sign(self, by: Actor, *, own: bool = False) -> None:
        coming = report_versions.next_version(self.id)
        content = {"id": str(self.id), "number": coming.number, "cells": len(self.cells())}
        sha256 = report_versions.digest(content)
        report_versions.sign(
            *(self.id, self.row.revision, content, sha256, "", coming.meaning, by),
            own_submission_allowed=own,
        )

    @rule(which=numbers)
    def turn_to(self, which: int) -> None:
        """Take up another smear, or register one where all others are closed."""
        rows = list(Examination.select().order_by(Examination.created_at))
        if which < len(rows):
            self.id = rows[which].id
        elif len(rows) < 4 and all(row.status in SIGNED | CLOSED for row in rows):
            self.begin()

    @rule()
    def upload(self) -> None:
        if FieldImage.select().where(FieldImage.examination == self.id).count() < 3:
            self.attempt(self.add_image)

    @rule()
    def work(self) -> None:
        self.attempt(self.analyse)

    @rule(who=people, kind=kinds, which=numbers, label=labels, shown=st.booleans())
    def call_one(self, who: int, kind: ReadingKind, which: int, label: str, shown: bool) -> None:
        by, cells = self.people[who], self.cells()
        ids = [cells[which % len(cells)].id]
        seen = dict.fromkeys(ids, 700) if shown else None
        reading = self.reading_of(by, kind)
        self.attempt(lambda: decisions.decide(reading, ids, label, by, shown=seen))

    @rule(who=people, kind=kinds, label=labels)
    def call_everything(self, who: int, kind: ReadingKind, label: CellLabel) -> None:
        self.call_all(self.people[who], kind, label)

    @rule(who=people, kind=kinds)
    def undo(self, who: int, kind: ReadingKind) -> None:
        by = self.people[who]
        reading = self.reading_of(by, kind)
        self.attempt(lambda: decisions.undo(reading, by))

    @rule(who=people, kind=kinds, what=st.sampled_from(["add", "merge", "split"]), which=numbers)
    def edit(self, who: int, kind: ReadingKind, what: str, which: int) -> None:
        by, cells = self.people[who], self.cells()
        one, other = cells[which % len(cells)], cells[(which + 1) % len(cells)]

        reading = self.reading_of(by, kind)

        def edit() -> None:
            if what == "add":
                edits.add(reading, one.field_id, Box(30, 20, 9, 9), None, CellLabel.BLAST, by)
            elif what == "merge":
                edits.merge(reading, [one.id, other.id], CellLabel.NORMAL, by)
            else:
                edits.split(reading, one.id, [Box(2, 2, 6, 6), Box(9, 9, 6, 6)], by)

        self.attempt(edit)

    @rule(who=people, kind=kinds, because=reasons)
    def submit(self, who: int, kind: ReadingKind, because: str) -> None:
        by = self.people[who]
        reading = self.reading_of(by, kind)
        self.attempt(lambda: readings.submit(reading, by, second_because=because))

    @rule(who=people, kind=kinds, because=reasons)
    def ask(self, who: int, kind: ReadingKind, because: str) -> None:
        self.attempt(lambda: readings.ask(self.id, kind, because, self.people[who]))

    @rule(who=people, reason=reasons)
    def waive(self, who: int, reason: str) -> None:
        by = self.people[who]
        for wanted in readings.wanted():
            self.attempt(partial(readings.waive, wanted.reading.id, reason, by))

    @rule(who=people, finding=st.sampled_from([*Finding]), critical=st.booleans())
    def conclude(self, who: int, finding: Finding, critical: bool) -> None:
        known = conclusions.of(self.id)
        values = {"finding": finding, "critical": critical}
        seen = known.revision if known else 0
        self.attempt(lambda: conclusions.write(self.id, values, seen, self.people[who]))

    @rule(who=people)
    def tell(self, who: int) -> None:
        by = self.people[who]
        for row in Conclusion.select():
            self.attempt(partial(conclusions.acknowledge, row.id, "Ward 4", by))

    @rule(who=people, own=st.booleans())
    def sign_it(self, who: int, own: bool) -> None:
        self.attempt(lambda: self.sign(self.people[who], own=own))

    @rule(
        reader=st.integers(0, 1),
        signer=st.integers(2, 3),
        label=labels,
        between=st.sampled_from(["call", "image", "split", "undo"]),
    )
    def go_the_usual_way(self, reader: int, signer: int, label: CellLabel, between: str) -> None:
        """Do everything as far as it leads from here, perhaps with a slip before the end."""
        first, clinician = self.people[reader], self.people[signer]
        self.call_all(first, ReadingKind.FIRST, label)
        self.submit(reader, ReadingKind.FIRST, "")
        self.conclude(signer, Finding.NO_BLASTS, False)
        self.waive(signer, "nobody is there")
        self.call_all(clinician, ReadingKind.REVIEW, label)
        if between == "image":
            self.upload()
            self.work()
        elif between == "split":
            self.edit(signer, ReadingKind.REVIEW, "split", 0)
        elif between == "undo":
            self.undo(signer, ReadingKind.REVIEW)
        self.attempt(lambda: self.sign(clinician))

    @rule(who=people, status=st.sampled_from(["amended", "corrected", "final"]), reason=reasons)
    def amend(self, who: int, status: str, reason: str) -> None:
        by = self.people[who]
        self.attempt(lambda: report_versions.begin_amendment(self.id, status, reason, by))

    @rule(who=people)
    def give_up(self, who: int) -> None:
        amendment = report_versions.open_amendment(self.id)
        if amendment:
            reason, by = "It was right.", self.people[who]
            self.attempt(lambda: report_versions.give_up_amendment(amendment.id, reason, by))

    @rule(who=people, what=st.sampled_from(["send_back", "cancel", "void"]), reason=reasons)
    def step(self, who: int, what: str, reason: str) -> None:
        step, seen = getattr(states, what), self.row.revision
        self.attempt(lambda: step(self.id, seen, reason, self.people[who]))
