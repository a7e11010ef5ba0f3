"""What the card refuses, as data: one row is a fault, the status word it is answered with, and who says so.

All rows go through the T=0 port of the card called ``card``. A new command gets an entry in ``EXAMPLES``, from which
the faults every command can have are made, and rows of its own in one of the faults_*.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.chip.fault import AT_WORK, CLASSES, SHORT, Example, Fault
from tests.unit.chip.faults_blocked import blocked
from tests.unit.chip.faults_files import FILES
from tests.unit.chip.faults_hrss import HRSS
from tests.unit.chip.faults_line import LINE
from tests.unit.chip.faults_proofs import PROOFS
from tests.unit.chip.faults_security import SECURITY
from tests.unit.chip.faults_sm4 import SM4

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTHS = "ISO/IEC 7816-4, 5.1: Lc and the bytes behind it do not add up"

# Cryptograms: by the openssl command, keys of images.TREE, line MAC under the session key of the challenge.
AUTHENTICATED = ("0082000A1048FA42AB9FF0A4310102030405060708", "0084000008")

EXAMPLES = {
    "SELECT": Example("00A4000002EF06", sends_data=True),
    "READ RECORD": Example("00B2010404", protected=True),
    "READ BINARY": Example("00B0870010", protected=True),
    "UPDATE RECORD": Example("00DC0104042202BBBB", sends_data=True, protected=True),
    "APPEND RECORD": Example("00E2005C040202BBBB", sends_data=True, protected=True),
    "UPDATE BINARY": Example("00D6880002AABB", sends_data=True, protected=True),
    "GET CHALLENGE": Example("0084000004"),
    "INTERNAL AUTHENTICATE": Example("0088000010A1A2A3A4A5A6A7A80102030405060708", sends_data=True),
    "EXTERNAL AUTHENTICATE": Example(AUTHENTICATED[0], sends_data=True),
    "VERIFY": Example("0020000003123456", sends_data=True),
    "CHANGE PIN": Example("805E010007123456FF654321", sends_data=True),
    "PIN CHANGE/UNBLOCK": Example("84240000046422E81F", sends_data=True, before=AUTHENTICATED),
    "APPLICATION BLOCK": Example("841E000004CB8B092D", sends_data=True),
    "APPLICATION UNBLOCK": Example("8418000004BDFB230D", sends_data=True),
    "CARD BLOCK": Example("8416000004BED75794", sends_data=True),
}


def _generic() -> Iterator[Fault]:
    """The faults that every command can have."""
    for name, example in EXAMPLES.items():
        cla, rest = int(example.command[:2], 16), example.command[2:]
        forms = {cla, cla | 0x04} if example.protected else {cla}

        def fault(what: str, command: str, sw: str, source: str = CLASSES, name: str = name) -> Fault:
            return Fault(f"{name}: {what}", AT_WORK, command, sw, source)

        for other in sorted({cla & ~0x0C | bits for bits in (0x04, 0x08, 0x0C)} - forms):
            yield fault(f"CLA {other:02X}, secure messaging", f"{other:02X}{rest}", "6882")
        for form in sorted(forms):
            for channel in (1, 2, 3):
                yield fault(f"CLA {form | channel:02X}, a channel", f"{form | channel:02X}{rest}", "6881")
            yield fault(f"CLA {form | 0x10:02X}, chaining", f"{form | 0x10:02X}{rest}", "6884")
        if cla & 0x0C:
            yield fault("in clear", f"{cla & ~0x0C:02X}{rest}", "6900", "native-card-os 4.2")
        yield fault("CLA of the other class", f"{cla ^ 0x80:02X}{rest}", "6E00")
        for unknown in ("20", "40", "A0", "FF"):
            yield fault(f"CLA {unknown}", unknown + rest, "6E00")
        yield fault("cut off in the header", example.command[:6], "6700", SHORT)
        if example.sends_data:
            yield fault("cut off in the data", example.command[:-2], "6700", LENGTHS)
            yield fault("two bytes too long", example.command + "0000", "6700", LENGTHS)
        else:
            yield fault("data field where there is none", example.command[:8] + "01AA", "6700", LENGTHS)


FAULTS: tuple[Fault, ...] = (
    *_generic(),
    Fault("no command: empty", AT_WORK, "", "6700", SHORT),
    Fault("no command: one byte", AT_WORK, "00", "6700", SHORT),
    Fault("no command: P3=00 and one byte", AT_WORK, "00A400000000", "6700", LENGTHS),
    Fault("INS unknown, ISO class", AT_WORK, "0011000000", "6D00", CLASSES),
    Fault("INS unknown, proprietary class", AT_WORK, "8011000000", "6D00", CLASSES),
    Fault("INS unknown, FF", AT_WORK, "00FF0000", "6D00", CLASSES),
    Fault("INS unknown under secure messaging", AT_WORK, "0411000000", "6D00", CLASSES),
    *blocked(EXAMPLES),
    *FILES,
    *SECURITY,
    *PROOFS,
    *LINE,
    *HRSS,
    *SM4,
)
