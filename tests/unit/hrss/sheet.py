"""Keys and rights of the HRSS zone as the sheet has them (hrss-card 4.1, 6), in a notation of its own."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from cardsim.zones.layouts import EVERY, L1, L2, L3, Layout

# Directory, name, P2, how often the national or provincial root is diversified, use; layouts, where not all have it.
_KEYS = """
SSSE IRK   00  3  internal
SSSE UK    04  2  external
SSSE PUK   06  2  external
SSSE STK   09  2  line
SSSE RK    0A  3  external
SSSE LK    0B  2  application
SSSE BK    0E  2  card
SSSE RK0C  0C  3  external  3
SSSE UK0D  0D  2  external
DF01 RK1   88  3  external
DF01 UK1   83  2  external
DF01 UK2   84  2  external
DF01 UK3   85  2  external
DF01 UK4   86  2  external
DF01 UK5   87  2  external
DF01 UK6   89  2  external
DF02 RK1   88  3  external
DF02 UK1   83  2  external
DF02 UK2   84  2  external
DF02 UK3   85  2  external
DF02 UK4   86  2  external
DF02 UK5   87  2  external
DF02 UK6   89  2  external
DF03 RK1   84  3  external
DF03 RK2   85  3  external
DF03 UK1   86  2  external
DF03 UK2   87  2  external
DF03 UK3   88  2  external
DF03 UK4   89  2  external
DF03 UK5   8A  2  external
DF03 UK6   8B  2  external
DF03 UK7   8C  2  external
DF03 UK8   8D  2  external
DF04 RK1   84  3  external
DF04 UK1   85  2  external
DF04 UK2   86  2  external
DF07 RK1   84  3  external
DF07 RK2   85  3  external
DF07 RK3   86  3  external
"""

# File, layouts, class and key of reading, key of writing. The DIR, which section 6 leaves out, is free to read, and so
# is the certificate of the card in EF0E, which no source has.
_FILES = """
SSSE EF0B  1    free  --  --
SSSE EF1E  23   free  --  --
SSSE EF05  123  free  --  04
SSSE EF06  12   free  --  04
SSSE EF06  3    key   0A  04
SSSE EF07  123  key   0A  04
SSSE EF08  23   key   0A  04
SSSE EF0C  3    key   0C  04
SSSE EF0D  23   or    0A  0D
SSSE EF0E  3    free  --  04
DF01 EF05  123  or    88  83
DF01 EF06  123  or    88  86
DF01 EF07  123  or    88  84
DF01 EF08  123  or    88  85
DF01 EF09  123  or    88  84
DF01 EF0A  123  or    88  87
DF01 EF15  23   or    88  89
DF01 EF16  23   free  --  83
DF01 EF17  23   free  --  83
DF01 EF18  23   free  --  83
DF01 EF19  23   free  --  83
DF01 EF1A  23   free  --  83
DF02 EF05  123  or    88  83
DF02 EF06  123  or    88  84
DF02 EF07  123  or    88  85
DF02 EF08  1    or    88  86
DF02 EF09  123  or    88  86
DF02 EF15  23   or    88  87
DF02 EF16  23   or    88  89
DF03 EF05  123  or    85  86
DF03 EF06  123  or    84  87
DF03 EF07  123  or    84  88
DF03 EF15  23   or    84  89
DF03 EF16  23   or    84  8A
DF03 EF17  23   or    84  8B
DF03 EF18  23   or    84  8C
DF03 EF19  23   or    84  8D
DF04 EF05  123  or    84  85
DF04 EF06  123  and   84  86
DF04 EF08  123  or    84  --
DF04 EF15  23   or    84  86
DF05 EF05  23   or    0A  --
DF06 EF05  23   or    0A  --
DF06 EF06  23   or    0A  --
DF07 EF05  23   key   84  --
DF07 EF06  23   key   85  --
DF07 EF07  23   key   86  --
"""

_TRANSPARENT = frozenset(
    ("SSSE EF07", "SSSE EF08", "SSSE EF0C", "SSSE EF0E", *(f"DF01 EF{fid:02X}" for fid in range(0x16, 0x1B)))
)
_CYCLIC = frozenset(("DF02 EF07", "DF02 EF16", "DF04 EF08", "DF04 EF15"))


class KeyRow(NamedTuple):
    """A key: where it is, what the TEST roots call it, P2, levels of diversification, use, layouts."""

    directory: str
    name: str
    reference: int
    levels: int
    use: str
    layouts: Layout

    def __str__(self) -> str:
        return f"{self.directory}/{self.name}"

    @property
    def local(self) -> bool:
        """Of its DF alone (P2 80 and above)."""
        return self.directory != "SSSE"


class FileRow(NamedTuple):
    """A file: its name ("DF01 EF06"), layouts, class and key of reading, key of writing (None: nobody)."""

    name: str
    layouts: Layout
    read: str
    read_key: int | None
    write_key: int | None

    def __str__(self) -> str:
        return self.name

    @property
    def directory(self) -> str:
        return self.name[:4]

    @property
    def sfi(self) -> int:
        return int(self.name[-2:], 16)

    @property
    def transparent(self) -> bool:
        return self.name in _TRANSPARENT

    @property
    def cyclic(self) -> bool:
        return self.name in _CYCLIC

    def readable(self, proved: frozenset[int], *, pin: bool) -> bool:
        """Whether section 6 lets somebody read it who has proved these keys, and perhaps the PIN."""
        key = self.read_key in proved
        return {"free": True, "key": key, "or": pin or key, "and": pin and key}[self.read]

    def writable(self, proved: frozenset[int]) -> bool:
        """Whether somebody may write it."""
        return self.write_key in proved


def _keys() -> tuple[KeyRow, ...]:
    found = []
    for line in _KEYS.strip().splitlines():
        directory, name, number, levels, use, *layouts = line.split()
        found.append(KeyRow(directory, name, int(number, 16), int(levels), use, _layouts(*layouts or ["123"])))
    return tuple(found)


def _layouts(digits: str) -> Layout:
    found = Layout(0)
    for digit in digits:
        found |= Layout.from_text(f"{digit}.00")
    return found


def _files() -> tuple[FileRow, ...]:
    found = []
    for line in _FILES.strip().splitlines():
        directory, file, layouts, read, *numbers = line.split()
        reading, writing = (None if number == "--" else int(number, 16) for number in numbers)
        found.append(FileRow(f"{directory} {file}", _layouts(layouts), read, reading, writing))
    return tuple(found)


KEYS = _keys()
FILES = _files()
DIRECTORIES = ("SSSE", "DF01", "DF02", "DF03", "DF04", "DF05", "DF06", "DF07")


LAYOUTS = (L1, L2, L3)
each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=[layout.text for layout in LAYOUTS])


def key(name: str) -> KeyRow:
    """The key called "SSSE/RK"."""
    return next(row for row in KEYS if str(row) == name)


def file(name: str, layout: Layout = EVERY) -> FileRow:
    """The file called "DF01 EF06", as it is in ``layout``."""
    return next(row for row in FILES if row.name == name and layout & row.layouts)


def of_record(row: FileRow, tag: int, layout: Layout) -> FileRow:
    """The file as it is for one of its records: in layout 3.00 the card number is under RK (section 6)."""
    if (row.name, tag, layout) == ("SSSE EF05", 0x07, L3):
        return row._replace(read="key", read_key=0x0A)
    return row


def files_of(directory: str, layout: Layout) -> tuple[FileRow, ...]:
    return tuple(row for row in FILES if row.directory == directory and layout in row.layouts)


def directories_of(layout: Layout) -> tuple[str, ...]:
    """Directories with a file in ``layout``."""
    return tuple(name for name in DIRECTORIES if files_of(name, layout))


def external_keys(directory: str, layout: Layout) -> tuple[KeyRow, ...]:
    """The keys that EXTERNAL AUTHENTICATE takes in a directory: its own and those of SSSE."""
    return tuple(
        row for row in KEYS if row.directory in ("SSSE", directory) and row.use == "external" and layout in row.layouts
    )
