"""Rows of the table of faults: SELECT, READ and UPDATE."""

from __future__ import annotations

from tests.unit.chip.bench import SSSE
from tests.unit.chip.fault import AT_WORK, T0, Fault
from tests.unit.chip.images import CHILD_ONE, MF, ONE, TWO, VERIFY_ONE

SELECT = "ISO/IEC 7816-4, 11.1.1"
RECORD = "ISO/IEC 7816-4, 11.4.3; hrss-card 3"
BINARY = "ISO/IEC 7816-4, 11.3.3; native-card-os 4"
WRITE_RECORD = "ISO/IEC 7816-4, 11.4.5; native-card-os 4"
WRITE_BINARY = "ISO/IEC 7816-4, 11.3.5; native-card-os 4"
APPEND = "ISO/IEC 7816-4, 11.4.6; native-card-os 4"
REACH = "native-card-os 4: children, itself, siblings, MF"
REFUSED = "hrss-card 3 [inf]: missing rights are 6982"
PROTECTED = "native-card-os 4, 5.1"

AT_TWO = (TWO, "0020000003888888", "0084000008")

FILES: tuple[Fault, ...] = (
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
    Fault("READ RECORD: protected, by number", (ONE,), "00B2023400", "6982", REFUSED),
    Fault("READ RECORD: protected, by tag", (ONE,), "00B2333000", "6982", REFUSED),
    Fault("READ RECORD: all, one of them protected", (ONE,), "00B2013500", "6982", REFUSED),
    Fault("READ RECORD: Le one too large", AT_WORK, "00B2010405", "6C04", "hrss-card 3: 6C and the TLV length"),
    Fault("READ RECORD: Le of the value only", AT_WORK, "00B2010402", "6C04", "hrss-card 3: 6C and the TLV length"),
    Fault("READ RECORD: Le 00", AT_WORK, "00B2010400", "6C04", T0),
    Fault("READ RECORD: Le absent", AT_WORK, "00B20104", "6C04", "hrss-card 3, C10"),
    Fault("READ RECORD: all, Le FF", AT_WORK, "00B20105FF", "6C0E", T0),
    # --- READ BINARY ---
    *(Fault(f"READ BINARY: P1={p1}", AT_WORK, f"00B0{p1}0010", "6A86", BINARY) for p1 in ("A7", "C7", "E7", "FF")),
    Fault("READ BINARY: no current EF", (ONE,), "00B0000010", "6986", BINARY),
    Fault("READ BINARY: no such SFI", AT_WORK, "00B0950010", "6A82", BINARY),
    Fault("READ BINARY: a record file by SFI", AT_WORK, "00B0850010", "6981", BINARY),
    Fault("READ BINARY: a record file is current", AT_WORK, "00B0000010", "6981", BINARY),
    Fault("READ BINARY: offset at the end", (ONE, "00A4000002EF07"), "00B0030001", "6B00", BINARY),
    Fault("READ BINARY: largest offset", (ONE, "00A4000002EF07"), "00B07FFF01", "6B00", BINARY),
    Fault("READ BINARY: offset at the end, by SFI", AT_WORK, "00B0882001", "6B00", BINARY),
    Fault("READ BINARY: PIN missing", (ONE,), "00B0880010", "6982", REFUSED),
    Fault("READ BINARY: key missing", AT_WORK, "00B0890010", "6982", REFUSED),
    Fault("READ BINARY: the fingerprint without RK", (SSSE,), "00B0870010", "6982", "hrss-card 6", card="gen2"),
    Fault("READ BINARY: Le beyond the end", (ONE, "00A4000002EF07"), "00B002FE05", "6C02", T0),
    # --- UPDATE RECORD ---
    *(
        Fault(f"UPDATE RECORD: mode {mode}", AT_WORK, f"00DC010{mode}042202BBBB", "6A86", WRITE_RECORD)
        for mode in (1, 2, 3, 5, 7)
    ),
    Fault("UPDATE RECORD: no current EF", (ONE, VERIFY_ONE), "00DC0104042202BBBB", "6986", WRITE_RECORD),
    Fault("UPDATE RECORD: no such SFI", AT_WORK, "00DC01AC042202BBBB", "6A82", WRITE_RECORD),
    Fault("UPDATE RECORD: transparent file", AT_WORK, "00DC0144042202BBBB", "6981", WRITE_RECORD),
    Fault("UPDATE RECORD: number 0", AT_WORK, "00DC0004042202BBBB", "6A83", WRITE_RECORD),
    Fault("UPDATE RECORD: one behind the last number", AT_WORK, "00DC0504042202BBBB", "6A83", WRITE_RECORD),
    Fault("UPDATE RECORD: no such tag", AT_WORK, "00DC2300042302BBBB", "6A83", WRITE_RECORD),
    Fault("UPDATE RECORD: PIN missing", (ONE,), "00DC012C042202BBBB", "6982", REFUSED),
    Fault("UPDATE RECORD: never", AT_WORK, "00DC0134043102BBBB", "6982", REFUSED),
    Fault("UPDATE RECORD: no data", AT_WORK, "00DC0104", "6700", WRITE_RECORD),
    Fault("UPDATE RECORD: one byte too few", AT_WORK, "00DC0104032201BB", "6700", WRITE_RECORD),
    Fault("UPDATE RECORD: one byte too many", AT_WORK, "00DC0104052203BBBBBB", "6700", WRITE_RECORD),
    Fault("UPDATE RECORD: another tag", AT_WORK, "00DC0104042302BBBB", "6A80", WRITE_RECORD),
    Fault("UPDATE RECORD: a length that is not the data's", AT_WORK, "00DC0104042203BBBB", "6A80", WRITE_RECORD),
    Fault("UPDATE RECORD: cyclic, not the newest", AT_WORK, "00DC026402BBBB", "6A86", WRITE_RECORD),
    Fault("UPDATE RECORD: cyclic, number 1 in mode 3", AT_WORK, "00DC016302BBBB", "6A86", WRITE_RECORD),
    Fault("UPDATE RECORD: cyclic, wrong length", AT_WORK, "00DC006303BBBBBB", "6700", WRITE_RECORD),
    Fault("UPDATE RECORD: cyclic, PIN missing", (ONE,), "00DC006302BBBB", "6982", REFUSED),
    # --- APPEND RECORD ---
    Fault("APPEND RECORD: P1=01", AT_WORK, "00E2015C040202BBBB", "6A86", APPEND),
    Fault("APPEND RECORD: mode 3", AT_WORK, "00E2005B040202BBBB", "6A86", APPEND),
    Fault("APPEND RECORD: no current EF", (ONE, VERIFY_ONE), "00E20004040202BBBB", "6986", APPEND),
    Fault("APPEND RECORD: transparent file", AT_WORK, "00E20044040202BBBB", "6981", APPEND),
    Fault("APPEND RECORD: PIN missing", (ONE,), "00E2005C040202BBBB", "6982", REFUSED),
    Fault("APPEND RECORD: no room", AT_WORK, "00E2005C050203BBBBBB", "6A84", "native-card-os 4: no space"),
    Fault("APPEND RECORD: a full file", AT_WORK, "00E20004022300", "6A84", "native-card-os 4: no space"),
    Fault("APPEND RECORD: one byte", AT_WORK, "00E2005C0102", "6A80", APPEND),
    Fault("APPEND RECORD: a length that is not the data's", AT_WORK, "00E2005C040201BBBB", "6A80", APPEND),
    Fault("APPEND RECORD: no data", AT_WORK, "00E2005C", "6700", APPEND),
    Fault("APPEND RECORD: cyclic, wrong length", AT_WORK, "00E2006401BB", "6700", APPEND),
    # --- UPDATE BINARY ---
    *(Fault(f"UPDATE BINARY: P1={p1}", AT_WORK, f"00D6{p1}0001AA", "6A86", WRITE_BINARY) for p1 in ("A8", "C8", "FF")),
    Fault("UPDATE BINARY: no current EF", (ONE, VERIFY_ONE), "00D6000001AA", "6986", WRITE_BINARY),
    Fault("UPDATE BINARY: no such SFI", AT_WORK, "00D6950001AA", "6A82", WRITE_BINARY),
    Fault("UPDATE BINARY: a record file", AT_WORK, "00D6000001AA", "6981", WRITE_BINARY),
    Fault("UPDATE BINARY: PIN missing", (ONE,), "00D6880001AA", "6982", REFUSED),
    Fault("UPDATE BINARY: key missing", AT_WORK, "00D6890001AA", "6982", REFUSED),
    Fault("UPDATE BINARY: never", AT_WORK, "00D6870001AA", "6982", REFUSED),
    Fault("UPDATE BINARY: offset at the end", AT_WORK, "00D6882001AA", "6B00", WRITE_BINARY),
    Fault("UPDATE BINARY: one byte over the end", AT_WORK, "00D6881F02AABB", "6700", WRITE_BINARY),
    Fault("UPDATE BINARY: no data", AT_WORK, "00D68800", "6700", WRITE_BINARY),
    # --- secure messaging; MACs by the openssl command ---
    Fault("UPDATE BINARY: a file that wants a MAC", AT_WORK, "00D68D0002AABB", "6987", PROTECTED),
    Fault("UPDATE BINARY: a file that wants a cipher", AT_WORK, "00D6900002AABB", "6987", PROTECTED),
    Fault("UPDATE BINARY: no room for a MAC", AT_WORK, "04D68D0003AABBCC", "6987", PROTECTED),
    Fault("UPDATE BINARY: no challenge", (ONE, VERIFY_ONE), "04D68D0006AABBCE163FF4", "6984", PROTECTED),
    Fault("UPDATE BINARY: wrong MAC", AT_WORK, "04D68D0006AABBCE163FF5", "6988", PROTECTED, charged=True, spent=True),
    Fault(
        "UPDATE BINARY: wrong MAC, as some cards say it",
        AT_WORK,
        "04D68D0006AABBCE163FF5",
        "9302",
        "hrss-card 3",
        settings={"wrong_mac": 0x9302},
        charged=True,
        spent=True,
    ),
    Fault("UPDATE BINARY: no key for the MAC", AT_TWO, "04D68B0006AABBCE163FF4", "6A88", PROTECTED, spent=True),
    Fault("READ RECORD: protected form without a MAC", AT_WORK, "04B2010400", "6987", PROTECTED),
    Fault("READ BINARY: protected form without a MAC", AT_WORK, "04B0870003AABBCC", "6987", PROTECTED),
    Fault("READ RECORD: wrong MAC", AT_WORK, "04B2010404C34D6A9E", "6988", PROTECTED, charged=True, spent=True),
)
