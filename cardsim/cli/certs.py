"""`cardsim certs`: certificates of the zones' authorities and cards. Times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from apdu import format_hex, parse_hex
from cardsim.cli.cards import InputFileError, OptionError, connected, read_bytes
from cardsim.cli.console import aligned
from cardsim.cli.keyrings import declared_authorities, opened_keyring
from cardsim.cli.output import check_new, write_new
from cardsim.store import read_card_file
from cardsim.zones.authorities import CertificateForm, find_authority
from cardsim.zones.card_identification import CardIdentification
from keys.errors import KeysError
from keys.pki.certificate import Certificate, Request, RevocationList, Revoked
from keys.pki.errors import PkiError
from keys.pki.issue import Period
from keys.pki.keyfiles import private_key_der, public_key_der
from keys.pki.pem import CERTIFICATE, PRIVATE_KEY, PUBLIC_KEY, to_pem
from keys.pki.verify import check_list, steps
from readers.connect.layers import with_layers
from readers.terminal.hrss import read_hrss
from readers.terminal.script import run as play

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from cardsim.cli.console import Console
    from cardsim.zones.authorities import Authority
    from keys.keyring import Keyring
    from keys.pboc.authority import RsaCard, Sm2Card
    from keys.pki.authority import CertificateAuthority
    from readers.terminal.hrss import HrssReport

T = TypeVar("T")

_DEFAULT_YEARS: Final = 10
"""A card's validity (handbook Q12)."""
_MAX_SERIAL: Final = 20
_MAX_DAYS: Final = 36500


def run(options: argparse.Namespace, console: Console) -> int:
    """Do what the action says; a chain that is refused is an error with status 1."""
    if getattr(options, "der", False) and not options.out:
        raise OptionError("--der needs --out", "--der 需与 --out 同用")
    for name in ("out", "key_out"):
        if path := getattr(options, name, None):
            check_new(Path(path), overwrite=options.force)
    keyring = opened_keyring(options, console)
    authority = find_authority(options.zone, declared_authorities(options))
    if options.action == "issue" and authority.form is CertificateForm.PBOC:
        _issue_pboc(options, console, keyring, authority.name)
    else:
        _ACTIONS[options.action](options, console, keyring.authority(authority.zone_id), keyring)
        if options.action == "issue":
            _tell_place(options, console, authority)
    return 0


def _tell_place(options: argparse.Namespace, console: Console, authority: Authority) -> None:
    """Say which file of the card the certificate belongs into, as the settings of the card file have it."""
    setting = None
    if options.card:
        description, _ = read_card_file(Path(options.card))
        setting = description.profile.certificate_fids.get(authority.name)
    fid = authority.certificate_fid(setting)
    if fid is not None:
        console.note(
            f"its place on the card: file {fid:04X} of zone {authority.name}",
            f"在卡上的位置:{authority.name} 区域的文件 {fid:04X}",
        )


def _issue_pboc(options: argparse.Namespace, console: Console, keyring: Keyring, zone: str) -> None:
    """Print what a card has in its records, tag by tag, RSA and SM2."""
    from keys.pboc.authority import PbocAuthority  # noqa: PLC0415  this zone alone has such certificates

    for name in ("id", "csr", "card", "reader", "key_out", "out", "start"):
        if getattr(options, name):
            raise OptionError(
                f"zone {zone} has PBOC certificates: --pan, --to and --static are all they need",
                f"{zone} 区域使用 PBOC 证书:只需 --pan、--to 与 --static",
            )
    if not (options.pan and options.end):
        raise OptionError(f"zone {zone} needs --pan and --to", f"{zone} 区域需要 --pan 与 --to")
    authority = PbocAuthority(lambda purpose: keyring.seed(zone, purpose))
    end, static = moment_of(options.end), parse_hex(options.static)
    month = (end.year, end.month)
    try:
        cards: dict[str, RsaCard | Sm2Card] = {
            "RSA": authority.rsa_card(options.pan, month, static),
            "SM2": authority.sm2_card(options.pan, month, static),
        }
    except KeysError as error:
        raise OptionError(f"--pan, --to: {error}", f"--pan、--to:{error.text.zh}") from error
    for line in aligned(
        (kind, tag, format_hex(value)) for kind, card in cards.items() for tag, value in card.tags.items()
    ):
        console.line(line)


def _issue(options: argparse.Namespace, console: Console, authority: CertificateAuthority, keyring: Keyring) -> None:
    if options.pan or options.static:
        raise OptionError("--pan, --static: for PBOC certificates alone", "--pan、--static 仅用于 PBOC 证书")
    if options.csr and options.key_out:
        raise OptionError("--key-out: the key of a request is its maker's", "--key-out:证书请求的私钥由申请方持有")
    identification, values = _card(options, console)
    period = period_of(options.start or values.get("issue_date"), options.end or values.get("expiry_date"))
    zone = authority.zone.name
    versions = ((zone, keyring.versions(zone)[-1]),)
    if options.csr:
        request = read_parsed(Request.parse, options.csr)
        certificate = authority.card(request.public_key, identification, period, versions)
    else:
        card = authority.personalised(identification, period, versions)
        certificate = card.certificate
        if options.key_out:
            pem = to_pem(PRIVATE_KEY, private_key_der(card.key))
            write_new(Path(options.key_out), pem, overwrite=options.force)
    _out(options, console, CERTIFICATE, certificate)


def _card(options: argparse.Namespace, console: Console) -> tuple[CardIdentification, dict[str, str]]:
    """Return the card's identification code, and what else its free elements say."""
    if options.id:
        if options.card or options.reader:
            raise OptionError("--id is for when there is no card", "--id 仅用于没有卡的情形")
        return CardIdentification.parse(parse_hex(options.id)), {}
    with connected(options, console) as (bare, _, sink):
        report = play(read_hrss(), with_layers(bare, trace=sink))
    return card_elements(report)


def card_elements(report: HrssReport) -> tuple[CardIdentification, dict[str, str]]:
    """Return the identification code of a card that was read, and its elements' values by name."""
    values = {item.element.name: item.text for file in report.files for item in file.elements if item.text}
    return CardIdentification.parse(parse_hex(values.get("card_identification", ""))), values


def _chain(options: argparse.Namespace, console: Console, authority: CertificateAuthority, _keyring: Keyring) -> None:
    certificates = (authority.root.certificate, *authority.chain)
    if options.der:
        raise OptionError(
            "a chain is PEM; `certs export` gives one certificate", "证书链为 PEM;单张证书用 `certs export`"
        )
    _write(options, console, b"".join(certificate.pem for certificate in certificates))


def _verify(options: argparse.Namespace, console: Console, authority: CertificateAuthority, keyring: Keyring) -> None:
    given = [entry for name in options.files for entry in read_parsed(Certificate.parse_all, name)]
    root = read_parsed(Certificate.parse, options.root) if options.root else authority.root.certificate
    if given[0] == root:
        del given[0]
    elif not options.root:
        # One of this name with another key goes along too, so that the refusal says so.
        named = [entry for entry in keyring.authorities_of(authority.zone) if entry.is_named_by(given[0])]
        named.sort(key=lambda entry: not entry.issued(given[0]))
        given[:0] = named[0].chain if named else ()
    lists = [read_parsed(RevocationList.parse, name) for name in options.crl]
    for step in steps(root, given, at=moment_of(options.at), zone=authority.zone.aid, lists=lists):
        console.say(f"{step.certificate.name}: {step.checked.en}", f"{step.certificate.name}:{step.checked.zh}")


def _export(options: argparse.Namespace, console: Console, authority: CertificateAuthority, _keyring: Keyring) -> None:
    which, _, kind = options.what.partition("-")
    signer = authority.root if which == "root" else authority.ca
    match kind:
        case "":
            _out(options, console, CERTIFICATE, signer.certificate)
        case "public":
            _out(options, console, PUBLIC_KEY, public_key_der(signer.key.public))
        case _:
            console.note("warning: a private key in clear", "警告:明文私钥")
            _out(options, console, PRIVATE_KEY, private_key_der(signer.key))


def _revoke(options: argparse.Namespace, console: Console, authority: CertificateAuthority, keyring: Keyring) -> None:
    """Go on with the list, or make one. Its issuer is that of the first certificate, so also an earlier CA."""
    if not 0 < options.days <= _MAX_DAYS:
        raise OptionError(f"--days: 1 to {_MAX_DAYS}", f"--days:1 至 {_MAX_DAYS}")
    at = moment_of(options.at)
    certificates = {name: read_parsed(Certificate.parse, name) for name in options.files}
    for certificate in list(certificates.values())[:1]:
        issuers = [entry for entry in keyring.authorities_of(authority.zone) if entry.issued(certificate)]
        authority = issuers[0] if issuers else authority
    ca = authority.ca.certificate
    for name, certificate in certificates.items():
        if not authority.issued(certificate):
            raise InputFileError(f"{name}: not issued by {ca.name}", f"{name}:不是由 {ca.name} 签发的")
    serials = [_serial(text) for text in options.serial] + [entry.serial for entry in certificates.values()]
    path, number, revoked = Path(options.crl), 1, dict[int, Revoked]()
    if path.exists():
        earlier = read_parsed(RevocationList.parse, options.crl)
        check_list(earlier, ca, earlier.this_update)
        number, revoked = earlier.number + 1, earlier.revoked
    revoked = {serial: Revoked(serial, at) for serial in serials} | revoked
    end = at + timedelta(days=options.days)
    write_new(path, authority.ca.revocation_list(revoked.values(), at, end, number).pem, overwrite=True)
    console.say(
        f"{path}: list {number}, {len(revoked)} revoked, until {end:%Y-%m-%d %H:%M:%S} UTC",
        f"{path}:第 {number} 期,撤销 {len(revoked)} 张,有效至 {end:%Y-%m-%d %H:%M:%S}(UTC)",
    )


_ACTIONS: Final[dict[str, Callable[[argparse.Namespace, Console, CertificateAuthority, Keyring], None]]] = {
    "issue": _issue,
    "chain": _chain,
    "verify": _verify,
    "export": _export,
    "revoke": _revoke,
}


def read_parsed(parse: Callable[[bytes], T], name: str) -> T:
    """Return what the file ``name`` holds; what is wrong with it names the file."""
    try:
        return parse(read_bytes(Path(name)))
    except KeysError as error:
        raise InputFileError(f"{name}: {error}", f"{name}:{error.text.zh}") from error


def period_of(start: str | None, end: str | None) -> Period:
    """Return the days from ``start`` (today) to ``end`` (ten years later). Raises OptionError or InputFileError."""
    first = moment_of(start) if start else datetime.now(UTC)
    last = moment_of(end) if end else first + timedelta(days=_DEFAULT_YEARS * 365)
    try:
        return Period(datetime.combine(first, time.min, UTC), datetime.combine(last, time(23, 59, 59), UTC))
    except PkiError as error:
        raise OptionError(f"--from, --to: {error}", f"--from、--to:{error.text.zh}") from error


def moment_of(text: str | None) -> datetime:
    """Return a time as people write it, 20240101 or 2024-01-01T12:00:00; UTC where it names no zone; now for none."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise InputFileError(
            f"{text!r} is no date, such as 2024-01-01 or 2024-01-01T12:00:00",
            f"{text!r} 不是日期(如 2024-01-01 或 2024-01-01T12:00:00)",
        ) from error


def _serial(text: str) -> int:
    raw = parse_hex(text if len(text) % 2 == 0 else f"0{text}")
    if not 0 < len(raw) <= _MAX_SERIAL or not any(raw):
        raise OptionError(
            f"--serial: 1 to {_MAX_SERIAL} bytes, not {format_hex(raw)}", f"--serial:1 至 {_MAX_SERIAL} 字节"
        )
    return int.from_bytes(raw, "big")


def _out(options: argparse.Namespace, console: Console, label: str, raw: bytes) -> None:
    _write(options, console, bytes(raw) if options.der else to_pem(label, raw))


def _write(options: argparse.Namespace, console: Console, content: bytes) -> None:
    if options.out:
        write_new(Path(options.out), content, overwrite=options.force)
        return
    for line in content.decode("ascii").splitlines():
        console.line(line)
