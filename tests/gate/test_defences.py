"""The catalogue of defences says what is in the source."""

from pathlib import Path

import pytest

from defences.catalogue import DEFENCES, Defence

SOURCE = Path(__file__).parents[2] / "src" / "gatecrier"


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: defence.row)
def test_a_defence_stands_where_the_catalogue_says(defence: Defence) -> None:
    """`make defences` can take it out: its lines are there, once, and its tests are, too."""
    assert (SOURCE / defence.file).read_text(encoding="utf-8").count(defence.lines) == 1
    for test in defence.tests:
        assert (SOURCE.parents[1] / test.partition("::")[0]).exists()
