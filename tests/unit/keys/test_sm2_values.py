"""Keys, signatures and ciphertexts as values: what is taken, what is refused, in which words."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import SignatureError, Sm2Error
from keys.sm2 import SM2P256V1, CipherOrder, Ciphertext, PrivateKey, PublicKey, Signature, generate

N, P = SM2P256V1.n, SM2P256V1.p
# GB/T 32918.5-2017, annex A.2
PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
X = bytes.fromhex("09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020")
Y = bytes.fromhex("CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13")
PUBLIC = b"\x04" + X + Y

private_keys = st.integers(1, N - 2).map(PrivateKey.of)


def octets(number: int) -> bytes:
    return number.to_bytes(32, "big")


# --- private keys ---


def test_a_private_key_is_its_bytes_and_knows_its_public_key() -> None:
    key = PrivateKey(PRIVATE)
    assert key == PRIVATE
    assert key.public == PUBLIC
    assert key.public is key.public


@pytest.mark.parametrize("number", [1, 2, N - 3, N - 2])
def test_the_ends_of_the_range_are_keys(number: int) -> None:
    assert PrivateKey(octets(number)).number == number
    assert PrivateKey.of(number) == octets(number)


@pytest.mark.parametrize("number", [0, N - 1, N, N + 1, (1 << 256) - 1])
def test_numbers_out_of_range_are_no_keys(number: int) -> None:
    """n - 1 is out too: 1 + d has no inverse then."""
    with pytest.raises(Sm2Error, match="from 1 to n - 2"):
        PrivateKey(octets(number))
    with pytest.raises(Sm2Error, match="from 1 to n - 2"):
        PrivateKey.of(number)


@pytest.mark.parametrize("number", [-1, 1 << 256])
def test_numbers_that_do_not_fit_are_no_keys(number: int) -> None:
    with pytest.raises(Sm2Error, match="32 bytes"):
        PrivateKey.of(number)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_private_key_has_32_bytes(size: int) -> None:
    with pytest.raises(Sm2Error, match=f"these are {size}"):
        PrivateKey(bytes([1] * size))


def test_a_private_key_is_not_shown() -> None:
    key = PrivateKey(PRIVATE)
    assert repr(key) == str(key) == f"{key!s:s}" == "<PrivateKey>"


def test_generating_draws_until_a_number_is_in_range() -> None:
    draws = iter([bytes(32), octets(N - 1), b"\xff" * 32, octets(5), octets(6)])
    assert generate(lambda size: next(draws)[:size]).number == 5
    assert generate() != generate()


def test_derived_keys_follow_from_the_seed() -> None:
    assert PrivateKey.derive(b"seed") == PrivateKey.derive(b"seed") != PrivateKey.derive(b"seeds")
    # 1 + SM3(00 seed) SM3(01 seed) mod (n - 2), the hashes by the openssl command
    assert PrivateKey.derive(b"seed").hex() == "d78c3018318063492d26f911a4d52b738af2cddeac96527db6e92c1c9e11aa99"


# --- public keys ---


def test_the_forms_of_a_public_key() -> None:
    key = PublicKey(PUBLIC)
    assert key.compressed == b"\x03" + X
    assert (key.x, key.y) == (X, Y)
    for form in (PUBLIC, X + Y, key.compressed):
        assert PublicKey.parse(form) == PUBLIC
    assert PublicKey.of(key.point) == PUBLIC


@given(private_keys)
def test_every_form_of_every_key_is_read_back(key: PrivateKey) -> None:
    for form in (key.public, key.public[1:], key.public.compressed):
        assert PublicKey.parse(form) == key.public


def test_the_other_point_with_the_same_x() -> None:
    assert PublicKey.parse(b"\x02" + X) == b"\x04" + X + octets(P - int.from_bytes(Y, "big"))


@pytest.mark.parametrize(
    "raw",
    [
        b"\x04" + X + Y[:-1] + b"\x12",  # the last bit changed
        b"\x04" + Y + X,
        b"\x04" + bytes(64),
        b"\x04" + b"\xff" * 64,
        b"\x04" + octets(P) + bytes(32),
        b"\x02" + octets(5),  # an x that the curve has not
        b"\x02" + b"\xff" * 32,
    ],
)
def test_points_off_the_curve_are_refused(raw: bytes) -> None:
    with pytest.raises(Sm2Error, match="no point") as caught:
        PublicKey.parse(raw)
    assert caught.value.text.zh != caught.value.text.en


def test_coordinates_that_are_not_reduced_are_refused() -> None:
    """The curve has a point with x = 1; x = p + 1 is the same number, but no coordinate."""
    key = PublicKey.parse(b"\x02" + octets(1))
    with pytest.raises(Sm2Error, match="no point"):
        PublicKey(b"\x04" + octets(P + 1) + key.y)
    with pytest.raises(Sm2Error, match="no point"):
        PublicKey.parse(b"\x02" + octets(P + 1))


@pytest.mark.parametrize("raw", [b"", b"\x04", PUBLIC[:-2], PUBLIC + b"\0", b"\x06" + X + Y, b"\x05" + X, b"\0" * 33])
def test_other_lengths_and_prefixes_are_refused(raw: bytes) -> None:
    with pytest.raises(Sm2Error, match="04 and 64 bytes"):
        PublicKey.parse(raw)


def test_a_key_with_a_table_is_the_same_key() -> None:
    key = PublicKey(PUBLIC)
    assert key.table is None
    assert key.tabled() == key
    assert key.tabled().table is not None
    assert key.table is None


# --- signatures ---


@given(st.integers(0, (1 << 256) - 1), st.integers(0, (1 << 256) - 1))
def test_a_signature_in_its_two_forms(r: int, s: int) -> None:
    signature = Signature.of(r, s)
    assert (signature.r, signature.s, len(signature)) == (r, s, 64)
    assert signature.der == encode_dss_signature(r, s)
    for form in (signature, signature.der):
        assert Signature.parse(form) == signature
    assert Signature.parse_der(signature.der) == signature


def test_a_der_form_of_64_bytes_is_read_where_der_is_asked_for() -> None:
    """One of 64 bytes is taken for r and s elsewhere: certificates must ask for DER."""
    signature = Signature.of(1 << 230, 1 << 230)
    assert len(signature.der) == 64
    assert Signature.parse_der(signature.der) == signature
    assert Signature.parse(signature.der) != signature


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "3000",
        "3003020101",
        "30060201010201",
        "300602010102010100",  # something behind
        "3009020101020101020101",
        "30070202000102010100",
        "3007020200010201 01",  # an integer longer than needed
        "30060201FF020101",  # negative
        "300702020101 0401 01",
        "3026022101" + "00" * 32 + "020101",  # 2^256
    ],
)
def test_wrong_der_is_no_signature(raw: str) -> None:
    with pytest.raises(SignatureError, match="DER"):
        Signature.parse(bytes.fromhex(raw))


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_has_64_bytes(size: int) -> None:
    with pytest.raises(SignatureError, match=f"these are {size}"):
        Signature(bytes(size))


# --- ciphertexts ---

parts = st.builds(
    Ciphertext, private_keys.map(lambda key: key.public), st.binary(min_size=32, max_size=32), st.binary(min_size=1)
)


@given(parts, st.sampled_from(CipherOrder))
def test_a_ciphertext_is_read_back_from_every_order(ciphertext: Ciphertext, order: CipherOrder) -> None:
    assert Ciphertext.parse(ciphertext.encode(order), order) == ciphertext


@pytest.mark.parametrize("order", [CipherOrder.C1C3C2, CipherOrder.C1C2C3])
def test_a_ciphertext_has_a_byte_of_text_at_least(order: CipherOrder) -> None:
    assert Ciphertext.parse(PUBLIC + bytes(33), order).c2 == b"\0"
    for size in (0, 65, 97):
        with pytest.raises(Sm2Error, match=f"{size} bytes are no SM2 ciphertext"):
            Ciphertext.parse((PUBLIC + bytes(33))[:size], order)


@pytest.mark.parametrize("order", CipherOrder)
def test_a_ciphertext_with_a_point_off_the_curve_is_refused(order: CipherOrder) -> None:
    good = Ciphertext(PublicKey(PUBLIC), bytes(32), b"text").encode(order)
    with pytest.raises(Sm2Error, match="no point"):
        Ciphertext.parse(good.replace(Y, Y[:-1] + b"\x12"), order)


@pytest.mark.parametrize("raw", ["", "30", "3000", "300602010102010100", "DER"])
def test_wrong_der_is_no_ciphertext(raw: str) -> None:
    octets = b"DER" if raw == "DER" else bytes.fromhex(raw)
    with pytest.raises(Sm2Error, match="DER form"):
        Ciphertext.parse(octets, CipherOrder.DER)


@pytest.mark.parametrize("x", ["0201FF", "022101" + "00" * 32])
def test_der_coordinates_out_of_range_are_refused(x: str) -> None:
    body = bytes.fromhex(x) + bytes.fromhex("020101") + b"\x04\x20" + bytes(32) + b"\x04\x01\x00"
    with pytest.raises(Sm2Error, match="32 bytes"):
        Ciphertext.parse(b"\x30" + bytes([len(body)]) + body, CipherOrder.DER)
