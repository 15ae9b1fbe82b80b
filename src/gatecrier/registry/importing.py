"""CSV of subscribers from elsewhere: what each line says, and what is wrong with it."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

BATCH = 500
"""People added in one transaction."""
MOST_FAULTS = 1000
"""Faults that are kept with their lines; the others are counted."""
HIGHEST_PERSON = (1 << 52) - 1
"""Telegram's ids have at most 52 significant bits (Bot API User)."""
LONGEST_NAME = 64
"""Characters of a first name (Telegram's own limit)."""
HEADER = "person_id"
COLUMNS = 3

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}")


class Line(NamedTuple):
    """A person, and the number of the line they stand in, from 1."""

    number: int
    person_id: int
    first_name: str
    language: str


class Fault(NamedTuple):
    """A line that says nobody, and why."""

    number: int
    text: str


@dataclass(kw_only=True)
class Imported:
    """What became of the lines: each with a person in it is accepted, a duplicate, or failed."""

    accepted: int = 0
    #: Subscribers already, or twice in the file.
    duplicates: int = 0
    failed: int = 0
    #: The first thousand of those that failed.
    faults: list[Fault] = field(default_factory=list)

    def fail(self, number: int, text: str) -> None:
        """A line cannot be used."""
        self.failed += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(number, text))


def importable(lines: Iterable[str], result: Imported) -> Iterator[list[Line]]:
    """People in batches, each once in a batch; whatever cannot be used is told to `result`."""
    batch: dict[int, Line] = {}
    for read in _read(lines):
        if isinstance(read, Fault):
            result.fail(*read)
        elif read.person_id in batch:
            result.duplicates += 1
        else:
            batch[read.person_id] = read
        if len(batch) == BATCH:
            yield list(batch.values())
            batch.clear()
    if batch:
        yield list(batch.values())


def _read(lines: Iterable[str]) -> Iterator[Line | Fault]:
    rows = csv.reader(lines)
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault(rows.line_num, f"is no CSV: {error}")
            continue
        cells = [cell.strip() for cell in cells]
        if not any(cells) or (rows.line_num == 1 and cells[0].lower() == HEADER):
            continue
        yield _line(rows.line_num, cells)


def _line(number: int, cells: list[str]) -> Line | Fault:
    if len(cells) > COLUMNS:
        return Fault(number, "there are more than three columns: person_id, first_name, language")
    person, name, language = [*cells, "", ""][:COLUMNS]
    digits = person if person.isascii() and person.isdecimal() and len(person) <= 16 else "0"
    if not 0 < int(digits) <= HIGHEST_PERSON:
        return Fault(number, "the first column is no person's id: a whole number above 0")
    if len(name) > LONGEST_NAME or "\0" in name:
        return Fault(number, f"the name has more than {LONGEST_NAME} characters")
    if language and _LANGUAGE.fullmatch(language) is None:
        return Fault(number, 'the language is not written as in "de" or "pt-br"')
    return Line(number, int(digits), name, language)
