"""What `cardsim show` says about the certificates in a card's files, and whether they are this card's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Text, format_hex
from cardsim.cli.names import declared_df
from cardsim.zones.hrss import EF05, HRSS
from keys.errors import KeysError
from keys.pki.certificate import Certificate, name_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cardsim.chip.files import Directory, ElementaryFile
    from cardsim.chip.filesystem import FileSystem
    from cardsim.chip.memory import Memory
    from cardsim.cli.console import Console

_CERTIFICATE: Final = b"\x30\x82"
"""How one begins: a SEQUENCE with two bytes of length."""
_PUBLIC_KEY: Final = b"\xca\x40"
_HEAD: Final = 4
_IDENTIFICATION: Final = 0x01


def print_certificates(files: FileSystem, memory: Memory, console: Console) -> None:
    """Print whose certificates are on the card, who issued them, until when, and whether they fit the card."""
    code = _identification(files, memory)
    first = True
    for directory in files.directories:
        for file in directory.files:
            content = memory.read(file.body, file.size) if file.transparent else b""
            if not content.startswith(_CERTIFICATE):
                continue
            if first:
                console.line()
                console.say("certificates:", "证书:")
                first = False
            console.line(f"  {directory.label}/{file.fid:04X}  {_file_name(directory, file, console)}".rstrip())
            for text in _about(content, directory, code, memory):
                console.line(f"    {console.pick(text)}")


def _about(content: bytes, directory: Directory, code: bytes, memory: Memory) -> Iterator[Text]:
    try:
        certificate = Certificate(content[: _HEAD + int.from_bytes(content[2:_HEAD], "big")])
    except KeysError as error:
        yield Text(f"no certificate that can be read: {error}", f"无法解析的证书:{error.text.zh}")
        return
    issuer = name_text(certificate.issuer)
    first, last = f"{certificate.not_before:%Y-%m-%d}", f"{certificate.not_after:%Y-%m-%d}"
    yield Text(f"subject  {certificate.name}", f"主体    {certificate.name}")
    yield Text(f"issuer   {issuer}", f"签发者  {issuer}")
    yield Text(f"valid    {first} to {last}", f"有效期  {first} 至 {last}")
    faults = tuple(_misfits(certificate, directory, code, memory))
    if faults:
        en, zh = "; ".join(fault.en for fault in faults), ";".join(fault.zh for fault in faults)
        yield Text(f"does NOT fit this card: {en}", f"与本卡不符:{zh}")
    elif not code:
        yield Text("no HRSS zone here tells whether it is this card's", "卡上没有 HRSS 区域,无法判断是否属于本卡")
    else:
        yield Text("fits this card", "与本卡相符")


def _misfits(certificate: Certificate, directory: Directory, code: bytes, memory: Memory) -> Iterator[Text]:
    """Yield why the certificate is not this card's: card, zone, or key."""
    binding = certificate.zone_binding
    card, zone = (binding.card, binding.zone) if binding else (b"", b"")
    if code and card != code:
        yield Text(f"bound to card {format_hex(card) or '-'}", f"绑定的卡为 {format_hex(card) or '-'}")
    if zone != directory.application.name:
        yield Text(f"bound to zone {format_hex(zone) or '-'}", f"所属区域为 {format_hex(zone) or '-'}")
    keys = [memory.read(file.body, file.size) for file in directory.files if file.transparent]
    publics = [key[len(_PUBLIC_KEY) :] for key in keys if key.startswith(_PUBLIC_KEY)]
    if publics and certificate.public_key[1:] not in publics:
        yield Text("made for a key that is not on the card", "证书公钥不是卡中的公钥")


def _identification(files: FileSystem, memory: Memory) -> bytes:
    """Return the card identification code in the HRSS application, empty where there is none."""
    application = files.by_name.get(HRSS.application.aid)
    file = next((file for file in application.files if file.fid == EF05.fid), None) if application else None
    record = file.by_tag.get(_IDENTIFICATION) if file else None
    return memory.read(record.offset, record.size)[2:] if record else b""


def _file_name(directory: Directory, file: ElementaryFile, console: Console) -> str:
    declaration = declared_df(directory)
    for declared in declaration.files if declaration else ():
        if getattr(declared, "fid", None) == file.fid:
            return console.pick(Text(declared.name, declared.name_zh))
    return ""
