"""The published vectors in tests/data/sm_vectors.json, and keys on the example curve that some of them use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from keys.sm2 import Curve, PrivateKey, PublicKey

_ALL: dict[str, Any] = json.loads(
    Path(__file__).parents[2].joinpath("data", "sm_vectors.json").read_text(encoding="utf-8")
)


class Vector(dict[str, Any]):
    """One vector; pytest shows its source."""

    def octets(self, name: str) -> bytes:
        return bytes.fromhex(self[name] or "")

    def number(self, name: str) -> int:
        return int(self[name], 16)

    def __repr__(self) -> str:
        return f"{self['source'][0]} ({self['status']})"


def vectors(kind: str) -> list[Vector]:
    found = [Vector(entry) for entry in _ALL[kind]]
    assert found
    return found


def curve_parameters(name: str) -> Vector:
    return Vector(_ALL["sm2_curves"][name])


_example = curve_parameters("example")
EXAMPLE = Curve(
    "example",
    p=_example.number("p"),
    a=_example.number("a"),
    b=_example.number("b"),
    n=_example.number("n"),
    g=(_example.number("gx"), _example.number("gy")),
)


class ExamplePublicKey(PublicKey):
    curve = EXAMPLE


class ExamplePrivateKey(PrivateKey):
    public_type = ExamplePublicKey


def private_key(vector: Vector, name: str = "d") -> PrivateKey:
    kind = ExamplePrivateKey if vector["curve"] == "example" else PrivateKey
    return kind.of(vector.number(name))


def public_key(vector: Vector) -> PublicKey:
    kind = ExamplePublicKey if vector["curve"] == "example" else PublicKey
    return kind.of((vector.number("px"), vector.number("py")))
