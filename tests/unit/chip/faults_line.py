"""Rows of the table of faults: commands that carry a line MAC. MACs and cryptograms by the openssl command."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.unit.chip.fault import AT_WORK, Fault
from tests.unit.chip.images import ONE, VERIFY_ONE

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_MAC = "native-card-os 4.2, 5.1; hrss-card 4.5"
STALE = "native-card-os 5.1: the challenge fetched directly before"
ANY_WRONG_MAC = "native-card-os 4.2: 6988; 9302 in hrss-card 3"
FORM = "ISO/IEC 7816-4, 11.4; native-card-os 4"
ORDER = "native-card-os 15.3: the data is looked at behind the MAC"
READ_ORDER = "native-card-os 4; 15.3: no manual gives the order, a protected READ looks at its MAC first"

CHALLENGE = "0084000008"
PUK = "0082000A1048FA42AB9FF0A4310102030405060708"
AT_UNBLOCK = (*AT_WORK, PUK, CHALLENGE)
BLOCK_FOR_EVER = "841E00010477804550"


@dataclass(frozen=True, slots=True)
class Signed:
    """A command with a right MAC: for the challenge that waits behind ``before``, and for the third one after it.

    ``elsewhere``: its header with other parameters, for which the MAC is wrong. ``ends``: it blocks, so that what
    comes behind it is answered 6A81.
    """

    name: str
    command: str
    later: str
    elsewhere: str = ""
    before: tuple[str, ...] = AT_WORK
    ends: bool = False

    @property
    def wrong(self) -> str:
        """The same with one bit of the MAC flipped."""
        return self.command[:-1] + f"{int(self.command[-1], 16) ^ 1:X}"


COMMANDS = (
    Signed("UPDATE RECORD", "04DC0104082202BBBB9F76464E", "04DC0104082202BBBB6FE58572", "04DC0304"),
    Signed("UPDATE RECORD, cyclic", "04DC006306BBBBB8335FFD", "04DC006306BBBB71444759", "04DC0164"),
    Signed("APPEND RECORD", "04E2005C080202BBBB6E2873F5", "04E2005C080202BBBB988F3F7B", "04E20004"),
    Signed("APPEND RECORD, cyclic", "04E2006406BBBB65FCAED6", "04E2006406BBBBA17948CC", "04E20060"),
    Signed("UPDATE BINARY", "04D68D0006AABBCE163FF4", "04D68D0006AABB258C4C09", "04D68D01"),
    Signed(
        "UPDATE BINARY, enciphered",
        "04D690000C967D0364C220B1B0611488D3",
        "04D690000CC71357F7A0E55355395183A0",
        "04D69001",
    ),
    Signed("READ RECORD", "04B2010404C34D6A9F", "04B2010404F43D429A", "04B20204"),
    Signed("READ BINARY", "04B088000451DA800F", "04B08800041E4EC4A1", "04B08801"),
    Signed("PIN CHANGE/UNBLOCK", "84240000046422E81F", "8424000004142BDE02", "84240001", AT_UNBLOCK),
    Signed(
        "PIN CHANGE/UNBLOCK, reload",
        "842400010C19BE1DAF9A3EB916370F494C",
        "842400010C12CF9EFF74C19A2D060C1FD8",
        "84240000",
        AT_UNBLOCK,
    ),
    Signed("APPLICATION BLOCK", "841E000004CB8B092D", "841E000004EEFDD167", "841E0001", ends=True),
    Signed("APPLICATION UNBLOCK", "8418000004BDFB230D", "84180000048DA3933A"),
    Signed("CARD BLOCK", "8416000004BED75794", "8416000004E44DE1A8", ends=True),
)


def of_every_command(commands: tuple[Signed, ...], card: str = "tree", prefix: str = "") -> Iterator[Fault]:
    """What can be wrong with the MAC of any of them; ``prefix`` goes before the names."""
    for signed in commands:
        for fault in _of(signed):
            yield replace(fault, name=prefix + fault.name, card=card)


def _of(signed: Signed) -> Iterator[Fault]:
    """What can be wrong with the MAC of one."""
    name, before, right, wrong = f"{signed.name}:", signed.before, signed.command, signed.wrong
    other_byte = f"{right[:10]}{int(right[10:12], 16) ^ 1:02X}{right[12:]}"
    used_up = "6A81" if signed.ends else "6984"
    yield Fault(f"{name} one bit of the MAC wrong", before, wrong, "6988", LINE_MAC, charged=True, spent=True)
    yield Fault(
        f"{name} one bit of the MAC wrong, where 9302 says it",
        before,
        wrong,
        "9302",
        ANY_WRONG_MAC,
        settings={"wrong_mac": 0x9302},
        charged=True,
        spent=True,
    )
    yield Fault(
        f"{name} the first byte behind Lc changed", before, other_byte, "6988", LINE_MAC, charged=True, spent=True
    )
    if signed.elsewhere:
        moved = signed.elsewhere + right[8:]
        yield Fault(f"{name} the MAC of another P1 P2", before, moved, "6988", LINE_MAC, charged=True, spent=True)
    yield Fault(f"{name} no challenge was fetched", before[:-1], right, "6984", STALE)
    yield Fault(f"{name} a wrong one took the challenge", (*before, f"{wrong} 6988"), right, "6984", STALE)
    yield Fault(
        f"{name} the MAC of the challenge before",
        (*before, CHALLENGE),
        right,
        "6988",
        STALE,
        charged=True,
        spent=True,
    )
    yield Fault(f"{name} sent twice", (*before, right), right, used_up, STALE)
    if not signed.ends:
        again = (*before, right, CHALLENGE)
        yield Fault(f"{name} replayed to a new challenge", again, right, "6988", STALE, charged=True, spent=True)
    tries = [step for _ in range(3) for step in (f"{wrong} 6988", CHALLENGE)]
    yield Fault(f"{name} the key is blocked", (*before, *tries), signed.later, "6983", LINE_MAC, spent=True)
    yield Fault(
        f"{name} a session MAC, where the challenge is the IV",
        before,
        right,
        "6988",
        "native-card-os 5.1",
        settings={"line_mac": "challenge-iv"},
        charged=True,
        spent=True,
    )


def _signed(name: str, command: str, sw: str, source: str = ORDER, before: tuple[str, ...] = AT_WORK) -> Fault:
    return Fault(name, before, command, sw, source, signed=True)


LINE: tuple[Fault, ...] = (
    *of_every_command(COMMANDS),
    # --- no MAC, or not that of this key or form ---
    *(
        Fault(f"{name}: {what}", AT_WORK, f"{header}{lc_and_data}", "6987", LINE_MAC)
        for name, header in (
            ("protected UPDATE RECORD", "04DC0104"),
            ("protected APPEND RECORD", "04E2005C"),
            ("protected UPDATE BINARY", "04D68800"),
            ("protected READ RECORD", "04B20104"),
            ("protected READ BINARY", "04B08800"),
        )
        for what, lc_and_data in (("no data", ""), ("three bytes", "03AABBCC"))
    ),
    Fault("PIN CHANGE/UNBLOCK: no data", AT_UNBLOCK, "84240000", "6987", LINE_MAC),
    Fault("PIN CHANGE/UNBLOCK: three bytes", AT_UNBLOCK, "8424000003AABBCC", "6987", LINE_MAC),
    Fault(
        "UPDATE BINARY: the MAC of another key",
        AT_WORK,
        "04D68D0006AABB29E612D4",
        "6988",
        LINE_MAC,
        charged=True,
        spent=True,
    ),
    Fault(
        "UPDATE BINARY: MAC with the challenge as IV",
        AT_WORK,
        "04D68D0006AABB44711D4D",
        "6988",
        "hrss-card 4.5",
        charged=True,
        spent=True,
    ),
    Fault(
        "UPDATE BINARY: a MAC over an extended length",
        AT_WORK,
        "04D68D00000104" + 256 * "AA" + "BBBBBBBB",
        "6700",
        "native-card-os 1.1, 10: no extended length",
    ),
    Fault(
        "UPDATE BINARY: a challenge longer than a block",
        (*AT_WORK[:-1], "0084000010"),
        "04D68D0006AABBCE163FF4",
        "6984",
        "native-card-os 5.1: the IV is the challenge and 00",
        settings={"challenge_sizes": [8, 16]},
        spent=True,
    ),
    # --- the state, before the MAC is looked at ---
    Fault("protected UPDATE RECORD: PIN missing", (ONE, CHALLENGE), "04DC012C082202BBBB9F76464E", "6982", FORM),
    Fault("protected UPDATE RECORD: never", AT_WORK, "04DC013408310200009F76464E", "6982", FORM),
    Fault("protected UPDATE RECORD: cyclic, PIN missing", (ONE, CHALLENGE), "04DC006306BBBBB8335FFD", "6982", FORM),
    Fault("protected APPEND RECORD: PIN missing", (ONE, CHALLENGE), "04E2005C080202BBBB6E2873F5", "6982", FORM),
    Fault("protected APPEND RECORD: cyclic, PIN missing", (ONE, CHALLENGE), "04E2006406BBBB65FCAED6", "6982", FORM),
    Fault("protected UPDATE BINARY: PIN missing", (ONE, CHALLENGE), "04D68D0006AABBCE163FF4", "6982", FORM),
    Fault("protected UPDATE BINARY: key missing", AT_WORK, "04D6890006AABBCE163FF4", "6982", FORM),
    Fault("protected UPDATE RECORD: number behind the last", AT_WORK, "04DC0504082202BBBB9F76464E", "6A83", FORM),
    Fault("protected UPDATE RECORD: no such tag", AT_WORK, "04DC2300082202BBBB9F76464E", "6A83", FORM),
    Fault("protected UPDATE RECORD: transparent", AT_WORK, "04DC0144082202BBBB9F76464E", "6981", FORM),
    Fault("protected APPEND RECORD: transparent", AT_WORK, "04E20044082202BBBB9F76464E", "6981", FORM),
    Fault("protected UPDATE BINARY: a record file", AT_WORK, "04D6850006AABBCE163FF4", "6981", FORM),
    Fault("protected UPDATE RECORD: mode 2", AT_WORK, "04DC0102082202BBBB9F76464E", "6A86", FORM),
    Fault("protected UPDATE RECORD: cyclic, not the newest", AT_WORK, "04DC026406BBBBB8335FFD", "6A86", FORM),
    Fault("protected APPEND RECORD: P1=01", AT_WORK, "04E2015C080202BBBB6E2873F5", "6A86", FORM),
    Fault("protected UPDATE BINARY: P1=A8", AT_WORK, "04D6A80006AABBCE163FF4", "6A86", FORM),
    Fault("protected UPDATE RECORD: no such SFI", AT_WORK, "04DC01AC082202BBBB9F76464E", "6A82", FORM),
    Fault(
        "protected UPDATE RECORD: no current EF",
        (ONE, VERIFY_ONE, CHALLENGE),
        "04DC010408AAAAAAAA9F76464E",
        "6986",
        FORM,
    ),
    Fault(
        "PIN CHANGE/UNBLOCK: PUK given, the application left since",
        (*AT_WORK, PUK, "00A4000002A002", ONE, CHALLENGE),
        "84240000046422E81F",
        "6982",
        LINE_MAC,
    ),
    Fault(
        "APPLICATION UNBLOCK: blocked for ever",
        (*AT_WORK, BLOCK_FOR_EVER, CHALLENGE),
        "8418000004CD3EDE6C",
        "9303",
        "native-card-os 4",
    ),
    # --- a right MAC, and something else is wrong ---
    _signed("protected UPDATE RECORD: one byte too few", "04DC0104072201BB869C918C", "6700"),
    _signed("protected UPDATE RECORD: no data before the MAC", "04DC010404FAA50422", "6700"),
    _signed("protected UPDATE RECORD: another tag", "04DC0104082302BBBBB39C12A4", "6A80"),
    _signed("protected UPDATE RECORD: a length that is not the data's", "04DC0104082203BBBB450573B5", "6A80"),
    _signed("protected UPDATE RECORD: cyclic, wrong length", "04DC006307BBBBBB882F483D", "6700"),
    _signed("protected UPDATE RECORD: cyclic, no data before the MAC", "04DC0063043E434131", "6700"),
    _signed("protected APPEND RECORD: a length that is not the data's", "04E2005C080201BBBB04E0F246", "6A80"),
    _signed("protected APPEND RECORD: no data before the MAC", "04E2005C0470E09416", "6A80"),
    _signed("protected APPEND RECORD: no room", "04E2005C090203BBBBBB5F571032", "6A84"),
    _signed("protected APPEND RECORD: a full file", "04E20004062300B34961D7", "6A84"),
    _signed("protected APPEND RECORD: cyclic, wrong length", "04E2006405BB1309EB23", "6700"),
    _signed("protected UPDATE BINARY: offset at the end", "04D68D0805AA447FC96B", "6B00"),
    _signed("protected UPDATE BINARY: one byte over the end", "04D68D0706AABB9216319D", "6700"),
    _signed("protected UPDATE BINARY: no data before the MAC", "04D68D00041CDC6D65", "6700"),
    _signed("UPDATE BINARY: a cipher file, data in clear", "04D690000CAABBCCDDEEFF00117B7E24B5", "6988", LINE_MAC),
    _signed("UPDATE BINARY: a cipher file, no whole block", "04D690000BAABBCCDDEEFF000983966A", "6988", LINE_MAC),
    _signed("UPDATE BINARY: a cipher file, nothing sealed", "04D69000045A5F72D4", "6988", LINE_MAC),
    _signed("UPDATE BINARY: sealed, no 80 behind it", "04D690000CEB11510174A2E4C172873997", "6988", LINE_MAC),
    _signed("UPDATE BINARY: sealed, its length too large", "04D690000CA9D32B3A4421F1E67FFAD5F4", "6988", LINE_MAC),
    _signed("UPDATE BINARY: sealed, of no bytes", "04D690000C8EAFFF1EA7206DE64E056F69", "6700"),
    _signed("UPDATE BINARY: sealed, offset at the end", "04D690080CF2B99E470E03FD15D0821CCA", "6B00"),
    _signed("UPDATE BINARY: sealed, one byte over the end", "04D690070C967D0364C220B1B007E2DF3D", "6700"),
    _signed("protected READ RECORD: number behind the last", "04B20504049030328E", "6A83", READ_ORDER),
    _signed("protected READ RECORD: no such tag", "04B22300049C6F8D04", "6A83", READ_ORDER),
    _signed("protected READ RECORD: PIN missing", "04B2333004EE256BF1", "6982", READ_ORDER, (ONE, CHALLENGE)),
    _signed("protected READ RECORD: transparent", "04B201440401EC1DEF", "6981", READ_ORDER),
    _signed("protected READ RECORD: mode 6", "04B20106049DD7DA27", "6A86", READ_ORDER),
    _signed("protected READ RECORD: no such SFI", "04B201AC04DB3637F5", "6A82", READ_ORDER),
    _signed("protected READ RECORD: no current EF", "04B2010404C34D6A9F", "6986", READ_ORDER, (ONE, CHALLENGE)),
    _signed("protected READ RECORD: data before the MAC", "04B2010405AACB9AE183", "6700", READ_ORDER),
    _signed("protected READ BINARY: offset at the end", "04B08820041671ABD3", "6B00", READ_ORDER),
    _signed("protected READ BINARY: PIN missing", "04B088000451DA800F", "6982", READ_ORDER, (ONE, CHALLENGE)),
    _signed("protected READ BINARY: key missing", "04B08900043E300F8C", "6982", READ_ORDER),
    _signed("protected READ BINARY: a record file by SFI", "04B0850004E1216E50", "6981", READ_ORDER),
    _signed("protected READ BINARY: a record file is current", "04B0000004A1F0CC63", "6981", READ_ORDER),
    _signed("protected READ BINARY: P1=A7", "04B0A7000473D1C103", "6A86", READ_ORDER),
    _signed("protected READ BINARY: no such SFI", "04B095000495C49A1E", "6A82", READ_ORDER),
    _signed("protected READ BINARY: data before the MAC", "04B0880005AACDB48407", "6700", READ_ORDER),
    _signed("PIN CHANGE/UNBLOCK: data before the MAC", "8424000006AABB18919AF3", "6700", LINE_MAC, AT_UNBLOCK),
    _signed("PIN CHANGE/UNBLOCK, reload: no PIN", "842400010414A38D82", "6988", LINE_MAC, AT_UNBLOCK),
    _signed(
        "PIN CHANGE/UNBLOCK, reload: not sealed", "842400010C112233445566778888EDF23F", "6988", LINE_MAC, AT_UNBLOCK
    ),
    *(
        _signed(f"PIN CHANGE/UNBLOCK, reload: {what}", f"842400010C{sealed}", "6A80", "hrss-card 5: 2 to 6", AT_UNBLOCK)
        for what, sealed in (
            ("a PIN of one byte", "CD910DE4E3B7B7E6B0D38D77"),
            ("a PIN of seven bytes", "F0B302B212756ACCC60DD94A"),
            ("a separator inside", "0C35957548D152293EFB3866"),
        )
    ),
)
