"""Answer to reset of a contact card: read, build, explain (ISO/IEC 7816-3:2006, 8.2)."""

from __future__ import annotations

import re
from enum import Enum, unique
from functools import reduce
from itertools import pairwise
from operator import xor
from typing import TYPE_CHECKING, Self

from apdu.errors import AtrError
from apdu.historical import explain_historical
from apdu.interface_bytes import GLOBAL_BYTES, NAMES, InterfaceByte, announced, names_announced
from apdu.lines import by_default, joined, labelled
from apdu.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LABEL = re.compile(r"(T[ABC])([1-9][0-9]?)")
_MAX_HISTORICAL = 15


@unique
class Convention(Enum):
    """How bits travel on the I/O line, as TS says; the bytes a reader hands over are already decoded."""

    DIRECT = 0x3B
    INVERSE = 0x3F

    @property
    def text(self) -> Text:
        """The convention in words."""
        if self is Convention.DIRECT:
            return Text("direct convention", "正向约定")
        return Text("inverse convention", "反向约定")


class Atr(bytes):
    """An answer to reset, 2 to 33 bytes, whose structure can be followed.

    What readers let pass is kept and listed by :attr:`problems`: TCK wrong or missing, bytes behind the end, protocols
    out of order. The constructor refuses the rest with :class:`AtrError`, as :meth:`parse` says.
    """

    _interface_bytes: tuple[InterfaceByte, ...]

    def __new__(cls, raw: bytes) -> Self:
        """Return the checked value."""
        _check_start(raw)
        atr = super().__new__(cls, raw)
        atr._interface_bytes = tuple(_interface_bytes(raw))
        missing = atr._end - len(raw)
        if missing > 0:
            size = raw[1] & 0xF
            raise AtrError(
                f"T0={raw[1]:02X} announces {size} historical bytes, {missing} of them are missing",
                f"T0={raw[1]:02X} 声明 {size} 个历史字节,缺少 {missing} 个",
            )
        return atr

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the answer to reset that ``raw`` spells.

        Raises :class:`AtrError` when it is not 2 to 33 bytes long, TS is neither 3B nor 3F, or interface or historical
        bytes that are announced do not come.
        """
        return cls(raw)

    @property
    def convention(self) -> Convention:
        """Direct (TS=3B) or inverse (TS=3F)."""
        return Convention(self[0])

    @property
    def interface_bytes(self) -> tuple[InterfaceByte, ...]:
        """TA1 to the last TDi, in the order of the wire."""
        return self._interface_bytes

    @property
    def indicated(self) -> tuple[int, ...]:
        """The T values that TD1, TD2, … name, in order, repetitions and T=15 included; empty without TD1."""
        return tuple(item.value & 0xF for item in self._interface_bytes if item.name == "TD")

    @property
    def protocols(self) -> tuple[int, ...]:
        """The protocols offered, the card's first choice first; T=0 when nothing is said."""
        return tuple(dict.fromkeys(t for t in self.indicated if t != GLOBAL_BYTES)) or (0,)

    def protocol_of(self, item: InterfaceByte) -> int:
        """Return the T that the TDi before ``item`` names: the protocol it is specific to from group 3 on."""
        return self.indicated[item.group - 2] if item.group > 1 else 0

    @property
    def historical_bytes(self) -> bytes:
        """The historical bytes, 0 to 15."""
        return self[2 + len(self._interface_bytes) : self._end]

    @property
    def tck(self) -> int | None:
        """The check byte; ``None`` when T=0 alone is offered, which has none, or when it is missing."""
        return self[self._end] if self._wants_tck and len(self) > self._end else None

    @property
    def tck_ok(self) -> bool:
        """True when TCK is right, or absent because T=0 alone is offered."""
        return not self._wants_tck or self.tck == self._checksum

    @property
    def trailing(self) -> bytes:
        """Bytes behind the end; a well-formed ATR has none."""
        return self[self._end + (self.tck is not None) :]

    @property
    def problems(self) -> tuple[Text, ...]:
        """What the standard forbids and readers let pass; empty for a correct ATR."""
        found: list[Text] = []
        if self.indicated[:1] == (GLOBAL_BYTES,) or any(low > high for low, high in pairwise(self.indicated)):
            order = " ".join(f"T={t}" for t in self.indicated)
            found.append(
                Text(
                    f"protocols out of order: {order}; they rise, and T=15 never comes first",
                    f"协议顺序有误: {order};应递增,且 T=15 不得在首位",
                )
            )
        if not self.tck_ok:
            now = "missing" if self.tck is None else f"{self.tck:02X}"
            now_zh = "缺失" if self.tck is None else f"为 {self.tck:02X}"
            found.append(
                Text(f"TCK is {now}, {self._checksum:02X} expected", f"TCK {now_zh},应为 {self._checksum:02X}")
            )
        if self.trailing:
            digits = self.trailing.hex(" ").upper()
            found.append(Text(f"bytes behind the end: {digits}", f"末尾有多余字节: {digits}"))
        return tuple(found)

    @property
    def _end(self) -> int:
        """Offset behind the historical bytes."""
        return 2 + len(self._interface_bytes) + (self[1] & 0xF)

    @property
    def _wants_tck(self) -> bool:
        return any(self.indicated)

    @property
    def _checksum(self) -> int:
        return reduce(xor, self[1 : self._end])


def _check_start(raw: bytes) -> None:
    if not 2 <= len(raw) <= 33:
        raise AtrError(f"an ATR has 2 to 33 bytes; these are {len(raw)}", f"ATR 为 2 至 33 字节;这里有 {len(raw)} 字节")
    if raw[0] not in (0x3B, 0x3F):
        raise AtrError(
            f"TS is {raw[0]:02X}; an ATR begins with 3B (direct) or 3F (inverse convention)",
            f"TS 为 {raw[0]:02X};ATR 应以 3B(正向约定)或 3F(反向约定)开始",
        )


def _interface_bytes(raw: bytes) -> list[InterfaceByte]:
    """Follow T0 and the TDi, each of which says in its upper half which bytes the next group has."""
    found: list[InterfaceByte] = []
    names, group = names_announced(raw[1]), 1
    while names:
        values = raw[2 + len(found) :][: len(names)]
        if len(values) < len(names):
            cut = f"{names[len(values)]}{group}"
            raise AtrError(f"the ATR ends before {cut}, which it announces", f"ATR 在其声明的 {cut} 之前结束")
        found += [InterfaceByte(group, name, value) for name, value in zip(names, values, strict=True)]
        names = names_announced(values[-1]) if names[-1] == "TD" else ()
        group += 1
    return found


def build_atr(
    historical: bytes,
    *,
    protocols: Sequence[int] = (0,),
    interface: Mapping[str, int] | None = None,
    convention: Convention = Convention.DIRECT,
) -> Atr:
    """Return the ATR with these historical bytes (0 to 15); TDi and TCK are computed.

    ``protocols`` are the T values for TD1, TD2, …, with 15 for global bytes; the last is repeated as far as interface
    bytes reach, and T=0 alone needs no TD1. ``interface`` has the other bytes by name: ``{"TB1": 0, "TC1": 0}``.

    Raises :class:`AtrError` when a value does not fit its place, or all together not into 33 bytes.
    """
    interface = interface or {}
    if len(historical) > _MAX_HISTORICAL:
        raise AtrError(
            f"{len(historical)} historical bytes; an ATR holds at most {_MAX_HISTORICAL}",
            f"历史字节有 {len(historical)} 个;ATR 最多 {_MAX_HISTORICAL} 个",
        )
    if not protocols or any(not 0 <= t <= 15 for t in protocols):
        raise AtrError(f"protocols {tuple(protocols)}: name at least one, each 0 to 15", "协议应至少一个,取值 0 至 15")
    tds = 0 if tuple(protocols) == (0,) else len(protocols)
    for label, value in interface.items():
        known = _LABEL.fullmatch(label)
        if known is None or not 0 <= value <= 0xFF:
            raise AtrError(
                f"interface byte {label}={value}: name it TA1, TB1, TC1, TA2, …, with a value from 0 to 255",
                f"接口字节 {label}={value} 有误:名称应为 TA1、TB1、TC1、TA2 等,取值 0 至 255",
            )
        tds = max(tds, int(known[2]) - 1)
    raw = bytearray((convention.value,))
    low = len(historical)
    for group in range(1, tds + 2):
        values = {bit: interface.get(f"{name}{group}") for bit, name in enumerate(NAMES, start=4)}
        more = 0x80 if group <= tds else 0
        raw.append(more | sum(1 << bit for bit, value in values.items() if value is not None) | low)
        raw += bytes(value for value in values.values() if value is not None)
        low = protocols[min(group, len(protocols)) - 1]
    raw += historical
    if any(protocols):
        raw.append(reduce(xor, raw[1:]))
    return Atr(bytes(raw))


def explain(atr: Atr) -> tuple[Text, ...]:
    """Return what ``atr`` says, line by line, in both languages; what is wrong with it comes last."""
    size = len(atr.historical_bytes)
    count = Text(f"{size} historical bytes", f"{size} 个历史字节")
    lines = [
        labelled(f"TS={atr[0]:02X}", atr.convention.text),
        labelled(f"T0={atr[1]:02X}", joined((count, announced(atr[1], 1)))),
    ]
    lines += (
        labelled(f"{item.label}={item.value:02X}", item.meaning(atr.protocol_of(item))) for item in atr.interface_bytes
    )
    lines += _defaults(atr)
    lines += explain_historical(atr.historical_bytes)
    if atr.tck_ok:
        lines.append(
            Text("no TCK, as T=0 is the only protocol", "无 TCK,因为仅支持 T=0")
            if atr.tck is None
            else labelled(f"TCK={atr.tck:02X}", Text("right", "正确"))
        )
    lines += (Text(f"wrong: {problem.en}", f"有误: {problem.zh}") for problem in atr.problems)
    return tuple(lines)


def _defaults(atr: Atr) -> Iterator[Text]:
    """Say what holds because a byte is absent (ISO/IEC 7816-3:2006, 8.3, 10.2 and 11.4.2)."""
    given = {item.label for item in atr.interface_bytes}
    ifsc = any(item.group > 2 and item.name == "TA" and atr.protocol_of(item) == 1 for item in atr.interface_bytes)
    for default, holds in (
        (InterfaceByte(1, "TA", 0x11), True),
        (InterfaceByte(1, "TC", 0), True),
        (InterfaceByte(2, "TC", 10), 0 in atr.protocols),
    ):
        if holds and default.label not in given:
            yield by_default(default.label, default.meaning(0))
    if 1 in atr.protocols and not ifsc:
        yield by_default("TA (T=1)", InterfaceByte(3, "TA", 32).meaning(1))
