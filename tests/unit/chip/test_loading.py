"""From the bytes of a memory to files: what loads, what is damaged, and how much room everything takes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import Interface
from cardsim.chip.card import Card
from cardsim.chip.commands import TABLES
from cardsim.chip.context import Context
from cardsim.chip.errors import MemoryDamagedError
from cardsim.chip.files import Directory, ElementaryFile
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import RIGHT_FREE, FileType, Header
from cardsim.chip.memory import Memory, NoJournal
from cardsim.profiles import GEN2
from cardsim.zones.access import Pin
from cardsim.zones.layouts import Layout
from tests.unit.chip.bench import Bench, memory_of
from tests.unit.chip.images import ONE, TREE, binary, card, directory, file, key, keys, pin, records, rules

if TYPE_CHECKING:
    import random


def load(image: bytes) -> FileSystem:
    """Load a memory, down to the last record."""
    files = FileSystem(Memory(image, NoJournal()))
    for node in files.directories:
        assert node.label
        for inner in node.files:
            _ = inner.records if not inner.transparent else ()
    return files


def find(files: FileSystem, *path: int) -> Directory | ElementaryFile:
    node: Directory | ElementaryFile = files.mf
    for fid in path:
        assert isinstance(node, Directory)
        node = node.by_fid[fid]
    return node


# --- what is there ---


def test_the_tree_is_found_again() -> None:
    files = load(TREE)
    names = [(node.fid, node.name.decode(), node.parent.fid if node.parent else None) for node in files.directories]
    assert names == [
        (0x3F00, "1PAY.SYS.DDF01", None),
        (0xA001, "APPLICATION ONE", 0x3F00),
        (0xDF01, "CHILD ONE", 0xA001),
        (0xD101, "GRANDCHILD", 0xDF01),
        (0xDF02, "CHILD TWO", 0xA001),
        (0xA002, "APPLICATION TWO", 0x3F00),
    ]
    assert set(files.by_name) == {name.encode() for _, name, _ in names}
    one = find(files, 0xA001)
    assert isinstance(one, Directory)
    fids = [0xEF1E, 0xEF05, 0xEF06, 0xEF07, 0xEF08, 0xEF09, 0xEF0B, 0xEF0C, 0xEF0D, 0xEF10]
    assert [inner.fid for inner in one.files] == fids
    assert sorted(one.by_sfi) == [5, 6, 7, 8, 9, 0x0B, 0x0C, 0x0D, 0x10, 0x1E]
    assert one.dir_sfi == 0x1E
    assert one.label == "A001 APPLICATION ONE"


def test_names_and_fids_that_occur_twice_mean_their_first_file() -> None:
    twice = card(
        directory(0xA001, b"SAME NAME", file(0xEF01, b"\x01"), file(0xEF01, b"\x02"), file(0x1F01, b"\x03")),
        directory(0xA001, b"SAME NAME", file(0xEF01, b"\x04")),
    )
    bench = Bench(twice)
    assert bench.run("00A404000953414D45204E414D45", "00B0810001") == "019000"
    assert bench.run("00A40000023F00", "00A4000002A001", "00A4000002EF01", "00B0000001") == "019000"


def test_a_directory_without_a_printable_name_goes_by_its_fid() -> None:
    files = load(card(directory(0xA001, b"\x00\x01\x02"), directory(0xA002, b"\xff\xfe"), name=b""))
    assert [node.label for node in files.directories] == ["3F00", "A001", "A002 FFFE"]
    assert files.mf.fci == bytes.fromhex("6F00")


# --- how much room it takes ---


@pytest.mark.parametrize(
    ("layout", "sizes"),
    [
        (Layout.V1_00, {0xEF05: 50 + 14 + 2, 0xEF06: 57 + 12 + 2, 0xEF07: 0x300}),
        (Layout.V2_00, {0xEF05: 50 + 14 + 2, 0xEF06: 77 + 14 + 2, 0xEF07: 0x400, 0xEF08: 0x1000}),
        (Layout.V3_00, {0xEF05: 50 + 14 + 2, 0xEF06: 77 + 14 + 2, 0xEF07: 0x400, 0xEF08: 0x1000}),
    ],
)
def test_bodies_of_the_default_card(layout: Layout, sizes: dict[int, int]) -> None:
    """Variable: values, 2 a record, and 2 (facts hrss-card 1, last lines); transparent: its size (hrss-card 1, 2.3)."""
    application = find(load(memory_of("gen2", layout)), 0xDDF1)
    assert isinstance(application, Directory)
    assert {
        fid: size for fid, size in ((inner.fid, inner.size) for inner in application.files) if fid in sizes
    } == sizes
    last = application.files[-1]
    assert memory_of("gen2", layout)[last.offset : last.offset + 2] == last.fid.to_bytes(2, "big")


def test_every_byte_is_accounted_for() -> None:
    """Headers of 11 bytes, names, key records of value + 8 (facts native-card-os 8): an 8-byte PIN record takes 16."""
    pins, long_name, short_name = 11 + 16 + 24, len(b"APPLICATION"), len(b"CHILD")
    content = records(0xEF05, "0102AAAA", "0201BB")
    image = card(
        directory(
            0xA001,
            b"APPLICATION",
            keys(pin(0x00, "123456"), key(0x0A)),
            rules(Pin("00")),
            content,
            file(0xEF07, binary(100)),
            directory(0xDF01, b"CHILD", file(0xEF08, binary(10))),
        )
    )
    files = load(image)
    application, child = find(files, 0xA001), find(files, 0xA001, 0xDF01)
    assert isinstance(application, Directory)
    assert isinstance(child, Directory)
    variable, transparent, rule = 11 + (2 + 1) + 2 * 2 + 2, 11 + 100, 11 + 3
    assert child.used == child.header.size == 11 + 10
    assert application.used == pins + rule + variable + transparent + 11 + short_name + child.used
    assert application.used == application.header.size
    assert files.mf.used == 11 + long_name + application.used
    assert image[11 + 14 + files.mf.used :] == bytes(len(image) - 25 - files.mf.used)
    assert len(content) == variable


def test_files_lie_one_behind_the_other() -> None:
    for node in load(memory_of("gen2")).directories:
        ends = node.offset + 11 + len(node.name) + node.used
        assert all(node.offset < inner.offset and inner.body + inner.size <= ends for inner in node.files)
        assert node.header.size in (node.used, 0xFFFF)


def test_only_the_mf_reaches_to_the_end_of_the_memory() -> None:
    """In a 160 K memory a directory may really have FFFF bytes: that is a size there, not "all that is left"."""
    full = directory(0xA001, b"", file(0xEF05, bytes(0xFFFF - 11)))
    files = load(card(full, directory(0xA002, b"BEHIND IT"), size=163_840))
    assert [node.fid for node in files.directories] == [0x3F00, 0xA001, 0xA002]
    first = find(files, 0xA001)
    assert isinstance(first, Directory)
    assert (first.used, first.children) == (0xFFFF, [])


# --- damaged memories ---


def test_nothing_at_all_and_erased_memory_are_damaged() -> None:
    for image in (b"", b"\x00", bytes(2048), b"\xff" * 2048):
        with pytest.raises(MemoryDamagedError) as caught:
            load(image)
        assert caught.value.text.en != caught.value.text.zh


def _rejected(image: bytes) -> None:
    with pytest.raises(MemoryDamagedError):
        load(image)


def test_structures_that_do_not_fit() -> None:
    app = directory(0xA001, b"APPLICATION", file(0xEF05, bytes(100)))
    _rejected(app)  # no MF
    _rejected(card(card()))  # an MF in the MF
    _rejected(card(app)[:100])
    _rejected(Header(0x3F00, FileType.DIRECTORY, 0xFFFF, name_size=200).encode() + bytes(20))
    _rejected(Header(0x3F00, FileType.TRANSPARENT, 10).encode() + bytes(20))
    _rejected(card(Header(0xA001, FileType.DIRECTORY, 0xFFFF).encode()))
    _rejected(card(Header(0xEF05, FileType.TRANSPARENT, 5000).encode()))
    too_small = Header(0xA001, FileType.DIRECTORY, 50).encode() + file(0xEF05, bytes(100))
    _rejected(card(too_small))


def test_rights_and_rules_that_do_not_fit() -> None:
    _rejected(card(file(0xEF05, b"", right=1)))
    _rejected(card(rules(Pin("00")), file(0xEF05, b"", right=2)))
    _rejected(card(rules(Pin("00")), file(0xEF05, b"", right=0)))
    for body in ("00", "02F0", "01AA", "020303", "021000", "03F0F0F0"):
        _rejected(card(file(0xEF81, bytes.fromhex(body), FileType.RULES)))


def test_key_files_that_do_not_fit() -> None:
    for body in (pin(0x00, "1234")[:-1], pin(0x00, "1234")[:5], b"\x77" + pin(0x00, "1234")[1:]):
        _rejected(card(keys(body)))


def test_directories_too_deep_for_any_card() -> None:
    """Thousands of nested headers must not end in a RecursionError; native-card-os 1.2 has three levels."""
    image = b""
    for _ in range(500):
        image = directory(0xA001, b"", image)
    _rejected(card(image, size=32_768))
    three = directory(0xA001, b"A", directory(0xDF01, b"B", directory(0xD101, b"C", file(0xEF05, b"deep"))))
    assert isinstance(find(load(card(three)), 0xA001, 0xDF01, 0xD101, 0xEF05), ElementaryFile)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        bytes.fromhex("0001"),
        bytes.fromhex("00040101AA"),
        bytes.fromhex("00030102AA"),
        bytes.fromhex("00040101AA02"),
        bytes.fromhex("00050101AA0201"),
        bytes.fromhex("FFFF0101AA"),
    ],
)
def test_records_that_do_not_fit_their_file(body: bytes) -> None:
    """The last file of the memory: whatever its lengths say, nothing behind it is read."""
    damaged = card(file(0xEF05, body, FileType.VARIABLE))[: 11 + 14 + 11 + len(body)]
    files = FileSystem(Memory(damaged, NoJournal()))
    inner = files.mf.by_sfi[5]
    for _ in range(2):
        with pytest.raises(MemoryDamagedError):
            _ = inner.records


def test_a_record_never_shows_its_neighbours_bytes() -> None:
    image = card(file(0xEF05, bytes.fromhex("00030103AA"), FileType.VARIABLE), file(0xEF06, b"SECRET", right=0xEF))
    broken = Card(Memory(image, NoJournal()), GEN2, bytes, strict=False)
    assert broken.transmit(bytes.fromhex("00B2012C00")) == b"\x6f\x00"
    assert broken.transmit(bytes.fromhex("00B0860006")) == b"\x69\x82"


# Where the structure stands: headers, rules, key records, record lengths.
_STRUCTURE = 600
IMAGES = st.sampled_from([TREE, memory_of("gen2", Layout.V3_00)])


def _loads_or_is_damaged(image: bytes) -> None:
    with suppress(MemoryDamagedError):
        load(image)


@settings(deadline=None, max_examples=200)
@given(IMAGES, st.lists(st.tuples(st.integers(0, _STRUCTURE), st.integers(1, 0xFF)), min_size=1, max_size=4))
def test_altered_bytes_load_or_are_damaged(image: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(image)
    for place, mask in changes:
        damaged[place] ^= mask
    _loads_or_is_damaged(bytes(damaged))


@settings(deadline=None)
@given(IMAGES, st.integers(0, 7000))
def test_a_truncated_memory_loads_or_is_damaged(image: bytes, size: int) -> None:
    _loads_or_is_damaged(image[:size])


@settings(deadline=None)
@given(IMAGES, st.data())
def test_a_header_with_a_right_checksum_and_wrong_contents(image: bytes, data: st.DataObject) -> None:
    """What a checksum can not see: sizes, types and rights that are well-formed and wrong."""
    files = FileSystem(Memory(image, NoJournal()))
    offsets = [node.offset for node in files.directories]
    offsets += [inner.offset for node in files.directories for inner in node.files]
    damaged = bytearray(image)
    offset = data.draw(st.sampled_from(offsets))
    header = Header(
        fid=data.draw(st.sampled_from([0x3F00, 0xA001, 0xEF05, 0xEF06])),
        type=data.draw(st.sampled_from(list(FileType))),
        size=data.draw(st.sampled_from([0, 1, 2, 10, 11, 100, 0x300, 0xFFFE, 0xFFFF])),
        right1=data.draw(st.sampled_from([RIGHT_FREE, 0, 1, 5, 0xFF])),
        extra=data.draw(st.sampled_from([0, 1, 0x20, 0xFF])),
        name_size=data.draw(st.sampled_from([0, 1, 16, 0xFF])),
    )
    damaged[offset : offset + 11] = header.encode()
    _loads_or_is_damaged(bytes(damaged))


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 400))
def test_random_rules_and_keys_load_or_are_damaged(source: random.Random, size: int) -> None:
    noise = source.randbytes(size)
    _loads_or_is_damaged(card(file(0xEF80, noise, FileType.KEYS), size=2048))
    _loads_or_is_damaged(card(file(0xEF81, noise, FileType.RULES), size=2048))
    _loads_or_is_damaged(card(file(0xEF05, noise, FileType.VARIABLE), size=2048))


@pytest.mark.parametrize("layout", list(Layout))
def test_an_untouched_card_is_not_damaged(layout: Layout) -> None:
    files = load(memory_of("gen2", layout))
    assert sum(len(node.files) for node in files.directories) >= 4


def test_a_context_starts_at_the_mf() -> None:
    context = Context(Memory(TREE, NoJournal()), GEN2, bytes, Interface.CONTACT, TABLES)
    assert (context.directory.fid, context.file, context.challenge) == (0x3F00, None, b"")
    assert Bench(TREE).run(ONE, "00B2012C00")[-4:] == "9000"
