"""Every published vector of SM2, with every engine that can take it."""

from __future__ import annotations

import pytest

from keys.errors import SignatureError
from keys.sm2 import (
    SM2P256V1,
    CipherOrder,
    FixedNonces,
    Own,
    Peer,
    PrivateKey,
    PublicKey,
    Role,
    Signature,
    decrypt,
    digest_of,
    encrypt,
    exchange,
    sign,
    verify,
    za,
)
from tests.unit.keys.engines import ALL, OWN, make_engine
from tests.unit.keys.vectors import (
    EXAMPLE,
    ExamplePrivateKey,
    ExamplePublicKey,
    Vector,
    curve_parameters,
    private_key,
    public_key,
    vectors,
)

ORDERS = {CipherOrder.C1C3C2: "C1C3C2", CipherOrder.C1C2C3: "C1C2C3", CipherOrder.DER: "der_gmt0009"}


def with_engines(kind: str) -> pytest.MarkDecorator:
    """Our engine for all vectors, gmssl for those of the one curve it is used with."""
    cases = [
        (vector, name)
        for vector in vectors(kind)
        for name in (OWN if vector.get("curve", "recommended") == "example" else ALL)
    ]
    return pytest.mark.parametrize(("vector", "engine_name"), cases)


@pytest.mark.parametrize(("curve", "name"), [(SM2P256V1, "recommended"), (EXAMPLE, "example")])
def test_curve_parameters(curve: object, name: str) -> None:
    vector = curve_parameters(name)
    assert [getattr(curve, part) for part in "pabn"] == [vector.number(part) for part in "pabn"]
    assert getattr(curve, "g") == (vector.number("gx"), vector.number("gy"))  # noqa: B009  both are curves


@with_engines("sm2_sign")
def test_signatures(vector: Vector, engine_name: str) -> None:
    engine = make_engine(engine_name)
    key, message, identity = private_key(vector), vector.octets("message"), vector.octets("id")
    assert key.public == public_key(vector)
    assert za(key.public, identity) == vector.octets("ZA")
    assert digest_of(key.public, message, identity) == vector.octets("e")
    signature = sign(key, message, signer_id=identity, nonces=FixedNonces(vector.number("k")), by=engine)
    assert signature == vector.octets("sig_raw")
    assert signature.der == vector.octets("sig_der")
    assert (signature.r, signature.s) == (vector.number("r"), vector.number("s"))
    assert Signature.parse_der(vector.octets("sig_der")) == signature
    verify(key.public, message, signature, signer_id=identity, by=engine)
    with pytest.raises(SignatureError):
        verify(key.public, message, signature, signer_id=identity + b"0", by=engine)


@with_engines("sm2_verify_digest")
def test_verification_of_digests(vector: Vector, engine_name: str) -> None:
    engine, signature = make_engine(engine_name), Signature.parse_der(vector.octets("sig_der"))
    for key in (public_key(vector), public_key(vector).tabled()):
        if vector["valid"]:
            engine.verify_digest(key, vector.octets("e"), signature)
        else:
            with pytest.raises(SignatureError, match="another key"):
                engine.verify_digest(key, vector.octets("e"), signature)


@with_engines("sm2_encrypt")
@pytest.mark.parametrize("order", CipherOrder)
def test_encryption(vector: Vector, engine_name: str, order: CipherOrder) -> None:
    engine, key, message = make_engine(engine_name), private_key(vector), vector.octets("message")
    assert key.public == public_key(vector)
    sealed = encrypt(key.public, message, order=order, nonces=FixedNonces(vector.number("k")), by=engine)
    assert sealed == vector.octets(ORDERS[order])
    assert decrypt(key, sealed, order=order, by=engine) == message


@pytest.mark.parametrize("engine_name", ALL)
@pytest.mark.parametrize("vector", vectors("sm2_decrypt"))
def test_decryption(vector: Vector, engine_name: str) -> None:
    sealed = vector.octets("der_gmt0009")
    message = decrypt(private_key(vector), sealed, order=CipherOrder.DER, by=make_engine(engine_name))
    assert message == vector.octets("message")


@pytest.mark.parametrize("vector", vectors("sm2_key_exchange"))
def test_key_exchange(vector: Vector) -> None:
    example = vector["curve"] == "example"
    private: type[PrivateKey] = ExamplePrivateKey if example else PrivateKey
    public: type[PublicKey] = ExamplePublicKey if example else PublicKey
    id_a, id_b = vector.octets("id_a"), vector.octets("id_b")
    a = Own(private(vector.octets("dA")), private(vector.octets("rA")), id_a)
    b = Own(private(vector.octets("dB")), private(vector.octets("rB")), id_b)
    seen_a = Peer(public.parse(vector.octets("PA")), public.parse(vector.octets("RA")), id_a)
    seen_b = Peer(public.parse(vector.octets("PB")), public.parse(vector.octets("RB")), id_b)
    assert (a.private.public, a.ephemeral.public) == (seen_a.public, seen_a.ephemeral)
    assert (b.private.public, b.ephemeral.public) == (seen_b.public, seen_b.ephemeral)
    assert za(seen_a.public, id_a) == vector.octets("ZA")
    assert za(seen_b.public, id_b) == vector.octets("ZB")
    size = vector["klen_bits"] // 8
    initiator = exchange(a, seen_b, size, role=Role.INITIATOR)
    assert initiator.key == vector.octets("K")
    assert initiator.responder_tag == vector.octets("S1_SB")
    assert initiator.initiator_tag == vector.octets("S2_SA")
    assert exchange(b, seen_a, size, role=Role.RESPONDER) == initiator
