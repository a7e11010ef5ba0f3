"""Arithmetic on the curve y^2 = x^3 + ax + b over a prime field, on Python integers or those of gmpy2.

Points are affine pairs, ``None`` is the point at infinity; sums run in Jacobian coordinates and are brought back by one
inversion at the end. Multiples come from windows of signed digits: adding one half of the base to every digit of a
number makes all digits unsigned, so that they index a row of multiples directly. **Not constant time**: for test keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeAlias

from keys.errors import Sm2Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Point: TypeAlias = tuple[int, int]
Row: TypeAlias = "tuple[Point | None, ...]"
"""The multiples of a point by the digits -2^(w-1) to 2^(w-1) - 1, in this order."""
_Jacobian: TypeAlias = tuple[int, int, int]

_INFINITY: Final[_Jacobian] = (1, 1, 0)
_BASE_WINDOW: Final = 9
_WINDOW: Final = 5


@dataclass(frozen=True, slots=True)
class Curve:
    """The domain parameters: field prime, coefficients, order of the base point, base point. The cofactor is 1."""

    name: str
    p: int
    a: int
    b: int
    n: int
    g: Point

    @property
    def size(self) -> int:
        """Bytes of a coordinate."""
        return (self.p.bit_length() + 7) // 8

    def contains(self, x: int, y: int) -> bool:
        """Return whether (x, y) is a point of the curve, its coordinates reduced."""
        return 0 <= x < self.p and 0 <= y < self.p and (y * y - (x * x + self.a) * x - self.b) % self.p == 0

    def lift(self, x: int, odd: int) -> Point | None:
        """Return the point with this x whose y has the parity ``odd``; ``None`` where the curve has no such x."""
        y = pow((x * x + self.a) * x + self.b, (self.p + 1) // 4, self.p)  # a root, since p = 3 mod 4
        if y & 1 != odd:
            y = self.p - y
        return (x, y) if self.contains(x, y) else None


SM2P256V1: Final = Curve(
    "sm2p256v1",
    p=0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF,
    a=0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFC,
    b=0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93,
    n=0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123,
    g=(
        0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7,
        0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0,
    ),
)
"""The curve of GB/T 32918.5-2017, 1.2.156.10197.1.301."""


@dataclass(frozen=True, slots=True)
class Table:
    """Multiples of one point for every window of a number, so that a multiple needs additions only."""

    window: int
    rows: tuple[Row, ...]


class Group:
    """The points of a curve. ``number`` makes the integers it works with: ``int``, or ``gmpy2.mpz``."""

    def __init__(self, curve: Curve, number: Callable[[int], int] = int) -> None:
        self.curve = curve
        self._number = number
        self._p = number(curve.p)
        self._a = number(curve.a)
        self._a_is_minus_3 = curve.a == curve.p - 3

    @cached_property
    def base_table(self) -> Table:
        """The table of the base point, built when first asked for (some 30 ms, on gmpy2 20)."""
        return self.table(self.curve.g, _BASE_WINDOW)

    def table(self, point: Point, window: int = _WINDOW) -> Table:
        """Return a table of ``point``; pays when some ten multiples of it will be asked for."""
        start: _Jacobian = (self._number(point[0]), self._number(point[1]), self._number(1))
        bases = accumulate(range(self._count(window) - 1), lambda base, _: self._double(base, window), initial=start)
        return Table(window, self._rows(self._affine(bases), window))

    def multiply(self, k: int, point: Point | Table) -> Point | None:
        """Return ``k`` times a point; a table of it is faster. ``k`` is 0 to the group's order."""
        return self._to_point(self._multiple(k, point))

    def multiply_base(self, k: int) -> Point | None:
        """Return ``k`` times the base point."""
        return self._to_point(self._multiple(k, self.base_table))

    def sum_of_multiples(self, k: int, m: int, point: Point | Table) -> Point | None:
        """Return ``k`` times the base point plus ``m`` times ``point``."""
        return self._to_point(self._add(self._multiple(m, point), _terms(k, self.base_table)))

    def add(self, left: Point, right: Point) -> Point | None:
        """Return the sum of two points."""
        return self._to_point(self._add(_INFINITY, (left, right)))

    def _multiple(self, k: int, point: Point | Table) -> _Jacobian:
        if isinstance(point, Table):
            return self._add(_INFINITY, _terms(k, point))
        (row,) = self._rows([point], _WINDOW)
        multiple = _INFINITY
        for digit in reversed(_digits(k, _WINDOW, self._count(_WINDOW))):
            multiple = self._add(self._double(multiple, _WINDOW), (row[digit],))
        return multiple

    def _count(self, window: int) -> int:
        """Return how many windows a number below the order has, room for the carry included."""
        return self.curve.n.bit_length() // window + 1

    def _rows(self, points: Sequence[Point], window: int) -> tuple[Row, ...]:
        """Return the rows of ``points``, all built together: doubling their length costs one inversion."""
        multiples = [[(self._number(x), self._number(y))] for x, y in points]
        for _ in range(window - 1):
            size = len(multiples[0])
            sums = self._affine_sums([(point, row[-1]) for row in multiples for point in row])
            multiples = [row + sums[index * size : (index + 1) * size] for index, row in enumerate(multiples)]
        p = self._p
        return tuple((*((x, p - y) for x, y in reversed(row)), None, *row[:-1]) for row in multiples)

    def _affine_sums(self, pairs: Sequence[tuple[Point, Point]]) -> list[Point]:
        """Return the sum of every pair of points, neither opposite nor infinite, with one inversion."""
        p = self._p
        slopes = [(3 * x1 * x1 + self._a, 2 * y1) if x1 == x2 else (y2 - y1, x2 - x1) for (x1, y1), (x2, y2) in pairs]
        sums: list[Point] = []
        inverses = self._inverses([down for _, down in slopes])
        for ((x1, y1), (x2, _)), (up, _), inverse in zip(pairs, slopes, inverses, strict=True):
            slope = up * inverse % p
            x = (slope * slope - x1 - x2) % p
            sums.append((x, (slope * (x1 - x) - y1) % p))
        return sums

    def _inverses(self, values: Sequence[int]) -> list[int]:
        """Return the inverses of ``values``, none of them 0, with one inversion (Montgomery's trick)."""
        p = self._p
        products = list(accumulate(values, lambda product, value: product * value % p))
        inverse = pow(products[-1], -1, p)
        found: list[int] = []
        for value, product in zip(reversed(values[1:]), reversed(products[:-1]), strict=True):
            found.append(inverse * product % p)
            inverse = inverse * value % p
        found.append(inverse)
        return found[::-1]

    def _affine(self, points: Iterable[_Jacobian]) -> list[Point]:
        """Return ``points``, none of them infinite, with one inversion."""
        points = list(points)
        p = self._p
        affine: list[Point] = []
        for (x, y, _), inverse in zip(points, self._inverses([z for _, _, z in points]), strict=True):
            square = inverse * inverse % p
            affine.append((x * square % p, y * square * inverse % p))
        return affine

    def _to_point(self, point: _Jacobian) -> Point | None:
        if not point[2]:
            return None
        ((x, y),) = self._affine([point])
        return int(x), int(y)

    def _double(self, point: _Jacobian, times: int = 1) -> _Jacobian:
        x, y, z = point
        p, a, a_is_minus_3 = self._p, self._a, self._a_is_minus_3
        for _ in range(times):
            square = z * z % p
            slope = (3 * (x - square) * (x + square) if a_is_minus_3 else 3 * x * x + a * square * square) % p
            twice = 2 * y
            z = twice * z % p
            yy = twice * y % p  # twice the square
            offset = 2 * x * yy % p  # reduced: the product below would be too long to be cheap
            x = (slope * slope - 2 * offset) % p
            y = (slope * (offset - x) - 2 * yy * yy) % p
        return x, y, z

    def _add(self, total: _Jacobian, points: Iterable[Point | None]) -> _Jacobian:
        x, y, z = total
        p = self._p
        for point in points:
            if point is None:
                continue
            if not z:
                (x, y), z = point, self._number(1)
                continue
            square = z * z % p
            across = (point[0] * square - x) % p
            up = (point[1] * (square * z % p) - y) % p
            if not across:
                x, y, z = _INFINITY if up else self._double((x, y, z))
                continue
            across2 = across * across % p
            across3 = across * across2 % p
            z = z * across % p
            start = x * across2 % p
            x = (up * up - across3 - 2 * start) % p
            y = (up * (start - x) - y * across3) % p
        return x, y, z


def _terms(k: int, table: Table) -> list[Point | None]:
    """Return the entries of ``table`` that add up to ``k`` times its point."""
    digits = _digits(k, table.window, len(table.rows))
    return [row[digit] for row, digit in zip(table.rows, digits, strict=True)]


def _digits(k: int, window: int, count: int) -> list[int]:
    """Return the signed digits of ``k`` from the lowest, each plus half the base, so 0 to 2^window - 1."""
    half = 1 << (window - 1)
    shifted = k + half * ((1 << window * count) - 1) // ((1 << window) - 1)
    mask = (1 << window) - 1
    return [shifted >> shift & mask for shift in range(0, window * count, window)]


def finite(point: Point | None) -> Point:
    """Return ``point``; raises :class:`Sm2Error` when it is the one at infinity."""
    if point is None:
        raise Sm2Error("the result is the point at infinity", "结果为无穷远点")
    return point


def best_number() -> Callable[[int], int]:
    """Return the fastest integers there are: ``gmpy2.mpz`` where the extra ``fast`` is installed, else ``int``."""
    try:
        from gmpy2 import mpz  # noqa: PLC0415  an optional extra
    except ImportError:
        return int
    number: Callable[[int], int] = mpz
    return number


@cache
def group(curve: Curve = SM2P256V1) -> Group:
    """Return the group of ``curve`` on the fastest integers there are; the same one each time, for its table."""
    return Group(curve, best_number())
