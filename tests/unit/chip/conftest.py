from __future__ import annotations

import pytest

from tests.unit.chip.bench import Bench, bench


@pytest.fixture
def gen2() -> Bench:
    """The default card."""
    return bench("gen2")


@pytest.fixture
def tree() -> Bench:
    """A card with nested directories (images.TREE)."""
    return bench("tree")
