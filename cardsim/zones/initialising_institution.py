"""The initialising institution (初始化机构编号), 12 bytes in SSSE EF05 tag 04. Source: facts hrss-card 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu.hexes import format_hex
from apdu.text import Text
from cardsim.errors import NumberError

if TYPE_CHECKING:
    from typing import Self

_LENGTH = 12


class InitialisingInstitution(bytes):
    """Prefix 5 bytes, city 3, province capital 2, vendor or serial 2: a reading INFERRED from three published values.

    Since it is inferred, only the length is enforced. Its element is called BCD, but the last two bytes are seen with
    hexadecimal digits (009E, 00D5, 0AA1); so the parts are hexadecimal text, decimal wherever the card keeps to BCD.
    The constructor raises :class:`NumberError` for another length.
    """

    __slots__ = ()

    def __new__(cls, raw: bytes) -> Self:
        """Return ``raw`` as an institution number, if it has the length of one."""
        if len(raw) != _LENGTH:
            raise NumberError(
                f"an initialising institution is {_LENGTH} bytes; these are {len(raw)}",
                f"初始化机构编号为 {_LENGTH} 字节;这里有 {len(raw)} 字节",
            )
        return super().__new__(cls, raw)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the institution that the 12 bytes of ``raw`` are.

        Raises :class:`NumberError` for another length.
        """
        return cls(raw)

    @property
    def prefix(self) -> str:
        """Ten digits; 9156000002 on real cards."""
        return format_hex(self[:5])

    @property
    def city(self) -> str:
        """Six digits, a region code."""
        return format_hex(self[5:8])

    @property
    def capital(self) -> str:
        """Four digits, the first four of the province capital's region code."""
        return format_hex(self[8:10])

    @property
    def vendor(self) -> str:
        """Four hexadecimal digits, a vendor or serial number."""
        return format_hex(self[10:])

    def explain(self) -> tuple[Text, ...]:
        """Return one line for each part, in wire order, each marked as inferred."""
        return (
            Text(f"prefix {self.prefix} (inferred)", f"前缀 {self.prefix}(推断)"),
            Text(f"city {self.city} (inferred)", f"城市 {self.city}(推断)"),
            Text(f"province capital {self.capital} (inferred)", f"省会 {self.capital}(推断)"),
            Text(f"vendor or serial {self.vendor} (inferred)", f"厂商或序号 {self.vendor}(推断)"),
        )
