"""What commands of a PSAM did, for people (facts hrss-card 4.3, 8; terminal-interface 4.4, 4.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Sw, Text, format_hex
from cardsim.zones.psam import PSAM_KEYS, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from apdu import Command, Response

_MAC_SIZE: Final = 4
_COUNTER_SIZE: Final = 4
_MAC: Final = 0x05


def _deliver(command: Command, answer: Response) -> Text | None:
    known = next((key for key in PSAM_KEYS.values() if key.key_id == command.p2), None)
    name = known.name.partition("/")[2] if known else f"{command.p2:02X}"
    zh = f"{name}({known.name_zh})" if known else name
    levels = Usage(command.p1).levels
    if not answer.ok:
        return Text(f"no work key of key {name}", f"未得到密钥 {zh}的工作密钥")
    return Text(
        f"the work key is that of key {name}, diversified {levels} times, for one card and challenge",
        f"工作密钥由密钥 {zh}分散 {levels} 级得到,用于一张卡和一个随机数",
    )


def _compute(command: Command, answer: Response) -> Text | None:
    if not answer.data:
        return None
    result = format_hex(answer.data)
    if command.p1 != _MAC:
        return Text(f"enciphered with the work key: {result}", f"用工作密钥加密:{result}")
    mac = format_hex(answer.data[:_MAC_SIZE])
    return Text(
        f"MAC with the work key; cards take its first 4 bytes {mac}", f"用工作密钥计算的 MAC;卡取前 4 字节 {mac}"
    )


def _purchase(_: Command, answer: Response) -> Text | None:
    if not answer.data:
        return None
    number, mac1 = int.from_bytes(answer.data[:_COUNTER_SIZE], "big"), format_hex(answer.data[_COUNTER_SIZE:])
    return Text(f"terminal transaction {number}, MAC1 {mac1} for the card", f"终端交易序号 {number},给卡的 MAC1 {mac1}")


def _check(_: Command, answer: Response) -> Text | None:
    if answer.ok:
        return Text("the card's MAC2 is right: it has debited", "卡的 MAC2 正确:卡已扣款")
    if int(answer.sw) == Sw.MAC_WRONG:
        return Text("the card's MAC2 is wrong", "卡的 MAC2 错误")
    return None


PSAM_EXPLAINERS: Final[Mapping[int, Callable[[Command, Response], Text | None]]] = {
    0x70: _purchase,
    0x72: _check,
    0xDE: _deliver,
    0xFA: _compute,
}
"""By INS; a function gives ``None`` where the status word says all."""
