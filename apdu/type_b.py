"""What a contactless card of type B answers while it is activated (ISO/IEC 14443-3:2018, 7.9 and 7.10)."""

from __future__ import annotations

from typing import Self

from apdu.errors import AtrError
from apdu.hexes import format_hex
from apdu.lines import labelled
from apdu.text import Text

_ATQB = 0x50
_SIZES = (12, 13)
_PUPI = slice(1, 5)
_APPLICATION_DATA = slice(5, 9)
_PROTOCOL_INFO = slice(9, None)


class Atqb(bytes):
    """An answer to request: 50, PUPI, application data, protocol information; 12 or 13 bytes, without checksum.

    The constructor refuses anything else with :class:`AtrError`.
    """

    def __new__(cls, raw: bytes) -> Self:
        """Return the checked value."""
        if len(raw) not in _SIZES or raw[0] != _ATQB:
            digits = format_hex(raw)
            raise AtrError(
                f"an ATQB is 50 and 11 or 12 bytes more, without checksum; these are {digits or 'none'}",
                f"ATQB 应为 50 加 11 或 12 字节,不含校验码;这里是 {digits or '空'}",
            )
        return super().__new__(cls, raw)

    @property
    def pupi(self) -> bytes:
        """The 4 bytes that tell this card from others in the field; they may differ at every activation."""
        return self[_PUPI]

    @property
    def application_data(self) -> bytes:
        """The 4 bytes that say what is on the card."""
        return self[_APPLICATION_DATA]

    @property
    def protocol_info(self) -> bytes:
        """Bit rates, frame size, waiting time, options: 3 bytes, or 4 in the extended form."""
        return self[_PROTOCOL_INFO]


class AttribAnswer(bytes):
    """An answer to ATTRIB: MBLI and CID in one byte, then the higher layer's answer; without checksum.

    The constructor refuses an empty one with :class:`AtrError`.
    """

    def __new__(cls, raw: bytes) -> Self:
        """Return the checked value."""
        if not raw:
            raise AtrError(
                "the answer to ATTRIB is empty; it begins with MBLI and CID", "ATTRIB 应答为空;应以 MBLI 和 CID 开始"
            )
        return super().__new__(cls, raw)

    @property
    def mbli(self) -> int:
        """How much the card buffers, as a code: 0 says nothing, N: frame size times 2 to the N - 1."""
        return self[0] >> 4

    @property
    def cid(self) -> int:
        """The number the card was given."""
        return self[0] & 0xF

    @property
    def higher_layer(self) -> bytes:
        """What follows."""
        return self[1:]


def build_atqb(pupi: bytes, application_data: bytes, protocol_info: bytes) -> Atqb:
    """Return the ATQB of these parts: 4, 4 and 3 or 4 bytes.

    Raises :class:`AtrError` when a part has another length.
    """
    wanted = (
        ("PUPI", pupi, (4,)),
        ("application data", application_data, (4,)),
        ("protocol information", protocol_info, (3, 4)),
    )
    for name, part, sizes in wanted:
        if len(part) not in sizes:
            lengths = " or ".join(map(str, sizes))
            raise AtrError(
                f"the {name} of an ATQB has {lengths} bytes; these are {len(part)}",
                f"ATQB 的 {name} 应为 {lengths} 字节;这里有 {len(part)} 字节",
            )
    return Atqb(bytes((_ATQB,)) + pupi + application_data + protocol_info)


def build_attrib_answer(mbli: int = 0, cid: int = 0, higher_layer: bytes = b"") -> AttribAnswer:
    """Return the answer to ATTRIB with these parts.

    Raises :class:`AtrError` when a number is not four bits.
    """
    for name, value in (("MBLI", mbli), ("CID", cid)):
        if not 0 <= value <= 15:
            raise AtrError(f"{name} is {value}; it is four bits, 0 to 15", f"{name} 为 {value};它只有四位,0 至 15")
    return AttribAnswer(bytes((mbli << 4 | cid,)) + higher_layer)


def explain(atqb: Atqb, attrib: AttribAnswer) -> tuple[Text, ...]:
    """Return what both answers say, line by line, in both languages."""
    data, protocol = format_hex(atqb.application_data, " "), format_hex(atqb.protocol_info, " ")
    pupi, rest = format_hex(atqb.pupi, " "), format_hex(attrib.higher_layer, " ")
    return (
        labelled("PUPI", Text(pupi, pupi)),
        Text(f"application data: {data}", f"应用数据: {data}"),
        Text(f"protocol information: {protocol}", f"协议信息: {protocol}"),
        Text(f"MBLI {attrib.mbli}, CID {attrib.cid}", f"MBLI {attrib.mbli},CID {attrib.cid}"),
        *((Text(f"higher layer: {rest}", f"高层应答: {rest}"),) if rest else ()),
    )
