"""`cardsim identify`: whether a 3rd-generation card is the one that its certificate names."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu import HexError, Text, format_hex, parse_hex
from cardsim.cli.cards import InputFileError, OptionError, connected
from cardsim.cli.certs import moment_of
from cardsim.cli.output import made_directory, write_new
from cardsim.cli.pins import pki_pin_bytes
from cardsim.cli.trust import trust_of
from keys.pki.keyfiles import public_key_der
from keys.pki.pem import PUBLIC_KEY, to_pem
from keys.sm2 import DEFAULT_ID
from readers.connect.layers import with_layers
from readers.terminal.identify import Demand, identify
from readers.terminal.pki import PkiPin
from readers.terminal.script import run as play

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console
    from readers.terminal.identify import Identification, Trust

_CHALLENGE: Final = 32
_CHALLENGE_SIZES: Final = range(16, 1025)
_MARKS: Final = {True: Text("yes", "通过"), False: Text("NO ", "失败")}
_OTHER_FILES: Final = ("root.pem", "card.pem", "card.pub", "chain.pem", "ca.pem", "signature.der", "signature.bin")
"""What is saved beside challenge.bin, which is always."""
_DISTID: Final = f"distid:{DEFAULT_ID.decode('ascii')}"
_OPENSSL: Final = (
    f"openssl verify -vfyopt {_DISTID} -CAfile root.pem ca.pem",
    f"openssl verify -vfyopt {_DISTID} -partial_chain -trusted ca.pem card.pem",
    f"openssl dgst -sm3 -sigopt {_DISTID} -verify card.pub -signature signature.der challenge.bin",
)
"""How openssl checks what is saved. OpenSSL 3 takes the signer's ID for one certificate at a time."""


def run(options: argparse.Namespace, console: Console) -> int:
    """Say step by step what holds; 0 when the card is identified, 1 when not."""
    challenge = _challenge(options)
    trust, at = trust_of(options, console), moment_of(options.at)
    pin = None
    if options.user_pin is not None:
        pin = pki_pin_bytes(options.user_pin, console, PkiPin.USER.text)
    with connected(options, console, secrets_used=pin is not None) as (bare, _, sink):
        if options.save:
            _prepare(Path(options.save))
        demand = Demand(trust, challenge, at, pin)
        result = play(identify(demand), with_layers(bare, trace=sink))
    files = _evidence(result, trust) if options.save else {}
    for name in set(_OTHER_FILES) - files.keys() if options.save else ():  # of earlier evidence, no part of this
        (Path(options.save) / name).unlink(missing_ok=True)
    for name, content in files.items():  # first: a disk that is full must not look like a card that is refused
        write_new(Path(options.save) / name, content, overwrite=True)
    if options.json:
        console.json(_plain(result, trust))
    else:
        _print(result, trust, console)
    if options.save:
        _tell(options.save, files, console)
    return int(not result.identified)


def _challenge(options: argparse.Namespace) -> bytes:
    if options.challenge is None:
        return secrets.token_bytes(_CHALLENGE)
    try:
        challenge = parse_hex(options.challenge)
    except HexError as error:
        raise OptionError(f"--challenge: {error}", f"--challenge:{error.text.zh}") from error
    if len(challenge) not in _CHALLENGE_SIZES:
        raise OptionError(
            f"--challenge: {_CHALLENGE_SIZES[0]} to {_CHALLENGE_SIZES[-1]} bytes, not {len(challenge)}",
            f"--challenge:{_CHALLENGE_SIZES[0]} 至 {_CHALLENGE_SIZES[-1]} 字节,而不是 {len(challenge)}",
        )
    return challenge


def _print(result: Identification, trust: Trust, console: Console) -> None:
    for finding in result.findings:
        console.line(f"{console.pick(_MARKS[finding.holds])}  {console.pick(finding.text)}")
    if result.identified:
        if not trust.lists:
            console.note("revocation was not checked: no list (--crl)", "未检查证书撤销状态:没有撤销列表(--crl)")
        code = format_hex(result.card)
        console.say(f"identified: card {code}", f"身份识别通过:卡 {code}")
    else:
        console.say("NOT identified", "身份识别未通过")


def _plain(result: Identification, trust: Trust) -> dict[str, object]:
    """Return what an issuer's host needs to check the proof itself, and what was found here."""
    return {
        "identified": result.identified,
        "revocation_checked": bool(trust.lists),
        "card_identification": format_hex(result.card),
        "challenge": format_hex(result.challenge),
        "signer_id": DEFAULT_ID.decode("ascii"),
        "signature": format_hex(result.signature or b""),
        "signature_der": format_hex(result.signature.der if result.signature else b""),
        "certificate": result.certificate.pem.decode("ascii") if result.certificate else "",
        "chain": [certificate.pem.decode("ascii") for certificate in result.chain[:-1]],
        "steps": [
            {"step": finding.step, "holds": finding.holds, "text": finding.text.en, "text_zh": finding.text.zh}
            for finding in result.findings
        ],
    }


def _prepare(directory: Path) -> None:
    """Make the directory for the evidence; where there is one already, only earlier evidence is replaced."""
    made_directory(directory)
    if (directory / "challenge.bin").exists():
        return
    for name in _OTHER_FILES:
        if (directory / name).exists():
            raise InputFileError(
                f"{directory / name} is not of an earlier --save: name another directory",
                f"{directory / name} 不是先前 --save 的结果:请换一个目录",
            )


def _evidence(result: Identification, trust: Trust) -> dict[str, bytes]:
    """Return the evidence, as far as there is any, in the forms that openssl reads."""
    files = {"challenge.bin": result.challenge, "root.pem": trust.root.pem}
    if result.certificate:
        files["card.pem"] = result.certificate.pem
        files["card.pub"] = to_pem(PUBLIC_KEY, public_key_der(result.certificate.public_key))
        files["chain.pem"] = b"".join(certificate.pem for certificate in (*result.chain[::-1], trust.root))
    if result.chain[:-1]:
        files["ca.pem"] = b"".join(certificate.pem for certificate in result.chain[-2::-1])
    if result.signature:
        files["signature.der"], files["signature.bin"] = result.signature.der, bytes(result.signature)
    return files


def _tell(directory: str, files: dict[str, bytes], console: Console) -> None:
    console.note(f"{directory}: {', '.join(files)}", f"{directory}:{'、'.join(files)}")
    if "signature.der" in files:
        console.note("openssl checks them there:", "在该目录中用 openssl 验证:")
        for line in _OPENSSL:
            console.note(f"  {line}", f"  {line}")
