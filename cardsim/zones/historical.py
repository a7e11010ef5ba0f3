"""The 13 historical bytes of these cards' answer to reset. Source: facts hrss-card 7.

The ATR is 3B 6D 00 00 and these bytes; the readers' interfaces call the 13 bytes alone "ATR".
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from apdu.hexes import format_hex
from apdu.text import Text
from cardsim.errors import NumberError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from cardsim.zones.card_identification import CardIdentification

IN_ATR: Final = slice(4, 17)
"""Where they stand in the zone's ATR 3B 6D 00 00 ... (facts terminal-interface 7.1)."""
_LENGTH = 13
_CHIP = slice(1, 5)
_MANUFACTURER = slice(5, 7)
_CITY = slice(7, 9)
_SERIAL = slice(9, 13)


@dataclass(frozen=True, slots=True)
class Manufacturer:
    """A manufacturer code met on cards; ``name`` is ``None`` where nothing says whose it is.

    ``inferred`` marks a name that was concluded, not read: 8649 from the maker of the tool that writes it.
    """

    code: int
    name: Text | None = None
    inferred: bool = False

    @property
    def text(self) -> Text:
        """Code, name and how sure it is."""
        if self.name is None:
            return Text(f"{self.code:04X} (met on cards, name unknown)", f"{self.code:04X}(卡上见过,名称未知)")
        en, zh = f"{self.code:04X} {self.name.en}", f"{self.code:04X} {self.name.zh}"
        return Text(f"{en} (inferred)", f"{zh}(推断)") if self.inferred else Text(en, zh)


MANUFACTURERS: Final[Mapping[int, Manufacturer]] = MappingProxyType(
    {
        known.code: known
        for known in (
            Manufacturer(0x8649, Text("Datang", "大唐"), inferred=True),
            Manufacturer(0x8653),
            Manufacturer(0x8660),
            Manufacturer(0x8665),
            Manufacturer(0x8684),
            Manufacturer(0x8693),
            Manufacturer(0x8697),
        )
    }
)


class HistoricalBytes(bytes):
    """00, chip and COS 4 bytes, manufacturer 2, city 2, serial 4.

    The constructor raises :class:`NumberError` for another length or first byte, and asks nothing of the rest: cards
    are in use whose city is not decimal, or not the city of their card identification code.
    """

    __slots__ = ()

    def __new__(cls, raw: bytes) -> Self:
        """Return ``raw`` as historical bytes, if it has the form of them."""
        if len(raw) != _LENGTH or raw[0] != 0:
            raise NumberError(
                f"{format_hex(raw) or 'nothing'} is not the historical bytes of a social-security card: "
                f"{_LENGTH} bytes that start with 00",
                f"{format_hex(raw) or '空'} 不是社会保障卡的历史字节:应为 {_LENGTH} 字节并以 00 开头",
            )
        return super().__new__(cls, raw)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the historical bytes that the 13 bytes of ``raw`` are.

        Raises :class:`NumberError` for another length or first byte.
        """
        return cls(raw)

    @classmethod
    def build(cls, chip: bytes, manufacturer: int, city: str, serial: bytes) -> Self:
        """Return the bytes of ``chip`` and ``serial`` (4 bytes each), ``manufacturer`` and ``city`` (4 decimal digits).

        Raises :class:`NumberError` naming the part that does not fit.
        """
        for name, name_zh, part in (("chip", "芯片代码", chip), ("serial", "序列号", serial)):
            if len(part) != 4:
                raise NumberError(
                    f"the {name} in the historical bytes is 4 bytes; these are {len(part)}",
                    f"历史字节中的{name_zh}为 4 字节;这里有 {len(part)} 字节",
                )
        if not 0 <= manufacturer <= 0xFFFF:
            raise NumberError(
                f"manufacturer code {manufacturer:X} does not fit two bytes", f"厂商代码 {manufacturer:X} 超出两字节"
            )
        if len(city) != 4 or not (city.isascii() and city.isdecimal()):
            raise NumberError(f"city {city!r} is not four digits", f"城市代码 {city!r} 不是四位数字")
        return cls(b"\x00" + chip + manufacturer.to_bytes(2, "big") + bytes.fromhex(city) + serial)

    @property
    def chip(self) -> bytes:
        """Four bytes for chip and card operating system."""
        return self[_CHIP]

    @property
    def manufacturer(self) -> int:
        """The manufacturer code; :data:`MANUFACTURERS` knows those met so far."""
        return int.from_bytes(self[_MANUFACTURER], "big")

    @property
    def city(self) -> str:
        """Four characters, normally the first four digits of the region; 618B and 618C have been met too."""
        return format_hex(self[_CITY])

    @property
    def serial(self) -> bytes:
        """Four bytes, normally those in the card identification code."""
        return self[_SERIAL]

    @property
    def diversification_factor(self) -> bytes:
        """The last eight bytes (manufacturer, city, serial): the card's factor in every key derivation."""
        return self[-8:]

    def matches(self, card_identification: CardIdentification) -> bool:
        """Return whether city and serial are those of ``card_identification``.

        On several published cards they are not; so a mismatch is a finding to report, not an error.
        """
        return self.city == card_identification.region[:4] and self.serial == card_identification.serial

    def explain(self) -> tuple[Text, ...]:
        """Return one line for each part, in wire order, and one for the diversification factor."""
        chip, serial = format_hex(self.chip), format_hex(self.serial)
        factor = format_hex(self.diversification_factor)
        code = f"{self.manufacturer:04X}"
        known = MANUFACTURERS.get(self.manufacturer)
        maker = known.text if known else Text(f"{code} (not met before)", f"{code}(未见过)")
        return (
            Text("category indicator 00", "类别指示字节 00"),
            Text(f"chip and COS {chip}", f"芯片及 COS {chip}"),
            Text(f"manufacturer {maker.en}", f"厂商 {maker.zh}"),
            Text(f"city {self.city}", f"城市 {self.city}"),
            Text(f"serial {serial}", f"序列号 {serial}"),
            Text(f"diversification factor {factor} (last 8 bytes)", f"分散因子 {factor}(后 8 字节)"),
        )
