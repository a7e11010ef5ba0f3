"""Every way of computing SM2 that a test can choose."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from keys.sm2 import OwnEngine, engine
from keys.sm2.curve import Group

if TYPE_CHECKING:
    from keys.sm2 import Curve, Sm2Engine

OWN = ("int", "gmpy2")
ALL = (*OWN, "gmssl")


@cache
def make_engine(name: str) -> Sm2Engine:
    """Return an engine; skips the test where the package it stands on is missing."""
    match name:
        case "int":
            return OwnEngine(cache(_on_int))
        case "gmpy2":
            number = pytest.importorskip("gmpy2").mpz
            return OwnEngine(cache(lambda curve: Group(curve, number)))
        case "gmssl":
            pytest.importorskip("gmssl")
    return engine(name)


def _on_int(curve: Curve) -> Group:
    return Group(curve, int)
