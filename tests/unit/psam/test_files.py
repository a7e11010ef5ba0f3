"""The PSAM's files (facts hrss-card 4.3, 8), and writing them under its own maintenance keys."""

from __future__ import annotations

import pytest

from tests.unit.hrss.openssl import DES
from tests.unit.psam.modules import DEVICE, DF01, DF02, TERMINAL, psam


def test_its_answer_to_reset_is_the_recorded_one() -> None:
    assert psam().port.atr.hex().upper() == "3B6D00000081544C0086840807230005C0"


@pytest.mark.parametrize(
    ("commands", "answer"),
    [
        (("00A40000023F00", "00B0960006"), TERMINAL),
        (("00B0960006",), TERMINAL),
        (("00A4000000", "00A40000020016", "00B0000006"), TERMINAL),
        (("00A40000020015", "00B000000E"), DEVICE + "00000000"),
        (("00B095000A",), DEVICE),
        (("00A4000002DF01", "00B09C0001"), "01"),
        ((DF01, "00A40000020019", "00B0000004"), "00000000"),
        ((DF01, "00B0990004"), "00000000"),
        ((DF02, "00B0990004"), "00000000"),
    ],
)
def test_reading(commands: tuple[str, ...], answer: str) -> None:
    assert psam().run(*commands) == answer + "9000"


def test_t0_forms_of_its_answers() -> None:
    module = psam()
    assert module.t0(DF01) == "610A"
    assert module.t0("00C000000A") == "6F088406D156000005909000"
    assert module.t0("00A40000023F00") == "6112"
    assert module.t0("00B095000F") == "6C0E"


def maintenance_mac(name: str, header: str, data: str) -> str:
    """MAC4 under a maintenance key: that of the PSAM's serial number, the challenge of the bench as IV."""
    key = DES.below(DES.root(name), (bytes.fromhex(DEVICE)[-8:],))
    command = bytes.fromhex(header) + bytes((len(data) // 2 + 4,)) + bytes.fromhex(data)
    return DES.mac(key, command, bytes((0x11,)) * 8).hex().upper()


def test_the_terminal_number_is_written_under_the_maintenance_key() -> None:
    module, number = psam(), "330100912171"
    mac = maintenance_mac("HRSS/PSAM/MK", "04D69600", number)
    assert module.run("0084000008", f"04D696000A{number}{mac}", "00B0960006") == number + "9000"


def test_the_key_index_is_written_under_that_of_its_directory() -> None:
    module = psam()
    mac = maintenance_mac("HRSS/PSAM/AMK", "04D69C00", "02")
    assert module.run(DF01, "0084000008", f"04D69C000502{mac}", "00B09C0001") == "029000"


@pytest.mark.parametrize(
    ("before", "command", "sw"),
    [
        ((), "00D6960006330100912171", "6987"),
        (("0084000008",), "04D696000A33010091217100000000", "6988"),
        ((), "04D696000A33010091217100000000", "6984"),
        (("0084000008",), "04D6950004AABBCCDD", "6982"),
        (("0084000008",), "00D695000100", "6982"),
        ((DF01, "0084000008"), "04D6990008FFFFFFFFAABBCCDD", "6982"),
        ((DF01, "0084000008"), "00D6990004FFFFFFFF", "6982"),
    ],
)
def test_refused_writes(before: tuple[str, ...], command: str, sw: str) -> None:
    module = psam()
    assert module.run(*before, command) == sw


def test_no_command_of_another_application_works_here() -> None:
    module = psam()
    for command in ("0020000003123456", "0082000A1000000000000000000000000000000000", "00B2010400", "80C4010303C10112"):
        assert module.run(DF01, command) == "6D00"


def test_keys_are_read_by_no_command() -> None:
    module = psam()
    secret = DES.root("HRSS/SSSE/RK").hex().upper()
    assert secret in module.image.hex().upper()
    for fid in range(0x10000):
        module.card.context.reset()
        if module.send(f"00A4000002{fid:04X}")[-4:] == "9000":
            assert secret not in module.send("00B0000000")
