"""Signing, enciphering and agreeing: round trips, what was tampered with, the rare cases of the standard, nonces."""

from __future__ import annotations

import secrets
import sys
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import EngineError, SignatureError, Sm2Error
from keys.sm2 import (
    DEFAULT_ID,
    ENGINES,
    OWN_ENGINE,
    SM2P256V1,
    CipherOrder,
    Ciphertext,
    DerivedNonces,
    FixedNonces,
    Own,
    Peer,
    PrivateKey,
    PublicKey,
    RandomNonces,
    Role,
    Signature,
    decrypt,
    encrypt,
    engine,
    exchange,
    sign,
    verify,
    za,
)
from keys.sm2.curve import best_number, finite, group
from keys.sm3 import sm3
from tests.unit.keys.engines import ALL, make_engine

N = SM2P256V1.n
# GB/T 32918.5-2017, annex A.2, and the hash of its example (facts: sm_vectors, sm2_sign)
KEY = PrivateKey(bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"))
DIGEST = bytes.fromhex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
OTHER = PrivateKey.of(11)  # gmssl on its own fails with this one
MESSAGE = b"message digest"

private_keys = st.integers(1, N - 2).map(PrivateKey.of) | st.integers(1, 20).map(PrivateKey.of)


def octets(number: int) -> bytes:
    return (number % N).to_bytes(32, "big")


# --- round trips ---


@given(private_keys, st.binary(), st.binary(max_size=40))
def test_a_signature_verifies_under_its_key_message_and_identity_only(
    key: PrivateKey, message: bytes, identity: bytes
) -> None:
    signature = sign(key, message, signer_id=identity)
    verify(key.public, message, signature, signer_id=identity)
    verify(key.public.tabled(), message, Signature.parse_der(signature.der), signer_id=identity)
    for public, text, name in (
        (key.public, message + b"\0", identity),
        (key.public, message, identity + b"\0"),
        (PrivateKey.of(21).public, message, identity),
    ):
        with pytest.raises(SignatureError, match="the signature is wrong"):
            verify(public, text, signature, signer_id=name)


@given(private_keys, st.binary(min_size=1), st.sampled_from(CipherOrder))
def test_what_was_enciphered_can_be_deciphered(key: PrivateKey, message: bytes, order: CipherOrder) -> None:
    sealed = encrypt(key.public, message, order=order)
    assert decrypt(key, sealed, order=order) == message
    if order is not CipherOrder.DER:
        assert len(sealed) == 97 + len(message)


@given(private_keys, private_keys, private_keys, private_keys, st.integers(1, 100))
def test_both_sides_agree(a: PrivateKey, b: PrivateKey, ra: PrivateKey, rb: PrivateKey, size: int) -> None:
    left = exchange(Own(a, ra, b"Alice"), Peer(b.public, rb.public, b"Bob"), size, role=Role.INITIATOR)
    right = exchange(Own(b, rb, b"Bob"), Peer(a.public, ra.public, b"Alice"), size, role=Role.RESPONDER)
    assert left == right
    assert len(left.key) == size
    assert left.responder_tag != left.initiator_tag


def test_an_exchange_depends_on_the_roles_and_on_every_part() -> None:
    keys = [PrivateKey.of(number) for number in (3, 4, 5, 6, 7)]
    a, b, ra, rb, other = keys
    peer = Peer(b.public, rb.public)
    agreed = exchange(Own(a, ra), peer, 16, role=Role.INITIATOR)
    others = [
        exchange(Own(a, ra), peer, 16, role=Role.RESPONDER),
        exchange(Own(other, ra), peer, 16, role=Role.INITIATOR),
        exchange(Own(a, other), peer, 16, role=Role.INITIATOR),
        exchange(Own(a, ra, b"id"), peer, 16, role=Role.INITIATOR),
        exchange(Own(a, ra), Peer(other.public, rb.public), 16, role=Role.INITIATOR),
        exchange(Own(a, ra), Peer(b.public, other.public), 16, role=Role.INITIATOR),
        exchange(Own(a, ra), Peer(b.public, rb.public, b"id"), 16, role=Role.INITIATOR),
    ]
    assert len({agreed.key, *(each.key for each in others)}) == 8


# --- what was tampered with ---


@pytest.mark.parametrize("engine_name", ALL)
@pytest.mark.parametrize("order", CipherOrder)
def test_a_changed_bit_of_a_ciphertext_is_noticed(engine_name: str, order: CipherOrder) -> None:
    by = make_engine(engine_name)
    sealed = encrypt(KEY.public, b"text", order=order, by=by)
    assert decrypt(KEY, sealed, order=order, by=by) == b"text"
    for place in range(0, len(sealed), 5):
        changed = bytearray(sealed)
        changed[place] ^= 0x01
        with pytest.raises(Sm2Error):
            decrypt(KEY, bytes(changed), order=order, by=by)


@pytest.mark.parametrize("engine_name", ALL)
def test_a_changed_hash_or_text_and_another_key_are_told(engine_name: str) -> None:
    by = make_engine(engine_name)
    good = Ciphertext.parse(encrypt(KEY.public, b"text", by=by))
    for wrong in (
        Ciphertext(good.c1, good.c3[:-1] + bytes([good.c3[-1] ^ 1]), good.c2),
        Ciphertext(good.c1, good.c3, good.c2[:-1] + bytes([good.c2[-1] ^ 1])),
        Ciphertext(OTHER.public, good.c3, good.c2),
        Ciphertext(good.c1, good.c3, b""),
        Ciphertext(good.c1, good.c3[:-1], good.c2),
    ):
        with pytest.raises(Sm2Error, match="C3"):
            by.decrypt(KEY, wrong)
    with pytest.raises(Sm2Error, match="C3"):
        by.decrypt(OTHER, good)


@pytest.mark.parametrize("engine_name", ALL)
def test_a_changed_bit_of_a_signature_is_noticed(engine_name: str) -> None:
    by = make_engine(engine_name)
    signature = sign(KEY, MESSAGE, by=by)
    verify(KEY.public, MESSAGE, signature, by=by)
    for place in range(0, 64, 9):
        changed = bytearray(signature)
        changed[place] ^= 0x01
        with pytest.raises(SignatureError):
            verify(KEY.public, MESSAGE, Signature(bytes(changed)), by=by)


@pytest.mark.parametrize("engine_name", ALL)
@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (0, 0), (N, 1), (1, N), (N + 1, 1), (5, N - 5), (1 << 255, N)])
def test_numbers_out_of_range_are_no_signature(engine_name: str, r: int, s: int) -> None:
    with pytest.raises(SignatureError, match="out of range"):
        make_engine(engine_name).verify_digest(KEY.public, DIGEST, Signature.of(r, s))


@pytest.mark.parametrize("engine_name", ALL)
def test_a_signature_that_leads_to_infinity_is_refused(engine_name: str) -> None:
    """SG + tP = 0 for s = -td; who has the key can make such numbers."""
    t = 12345
    s = -t * KEY.number % N
    with pytest.raises(SignatureError, match="the signature is wrong"):
        make_engine(engine_name).verify_digest(KEY.public, DIGEST, Signature.of((t - s) % N, s))


@pytest.mark.parametrize("name", ["int", "gmpy2"])
def test_a_signature_of_two_equal_points_is_verified(name: str) -> None:
    """SG = tP: a doubling where additions are the rule."""
    t = 12345
    s = t * KEY.number % N
    x, _ = finite(group().multiply_base(2 * s % N))
    r = (t - s) % N
    make_engine(name).verify_digest(KEY.public, octets(r - x), Signature.of(r, s))


# --- the rare cases of the standard ---


@pytest.mark.parametrize("engine_name", ALL)
def test_signing_takes_another_nonce_when_one_does_not_serve(engine_name: str) -> None:
    by, k, good = make_engine(engine_name), 777, 778
    x, _ = finite(group().multiply_base(k))
    for e in (-x, -k - x, k * pow(KEY.number, -1, N) - x):  # r = 0, r + k = n, s = 0
        digest = octets(e)
        signature = by.sign_digest(KEY, digest, FixedNonces(k, good))
        assert signature == by.sign_digest(KEY, digest, FixedNonces(good))
        by.verify_digest(KEY.public, digest, signature)
        with pytest.raises(Sm2Error, match="nonces"):
            by.sign_digest(KEY, digest, FixedNonces(k))


@pytest.mark.parametrize("engine_name", ALL)
def test_enciphering_takes_another_nonce_when_the_key_stream_is_zero(engine_name: str) -> None:
    by, zero = make_engine(engine_name), 470  # found by trying: the first byte of this stream is 00
    sealed = encrypt(KEY.public, b"A", nonces=FixedNonces(zero, 471), by=by)
    assert sealed == encrypt(KEY.public, b"A", nonces=FixedNonces(471), by=by)
    assert decrypt(KEY, sealed, by=by) == b"A"
    assert decrypt(KEY, encrypt(KEY.public, b"AB", nonces=FixedNonces(zero), by=by), by=by) == b"AB"
    with pytest.raises(Sm2Error, match="nonces"):
        encrypt(KEY.public, b"A", nonces=FixedNonces(zero), by=by)


@pytest.mark.parametrize("message", [b"A", b""])
def test_a_text_under_a_key_stream_of_zeros_is_refused(message: bytes) -> None:
    """GB/T 32918.4, 7.1, B4: though its C3 is right."""
    x, y = (part.to_bytes(32, "big") for part in finite(group().multiply(470, KEY.public.point)))
    sealed = Ciphertext(PrivateKey.of(470).public, sm3(x + message + y), message)
    with pytest.raises(Sm2Error):
        decrypt(KEY, sealed.encode(CipherOrder.DER), order=CipherOrder.DER)


def test_the_empty_message_is_not_enciphered() -> None:
    with pytest.raises(Sm2Error, match="empty"):
        encrypt(KEY.public, b"")


def test_an_identity_is_counted_in_bits_and_has_limits() -> None:
    assert DEFAULT_ID == b"1234567812345678"
    assert za(KEY.public).hex().upper() == "B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3"
    assert len(za(KEY.public, bytes(8191))) == 32
    with pytest.raises(Sm2Error, match="8191"):
        za(KEY.public, bytes(8192))


# --- nonces ---


def test_derived_nonces_are_those_of_rfc_6979() -> None:
    """HMAC-SM3; computed with rfc6979.generate_k of the package ecdsa 0.19.2 and hashlib's sm3."""
    nonces = [f"{k:064X}" for k in islice(DerivedNonces().candidates(N, KEY, DIGEST), 3)]
    assert nonces[0] == "F7D1EEA09846E85224FE81CA11453A10827C315A97B924765C3A1E96D9611628"
    assert nonces[2] == "E7D3AC76C0ACEEF6AC1F7F0562B6B99DF35B4D2DBED02F4EBD22E7702D656523"
    seeded = next(DerivedNonces(b"TEST seed").candidates(N, KEY, DIGEST))
    assert f"{seeded:064X}" == "99611304B833970FA58CFCA79532855729D08FBAC73B24DAE910C1B024B1B157"
    reduced = next(DerivedNonces().candidates(N, KEY, b"\xff" * 32))
    assert f"{reduced:064X}" == "19E73E87C2B80A2F7E5CF4E19340E6D0571FBA723B32E4E91257CC85CC3CC5DD"


def test_derived_nonces_make_results_repeat() -> None:
    nonces = DerivedNonces()
    assert sign(KEY, MESSAGE, nonces=nonces) == sign(KEY, MESSAGE, nonces=DerivedNonces())
    assert sign(KEY, MESSAGE, nonces=nonces) != sign(KEY, MESSAGE, nonces=DerivedNonces(b"seed"))
    assert sign(KEY, MESSAGE, nonces=nonces)[:32] != sign(OTHER, MESSAGE, nonces=nonces)[:32]
    assert encrypt(KEY.public, MESSAGE, nonces=nonces) == encrypt(KEY.public, MESSAGE, nonces=nonces)
    assert encrypt(KEY.public, b"1", nonces=nonces)[:65] != encrypt(KEY.public, b"2", nonces=nonces)[:65]


def test_random_nonces_do_not_repeat_results() -> None:
    assert len({sign(KEY, MESSAGE)[:32] for _ in range(20)}) == 20
    assert len({encrypt(KEY.public, MESSAGE)[:65] for _ in range(20)}) == 20


def test_random_nonces_are_drawn_until_one_is_in_range() -> None:
    draws = iter([bytes(32), octets(0), N.to_bytes(32, "big"), b"\xff" * 32, octets(9), octets(10)])
    candidates = RandomNonces(lambda size: next(draws)[:size]).candidates(N, b"", b"")
    assert [next(candidates), next(candidates)] == [9, 10]


def test_random_nonces_come_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis seeds `random`; a nonce from there would repeat."""
    monkeypatch.setattr("random.choice", None)
    monkeypatch.setattr("random.getrandbits", None)
    for name in ENGINES:
        signature = sign(KEY, MESSAGE, by=make_engine(name))
        verify(KEY.public, MESSAGE, signature)
    assert RandomNonces()._entropy is secrets.token_bytes


# --- choosing an engine ---


def test_engines_by_name() -> None:
    assert engine("own") is OWN_ENGINE
    for name in ENGINES:
        assert make_engine(name).name == name
    with pytest.raises(EngineError, match="own, gmssl"):
        engine("openssl")


def test_a_missing_engine_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gmssl", None)
    with pytest.raises(EngineError, match=r"cardsim\[sm\]") as caught:
        engine("gmssl")
    assert "cardsim[sm]" in caught.value.text.zh


def test_a_key_needs_no_gmpy2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gmpy2", None)
    assert best_number() is int


@given(st.binary(max_size=200))
def test_anything_else_is_refused_in_our_words(raw: bytes) -> None:
    for order in CipherOrder:
        with pytest.raises(Sm2Error):
            decrypt(KEY, raw, order=order)
    with pytest.raises(Sm2Error):
        PublicKey.parse(raw)
