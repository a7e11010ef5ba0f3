"""What a PSAM refuses: BF DE, 80 FA, 80 70, 80 72, and the faults that every command can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.chip.fault import CLASSES, SHORT, Example, Fault
from tests.unit.psam.modules import AFTER_2, AFTER_3, DES_DEBIT, DF01, ENCIPHER, FACTORS, HRSS, RK, STK, UK

if TYPE_CHECKING:
    from collections.abc import Iterator

USAGE = "facts hrss-card 4.1, PSAM usage byte"
DELIVERY = "facts hrss-card 4.3"
DEBIT = "facts hrss-card 8"
TRANSIT = "facts transit-campus-health-zones 3.8"
INFERRED = "no source; INFERRED"

AT_WORK = (DF01, "0084000008", RK)
"""Directory, challenge and work key all stand, so that a refusal that loses one of them shows."""
MAC_OF_16 = f"80FA050018{'00' * 24}"

PSAM_EXAMPLES = {
    "SELECT": Example(DF01, sends_data=True),
    "READ BINARY": Example("00B0960006", protected=True),
    "UPDATE BINARY": Example("00D69C000102", sends_data=True, protected=True),
    "GET CHALLENGE": Example("0084000008"),
    "DELIVER KEY": Example(RK, sends_data=True),
    "COMPUTE": Example(ENCIPHER, sends_data=True),
    "INIT SAM FOR PURCHASE": Example(DES_DEBIT, sends_data=True),
    "CREDIT SAM FOR PURCHASE": Example("8072000004AABBCCDD", sends_data=True),
}


def _generic() -> Iterator[Fault]:
    for name, example in PSAM_EXAMPLES.items():
        cla, rest = int(example.command[:2], 16), example.command[2:]
        if cla == 0xBF:  # a class byte that is taken as a whole
            yield Fault(f"{name}: CLA 80", AT_WORK, f"80{rest}", "6E00", CLASSES)
            continue
        for channel in (1, 2, 3):
            yield Fault(
                f"{name}: CLA {cla | channel:02X}, a channel", AT_WORK, f"{cla | channel:02X}{rest}", "6881", CLASSES
            )
        yield Fault(f"{name}: CLA {cla | 0x10:02X}, chaining", AT_WORK, f"{cla | 0x10:02X}{rest}", "6884", CLASSES)
        yield Fault(f"{name}: CLA {cla | 0x08:02X}", AT_WORK, f"{cla | 0x08:02X}{rest}", "6882", CLASSES)
        if example.sends_data:
            yield Fault(
                f"{name}: Lc too large", AT_WORK, example.command[:8] + "FF" + example.command[10:], "6700", SHORT
            )


def _delivery() -> Iterator[Fault]:
    for name, command, sw, source in (
        ("an unknown key", f"BFDE677720{AFTER_3}", "6A88", USAGE),
        ("LK, which has no id", f"BFDE480B18{AFTER_2}", "6A88", USAGE),
        ("fewer levels than the key has", f"BFDE470A18{AFTER_2}", "6A86", INFERRED),
        ("more levels than the key has", f"BFDE681220{AFTER_3}", "6A86", INFERRED),
        ("another purpose", f"BFDE680A20{AFTER_3}", "6A86", INFERRED),
        ("the debit key", f"BFDE420118{AFTER_2}", "6985", USAGE),
        ("three levels with two factors", f"BFDE670A18{AFTER_2}", "6700", DELIVERY),
        ("three levels without challenge", f"BFDE670A18{AFTER_3[:48]}", "6700", DELIVERY),
        ("two levels with three factors", f"BFDE481220{AFTER_3}", "6700", DELIVERY),
        ("one byte short", f"BFDE670A1F{AFTER_3[:-2]}", "6700", DELIVERY),
        ("one byte more", f"BFDE670A21{AFTER_3}00", "6700", DELIVERY),
        ("no data", "BFDE670A", "6700", DELIVERY),
        ("Lc and nothing", "BFDE670A20", "6700", DELIVERY),
    ):
        yield Fault(f"DELIVER KEY: {name}", AT_WORK, command, sw, source)
    yield Fault("DELIVER KEY: in the MF, which has no keys", ("0084000008",), RK, "6A88", USAGE)


def _computing() -> Iterator[Fault]:
    with_stk = (DF01, "0084000008", STK)
    for name, before, command, sw, source in (
        ("no work key", (DF01,), ENCIPHER, "6985", DELIVERY),
        ("no work key, a MAC", (DF01,), MAC_OF_16, "6985", DELIVERY),
        ("a key for enciphering makes no MAC", AT_WORK, MAC_OF_16, "6985", USAGE),
        ("P1 01", AT_WORK, "80FA0100080102030405060708", "6A86", DELIVERY),
        ("P1 06", AT_WORK, "80FA0600080102030405060708", "6A86", DELIVERY),
        ("P2 01", AT_WORK, "80FA0001080102030405060708", "6A86", DELIVERY),
        ("7 bytes", AT_WORK, "80FA00000701020304050607", "6700", DELIVERY),
        ("9 bytes", AT_WORK, "80FA000009010203040506070809", "6700", DELIVERY),
        ("no data", AT_WORK, "80FA000000", "6700", DELIVERY),
        ("no data, a MAC", with_stk, "80FA050000", "6700", DELIVERY),
        ("a MAC with an IV alone", with_stk, f"80FA050008{'00' * 8}", "6700", DELIVERY),
        ("a MAC over part of a block", with_stk, f"80FA050014{'00' * 20}", "6700", DELIVERY),
        ("after a purchase was begun", (DF01, UK, DES_DEBIT), ENCIPHER, "6985", INFERRED),
    ):
        yield Fault(f"COMPUTE: {name}", before, command, sw, source)


def _purchases() -> Iterator[Fault]:
    short = f"{HRSS}01{FACTORS[:16]}"
    for name, command, sw, source in (
        ("P1 02", f"807002002C{HRSS}01{FACTORS}", "6A86", DEBIT),
        ("P2 01", f"807001012C{HRSS}01{FACTORS}", "6A86", DEBIT),
        ("one factor of two", f"8070010024{short}", "6700", DEBIT),
        ("no factor of two", f"807001001C{HRSS}01", "6700", DEBIT),
        ("one byte short", f"807001002B{HRSS}01{FACTORS[:-2]}", "6700", DEBIT),
        ("no data", "80700100", "6700", DEBIT),
        ("shorter than what stands before the factors", f"807001001B{HRSS}", "6700", DEBIT),
        ("transit's form with the HRSS zone's length", f"807000002C{HRSS}01{FACTORS}", "9403", TRANSIT),
        ("a key version that is not there", f"807001002C{HRSS[:-2]}0701{FACTORS}", "9403", DEBIT),
        ("an algorithm that is not there", f"807001002C{HRSS}03{FACTORS}", "9403", DEBIT),
        ("an algorithm that nobody knows", f"807001002C{HRSS}7F{FACTORS}", "9403", DEBIT),
    ):
        yield Fault(f"INIT SAM FOR PURCHASE: {name}", AT_WORK, command, sw, source)
    yield Fault("INIT SAM FOR PURCHASE: in the MF", (), DES_DEBIT, "9403", DEBIT)
    begun = (DF01, DES_DEBIT)
    for name, before, command, sw in (
        ("none was begun", (DF01,), "807200000400000000", "6985"),
        ("a work key stands instead", AT_WORK, "807200000400000000", "6985"),
        ("P1 01", begun, "807201000400000000", "6A86"),
        ("P2 01", begun, "807200010400000000", "6A86"),
        ("3 bytes", begun, "8072000003000000", "6700"),
        ("5 bytes", begun, "80720000050000000000", "6700"),
        ("no data", begun, "80720000", "6700"),
        ("again after a wrong one", (*begun, "807200000400000000 9302"), "807200000400000000", "6985"),
    ):
        yield Fault(f"CREDIT SAM FOR PURCHASE: {name}", before, command, sw, DEBIT)


PSAM_FAULTS = (*_generic(), *_delivery(), *_computing(), *_purchases())
