"""The arithmetic on curves so small that every case occurs: equal points, opposite points, infinity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import Sm2Error
from keys.sm2 import SM2P256V1, Curve
from keys.sm2.curve import Group, best_number, finite, group

if TYPE_CHECKING:
    from keys.sm2.curve import Point

# Found by counting; the orders are prime. The first has a = -3, like the real one, the second has not.
SMALL = (
    Curve("a = -3", p=607, a=604, b=9, n=619, g=(0, 3)),
    Curve("a = 5", p=607, a=5, b=23, n=607, g=(2, 150)),
)


def gmpy2_too() -> list[object]:
    return [int] if best_number() is int else [int, best_number()]


def chord(curve: Curve, left: Point | None, right: Point | None) -> Point | None:
    """The textbook's addition."""
    if left is None or right is None:
        return right if left is None else left
    (x1, y1), (x2, y2), p = left, right, curve.p
    if x1 == x2 and (y1 + y2) % p == 0:
        return None
    slope = (3 * x1 * x1 + curve.a) * pow(2 * y1, -1, p) if left == right else (y2 - y1) * pow(x2 - x1, -1, p)
    x = (slope * slope - x1 - x2) % p
    return x, (slope * (x1 - x) - y1) % p


def multiples(curve: Curve) -> list[Point | None]:
    """0 to n times the base point, by adding it again and again."""
    found: list[Point | None] = [None]
    for _ in range(curve.n):
        found.append(chord(curve, found[-1], curve.g))
    return found


@pytest.fixture(params=[(curve, number) for curve in SMALL for number in gmpy2_too()], ids=str)
def small(request: pytest.FixtureRequest) -> Group:
    return Group(*request.param)


def test_every_multiple_of_every_kind(small: Group) -> None:
    right = multiples(small.curve)
    point = right[5]
    assert point is not None
    table = small.table(point)
    for k, expected in enumerate(right):
        assert small.multiply_base(k) == expected
        assert small.multiply(k, small.curve.g) == expected
        times_five = right[5 * k % small.curve.n]
        assert small.multiply(k, point) == times_five
        assert small.multiply(k, table) == times_five


def test_sums_and_sums_of_multiples(small: Group) -> None:
    right, n = multiples(small.curve), small.curve.n
    for k in range(0, n, 7):
        for m in (1, 2, k, n - k - 1, n - k, n - 1):
            other = right[3]
            assert other is not None
            assert small.sum_of_multiples(k, m % n, other) == right[(k + 3 * m) % n]
            left, point = right[k], right[m % n]
            if left and point:
                assert small.add(left, point) == right[(k + m) % n]


def test_results_are_python_integers(small: Group) -> None:
    point = small.multiply_base(2)
    assert point is not None
    assert [type(part) for part in point] == [int, int]


@pytest.mark.parametrize("curve", SMALL, ids=str)
def test_which_coordinates_are_points_and_which_x_can_be_lifted(curve: Curve) -> None:
    points = {point for point in multiples(curve) if point}
    assert len(points) == curve.n - 1
    assert {(x, y) for x in range(curve.p) for y in range(curve.p) if curve.contains(x, y)} == points
    lifted = {curve.lift(x, odd) for x in range(curve.p) for odd in (0, 1)} - {None}
    assert lifted == points


@pytest.mark.parametrize("curve", SMALL, ids=str)
def test_coordinates_that_are_not_reduced_are_no_point(curve: Curve) -> None:
    x, y = curve.g
    assert curve.contains(x, y)
    for other in ((x + curve.p, y), (x, y + curve.p), (x - curve.p, y), (x, y - curve.p)):
        assert not curve.contains(*other)


def test_infinity_is_an_error_where_a_point_is_needed() -> None:
    assert finite((1, 2)) == (1, 2)
    with pytest.raises(Sm2Error, match="infinity"):
        finite(group().multiply_base(SM2P256V1.n))


NUMBERS = st.integers(0, SM2P256V1.n) | st.integers(0, 300) | st.integers(0, 300).map(lambda k: SM2P256V1.n - k)


@given(NUMBERS, NUMBERS)
def test_multiples_add_up(k: int, m: int) -> None:
    points = group()
    by_k, by_m = points.multiply_base(k), points.multiply_base(m)
    total = points.multiply_base((k + m) % SM2P256V1.n)
    assert points.sum_of_multiples(k, m, SM2P256V1.g) == total
    if by_k and by_m:
        assert points.add(by_k, by_m) == total
        assert SM2P256V1.contains(*by_k)
        assert points.multiply(m, by_k) == points.multiply(k, by_m)
        assert points.multiply(m, points.table(by_k)) == points.multiply(m, by_k)


def test_published_multiples() -> None:
    """The key pair of GB/T 32918.5-2017, annex A.2."""
    point = group().multiply_base(0x3945208F_7B2144B1_3F36E38A_C6D39F95_88939369_2860B51A_42FB81EF_4DF7C5B8)
    assert point == (
        0x09F9DF31_1E5421A1_50DD7D16_1E4BC5C6_72179FAD_1833FC07_6BB08FF3_56F35020,
        0xCCEA490C_E26775A5_2DC6EA71_8CC1AA60_0AED05FB_F35E084A_6632F607_2DA9AD13,
    )
