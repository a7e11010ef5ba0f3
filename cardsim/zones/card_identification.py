"""The card identification code (卡的识别码), 16 bytes in SSSE EF05 tag 01. Source: facts hrss-card 7."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING

from apdu.hexes import format_hex
from apdu.text import Text
from cardsim.errors import NumberError

if TYPE_CHECKING:
    from typing import Self

RID = bytes.fromhex("D156000005")
BLANK_CHECK = bytes(4)
UNPERSONALISED_CHECK = b"\xff" * 4

_LENGTH = 16
_REGION = slice(0, 3)
_RID = slice(3, 8)
_SERIAL = slice(8, 12)
_CHECK = slice(12, 16)


@unique
class CheckState(Enum):
    """What the four check bytes say about the card's life."""

    BLANK = Text("blank card (00000000)", "空白卡(00000000)")
    UNPERSONALISED = Text("before personalisation (FFFFFFFF)", "未个人化(FFFFFFFF)")
    PRESENT = Text("check bytes present", "已有校验码")


class CardIdentification(bytes):
    """Region 3 bytes BCD, RID D156000005, serial 4 bytes, check 4 bytes.

    The check is opaque: a MAC under a key of the card, with a start value that no source states, so it is carried and
    never computed or verified here. The constructor raises :class:`NumberError` for anything of another form.
    """

    __slots__ = ()

    def __new__(cls, raw: bytes) -> Self:
        """Return ``raw`` as a card identification code, if it has the form of one."""
        _validate(raw)
        return super().__new__(cls, raw)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the code that the 16 bytes of ``raw`` are.

        Raises :class:`NumberError` for another length, a region that is not six digits, or another RID.
        """
        return cls(raw)

    @classmethod
    def build(cls, region: str, serial: bytes, check: bytes) -> Self:
        """Return the code of these parts: ``region`` six digits, ``serial`` and ``check`` four bytes each.

        Raises :class:`NumberError` naming the part that does not fit.
        """
        if len(region) != 6 or not _is_decimal(region):
            raise NumberError(f"region {region!r} is not six digits", f"行政区划代码 {region!r} 不是六位数字")
        for name, name_zh, part in (("serial", "序列号", serial), ("check", "校验码", check)):
            if len(part) != 4:
                raise NumberError(
                    f"the {name} of a card identification code is 4 bytes; these are {len(part)}",
                    f"卡识别码的{name_zh}为 4 字节;这里有 {len(part)} 字节",
                )
        return cls(bytes.fromhex(region) + RID + serial + check)

    @property
    def region(self) -> str:
        """Administrative division code of the issuing place, six digits (GB/T 2260)."""
        return self[_REGION].hex()

    @property
    def rid(self) -> bytes:
        """The registered application provider, always D156000005."""
        return self[_RID]

    @property
    def serial(self) -> bytes:
        """Four bytes; on most cards the last four of the historical bytes."""
        return self[_SERIAL]

    @property
    def check(self) -> bytes:
        """Four opaque bytes."""
        return self[_CHECK]

    @property
    def check_state(self) -> CheckState:
        """Whether the card is blank, waits for personalisation, or carries a check."""
        if self.check == BLANK_CHECK:
            return CheckState.BLANK
        return CheckState.UNPERSONALISED if self.check == UNPERSONALISED_CHECK else CheckState.PRESENT


def _validate(raw: bytes) -> None:
    if len(raw) != _LENGTH:
        raise NumberError(
            f"a card identification code is {_LENGTH} bytes; these are {len(raw)}",
            f"卡识别码为 {_LENGTH} 字节;这里有 {len(raw)} 字节",
        )
    region = format_hex(raw[_REGION])
    if not _is_decimal(region):
        raise NumberError(
            f"the card identification code starts with {region}; a region code is six decimal digits",
            f"卡识别码以 {region} 开头;行政区划代码应为六位十进制数字",
        )
    if raw[_RID] != RID:
        raise NumberError(
            f"bytes 4 to 8 of the card identification code are {format_hex(raw[_RID])}; the RID {format_hex(RID)} "
            "belongs there",
            f"卡识别码第 4 至 8 字节为 {format_hex(raw[_RID])};此处应为 RID {format_hex(RID)}",
        )


def _is_decimal(text: str) -> bool:
    return text.isascii() and text.isdecimal()
