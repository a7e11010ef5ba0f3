"""Terminals take their cryptograms from a PSAM or from the software HSM alike."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import Response
from cardsim.cli.hsm import Unlocker
from cardsim.perso.holder import Holder
from cardsim.perso.image import personalise
from cardsim.profiles import GEN2, GEN3
from cardsim.zones.factors import key_name, suite_of
from cardsim.zones.hrss import SSSE
from cardsim.zones.layouts import Layout
from cardsim.zones.model import KeyAlgorithm
from cardsim.zones.psam import DEBIT_KEY, PSAM_KEYS
from keys.hsm import KeyName, SoftwareHsm
from keys.sm import Extension, Fold, SmForms, SmSuite
from keys.tree import Factors, TestRoots
from readers.connect.inprocess import connect_inprocess
from readers.connect.layers import with_layers
from readers.terminal.hrss import algorithm_of, read_hrss, select_hrss
from readers.terminal.psam import (
    NoKeyIdError,
    PsamError,
    Purchase,
    begin_purchase,
    finish_purchase,
    meet_psam,
)
from readers.terminal.script import run
from readers.terminal.security import internal_authenticate, meet, unblock_pin, verify_pin
from readers.trace import TraceWriter
from tests.cards import counting_entropy, insert
from tests.unit.hrss.openssl import DES, SM4
from tests.unit.psam.modules import CARD, CITY, DEVICE, PROVINCE, TERMINAL, connection, psam

if TYPE_CHECKING:
    from apdu import Connection
    from cardsim.profiles import Profile
    from readers.terminal.hrss import HrssReport
    from readers.terminal.script import Script
    from tests.unit.hrss.openssl import Suite

ALGORITHMS = st.sampled_from(KeyAlgorithm)
EIGHT = st.binary(min_size=8, max_size=8)
FACTORS = st.builds(Factors, EIGHT, EIGHT, EIGHT)
DECLARED = tuple(key_name(df, key) for df in SSSE.walk() for key in df.keys if key.psam)
KEYS = st.sampled_from(DECLARED)
MAC_KEYS = [key for key in DECLARED if PSAM_KEYS[key.name].usage & 0x1F == 8]
MACS = st.sampled_from(MAC_KEYS)
REGION_FACTORS = Factors(PROVINCE, CITY, CARD)
RK = KeyName("HRSS/SSSE/RK", 3)
STK = KeyName("HRSS/SSSE/STK", 2)


def hsm(algorithm: KeyAlgorithm, forms: SmForms | None = None) -> SoftwareHsm:
    return SoftwareHsm(suite_of(algorithm, forms or SmForms()), TestRoots(algorithm.value))


MODULE = psam()
MET = meet_psam(connection(MODULE))


def test_every_key_with_an_id_has_one_place() -> None:
    assert len({key.key_id for key in PSAM_KEYS.values()}) == len(PSAM_KEYS)
    assert set(PSAM_KEYS) == {key.name for key in DECLARED} | {DEBIT_KEY.name}


@settings(deadline=None)
@given(algorithm=ALGORITHMS, key=KEYS, factors=FACTORS, process=EIGHT, source=EIGHT)
def test_proofs_are_those_of_the_hsm(
    algorithm: KeyAlgorithm, key: KeyName, factors: Factors, process: bytes, source: bytes
) -> None:
    keys = MET.keys(suite_of(algorithm))
    assert keys.proof(key, factors, process, source) == hsm(algorithm).proof(key, factors, process, source)


@settings(deadline=None)
@given(algorithm=ALGORITHMS, key=MACS, factors=FACTORS, challenge=EIGHT, data=st.binary(max_size=260))
def test_macs_are_those_of_the_hsm(
    algorithm: KeyAlgorithm, key: KeyName, factors: Factors, challenge: bytes, data: bytes
) -> None:
    keys = MET.keys(suite_of(algorithm))
    assert keys.mac(key, factors, challenge, data) == hsm(algorithm).mac(key, factors, challenge, data)


@settings(deadline=None)
@given(algorithm=ALGORITHMS, key=KEYS, factors=FACTORS, challenge=EIGHT, data=st.binary(max_size=255))
def test_seals_are_those_of_the_hsm(
    algorithm: KeyAlgorithm, key: KeyName, factors: Factors, challenge: bytes, data: bytes
) -> None:
    keys = MET.keys(suite_of(algorithm))
    assert keys.seal(key, factors, challenge, data) == hsm(algorithm).seal(key, factors, challenge, data)


@pytest.mark.parametrize("algorithm", KeyAlgorithm)
@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("key", DECLARED, ids=lambda key: key.name)
def test_every_key_at_every_level(key: KeyName, levels: int, algorithm: KeyAlgorithm) -> None:
    module = psam(psam_levels=levels, psam_region="639900" if levels < 3 else "")
    keys = meet_psam(connection(module)).keys(suite_of(algorithm))
    expected = hsm(algorithm).proof(key, REGION_FACTORS, bytes(8), CARD)
    for _ in range(2):  # the second time it knows the level
        assert keys.proof(key, REGION_FACTORS, bytes(8), CARD) == expected


@pytest.mark.parametrize("suite", [DES, SM4], ids=["DES", "SM4"])
@pytest.mark.parametrize("key", DECLARED, ids=lambda key: key.name)
def test_every_key_by_openssl(key: KeyName, suite: Suite) -> None:
    keys = MET.keys(suite_of(KeyAlgorithm.DES if suite is DES else KeyAlgorithm.SM4))
    card_key = suite.below(suite.root(key.name), (PROVINCE, CITY, CARD)[3 - key.levels :])
    process, source = bytes(range(8)), bytes(range(8, 16))
    assert keys.proof(key, REGION_FACTORS, process, source) == suite.proof(card_key, process, source)
    if key not in MAC_KEYS:
        return
    session = suite.session(card_key, process)
    for data in (b"", bytes(range(7)), bytes(range(255))):
        assert keys.mac(key, REGION_FACTORS, process, data) == suite.mac(session, data)
        assert keys.seal(key, REGION_FACTORS, process, data) == suite.sealed(session, data)


@pytest.mark.parametrize("fold", Fold)
@pytest.mark.parametrize("extension", Extension)
def test_forms_of_sm4(extension: Extension, fold: Fold) -> None:
    forms = SmForms(extension, fold)
    module = psam(sm4_extension=extension.value, sm4_fold=fold.value)
    keys = meet_psam(connection(module)).keys(suite_of(KeyAlgorithm.SM4, forms))
    wanted = hsm(KeyAlgorithm.SM4, forms).proof(RK, REGION_FACTORS, bytes(8), CARD)
    assert keys.proof(RK, REGION_FACTORS, bytes(8), CARD) == wanted


def test_a_module_with_other_forms_of_sm4_gives_no_cryptogram() -> None:
    keys = meet_psam(connection(psam(sm4_fold="whole"))).keys(suite_of(KeyAlgorithm.SM4))
    with pytest.raises(PsamError, match=r"answers 9000 .* and 16 bytes to 80 FA"):
        keys.proof(RK, REGION_FACTORS, bytes(8), CARD)


# --- the numbers, and what a PSAM may lack ---


def test_numbers() -> None:
    assert (MET.terminal_number, MET.device_number) == (TERMINAL, DEVICE)


def test_a_card_is_no_psam() -> None:
    card = with_layers(connect_inprocess(insert(personalise(GEN2, Layout.V2_00, Holder())), "alice.card"))
    with pytest.raises(PsamError, match=r"^-2201: alice\.card is no PSAM"):
        meet_psam(card)


@pytest.mark.parametrize(("there", "wanted"), [("DES", KeyAlgorithm.SM4), ("SM4", KeyAlgorithm.DES)])
def test_a_psam_without_the_algorithm(there: str, wanted: KeyAlgorithm) -> None:
    met = meet_psam(connection(psam(psam_algorithms=(there,))))
    with pytest.raises(PsamError, match=f"^-2202: the PSAM has no keys of algorithm {wanted.value}$"):
        met.keys(suite_of(wanted))


def test_keys_of_both_algorithms_at_once() -> None:
    des, sm4 = (MET.keys(suite_of(algorithm)) for algorithm in KeyAlgorithm)
    for keys, algorithm in ((des, KeyAlgorithm.DES), (sm4, KeyAlgorithm.SM4), (des, KeyAlgorithm.DES)):
        expected = hsm(algorithm).proof(RK, REGION_FACTORS, bytes(8), CARD)
        assert keys.proof(RK, REGION_FACTORS, bytes(8), CARD) == expected


def test_a_psam_that_is_selected_by_fid_alone() -> None:
    keys = meet_psam(Broken(connection(psam()), "00A404", "6A82")).keys(suite_of(KeyAlgorithm.DES))
    expected = hsm(KeyAlgorithm.DES).proof(RK, REGION_FACTORS, bytes(8), CARD)
    assert keys.proof(RK, REGION_FACTORS, bytes(8), CARD) == expected


def test_an_algorithm_that_no_psam_has() -> None:
    class Ssf33(SmSuite):
        name = "SSF33"
        algorithm_id = 0x02

    with pytest.raises(PsamError, match=r"^-2202: the PSAM has no keys of algorithm SSF33$"):
        MET.keys(Ssf33())


def test_a_psam_without_rkssse() -> None:
    keys = meet_psam(connection(psam(psam_without=("SSSE/RK",)))).keys(suite_of(KeyAlgorithm.SM4))
    with pytest.raises(PsamError, match=r"^-2203: the PSAM has no RKSSSE"):
        keys.proof(RK, REGION_FACTORS, bytes(8), CARD)
    assert keys.proof(STK, REGION_FACTORS, bytes(8), CARD)


def test_a_psam_without_another_key() -> None:
    keys = meet_psam(connection(psam(psam_without=("SSSE/STK",)))).keys(suite_of(KeyAlgorithm.DES))
    with pytest.raises(PsamError, match=r"^the PSAM has no key HRSS/SSSE/STK \(6A88\)$"):
        keys.mac(STK, REGION_FACTORS, bytes(8), CARD)


def test_a_psam_of_a_higher_level_than_the_terminal_asks_for() -> None:
    """Only levels below the one asked for are tried: with more factors the key would be another card's."""
    keys = MET.keys(suite_of(KeyAlgorithm.DES))
    with pytest.raises(PsamError, match=r"^-24: the PSAM has HRSS/SSSE/RK at another level"):
        keys.proof(KeyName("HRSS/SSSE/RK", 2), REGION_FACTORS, bytes(8), CARD)


@pytest.mark.parametrize(
    "key", [KeyName("HRSS/SSSE/LK", 2), KeyName("HRSS/DF02/UK1", 2), KeyName("HRSS/SSSE/RK", 3, 1)]
)
def test_keys_that_no_source_gives_an_id(key: KeyName) -> None:
    with pytest.raises(NoKeyIdError):
        MET.keys(suite_of(KeyAlgorithm.DES)).proof(key, REGION_FACTORS, bytes(8), CARD)


class Broken:
    """A PSAM that answers one command in its own way."""

    def __init__(self, inner: Connection, start: str, answer: str) -> None:
        self.inner = inner
        self.start = bytes.fromhex(start)
        self.answer = bytes.fromhex(answer)
        self.name = inner.name
        self.atr = inner.atr
        self.reset = inner.reset
        self.close = inner.close

    def transmit(self, command: bytes) -> bytes:
        return self.answer if command.startswith(self.start) else self.inner.transmit(command)


@pytest.mark.parametrize(
    ("start", "answer", "message"),
    [
        ("BFDE", "6D00", r"^the PSAM refuses BF DE 67 0A \(HRSS/SSSE/RK\): 6D00"),
        ("BFDE", "6A81", r"^the PSAM refuses BF DE 67 0A"),
        ("80FA", "6985", r"^the PSAM answers 6985 .* and 0 bytes to 80 FA$"),
        ("80FA", "11229000", r"^the PSAM answers 9000 .* and 2 bytes to 80 FA$"),
    ],
)
def test_refusals_of_a_psam(start: str, answer: str, message: str) -> None:
    met = meet_psam(Broken(connection(psam()), start, answer))
    with pytest.raises(PsamError, match=message):
        met.keys(suite_of(KeyAlgorithm.DES)).proof(RK, REGION_FACTORS, bytes(8), CARD)


def test_a_psam_without_a_serial_number_has_no_device_number() -> None:
    assert meet_psam(Broken(connection(psam()), "00B095", "6A82")).device_number == ""


# --- purchases ---

PURCHASE = Purchase(
    random=bytes.fromhex("F962FAD6"),
    counter=bytes.fromhex("0007"),
    amounts=bytes.fromhex("000000000000010000000200"),
    kind=0x32,
    time=bytes.fromhex("20150624183211"),
    version=0,
    algorithm=1,
    factors=CARD + CITY,
)


def test_a_purchase() -> None:
    met = meet_psam(connection(psam(psam_counter=5)))
    counter, mac1 = begin_purchase(met, PURCHASE)
    key = DES.below(DES.root("HRSS/DF04/DPK"), (CITY, CARD))
    session = DES.ecb(key, PURCHASE.random + PURCHASE.counter + bytes.fromhex("0005"))
    assert counter == bytes.fromhex("00000005")
    assert mac1 == DES.mac(session, PURCHASE.amounts + bytes.fromhex(f"32{TERMINAL}") + PURCHASE.time)
    assert finish_purchase(met, DES.mac(session, PURCHASE.amounts)) is True
    with pytest.raises(PsamError, match=r"^the PSAM refuses 80 72: 6985"):
        finish_purchase(met, bytes(4))
    begin_purchase(met, PURCHASE)
    assert finish_purchase(met, bytes(4)) is False


def test_a_purchase_with_a_key_that_is_not_there() -> None:
    met = meet_psam(connection(psam(psam_without=("DF04/DPK",))))
    with pytest.raises(PsamError, match=r"^the PSAM refuses 80 70: 9403"):
        begin_purchase(met, PURCHASE)


# --- whole conversations ---


def card_of(profile: Profile, layout: Layout) -> Connection:
    return with_layers(connect_inprocess(insert(personalise(profile, layout, Holder())), "card"))


CARDS = [(GEN2, Layout.V2_00), (GEN3, Layout.V3_00)]


@pytest.mark.parametrize(("profile", "layout"), CARDS, ids=["gen2", "gen3"])
def test_reading_what_keys_protect(profile: Profile, layout: Layout) -> None:
    card = card_of(profile, layout)

    def reading() -> Script[HrssReport]:
        fci = yield from select_hrss()
        terminal = yield from meet(MET.keys(suite_of(algorithm_of(fci))), card.atr, counting_entropy)
        assert (yield from internal_authenticate(terminal))
        unlock = Unlocker(terminal)
        report = yield from read_hrss(unlock)
        assert not unlock.refusals
        return report

    report = run(reading(), card)
    refused = {f"{file.fid:04X}" for file in report.files if not file.status.ok}
    refused |= {
        f"{directory.declaration.fid:04X}/{file.fid:04X}"
        for directory in report.directories
        for file in directory.files
        if any(not item.status.ok for item in file.elements) or not (file.elements or file.status.ok)
    }
    # EF0C's key has no id in any source, and the settlement data needs the PIN besides a key.
    assert refused - {"EF0C"} == {"DF04/EF06"}


@pytest.mark.parametrize(("profile", "layout"), CARDS, ids=["gen2", "gen3"])
@pytest.mark.parametrize("new", [None, bytes.fromhex("654321")], ids=["unblock", "reload"])
def test_unblocking_a_pin_shows_no_pin_in_any_trace(profile: Profile, layout: Layout, new: bytes | None) -> None:
    said = io.StringIO()
    module = psam()
    met = meet_psam(with_layers(connect_inprocess(module.port, "PSAM"), trace=TraceWriter(said)))
    card = card_of(profile, layout)

    def unblocking() -> Script[int]:
        fci = yield from select_hrss()
        terminal = yield from meet(met.keys(suite_of(algorithm_of(fci))), card.atr, counting_entropy)
        yield from unblock_pin(terminal, new)
        return int((yield from verify_pin(new or bytes.fromhex("123456"))))

    assert run(unblocking(), card) == 0x9000
    assert "654321" not in said.getvalue()
    assert "BFDE481018" in said.getvalue()


def test_work_keys_and_root_keys_are_in_no_trace() -> None:
    said = io.StringIO()
    module = psam()
    met = meet_psam(with_layers(connect_inprocess(module.port, "PSAM"), trace=TraceWriter(said)))
    keys = met.keys(suite_of(KeyAlgorithm.DES))
    keys.proof(RK, REGION_FACTORS, bytes(8), CARD)
    keys.seal(STK, REGION_FACTORS, bytes(8), bytes.fromhex("654321"))
    trace = said.getvalue()
    card_key = DES.below(DES.root("HRSS/SSSE/RK"), (PROVINCE, CITY, CARD))
    for secret in (DES.root("HRSS/SSSE/RK"), card_key, DES.ecb(card_key, bytes(8))):
        assert secret.hex().upper() not in trace
    assert "654321" not in trace


def test_a_psam_behind_any_connection_speaks_t0() -> None:
    """Without the layers 61xx is left to the caller; a terminal always has them."""
    bare = connect_inprocess(psam().port, "PSAM")
    assert Response.parse(bare.transmit(bytes.fromhex("00A40000023F00"))).sw.sw1 == 0x61
