"""What the card refuses, as data: one row is a fault, the status word it is answered with, and who says so.

A step of ``before`` must succeed (9000 or 61xx) unless an answer stands behind it, as in "0020000003999999 63C5".
All rows go through the T=0 port of the card called ``card``. A new command gets an entry in ``EXAMPLES``, from which the
faults every command can have are made, and rows of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.unit.chip.bench import SSSE
from tests.unit.chip.images import CHILD_ONE, MF, ONE, VERIFY_ONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    before: tuple[str, ...]
    command: str
    sw: str
    source: str
    card: str = "tree"
    settings: Mapping[str, object] = field(default_factory=dict)
    charged: bool = False
    """A try of PIN 00 is used up; nothing else changes."""


@dataclass(frozen=True, slots=True)
class Example:
    """A command as it is rightly sent in ``AT_WORK``; ``protected``: CLA with 04 is another form of it."""

    command: str
    sends_data: bool = False
    protected: bool = False


# Directory, EF, PIN and challenge all stand, so that a refusal that loses one of them shows.
AT_WORK = (ONE, "00A4000002EF05", VERIFY_ONE, "0084000008")
BLOCKED = (ONE, *(f"0020000003999999 63C{left}" for left in range(5, -1, -1)))

EXAMPLES = {
    "SELECT": Example("00A4000002EF06", sends_data=True),
    "READ RECORD": Example("00B2010404", protected=True),
    "READ BINARY": Example("00B0870010", protected=True),
    "GET CHALLENGE": Example("0084000004"),
    "VERIFY": Example("0020000003123456", sends_data=True),
    "CHANGE PIN": Example("805E010007123456FF654321", sends_data=True),
}

CLASSES = "ISO/IEC 7816-4, 5.4.1 and 5.6"
LENGTHS = "ISO/IEC 7816-4, 5.1: Lc and the bytes behind it do not add up"
SELECT = "ISO/IEC 7816-4, 11.1.1"
RECORD = "ISO/IEC 7816-4, 11.4.3; hrss-card 3"
BINARY = "ISO/IEC 7816-4, 11.3.3; native-card-os 4"
PIN = "ISO/IEC 7816-4, 11.6.6; hrss-card 5"
REACH = "native-card-os 4: children, itself, siblings, MF"
READ_REFUSED = "hrss-card 3 [inf]: refused reads are 6982"
SHORT = "a command has at least CLA INS P1 P2"
T0 = "ISO/IEC 7816-3, 12.2"


def _generic() -> Iterator[Fault]:
    """The faults that every command can have."""
    for name, example in EXAMPLES.items():
        cla, rest = int(example.command[:2], 16), example.command[2:]

        def fault(what: str, command: str, sw: str, source: str = CLASSES, name: str = name) -> Fault:
            return Fault(f"{name}: {what}", AT_WORK, command, sw, source)

        for bits in (0x08, 0x0C) if example.protected else (0x04, 0x08, 0x0C):
            yield fault(f"CLA with secure messaging {bits:02X}", f"{cla | bits:02X}{rest}", "6882")
        for bits in (0x01, 0x02, 0x03):
            yield fault(f"CLA with channel {bits}", f"{cla | bits:02X}{rest}", "6881")
        yield fault("CLA with chaining", f"{cla | 0x10:02X}{rest}", "6884")
        yield fault("CLA of the other class", f"{cla ^ 0x80:02X}{rest}", "6E00")
        for other in ("20", "40", "A0", "FF"):
            yield fault(f"CLA {other}", other + rest, "6E00")
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
    # --- SELECT ---
    *(Fault(f"SELECT: P1={p1}", AT_WORK, f"00A4{p1}0002EF05", "6A86", SELECT) for p1 in ("05", "07", "0A", "80", "FF")),
    *(Fault(f"SELECT: P2={p2}", AT_WORK, f"00A400{p2}02EF05", "6A86", SELECT) for p2 in ("01", "03", "04", "08", "FF")),
    Fault("SELECT: P1=04 P2=01", AT_WORK, "00A404010FA1B2C3D4E5000000000000000000AA", "6A86", SELECT),
    Fault("SELECT: next occurrence of the name", AT_WORK, ONE[:6] + "02" + ONE[8:], "6A82", SELECT),
    Fault("SELECT: FID of one byte", AT_WORK, "00A4000001EF", "6700", SELECT),
    Fault("SELECT: FID of three bytes", AT_WORK, "00A4000003EF0500", "6700", SELECT),
    Fault("SELECT: child DF without FID", AT_WORK, "00A40100", "6700", SELECT),
    Fault("SELECT: EF without FID", AT_WORK, "00A4020000", "6700", SELECT),
    Fault("SELECT: parent with data", AT_WORK, "00A40300023F00", "6700", SELECT),
    Fault("SELECT: path of odd length", AT_WORK, "00A4080003A001DF", "6700", SELECT),
    Fault("SELECT: path from MF without data", AT_WORK, "00A40800", "6700", SELECT),
    Fault("SELECT: path from here without data", AT_WORK, "00A4090000", "6700", SELECT),
    Fault("SELECT: no such FID", AT_WORK, "00A4000002EF55", "6A82", SELECT),
    Fault("SELECT: no such child DF", AT_WORK, "00A4010002DF09", "6A82", SELECT),
    Fault("SELECT: no such EF", AT_WORK, "00A4020002EF55", "6A82", SELECT),
    Fault("SELECT: an EF as child DF", AT_WORK, "00A4010002EF05", "6A82", SELECT),
    Fault("SELECT: a DF as EF", AT_WORK, "00A4020002DF01", "6A82", SELECT),
    Fault("SELECT: a sibling as child DF", (ONE, CHILD_ONE), "00A4010002DF02", "6A82", SELECT),
    Fault("SELECT: the key file", AT_WORK, "00A4000002EF80", "6A82", "hrss-card 1: internal objects"),
    Fault("SELECT: the rules file", AT_WORK, "00A4020002EF81", "6A82", "hrss-card 1: internal objects"),
    Fault("SELECT: a grandchild", AT_WORK, "00A4000002D101", "6A82", REACH),
    Fault("SELECT: an EF of the parent", (ONE, CHILD_ONE), "00A4000002EF07", "6A82", REACH),
    Fault("SELECT: a child of a sibling", ("00A4000002A002",), "00A4000002DF01", "6A82", REACH),
    Fault("SELECT: the MF as child DF", AT_WORK, "00A40100023F00", "6A82", SELECT),
    Fault("SELECT: parent of the MF", (MF,), "00A40300", "6A82", SELECT),
    Fault("SELECT: path breaks at its end", AT_WORK, "00A4080006A001DF01EF55", "6A82", SELECT),
    Fault("SELECT: path breaks at its start", AT_WORK, "00A4080004A003DF01", "6A82", SELECT),
    Fault("SELECT: path goes on behind an EF", AT_WORK, "00A4090004EF05EF05", "6A82", SELECT),
    Fault("SELECT: path from here that is one from MF", AT_WORK, "00A4090004A001EF05", "6A82", SELECT),
    Fault("SELECT: no such name", (SSSE,), "00A4040008A000000333010101", "6A82", "hrss-card 9, G6", card="gen2"),
    Fault("SELECT: a name cut short", (), SSSE[:8] + "0E" + SSSE[10:-2], "6A82", SELECT, card="gen2"),
    Fault("SELECT: a name one byte too long", (), SSSE[:8] + "10" + SSSE[10:] + "00", "6A82", SELECT, card="gen2"),
    Fault(
        "SELECT: name before 3F00, where the profile forbids it",
        (),
        SSSE,
        "6A82",
        "hrss-card 3 [1]: such cards do not accept the name",
        card="gen2",
        settings={"mf_select_first": True},
    ),
    # --- READ RECORD ---
    *(
        Fault(f"READ RECORD: mode {mode}", AT_WORK, f"00B201{0x30 | mode:02X}00", "6A86", RECORD)
        for mode in (1, 2, 3, 6, 7)
    ),
    *(
        Fault(f"READ RECORD: no current EF, mode {mode}", (SSSE,), f"00B2010{mode}00", "6986", RECORD, card="gen2")
        for mode in (0, 4, 5)
    ),
    Fault("READ RECORD: a directory selected since", (*AT_WORK, CHILD_ONE), "00B2010400", "6986", RECORD),
    Fault("READ RECORD: no such SFI", AT_WORK, "00B2015400", "6A82", RECORD),
    Fault("READ RECORD: the SFI is one of the parent's", (ONE, CHILD_ONE), "00B2013400", "6A82", RECORD),
    Fault("READ RECORD: number 0", AT_WORK, "00B2000400", "6A83", RECORD),
    Fault("READ RECORD: one behind the last number", AT_WORK, "00B2050400", "6A83", RECORD),
    Fault("READ RECORD: number FF by SFI", AT_WORK, "00B2FF3400", "6A83", RECORD),
    Fault("READ RECORD: a tag as number", AT_WORK, "00B2220400", "6A83", "hrss-card 3: never alias them"),
    Fault("READ RECORD: no such tag", AT_WORK, "00B2550000", "6A83", RECORD),
    Fault("READ RECORD: tag 00", AT_WORK, "00B2000000", "6A83", RECORD),
    Fault("READ RECORD: a number as tag", AT_WORK, "00B2010000", "6A83", "hrss-card 3: never alias them"),
    Fault("READ RECORD: all from number 0", AT_WORK, "00B2000500", "6A83", RECORD),
    Fault("READ RECORD: all from behind the last", AT_WORK, "00B2050500", "6A83", RECORD),
    Fault("READ RECORD: transparent file by SFI", AT_WORK, "00B2013C00", "6981", RECORD),
    Fault("READ RECORD: transparent current EF", (ONE, "00A4000002EF07"), "00B2010400", "6981", RECORD),
    Fault("READ RECORD: protected, by number", (ONE,), "00B2023400", "6982", READ_REFUSED),
    Fault("READ RECORD: protected, by tag", (ONE,), "00B2333000", "6982", READ_REFUSED),
    Fault("READ RECORD: all, one of them protected", (ONE,), "00B2013500", "6982", READ_REFUSED),
    Fault("READ RECORD: Le one too large", AT_WORK, "00B2010405", "6C04", "hrss-card 3: 6C and the TLV length"),
    Fault("READ RECORD: Le of the value only", AT_WORK, "00B2010402", "6C04", "hrss-card 3: 6C and the TLV length"),
    Fault("READ RECORD: Le 00", AT_WORK, "00B2010400", "6C04", T0),
    Fault("READ RECORD: Le absent", AT_WORK, "00B20104", "6C04", "hrss-card 3, C10"),
    Fault("READ RECORD: all, Le FF", AT_WORK, "00B20105FF", "6C0E", T0),
    # --- READ BINARY ---
    *(Fault(f"READ BINARY: P1={p1}", AT_WORK, f"00B0{p1}0010", "6A86", BINARY) for p1 in ("A7", "C7", "E7", "FF")),
    Fault("READ BINARY: no current EF", (ONE,), "00B0000010", "6986", BINARY),
    Fault("READ BINARY: no such SFI", AT_WORK, "00B08B0010", "6A82", BINARY),
    Fault("READ BINARY: a record file by SFI", AT_WORK, "00B0850010", "6981", BINARY),
    Fault("READ BINARY: a record file is current", AT_WORK, "00B0000010", "6981", BINARY),
    Fault("READ BINARY: offset at the end", (ONE, "00A4000002EF07"), "00B0030001", "6B00", BINARY),
    Fault("READ BINARY: largest offset", (ONE, "00A4000002EF07"), "00B07FFF01", "6B00", BINARY),
    Fault("READ BINARY: offset at the end, by SFI", AT_WORK, "00B0882001", "6B00", BINARY),
    Fault("READ BINARY: PIN missing", (ONE,), "00B0880010", "6982", READ_REFUSED),
    Fault("READ BINARY: key missing", AT_WORK, "00B0890010", "6982", READ_REFUSED),
    Fault("READ BINARY: the fingerprint without RK", (SSSE,), "00B0870010", "6982", "hrss-card 6", card="gen2"),
    Fault("READ BINARY: Le beyond the end", (ONE, "00A4000002EF07"), "00B002FE05", "6C02", T0),
    # --- GET CHALLENGE ---
    Fault("GET CHALLENGE: P1=01", AT_WORK, "0084010008", "6A86", "ISO/IEC 7816-4, 11.6.3"),
    Fault("GET CHALLENGE: P2=01", AT_WORK, "0084000108", "6A86", "ISO/IEC 7816-4, 11.6.3"),
    *(
        Fault(f"GET CHALLENGE: Le={le}", AT_WORK, f"00840000{le}", "6700", "native-card-os 4: 4 or 8 bytes, else 6700")
        for le in ("01", "05", "07", "09", "10", "FF")
    ),
    # --- VERIFY ---
    *(Fault(f"VERIFY: P1={p1}", AT_WORK, f"0020{p1}0003123456", "6A86", PIN) for p1 in ("01", "80", "FF")),
    *(Fault(f"VERIFY: P2={p2}", AT_WORK, f"002000{p2}03123456", "6A86", PIN) for p2 in ("20", "40", "60", "FF")),
    Fault("VERIFY: no such PIN", AT_WORK, "0020000103123456", "6A88", PIN),
    Fault("VERIFY: no such local PIN", AT_WORK, "0020008103123456", "6A88", PIN),
    Fault("VERIFY: no PIN at the MF", (), "0020000003123456", "6A88", PIN, card="gen2"),
    Fault("VERIFY: a local PIN of the parent", (ONE, CHILD_ONE, "00A4010002D101"), "00200081024321", "6A88", PIN),
    Fault("VERIFY: a PIN of one byte", AT_WORK, "002000000112", "6700", "hrss-card 5: 2 to 6 bytes"),
    Fault("VERIFY: a PIN of seven bytes", AT_WORK, "00200000071234567890AAFF", "6700", "hrss-card 5: 2 to 6 bytes"),
    Fault("VERIFY: wrong PIN", (ONE,), "0020000003654321", "63C5", PIN, charged=True),
    Fault("VERIFY: wrong PIN after the right one", AT_WORK, "0020000003654321", "63C5", PIN, charged=True),
    Fault("VERIFY: right digits, too few", AT_WORK, "00200000021234", "63C5", PIN, charged=True),
    Fault("VERIFY: right digits, too many", AT_WORK, "002000000412345600", "63C5", PIN, charged=True),
    Fault("VERIFY: the last try", BLOCKED[:-1], "0020000003999999", "63C0", PIN, charged=True),
    Fault("VERIFY: blocked, right PIN", BLOCKED, VERIFY_ONE, "6983", "native-card-os 3"),
    Fault("VERIFY: blocked, wrong PIN", BLOCKED, "0020000003999999", "6983", "native-card-os 3"),
    Fault("VERIFY: how many tries are left", (ONE,), "00200000", "63C6", PIN),
    Fault("VERIFY: how many tries are left, after one", BLOCKED[:2], "0020000000", "63C5", PIN),
    Fault("VERIFY: how many, where the PIN is blocked", BLOCKED, "00200000", "6983", PIN),
    Fault("VERIFY: no data, where refused", (SSSE,), "00200000", "6700", PIN, "gen2", {"verify_query": "6700"}),
    # --- CHANGE PIN ---
    Fault("CHANGE PIN: P1=00, which is RELOAD", AT_WORK, "805E000007123456FF654321", "6A86", "hrss-card 5"),
    Fault("CHANGE PIN: P1=02", AT_WORK, "805E020007123456FF654321", "6A86", "hrss-card 5"),
    Fault("CHANGE PIN: P2=20", AT_WORK, "805E012007123456FF654321", "6A86", "hrss-card 5"),
    Fault("CHANGE PIN: no such PIN", AT_WORK, "805E010107123456FF654321", "6A88", "hrss-card 5"),
    Fault("CHANGE PIN: no data", AT_WORK, "805E0100", "6700", "hrss-card 5"),
    Fault("CHANGE PIN: no separator", AT_WORK, "805E010006123456654321", "6A80", "hrss-card 5"),
    Fault("CHANGE PIN: two separators", AT_WORK, "805E010008123456FF65FF4321", "6A80", "hrss-card 5"),
    Fault("CHANGE PIN: old PIN of one byte", AT_WORK, "805E01000512FF654321", "6700", "hrss-card 5"),
    Fault("CHANGE PIN: new PIN of one byte", AT_WORK, "805E010005123456FF65", "6700", "hrss-card 5"),
    Fault("CHANGE PIN: new PIN of seven bytes", AT_WORK, "805E01000B123456FF65432165432165", "6700", "hrss-card 5"),
    Fault("CHANGE PIN: nothing new", AT_WORK, "805E010004123456FF", "6700", "hrss-card 5"),
    Fault("CHANGE PIN: wrong old PIN", AT_WORK, "805E010007654321FF111111", "63C5", "hrss-card 5", charged=True),
    Fault("CHANGE PIN: blocked", BLOCKED, "805E010007123456FF654321", "6983", "native-card-os 3"),
    # --- GET RESPONSE ---
    Fault("GET RESPONSE: nothing waits", AT_WORK, "00C0000010", "6985", T0),
    Fault("GET RESPONSE: fetched before", (ONE, "00C0000018"), "00C0000018", "6985", T0),
    Fault("GET RESPONSE: dropped by another command", (ONE, "0084000008"), "00C0000018", "6985", T0),
    Fault("GET RESPONSE: dropped by a refusal", (ONE, "00A4000002EF55 6A82"), "00C0000018", "6985", T0),
    Fault("GET RESPONSE: P1=01", (ONE,), "00C0010018", "6A86", T0),
    Fault("GET RESPONSE: P2=01", (ONE,), "00C0000118", "6A86", T0),
    Fault("GET RESPONSE: Le too large", (ONE,), "00C0000019", "6C18", T0),
    Fault("GET RESPONSE: Le 00", (ONE,), "00C0000000", "6C18", T0),
    Fault("GET RESPONSE: Le absent", (ONE,), "00C00000", "6C18", T0),
    Fault("GET RESPONSE: with data", (ONE,), "00C0000001AA", "6700", T0),
    Fault("GET RESPONSE: cut off in the header", (ONE,), "00C000", "6700", SHORT),
    Fault("GET RESPONSE: CLA FF", (ONE,), "FFC0000018", "6E00", CLASSES),
)
