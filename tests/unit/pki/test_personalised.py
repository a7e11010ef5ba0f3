"""A new card: key pairs and certificates of its zones' authorities, PINs, rights; and cards that have none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cardsim.chip.files import ElementaryFile
from cardsim.chip.layout import FileType
from cardsim.errors import HolderError
from cardsim.perso.holder import Holder
from cardsim.perso.image import personalise
from cardsim.profiles import GEN2, GEN3, ProfileError
from cardsim.zones import authorities
from cardsim.zones.layouts import Layout
from keys.errors import KeyringError
from keys.keyring import StoredKeyring, TestKeyring
from keys.pki import Certificate
from keys.sm2 import PrivateKey
from tests.cards import make_image
from tests.unit.chip.bench import Bench
from tests.unit.pki import openssl
from tests.unit.pki.lab import ADF, DDF, PkiBench

if TYPE_CHECKING:
    from pathlib import Path

SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
IDENTIFICATION = bytes.fromhex("639900D15600000500BF7C7A48FB4966")
HOLDER = {
    "card_identification": IDENTIFICATION.hex(),
    "issue_date": "20240101",
    "expiry_date": "20340101",
}
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def der(card: Bench, fid: str) -> bytes:
    """The certificate in a file of the current directory, as a terminal reads it: as long as its head says."""
    card.run(f"00A4000002{fid}")
    head = bytes.fromhex(card.run("00B0000004")[:-4])
    assert head[:2] == b"\x30\x82"
    size = 4 + int.from_bytes(head[2:], "big")
    pieces = (card.run(f"00B0{place:04X}{min(0x70, size - place):02X}")[:-4] for place in range(0, size, 0x70))
    return bytes.fromhex("".join(pieces))


def hrss_bench(**settings: object) -> Bench:
    made = make_image(HOLDER, layout=Layout.V3_00, chip=GEN3, settings=settings)
    card = Bench(made.memory, made.profile)
    card.run(SSSE)
    return card


@pytest.mark.parametrize(
    ("fid", "zone"), [("0018", authorities.PKI), ("0019", authorities.PKI), ("EF0E", authorities.HRSS)]
)
def test_certificates(fid: str, zone: authorities.Authority) -> None:
    card = hrss_bench() if fid == "EF0E" else PkiBench.of_holder(HOLDER)
    certificate = Certificate(der(card, fid))
    authority = TestKeyring().authority(zone.zone_id)
    assert certificate.zone_binding is not None
    assert certificate.zone_binding.zone == zone.aid
    assert certificate.zone_binding.card == IDENTIFICATION
    assert certificate.zone_binding.key_versions == ((zone.name, 0),)
    assert certificate.usage.signs is (fid != "0019")
    assert (certificate.not_before, certificate.not_after) == (
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2034, 1, 1, 23, 59, 59, tzinfo=UTC),
    )
    assert authority.issued(certificate)


@pytest.mark.parametrize(("certificate", "public"), [("0018", "0012"), ("0019", "0014")])
def test_key_pairs(certificate: str, public: str) -> None:
    card = PkiBench.of_holder(HOLDER)
    point = card.file(public)[2:]
    private = card.file(f"{int(public, 16) + 1:04X}")
    assert PrivateKey(private[2:]).public[1:] == point
    assert Certificate(der(card, certificate)).public_key[1:] == point


@openssl.needs_sm2
@pytest.mark.parametrize("fid", ["0018", "0019"])
def test_openssl_accepts_the_chain(tmp_path: Path, fid: str) -> None:
    authority = TestKeyring().authority(authorities.PKI.zone_id)
    (tmp_path / "ca.pem").write_bytes(authority.ca.certificate.pem)
    (tmp_path / "card.pem").write_bytes(Certificate(der(PkiBench.of_holder(HOLDER), fid)).pem)
    assert openssl.verifies(tmp_path, "ca.pem", "card.pem", NOW)
    other = TestKeyring().authority(authorities.HRSS.zone_id)
    (tmp_path / "other.pem").write_bytes(other.ca.certificate.pem)
    assert not openssl.verifies(tmp_path, "other.pem", "card.pem", NOW)


def test_the_pairs_are_two_and_so_are_the_zones() -> None:
    card, hrss = PkiBench.of_holder(HOLDER), hrss_bench()
    keys = {Certificate(der(card, "0018")).public_key, Certificate(der(card, "0019")).public_key}
    keys.add(Certificate(der(hrss, "EF0E")).public_key)
    assert len(keys) == 3


def test_the_same_holder_and_keyring_give_the_same_card() -> None:
    made = [make_image(HOLDER, layout=Layout.V3_00, chip=GEN3).memory for _ in range(2)]
    assert made[0] == made[1]
    other = make_image(
        {**HOLDER, "card_identification": "639900D15600000500BF7C7B48FB4966"}, layout=Layout.V3_00, chip=GEN3
    )
    assert other.memory != made[0]


def test_key_versions_stand_in_the_certificate() -> None:
    certificate = Certificate(der(hrss_bench(key_versions=[0, 2]), "EF0E"))
    assert certificate.zone_binding is not None
    assert certificate.zone_binding.key_versions == (("HRSS", 0), ("HRSS", 2))


def test_a_setting_moves_the_hrss_certificate() -> None:
    card = hrss_bench(certificate_fids={"HRSS": 0xEF0B})
    assert Certificate(der(card, "EF0B")).zone_binding is not None
    assert card.send("00A4000002EF0E") == "6A82"


def test_a_setting_does_not_move_the_pki_certificate() -> None:
    """A source states its FID."""
    settings = {"certificate_fids": {"PKI": 0x0020}}
    card = PkiBench(make_image(HOLDER, layout=Layout.V3_00, chip=GEN3, settings=settings).memory)
    assert Certificate(der(card, "0018")).zone_binding is not None


@pytest.mark.parametrize("fid", [0xEF05, 0xEF0D, 0xDF01, 0xEF1E])
def test_a_setting_can_not_move_it_onto_another_file(fid: int) -> None:
    with pytest.raises(ProfileError, match=f"certificate_fids.*{fid:04X}"):
        hrss_bench(certificate_fids={"HRSS": fid})


def test_the_hrss_certificate_is_written_under_uk() -> None:
    card = hrss_bench()
    card.run("00A4000002EF0E")
    assert card.send("00D6000001AA") == "6982"


def test_a_card_without_certificates() -> None:
    card = PkiBench(card_certificates=False)
    for fid in ("0012", "0013", "0014", "0015", "0018", "0019"):
        assert not any(card.file(fid))
    card.login("81")
    assert card.run("80C9820008C0020012C2020013", "80C9828042")[:4] == "CA40"


@pytest.mark.parametrize("layout", list(Layout))
def test_cards_of_the_second_generation_carry_no_certificate(layout: Layout) -> None:
    made = make_image(HOLDER, layout=layout)
    card = Bench(made.memory, made.profile)
    card.run(SSSE)
    file = card.card.context.directory.by_fid.get(0xEF0E)
    assert (file is not None) is (layout is Layout.V3_00)
    if isinstance(file, ElementaryFile):
        assert not any(card.memory.read(file.body, file.size))
    assert card.send(DDF) == "6A82"
    types = {found.header.type for node in card.card.context.files.directories for found in node.files}
    assert not types & {FileType.PUBLIC_KEY, FileType.PRIVATE_KEY}


def test_a_keyring_without_the_authority_is_told() -> None:
    keyring = StoredKeyring("someone", {"HRSS": {0: bytes(32)}})
    with pytest.raises(KeyringError, match="HRSS"):
        personalise(GEN3, Layout.V3_00, Holder(), keyring=keyring)
    personalise(GEN2, Layout.V2_00, Holder(), keyring=keyring)


@pytest.mark.parametrize("key", ["pki_user_pin", "pki_admin_pin"])
@pytest.mark.parametrize("digits", ["123", "12345678901234567", "12a4", "123456"])
def test_pins_of_holders(key: str, digits: str) -> None:
    if digits == "123456":
        make_image({key: digits}, layout=Layout.V3_00, chip=GEN3)
        return
    with pytest.raises(HolderError, match=f"{key}: a PIN is 4 to 16 digits") as caught:
        make_image({key: digits}, layout=Layout.V3_00, chip=GEN3)
    assert digits not in str(caught.value)


def test_what_the_application_takes_of_the_memory() -> None:
    """2.5 K: PINs, master key, two key pairs, two files for certificates."""
    card = PkiBench()
    ddf = next(node for node in card.card.context.files.directories if node.name == authorities.PKI.aid)
    assert 2_400 < ddf.header.size < 2_600
    assert card.run(DDF, ADF)[-4:] == "9000"


def test_a_pin_without_its_zone_is_refused() -> None:
    with pytest.raises(HolderError, match="pki_user_pin: no zone of this card has such a PIN"):
        make_image({"pki_user_pin": "123456"})
