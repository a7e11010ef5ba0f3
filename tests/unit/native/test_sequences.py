"""Whatever is created, written and erased in whatever order: the memory loads, and every byte is accounted for."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from cardsim.chip.errors import MemoryDamagedError
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import HEADER_SIZE, FileType, Header, KeyType
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.native.keys import KINDS, NativeKey
from tests.unit.native.cards import INTO_MF, MF, MF_KEYS, Native

SIZE = 1024
BYTE = st.integers(0, 255)
FIDS = st.sampled_from((0x0000, 0x0001, 0x0002, 0x0015, 0x3F01, 0x3F02, 0x3F00, 0xEF80, 0xEF81, 0xEF82))
TYPES = st.sampled_from((0x28, 0x2A, 0x2C, 0x2E, 0x2F, 0xA8, 0xE8, 0x3F, 0x3D, 0x3E, 0x1A, 0x1B, 0x38, 0x29))


@st.composite
def creations(draw: st.DrawFn) -> str:
    kind = draw(TYPES)
    fid = draw(FIDS)
    size = bytes((draw(st.sampled_from((0, 0, 1, 2, 3))), draw(BYTE)))
    if kind == 0x2F:
        size = b"\x02\x08"
    rights = bytes((draw(st.sampled_from((0xF0, 0xEF, 1, 0x11))), draw(st.sampled_from((0xF0, 0xEF, 1)))))
    tail = bytes((draw(st.sampled_from((0xFF, 0, 1, 3))), draw(BYTE)))
    more = draw(st.binary(min_size=5, max_size=8)) if kind == 0x38 else b""
    if kind in (0x3D, 0x3E):
        more = draw(st.sampled_from((b"", b"\x02\x01\x00", b"\x01\xf0")))
        size = len(more).to_bytes(2, "big")
    data = bytes((kind,)) + size + rights + tail + (b"\xff" if kind == 0x38 else b"") + more
    return f"80E0{fid:04X}{len(data):02X}{data.hex()}"


@st.composite
def keys(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from((0x30, 0x36, 0x39, 0x3A, 0x3E, 0xF9)))
    size = draw(st.sampled_from((8, 16))) if kind != 0x3A else draw(st.integers(2, 8))
    data = bytes((kind, 0xF0, 0xF0, draw(BYTE), draw(BYTE))) + bytes(size)
    p1 = draw(st.sampled_from((1, kind)))
    return f"80D4{p1:02X}{draw(st.integers(0, 2)):02X}{len(data):02X}{data.hex()}"


@st.composite
def installed(draw: st.DrawFn) -> str:
    value = draw(st.binary(min_size=1, max_size=16))
    data = (
        bytes((draw(st.sampled_from((0x30, 0x36, 0x3A))), draw(BYTE), draw(BYTE), 0xFF, 0x33, 0, 0, len(value))) + value
    )
    return f"80D40000{len(data):02X}{data.hex()}"


STEPS = st.one_of(
    creations(),
    keys(),
    installed(),
    st.sampled_from(("800E000000", INTO_MF, "00A40000023F01", "00A40000023F02", "80E08000", "00A40000020001")),
    st.binary(min_size=1, max_size=20).map(lambda data: f"00D6810 0{len(data):02X}{data.hex()}".replace(" ", "")),
    st.binary(min_size=1, max_size=20).map(lambda data: f"00E2000C{len(data) + 2:02X}01{len(data):02X}{data.hex()}"),
)


def accounted(memory: bytes, start: int, end: int) -> int:
    """Walk the headers by hand; return where the used part ends, behind which all is erased."""
    while start + HEADER_SIZE <= end and memory[start + 2]:
        header = Header.parse(memory[start : start + HEADER_SIZE])
        body = start + HEADER_SIZE + header.name_size
        if header.type is FileType.DIRECTORY:
            assert body + header.size <= end
            accounted(memory, body, body + header.size)
        start = body + header.size
        assert start <= end
    assert not any(memory[start:end])
    return start


@given(st.lists(STEPS, max_size=25), st.sampled_from(("fmcos", "extended")))
def test_any_sequence_leaves_a_card_that_loads(steps: list[str], dialect: str) -> None:
    card = Native(SIZE, native_dialect=dialect)
    card.run(MF, MF_KEYS)
    for step in steps:
        card.send(step)
        memory = bytes(card.memory.view)
        assert not card.memory.dirty
        used = accounted(memory, HEADER_SIZE, SIZE)
        files = FileSystem(Memory(memory, NoJournal()), card.card.context.profile)
        assert files.mf.used == used - HEADER_SIZE
        for loaded, held in zip(files.directories, card.card.context.files.directories, strict=True):
            assert (loaded.header, loaded.name, loaded.used, loaded.fids) == (
                held.header,
                held.name,
                held.used,
                held.fids,
            )
            assert [file.header for file in loaded.files] == [file.header for file in held.files]
            assert {key: sorted(versions) for key, versions in loaded.keys.items()} == {
                key: sorted(versions) for key, versions in held.keys.items()
            }


@given(st.binary(max_size=300))
def test_arbitrary_commands_never_harm_a_native_card(noise: bytes) -> None:
    card = Native(SIZE)
    card.run(MF, MF_KEYS)
    for head in (b"\x80\xe0", b"\x80\xd4", b"\x84\xd4", b"\x00\xa4", b"\x80\x0e", b""):
        card.card.transmit(head + noise)
    with suppress(MemoryDamagedError):
        FileSystem(card.memory, card.card.context.profile)
        return
    raise AssertionError("the memory does not load")


NATIVE_KEYS = st.builds(
    NativeKey,
    type=st.sampled_from(sorted(KINDS)),
    id=BYTE,
    value=st.sampled_from((bytes(8), bytes(range(16)))),
    use=BYTE,
    modify=BYTE,
    b4=BYTE,
    b5=BYTE,
    marks=st.sampled_from((0, 0x40, 0x80, 0xC0)),
).filter(lambda key: key.type is not KeyType.PIN or len(key.value) == 8)


@given(NATIVE_KEYS, st.binary(max_size=5))
def test_key_record_round_trip(key: NativeKey, behind: bytes) -> None:
    raw = key.encode()
    assert len(raw) == key.size == 8 + len(key.value)
    assert NativeKey.parse(raw + behind) == key
    wire = bytes((key.type_byte, key.use, key.modify, key.b4, key.b5)) + key.value
    assert NativeKey.from_wire(key.id, wire) == key
