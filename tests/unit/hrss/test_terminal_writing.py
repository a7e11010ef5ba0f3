"""The terminal's scripts against the card: proofs, PINs, blocking, and every element of every file written.

What arrives on the card is read by plain commands, what a script sends is compared with openssl's cryptograms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from apdu import Command, CommandError, Response, StatusWord, parse_hex
from cardsim.zones.access import NEVER
from cardsim.zones.addresses import file_name, find_file
from cardsim.zones.hrss import HRSS, SSSE
from cardsim.zones.layouts import L1, L2, Layout
from cardsim.zones.model import Cyclic, KeyUse, Transparent, VariableTlv
from keys.des import DES
from keys.hsm import SoftwareHsm
from keys.tree import TestRoots
from readers.errors import CardRefusedError
from readers.terminal.hrss import read_hrss, select_df, select_hrss
from readers.terminal.script import run
from readers.terminal.security import (
    Terminal,
    change_pin,
    external_authenticate,
    internal_authenticate,
    meet,
    protected,
    require_pin,
    unblock_pin,
    verify_pin,
)
from readers.terminal.writing import BY_TAG, Protect, Write, Written, write_all
from tests.unit.hrss.desk import SOURCE, VERIFY, Desk
from tests.unit.hrss.sheet import KEYS, KeyRow, file, files_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.zones.addresses import DataFile
    from cardsim.zones.model import Df, KeyDeclaration

each_layout = pytest.mark.parametrize("layout", [L1, L2], ids=["1.00", "2.00"])
each_protect = pytest.mark.parametrize("protect", list(Protect), ids=[protect.value for protect in Protect])
PIN = parse_hex("123456")


class OtherRoots:
    """The TEST roots, but for one key."""

    def __init__(self, changed: str) -> None:
        self.changed = changed

    def root(self, name: str, version: int) -> bytes:
        return TestRoots().root(name if name != self.changed else "ANOTHER", version)


def entropy(size: int) -> bytes:
    """Of a terminal: always the same source, as openssl's proofs have it."""
    return SOURCE[:size]


def terminal_at(desk: Desk, *, changed: str = "", line_session: bool | None = None) -> Terminal:
    """A terminal that has met the card; of its keys one may be another than the card's."""
    session = desk.line_session if line_session is None else line_session
    hsm = SoftwareHsm(DES, OtherRoots(changed), line_session=session)
    run(select_hrss(), desk.connection)
    return run(meet(hsm, desk.connection.atr, entropy), desk.connection)


def declared(row: KeyRow) -> tuple[Df, KeyDeclaration]:
    df = next(df for df in HRSS.application.walk() if row.directory in ("SSSE" if df is SSSE else f"{df.fid:04X}"))
    return df, next(key for key in df.keys if key.name == row.name)


def counters(before: bytes, after: bytes) -> list[tuple[int, int]]:
    """Bytes that differ: old and new."""
    return [(old, new) for old, new in zip(before, after, strict=True) if old != new]


# --- proofs ---


@pytest.mark.parametrize("row", [row for row in KEYS if row.use == "external"], ids=str)
@pytest.mark.parametrize("version", [0, 2])
def test_every_key_is_proved(row: KeyRow, version: int) -> None:
    desk = Desk(key_versions=[0, 2])
    terminal = terminal_at(desk)
    df, key = declared(row)
    if df is not SSSE:
        assert run(select_df(df), desk.connection).ok
    script = external_authenticate(terminal, df, key, version)
    assert next(script) == Command(0x00, 0x84, 0x00, 0x00, le=8)
    challenge = desk.challenge()
    sent = script.send(Response(challenge, StatusWord(0x9000)))
    assert sent.encode().hex() == desk.proof(row, challenge, version or None).lower()
    with pytest.raises(StopIteration):
        script.send(Response.parse(desk.connection.transmit(sent.encode())))
    run(external_authenticate(terminal, df, key, version), desk.connection)


@pytest.mark.parametrize("version", [0, 1])
def test_the_card_proves_itself(version: int) -> None:
    desk = Desk(key_versions=[0, 1])
    assert run(internal_authenticate(terminal_at(desk), version), desk.connection)
    assert not run(internal_authenticate(terminal_at(desk, changed="HRSS/SSSE/IRK"), version), desk.connection)


def test_a_proof_that_is_refused_costs_one_try() -> None:
    desk = Desk()
    terminal = terminal_at(desk, changed="HRSS/SSSE/UK")
    df, key = declared(next(row for row in KEYS if str(row) == "SSSE/UK"))
    before = desk.contents
    with pytest.raises(CardRefusedError, match="does not accept key UK: 63C2"):
        run(external_authenticate(terminal, df, key), desk.connection)
    assert counters(before, desk.contents) == [(0x33, 0x32)]


# --- PINs and blocking ---


def test_pins() -> None:
    desk = Desk()
    terminal_at(desk)
    assert str(run(verify_pin(parse_hex("999999")), desk.connection)) == "63C5"
    with pytest.raises(CardRefusedError, match="63C4"):
        run(require_pin(parse_hex("999999")), desk.connection)
    run(require_pin(PIN), desk.connection)
    assert str(run(change_pin(PIN, parse_hex("654321")), desk.connection)) == "9000"
    assert [desk.sw(VERIFY), desk.sw("0020000003654321")] == ["63C5", "9000"]


@pytest.mark.parametrize("line_mac", ["session", "challenge-iv"])
@pytest.mark.parametrize("new", [None, "654321"])
def test_a_blocked_pin_is_unblocked(line_mac: str, new: str | None) -> None:
    desk = Desk(line_mac=line_mac)
    terminal = terminal_at(desk)
    for _ in range(6):
        run(verify_pin(parse_hex("999999")), desk.connection)
    assert desk.sw(VERIFY) == "6983"
    run(unblock_pin(terminal, parse_hex(new) if new else None), desk.connection)
    assert desk.sw(f"0020000003{new or '123456'}") == "9000"


@pytest.mark.parametrize("changed", ["HRSS/SSSE/PUK", "HRSS/SSSE/STK"])
def test_unblocking_with_a_wrong_key_costs_one_try_of_it(changed: str) -> None:
    desk = Desk()
    terminal = terminal_at(desk, changed=changed)
    before = desk.contents
    with pytest.raises(CardRefusedError, match="63C2" if "PUK" in changed else "6988"):
        run(unblock_pin(terminal), desk.connection)
    assert counters(before, desk.contents) == [(0x33, 0x32)]


@pytest.mark.parametrize("line_mac", ["session", "challenge-iv"])
@pytest.mark.parametrize("sealed", [False, True])
def test_what_protected_sends(line_mac: str, sealed: bool) -> None:
    desk = Desk(line_mac=line_mac)
    terminal = terminal_at(desk)
    script = protected(terminal, Command(0x00, 0xDC, 0x02, 0x34, SOURCE), sealed=sealed)
    next(script)
    sent = script.send(Response(bytes.fromhex("A1A2A3A4A5A6A7A8"), StatusWord(0x9000)))
    expected = desk.under(bytes.fromhex("A1A2A3A4A5A6A7A8"), "04DC0234", SOURCE.hex(), seal=sealed)
    assert sent.encode().hex().upper() == expected


@pytest.mark.parametrize(("sealed", "size"), [(False, 252), (True, 248)])
def test_what_grows_too_long_is_not_sent(sealed: bool, size: int) -> None:
    """One byte less still goes."""
    terminal = terminal_at(Desk())
    for length, fits in ((size - 1, True), (size, False)):
        script = protected(terminal, Command(0x00, 0xD6, 0x00, 0x00, bytes(length)), sealed=sealed)
        next(script)
        challenge = Response(SOURCE, StatusWord(0x9000))
        if fits:
            assert len(script.send(challenge).data) <= 255
        else:
            with pytest.raises(CommandError, match="carries 25|carries 26"):
                script.send(challenge)


def test_blocking_by_a_terminal() -> None:
    desk = Desk()
    terminal = terminal_at(desk)

    def send(ins: int, use: KeyUse) -> str:
        return str(run(protected(terminal, Command(0x84, ins, 0x00, 0x00), use=use), desk.connection).sw)

    assert send(0x1E, KeyUse.APPLICATION_LOCK) == "9000"
    assert desk.sw("00B2012C00") == "6A81"
    assert send(0x18, KeyUse.APPLICATION_LOCK) == "9000"
    assert desk.sw("00B2012C00") == "9000"
    assert send(0x16, KeyUse.CARD_LOCK) == "9000"
    assert desk.sw("00A40000") == "6A81"


# --- writing everything ---


def writes_of(layout: Layout, *, by_tag: bool) -> Iterator[Write]:
    """A value for every record that a key of the zone writes; no two bytes of a value are alike."""
    for df in HRSS.application.walk():
        for entry in df.files:
            writable = layout in df.layouts & entry.layouts and entry.update != NEVER
            if writable and isinstance(entry, VariableTlv | Cyclic | Transparent):
                yield from writes_to(df, entry, layout, by_tag=by_tag)


def writes_to(df: Df, entry: DataFile, layout: Layout, *, by_tag: bool) -> Iterator[Write]:
    name = file_name(df, entry)
    match entry:
        case Cyclic():
            for seed in (1, 2):
                yield Write(f"{name} {seed}", df, entry, value(entry.record.size, seed))
        case Transparent():
            yield Write(name, df, entry, value(entry.sizes[layout], 3))
        case VariableTlv():
            left_out = {0x60} if (layout, name) == (L2, "DF03/EF05") else set()
            there = [record for record in entry.numbered(layout) if record[0].tag not in left_out]
            for number, (element, nth) in enumerate(there, 1):
                place = BY_TAG if by_tag and element.count == 1 else number
                data = value(element.type.size, number)
                yield Write(f"{name}/{element.tag:02X}:{nth}", df, entry, data, element.tag, place)


def value(size: int, seed: int) -> bytes:
    return bytes((0x11 * seed + 3 * place) & 0xFF for place in range(size))


def read_plainly(desk: Desk, layout: Layout) -> dict[str, list[str]]:
    """All records of the files that the sheet says may be written, by number; of a transparent file its content."""
    found: dict[str, list[str]] = {}
    for directory in ("SSSE", "DF01", "DF02", "DF03", "DF04"):
        desk.power_cycle()
        desk.unlock(directory)
        for row in files_of(directory, layout):
            if row.write_key is None:
                continue
            records: list[str] = []
            if row.transparent:
                desk.do(f"00A4000002EF{row.sfi:02X}")
                while (answer := desk.send(f"00B0{len(''.join(records)) // 2:04X}00"))[-4:] == "9000":
                    records.append(answer[:-4])
                records = ["".join(records)]
            else:
                while (answer := desk.send(f"00B2{len(records) + 1:02X}{row.sfi << 3 | 4:02X}00"))[-4:] == "9000":
                    records.append(answer[:-4])
            found[row.name] = records
    return found


@each_layout
@each_protect
@pytest.mark.parametrize("by_tag", [True, False], ids=["by tag", "by number"])
def test_every_element_of_every_file(layout: Layout, protect: Protect, by_tag: bool) -> None:
    """Written, read back by the script, and there: record by record, cyclic files with the last one in front."""
    desk = Desk(layout, write_protection=protect.value)
    terminal = terminal_at(desk)
    run(require_pin(PIN), desk.connection)
    before = read_plainly(desk, layout)
    writes = list(writes_of(layout, by_tag=by_tag))
    run(select_hrss(), desk.connection)
    run(require_pin(PIN), desk.connection)
    written = run(write_all(terminal, writes, protect), desk.connection)
    assert written == [Written(write, readable=True, equal=True) for write in writes]

    after = read_plainly(desk, layout)
    expected: dict[str, list[str]] = {}
    for write in writes:
        name = file_name(write.df, write.file).replace("/", " ")
        records = expected.setdefault(name, before[name] if isinstance(write.file, Cyclic) else [])
        text = write.data.hex().upper()
        if isinstance(write.file, Cyclic):
            expected[name] = [text, *records[:-1]]
        else:
            records.append(
                text if isinstance(write.file, Transparent) else f"{write.tag:02X}{len(write.data):02X}{text}"
            )
    assert after == expected


@each_protect
@pytest.mark.parametrize("line_mac", ["session", "challenge-iv"])
@pytest.mark.parametrize("lifetime", ["until used", "next command"])
def test_writing_under_other_settings(protect: Protect, line_mac: str, lifetime: str) -> None:
    """Scripts fetch a challenge right before they use it, so that a strict card takes them too."""
    settings = {"line_mac": line_mac, "challenge_lifetime": lifetime, "write_protection": protect.value}
    desk = Desk(L2, None, state_survives_reselect=False, sfi_makes_current=False, **settings)
    terminal = terminal_at(desk)
    writes = [
        write for write in writes_of(L2, by_tag=True) if write.name[:9] in ("SSSE/EF06", "DF02/EF07", "SSSE/EF07")
    ]
    written = run(write_all(terminal, writes, protect), desk.connection)
    assert [item.equal for item in written] == [True] * len(writes)


def test_what_only_the_pin_shows_is_written_but_not_read_back() -> None:
    """DF04 EF06 needs PIN and key to be read; to be written, its update key alone."""
    desk = Desk()
    writes = [write for write in writes_of(L2, by_tag=True) if write.name.startswith("DF04/EF06")]
    written = run(write_all(terminal_at(desk), writes), desk.connection)
    assert written == [Written(write, readable=False, equal=False) for write in writes]
    desk.unlock("DF04")
    assert desk.do("00B2013400") == "9001" + writes[0].data.hex().upper()


# --- tag 60, which a card has in one of two files ---


@pytest.mark.parametrize("owner", ["DF02/EF06", "DF03/EF05"])
@each_layout
def test_terminals_take_tag_60_where_it_is(layout: Layout, owner: str) -> None:
    """Reading shows it once and misses nothing; elements behind the gap are written by their tags."""
    desk = Desk(layout, tag_60_file=owner)
    terminal = terminal_at(desk)
    run(require_pin(PIN), desk.connection)
    report = run(read_hrss(), desk.connection)
    items = [(read, item) for directory in report.directories for read in directory.files for item in read.elements]
    dates = [(directory.declaration.fid, read.fid) for directory in report.directories for read in directory.files
             for item in read.elements if item.element.tag == 0x60]  # fmt: skip
    assert dates == [(0xDF02, 0xEF06) if owner == "DF02/EF06" else (0xDF03, 0xEF05)]
    assert {str(item.status) for read, item in items if read.status.ok} == {"9000"}

    written = []
    for name, tag, data in (("DF02/EF06", 0x3A, b"1234567"), ("DF03/EF05", 0x63, b"123"), (owner, 0x60, SOURCE[:4])):
        df, entry = find_file(name, layout)
        written.append(Write(name, df, entry, data, tag, BY_TAG))
    run(select_hrss(), desk.connection)
    assert all(item.equal for item in run(write_all(terminal, written), desk.connection))


# --- refusals ---


def basic(tag: int, data: bytes, number: int = BY_TAG) -> Write:
    df, entry = find_file("SSSE/EF06", L2)
    return Write(f"EF06/{tag:02X}", df, entry, data, tag, number)


def values(desk: Desk) -> list[str]:
    """Of EF06: 08, 09, 0A, 0B."""
    return [desk.do(f"00B2{tag}3000") for tag in ("08", "09", "0A", "0B")]


@each_protect
def test_a_refusal_stops_and_says_how_many_were_done(protect: Protect) -> None:
    desk = Desk(write_protection=protect.value)
    terminal = terminal_at(desk)
    before = values(desk)
    writes = [basic(0x0A, b"2"), basic(0x0B, b"\x02"), basic(0x09, b"too short"), basic(0x08, b"1" * 18)]
    with pytest.raises(CardRefusedError) as caught:
        run(write_all(terminal, writes, protect), desk.connection)
    assert str(caught.value).startswith("EF06/09: the card answers 6700 (wrong length)")
    assert str(caught.value).endswith("; values written before it: 2")
    assert caught.value.text.zh.endswith("此前已写入 2 项")
    assert caught.value.status == 0x6700
    assert values(desk) == [before[0], before[1], "0A0132", "0B0102"]


def test_a_tag_that_is_not_the_records_is_refused() -> None:
    desk = Desk()
    terminal = terminal_at(desk)
    before = desk.contents
    with pytest.raises(CardRefusedError, match=r"6A80 .* before it: 0"):
        run(write_all(terminal, [basic(0x09, bytes(18), number=1)]), desk.connection)
    assert desk.contents == before


@pytest.mark.parametrize(
    ("protection", "protect", "status", "hint"),
    [
        ("mac", Protect.NONE, "6987", "wants line protection"),
        ("cipher", Protect.NONE, "6987", "wants line protection"),
        ("cipher", Protect.MAC, "6988", ""),
        ("mac", Protect.CIPHER, "6700", "perhaps it wants a MAC alone"),
    ],
)
def test_the_wrong_protection(protection: str, protect: Protect, status: str, hint: str) -> None:
    desk = Desk(write_protection=protection)
    terminal = terminal_at(desk)
    before = desk.contents
    with pytest.raises(CardRefusedError, match=rf"EF06/08: the card answers {status} .*{hint}; values .* it: 0"):
        run(write_all(terminal, [basic(0x08, b"1" * 22)[:0] or basic(0x08, b"1" * 18)], protect), desk.connection)
    assert desk.contents == before


@pytest.mark.parametrize("changed", ["HRSS/SSSE/UK", "HRSS/DF01/RK1", "HRSS/DF03/UK8"])
def test_a_wrong_key_costs_one_try_however_much_there_is_to_write(changed: str) -> None:
    """Its directory is the last one: what comes before is written and counted, nothing behind is tried."""
    desk = Desk()
    terminal = terminal_at(desk, changed=changed)
    writes = list(writes_of(L2, by_tag=True))
    place = changed[5:9]
    first = next(number for number, write in enumerate(writes) if write.name.startswith(place))
    with pytest.raises(CardRefusedError, match=rf"63C2 .*; values written before it: {first}$"):
        run(write_all(terminal, writes), desk.connection)
    assert {file_tries(desk)[name] for name in file_tries(desk) if name != changed} == {3}
    assert file_tries(desk)[changed] == 2


def file_tries(desk: Desk) -> dict[str, int]:
    """Tries left of every key, by name."""
    found = {}
    for row in KEYS:
        directory = next(
            node
            for node in desk.card.context.files.directories
            if node.fid == int(row.directory.replace("SSSE", "DDF1"), 16)
        )
        (credential,) = [
            versions[0]
            for (_, reference), versions in directory.keys.items()
            if (reference, True) == (row.reference, _ != 0x3A)
        ]
        found[f"HRSS/{row}"] = desk.memory.view[credential.tries_offset] & 0x0F
    return found


@pytest.mark.parametrize("protect", [Protect.MAC, Protect.CIPHER])
@pytest.mark.parametrize("cause", ["other STK", "other line"])
def test_a_wrong_mac_costs_stk_one_try(protect: Protect, cause: str) -> None:
    desk = Desk(write_protection=protect.value)
    wrong = {"other STK": {"changed": "HRSS/SSSE/STK"}, "other line": {"line_session": False}}[cause]
    terminal = terminal_at(desk, **wrong)
    before = desk.contents
    with pytest.raises(CardRefusedError, match=r"6988 .* before it: 0"):
        run(write_all(terminal, list(writes_of(L2, by_tag=True)), protect), desk.connection)
    assert counters(before, desk.contents) == [(0x33, 0x32)]


def test_a_blocked_key_is_reported() -> None:
    desk = Desk()
    terminal = terminal_at(desk)
    for _ in range(3):
        desk.fail(next(row for row in KEYS if str(row) == "SSSE/UK"))
    before = desk.contents
    with pytest.raises(CardRefusedError, match="key UK: 6983"):
        run(write_all(terminal, [basic(0x0A, b"2")]), desk.connection)
    assert desk.contents == before


def test_a_directory_that_the_card_has_not_is_not_written_elsewhere() -> None:
    """Layout 1.00 has no DF07; its file numbers exist in SSSE too."""
    desk = Desk(L1)
    terminal = terminal_at(desk)
    run(write_all(terminal, [basic(0x0A, b"2")]), desk.connection)
    before = desk.contents
    df, entry = find_file("DF07/EF05", L2)
    write = Write("DF07/EF05/F0", df, entry, b"12", 0xF0, BY_TAG)
    with pytest.raises(CardRefusedError, match=r"DF07 can not be selected: 6A82 .* before it: 0"):
        run(write_all(terminal, [write]), desk.connection)
    assert desk.contents == before


def test_a_file_that_nobody_writes() -> None:
    desk = Desk()
    df, entry = find_file("DF07/EF05", L2)
    before = desk.contents
    with pytest.raises(CardRefusedError, match=r"DF07/EF05/F0: the card answers 6982"):
        run(write_all(terminal_at(desk), [Write("DF07/EF05/F0", df, entry, b"12", 0xF0, BY_TAG)]), desk.connection)
    assert desk.contents == before


def test_a_card_that_gives_nothing_back_is_not_asked_for_ever() -> None:
    """9000 without data, where the photo was written."""
    df, entry = find_file("SSSE/EF08", L2)
    script = write_all(terminal_at(Desk()), [Write("photo", df, entry, b"JPEG")])
    answers = {0xA4: b"", 0x84: bytes(8), 0x82: b"", 0xD6: b"", 0xB0: b""}
    command = next(script)
    for _ in range(20):
        try:
            command = script.send(Response(answers[command.ins], StatusWord(0x9000)))
        except StopIteration as end:
            assert end.value == [Written(Write("photo", df, entry, b"JPEG"), readable=False, equal=False)]
            return
    pytest.fail("the script goes on and on")


def test_meeting_a_card_without_a_code() -> None:
    """EF05 01 holds what is no card identification code: nothing is derived, nothing is tried."""
    desk = Desk()
    df, entry = find_file("SSSE/EF05", L2)
    terminal = terminal_at(desk)
    run(write_all(terminal, [Write("EF05/01", df, entry, b"\xff" * 16, 0x01, BY_TAG)]), desk.connection)
    with pytest.raises(CardRefusedError, match="no keys can be derived"):
        terminal_at(desk)


def test_files_of_the_sheet_that_are_written_are_those_of_the_zone() -> None:
    names = {
        file_name(write.df, write.file).replace("/", " ")
        for layout in (L1, L2)
        for write in writes_of(layout, by_tag=True)
    }
    assert all(file(name).write_key is not None for name in names)
