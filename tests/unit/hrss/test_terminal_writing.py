"""Every element of every file, written by the terminal's script and read by plain commands; and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from apdu import parse_hex
from cardsim.zones.access import NEVER
from cardsim.zones.addresses import file_name, find_file
from cardsim.zones.hrss import HRSS
from cardsim.zones.layouts import L1, L2, Layout
from cardsim.zones.model import Cyclic, Transparent, VariableTlv
from readers.connect.inprocess import connect_inprocess
from readers.errors import CardRefusedError
from readers.terminal.hrss import read_hrss, select_hrss
from readers.terminal.script import run
from readers.terminal.security import require_pin
from readers.terminal.writing import BY_TAG, Protect, Write, Written, write_all
from tests.unit.hrss.desk import SOURCE, Desk, changes, records
from tests.unit.hrss.sheet import LAYOUTS, FileRow, each_layout, file, files_of, key
from tests.unit.hrss.terminals import terminal_at
from tests.unit.readers.fakes import FakePort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.zones.addresses import DataFile
    from cardsim.zones.model import Df

each_protect = pytest.mark.parametrize("protect", list(Protect), ids=[protect.value for protect in Protect])
PIN = parse_hex("123456")


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
            left_out = {0x60} if layout is not L1 and name == "DF03/EF05" else set()
            there = [record for record in entry.numbered(layout) if record[0].tag not in left_out]
            for number, (element, nth) in enumerate(there, 1):
                place = BY_TAG if by_tag and element.count == 1 else number
                data = value(element.type.size, number)
                read = element.read_in(layout, entry.read)
                yield Write(f"{name}/{element.tag:02X}:{nth}", df, entry, data, element.tag, place, read=read)


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
            found[row.name] = [content(desk, row)] if row.transparent else records(desk, row)
    return found


def content(desk: Desk, row: FileRow) -> str:
    """All of a transparent file."""
    desk.do(f"00A4000002EF{row.sfi:02X}")
    found = ""
    while (answer := desk.send(f"00B0{len(found) // 2:04X}00"))[-4:] == "9000":
        found += answer[:-4]
    assert answer == "6B00"
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
        known = expected.setdefault(name, before[name] if isinstance(write.file, Cyclic) else [])
        text = write.data.hex().upper()
        if isinstance(write.file, Cyclic):
            expected[name] = [text, *known[:-1]]
        else:
            known.append(text if isinstance(write.file, Transparent) else f"{write.tag:02X}{len(write.data):02X}{text}")
    assert after == expected


@each_protect
@pytest.mark.parametrize("line_mac", ["session", "challenge-iv"])
@pytest.mark.parametrize("lifetime", ["until used", "next command"])
@pytest.mark.usefixtures("usual_layout")
def test_writing_under_other_settings(protect: Protect, line_mac: str, lifetime: str) -> None:
    """Scripts fetch a challenge right before they use it, so that a strict card takes them too."""
    settings = {"line_mac": line_mac, "challenge_lifetime": lifetime, "write_protection": protect.value}
    desk = Desk(None, None, state_survives_reselect=False, sfi_makes_current=False, **settings)
    terminal = terminal_at(desk)
    writes = [
        write
        for write in writes_of(desk.layout, by_tag=True)
        if write.name[:9] in ("SSSE/EF06", "DF02/EF07", "SSSE/EF07")
    ]
    written = run(write_all(terminal, writes, protect), desk.connection)
    assert [item.equal for item in written] == [True] * len(writes)


@pytest.mark.usefixtures("usual_layout")
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
    owners = []
    for directory in report.directories:
        for read in directory.files:
            owners += [
                f"{directory.declaration.fid:04X}/EF{read.fid & 0xFF:02X}"
                for item in read.elements
                if item.element.tag == 0x60
            ]
            assert not read.status.ok or all(item.status.ok for item in read.elements)
    assert owners == [owner]

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
        run(write_all(terminal, [basic(0x08, b"1" * 18)], protect), desk.connection)
    assert desk.contents == before


@pytest.mark.parametrize("changed", ["HRSS/SSSE/UK", "HRSS/DF01/RK1", "HRSS/DF03/UK8"])
@pytest.mark.usefixtures("usual_layout")
def test_a_wrong_key_costs_one_try_however_much_there_is_to_write(changed: str) -> None:
    """What comes before its directory is written and counted, nothing behind is tried."""
    desk = Desk()
    terminal = terminal_at(desk, changed=changed)
    writes = list(writes_of(L2, by_tag=True))
    place = changed[5:9]
    first = next(number for number, write in enumerate(writes) if write.name.startswith(place))
    with pytest.raises(CardRefusedError, match=rf"63C2 .*; values written before it: {first}$"):
        run(write_all(terminal, writes), desk.connection)
    tries = desk.tries
    assert tries.pop(changed.removeprefix("HRSS/")) == 2
    assert set(tries.values()) == {3}


@pytest.mark.parametrize("protect", [Protect.MAC, Protect.CIPHER])
@pytest.mark.parametrize("cause", ["other STK", "other line"])
@pytest.mark.usefixtures("usual_layout")
def test_a_wrong_mac_costs_stk_one_try(protect: Protect, cause: str) -> None:
    desk = Desk(write_protection=protect.value)
    if cause == "other STK":
        terminal = terminal_at(desk, changed="HRSS/SSSE/STK")
    else:
        terminal = terminal_at(desk, line_session=False)
    before = desk.contents
    with pytest.raises(CardRefusedError, match=r"6988 .* before it: 0"):
        run(write_all(terminal, list(writes_of(L2, by_tag=True)), protect), desk.connection)
    assert changes(before, desk.contents) == [(0x33, 0x32)]


@pytest.mark.usefixtures("usual_layout")
def test_a_blocked_key_is_reported() -> None:
    desk = Desk()
    terminal = terminal_at(desk)
    for _ in range(3):
        desk.fail(key("SSSE/UK"))
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
    sent: list[int] = []

    def mute(command: bytes) -> bytes:
        sent.append(command[1])
        assert len(sent) < 20
        return (bytes(8) if command[1] == 0x84 else b"") + b"\x90\x00"

    script = write_all(terminal_at(Desk()), [Write("photo", df, entry, b"JPEG")])
    (item,) = run(script, connect_inprocess(FakePort(mute), "mute"))
    assert (item.readable, item.equal, sent[-1]) == (False, False, 0xB0)


def test_files_of_the_sheet_that_are_written_are_those_of_the_zone() -> None:
    names = {
        file_name(write.df, write.file).replace("/", " ")
        for layout in LAYOUTS
        for write in writes_of(layout, by_tag=True)
    }
    assert all(file(name).write_key is not None for name in names)
