"""What commands of the PKI application did, for people (facts hrss-card 8): no PIN, no hash of one, no key appears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Text, format_hex
from readers.terminal.pki import PkiPin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from apdu import Command, Response

_HALF: Final = 32
_HEAD: Final = 2
_CHALLENGE_PROOF: Final = 0x82
_GENERATED: Final = Text(
    "a new signature key pair is on the card; a certificate that was there is of the old one",
    "卡内已生成新的签名密钥对;原有证书仍对应旧密钥",
)


def _verify(command: Command, answer: Response) -> Text | None:
    pin = _pin(command)
    if answer.ok:
        return Text(f"{pin.en} is verified: what needs it is open", f"{pin.zh}已通过校验:需要它的内容已开放")
    return Text(f"{pin.en} is not verified", f"{pin.zh}未通过校验")


def _change(command: Command, answer: Response) -> Text | None:
    pin = _pin(command)
    return Text(f"{pin.en} is changed", f"{pin.zh}已修改") if answer.ok else None


def _unblock(command: Command, answer: Response) -> Text | None:
    pin = _pin(command)
    if not answer.ok:
        return None
    if command.p1:
        return Text(f"{pin.en} has all its tries again and is a new one", f"{pin.zh}的尝试次数已恢复,并已重置")
    return Text(f"{pin.en} has all its tries again", f"{pin.zh}的尝试次数已恢复")


def _pin(command: Command) -> Text:
    try:
        return PkiPin(command.p2).text
    except ValueError:
        return Text(f"PIN {command.p2:02X}", f"PIN {command.p2:02X} ")


def _master_key(command: Command, answer: Response) -> Text | None:
    if command.ins == _CHALLENGE_PROOF:
        if answer.ok:
            return Text("key MK is proved: what needs it is open", "密钥 MK(主控密钥)认证通过:需要它的内容已开放")
        return Text("key MK is not proved", "密钥 MK(主控密钥)认证未通过")
    return Text("key MK is a new one", "密钥 MK(主控密钥)已更新") if answer.ok else None


def _hash(_: Command, answer: Response) -> Text | None:
    if not answer.ok:
        return None
    digest = format_hex(answer.data)
    return Text(
        f"SM3 {digest or 'not shown: a PIN is easily found from it'}", f"SM3 {digest or '不予显示:由它容易推出 PIN'}"
    )


def _generate(command: Command, answer: Response) -> Text | None:
    if not answer.ok:
        return None
    if not answer.data:
        return _GENERATED if command.data else None
    x, y = _halves(answer.data[_HEAD:])
    return Text(f"signature public key: X {x}, Y {y}", f"签名公钥:X {x},Y {y}")


def _envelope(_: Command, answer: Response) -> Text | None:
    done = Text("the envelope is open; the session key in it is not shown", "数字信封已打开;其中的会话密钥不予显示")
    return done if answer.ok else None


def _load(_: Command, answer: Response) -> Text | None:
    return Text("the session key is loaded", "会话密钥已装载") if answer.ok else None


def _import(command: Command, answer: Response) -> Text | None:
    if not answer.ok:
        return None
    if command.p1 == 0x40:
        return Text("the encryption public key is written", "加密公钥已写入")
    return Text("the encryption private key is written", "加密私钥已写入")


def _operation(command: Command, answer: Response) -> Text | None:
    if not answer.data:
        return None
    if command.header[2:] == b"\x9e\x9a":
        r, s = _halves(answer.data)
        return Text(f"signature of the digest: r {r}, s {s}", f"对摘要的签名:r {r},s {s}")
    data = format_hex(answer.data)
    if command.header[2:] == b"\x80\x86":
        return Text(f"deciphered: {data}", f"解密结果:{data}")
    return Text(f"enciphered for the card, C1 C3 C2: {data}", f"用卡的公钥加密,C1 C3 C2:{data}")


def _halves(data: bytes) -> tuple[str, str]:
    return format_hex(data[:_HALF]), format_hex(data[_HALF:])


PKI_EXPLAINERS: Final[Mapping[int, Callable[[Command, Response], Text | None]]] = {
    0x20: _verify,
    0x24: _unblock,
    0x2A: _operation,
    0x40: _generate,
    0x4A: _load,
    0x4E: _envelope,
    0x5E: _change,
    _CHALLENGE_PROOF: _master_key,
    0xC2: _import,
    0xC4: _hash,
    0xC9: _generate,
    0xD4: _master_key,
}
"""By INS; a function gives ``None`` where the status word says all."""
