"""The built-in test keys. Everybody knows them: they protect nothing, and every value says so."""

from __future__ import annotations

from typing import Final

TEST_IRK: Final = b"TEST-ONLY-IRK-01"
"""Internal-authentication key of the HRSS zone, from which the check of a card identification code is made."""
