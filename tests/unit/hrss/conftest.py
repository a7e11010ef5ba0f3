from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cardsim.zones.layouts import L2, L3
from tests.unit.hrss.desk import USUAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.zones.layouts import Layout


@pytest.fixture(params=[L2, L3], ids=["gen2", "gen3"])
def usual_layout(request: pytest.FixtureRequest) -> Iterator[Layout]:
    """The layout, and so the chip, of every card for which the test says none."""
    before = USUAL.set(request.param)
    yield request.param
    USUAL.reset(before)
