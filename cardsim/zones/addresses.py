"""Where a value is in the HRSS zone, as holders and command lines write it: "EF06/09", "DF01/EF15/40:02"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from apdu import HexError, parse_hex
from cardsim.errors import ElementError
from cardsim.zones.hrss import HRSS
from cardsim.zones.model import Cyclic, Transparent, VariableTlv

if TYPE_CHECKING:
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Df

    DataFile = VariableTlv | Cyclic | Transparent

_MAX_RECORDS: Final = 254


class Address(NamedTuple):
    """A value in a file: its element's ``tag`` and which of the records with that tag (facts hrss-card 2).

    Written "40", "40:02". Records of a cyclic file have no tag: ":01" is the newest. All of a transparent file is "01"
    (facts terminal-interface 5).
    """

    tag: int
    number: int = 1

    def __str__(self) -> str:
        tag = f"{self.tag:02X}" if self.tag else ""
        return tag if tag and self.number == 1 else f"{tag}:{self.number:02}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Return the address that ``text`` spells; raises ElementError."""
        tag, separator, number = text.partition(":")
        try:
            raw = parse_hex(tag)
        except HexError as error:
            raise ElementError(str(error), error.text.zh) from error
        if len(raw) != 1 and not (separator and not raw):
            raise ElementError(f"a tag is two hexadecimal digits, not {tag!r}", f"标签为两位十六进制数字,而非 {tag!r}")
        digits = number.isascii() and number.isdigit() and len(number) <= 3
        if separator and not (digits and 1 <= int(number) <= _MAX_RECORDS):
            raise ElementError(
                f"behind the colon stands a record's number, 1 to {_MAX_RECORDS}, not {number!r}",
                f"冒号后应为记录序号 1 至 {_MAX_RECORDS},而非 {number!r}",
            )
        return cls(raw[0] if raw else 0, int(number) if separator else 1)


def file_key(name: str) -> str:
    """Return the one spelling of a file's name: "SSSE/EF05", "DF01/EF06"; SSSE may be left out, the stroke too."""
    plain = name.upper().replace("/", "").removeprefix("SSSE")
    directory, separator, file = plain.rpartition("EF")
    return f"{directory or 'SSSE'}/{separator}{file}"


def file_name(df: Df, file: DataFile) -> str:
    """Return the one name of a file: "DF01/EF06"."""
    return f"{'SSSE' if df is HRSS.application else f'{df.fid:04X}'}/EF{file.fid & 0xFF:02X}"


def find_file(name: str, layout: Layout) -> tuple[Df, DataFile]:
    """Return directory and file that ``name`` means in ``layout``; raises ElementError listing what is near it."""
    wanted = file_key(name)
    places = {
        file_name(df, file): (df, file)
        for df in HRSS.application.walk()
        for file in df.files
        if layout in df.layouts and layout in file.layouts and isinstance(file, VariableTlv | Cyclic | Transparent)
    }
    if wanted in places:
        return places[wanted]
    directory, _, _ = wanted.partition("/")
    near = [place for place in places if place.startswith(f"{directory}/")]
    if not near:  # no such directory
        near = list(dict.fromkeys(place.partition("/")[0] for place in places))
    raise ElementError(
        f"layout {layout.text} has no file {wanted}; it has {', '.join(near)}",
        f"布局 {layout.text} 没有文件 {wanted};可用:{'、'.join(near)}",
    )
