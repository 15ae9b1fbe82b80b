"""The catalogue of attacks, defects and invariants: every row has a test that says so."""

import re
from pathlib import Path

from defences.catalogue import DEFENCES

ROWS = {
    **{f"attack {number}": rf"[Aa]ttacks?[ _]{number}(?!\d)" for number in range(1, 25)},
    **{f"defect N{number}": rf"\b[Nn]{number}\b|_n{number}_" for number in range(1, 17)},
    **{f"invariant I{number}": rf"\bI{number}\b" for number in range(1, 6)},
}


def test_every_row_of_the_catalogue_has_a_named_test() -> None:
    """facts/gate.md §1.1 and §5: nothing is forgotten when tests are moved."""
    here = Path(__file__)
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in here.parents[1].rglob("test_*.py") if path != here
    )
    assert [row for row, pattern in ROWS.items() if not re.search(pattern, tests)] == []


def test_every_row_of_the_catalogue_is_taken_out_by_make_defences() -> None:
    """A named test could pass by itself: each row has lines whose loss its tests must miss."""
    assert {row.split()[1] for row in ROWS} <= {defence.row for defence in DEFENCES}
