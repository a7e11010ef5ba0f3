"""BF DE and 80 FA: what they give, by the openssl command; which uses of a key are allowed, and how long it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.hrss.openssl import DES, SM4
from tests.unit.psam.modules import (
    AFTER_2,
    AFTER_3,
    CARD,
    CITY,
    DF01,
    DF02,
    ENCIPHER,
    PROVINCE,
    RK,
    SOURCE,
    STK,
    UK,
    psam,
    session,
)

if TYPE_CHECKING:
    from tests.unit.hrss.openssl import Suite

BOTH = [(DF01, DES), (DF02, SM4)]
HEADER = bytes.fromhex("8424000004")
"""PIN UNBLOCK, as it is MACed (facts hrss-card 4.5)."""


def compute(mode: str, data: bytes) -> str:
    return f"80FA{mode}00{len(data):02X}{data.hex().upper()}"


@pytest.mark.parametrize(("directory", "suite"), BOTH, ids=["DES", "SM4"])
def test_cryptograms_of_a_read_key_and_an_update_key(directory: str, suite: Suite) -> None:
    read = suite.cryptogram(session(suite, "HRSS/SSSE/RK", PROVINCE, CITY, CARD), SOURCE)
    assert psam().run(directory, RK, ENCIPHER) == read.hex().upper() + "9000"
    update = suite.cryptogram(session(suite, "HRSS/SSSE/UK", CITY, CARD), SOURCE)
    assert psam().run(directory, UK, ENCIPHER) == update.hex().upper() + "9000"


@pytest.mark.parametrize(("directory", "suite"), BOTH, ids=["DES", "SM4"])
def test_the_mac_that_unblocks_a_pin(directory: str, suite: Suite) -> None:
    expected = suite.mac(session(suite, "HRSS/SSSE/STK", CITY, CARD), HEADER)
    answer = psam().run(directory, STK, compute("05", bytes(suite.block) + suite.pad(HEADER)))
    assert answer[:8] == expected.hex().upper()
    assert len(answer) == 2 * suite.block + 4


@pytest.mark.parametrize(
    ("directory", "suite", "plain"),
    [(DF01, DES, "0365432180000000"), (DF02, SM4, "03654321800000000000000000000000")],
    ids=["DES", "SM4"],
)
def test_the_cipher_that_reloads_a_pin(directory: str, suite: Suite, plain: str) -> None:
    expected = suite.sealed(session(suite, "HRSS/SSSE/STK", CITY, CARD), bytes.fromhex("654321"))
    assert psam().run(directory, STK, compute("00", bytes.fromhex(plain))) == expected.hex().upper() + "9000"


def test_the_mac_goes_on_from_the_iv() -> None:
    blocks = bytes(range(64))
    whole = psam().run(DF01, STK, compute("05", bytes(8) + blocks))
    first = psam().run(DF01, STK, compute("05", bytes(8) + blocks[:24]))
    assert psam().run(DF01, STK, compute("05", bytes.fromhex(first[:16]) + blocks[24:])) == whole


@pytest.mark.parametrize("usage", ["47", "67"])
def test_a_key_for_enciphering_makes_no_macs(usage: str) -> None:
    command = f"BFDE472A18{AFTER_2}" if usage == "47" else RK
    module = psam()
    assert module.run(DF01, command, compute("05", bytes(16))) == "6985"
    assert module.run(ENCIPHER)[-4:] == "9000"


@pytest.mark.parametrize("directory", [DF01, DF02])
@pytest.mark.parametrize(
    "forgetting", ["00A40000023F00", DF01, DF02, "00A4000002DF01", "reset", "power", "80700100"], ids=str
)
def test_what_takes_the_work_key_away(directory: str, forgetting: str) -> None:
    module = psam()
    module.run(directory, RK, ENCIPHER)
    match forgetting:
        case "reset":
            module.port.reset()
            module.run(directory)
        case "power":
            module.port.power_off()
            module.port.power_on()
            module.run(directory)
        case "80700100":
            algorithm = "01" if directory == DF01 else "03"
            module.run(f"807001002C{'00' * 26}00{algorithm}{'00' * 16}")
        case _:
            module.run(forgetting, directory)
    assert module.send(ENCIPHER) == "6985"


@pytest.mark.parametrize("between", ["00A40000020019", "00B0990004", "0084000008", "80FA010000", "BFDE6777"])
def test_what_leaves_it(between: str) -> None:
    module = psam()
    cryptogram = module.run(DF01, RK, ENCIPHER)
    module.send(between)
    assert module.send(ENCIPHER) == cryptogram


def test_the_next_key_takes_its_place() -> None:
    module = psam()
    first = module.run(DF01, RK, ENCIPHER)
    assert module.run(UK, ENCIPHER) != first


# --- PSAMs of a province and of a city: the same card keys from fewer levels ---


@pytest.mark.parametrize(
    ("levels", "read", "update"),
    [
        (3, RK, UK),
        (2, f"BFDE470A18{AFTER_2}", UK),
        (1, f"BFDE270A10{AFTER_3[:16]}{AFTER_3[-16:]}", f"BFDE281210{AFTER_2[:16]}{AFTER_2[-16:]}"),
    ],
)
@pytest.mark.parametrize("directory", [DF01, DF02])
def test_levels(levels: int, read: str, update: str, directory: str) -> None:
    national, own = psam(), psam(psam_levels=levels, psam_region="639900")
    assert own.run(directory, read, ENCIPHER) == national.run(directory, RK, ENCIPHER)
    assert own.run(directory, update, ENCIPHER) == national.run(directory, UK, ENCIPHER)
    if levels < 3:
        assert own.run(directory, RK) == "6A86"
