"""Cards of the 3rd generation with the command: SM4 and its forms, protected records, blanks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.contents import commands, contents, key_tries, plain_files, raw
from tests.unit.cli.running import SELECT_SSSE

if TYPE_CHECKING:
    from tests.unit.cli.running import Runner

BLANKS = sorted((Path(__file__).parents[3] / "examples" / "profiles").glob("blank-*.toml"))
FORMS = [(extension, fold) for extension in ("zeros", "complement", "repeated") for fold in ("xor-halves", "whole")]


def make(cardsim: Runner, directory: Path, *words: str | Path, **settings: object) -> Path:
    path, profile = directory / "third.card", directory / "third.toml"
    text = "".join(
        f"{name} = {str(value).lower() if value in (True, False) else value!r}\n" for name, value in settings.items()
    )
    profile.write_text(text, encoding="utf-8")
    ran = cardsim("new", "--chip", "gen3", "--chip-profile", profile, "--out", path, *words)
    assert (ran.status, ran.err) == (0, "")
    return path


@pytest.fixture
def third(cardsim: Runner, tmp_path: Path) -> Path:
    return make(cardsim, tmp_path)


def test_without_keys_protected_records_stay_closed(cardsim: Runner, third: Path) -> None:
    out = cardsim("read", "--card", third).out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "07 card_number 卡号 [6982 security status not satisfied: needs key RK]" in lines
    assert "06 expiry_date 卡有效期 20340101" in lines
    assert "EF06 Holder's basic data [6982 security status not satisfied: needs key RK]" in lines
    assert "EF0C Data under a key of its own [6982 security status not satisfied: needs key RK0C]" in lines


def test_keys_open_everything(cardsim: Runner, third: Path) -> None:
    files = contents(cardsim, third)
    assert {file["status"] for file in files.values()} == {"9000"}
    assert raw(files, "SSSE/EF06/09") == "B2E2CAD4D3C3BBA7" + "00" * 22
    assert raw(files, "SSSE/EF05/07") == b"T0000001X".hex().upper()
    assert raw(files, "SSSE/EF0C") == "00" * 256
    assert set(key_tries(cardsim, third).values()) == {"3 of 3"}


def test_writing_proves_what_reading_back_needs(cardsim: Runner, third: Path, tmp_path: Path) -> None:
    trace = tmp_path / "t.trace"
    ran = cardsim("write", "--card", third, "--trace", trace, "EF06/09=张三", "EF05/07=X00000019", "EF0C=A1A2")
    assert ran.out.count("written and verified") == 3
    proofs = [command[6:8] for command in commands(trace) if command.startswith("0082")]
    assert proofs == ["04", "0A", "0C"]
    files = contents(cardsim, third)
    assert raw(files, "SSSE/EF06/09") == "D5C5C8FD" + "00" * 26
    assert raw(files, "SSSE/EF0C") == "A1A2" + "00" * 254


def test_issuer_data_that_is_free_needs_no_read_key(cardsim: Runner, third: Path, tmp_path: Path) -> None:
    trace = tmp_path / "t.trace"
    assert "verified" in cardsim("write", "--card", third, "--trace", trace, "EF05/06=20330101").out
    assert [command[6:8] for command in commands(trace) if command.startswith("0082")] == ["04"]


@pytest.mark.parametrize(("size", "status"), [(3, 0), (2, 1)])
def test_ef0c_of_another_size(cardsim: Runner, tmp_path: Path, size: int, status: int) -> None:
    card = make(cardsim, tmp_path, ef0c_size=size)
    ran = cardsim("write", "--card", card, "EF0C=A1A2A3")
    assert ran.status == status
    assert ("written and verified" if status == 0 else "EF0C: the card answers 6700") in ran.out + ran.err


@pytest.mark.parametrize(("extension", "fold"), FORMS, ids=[" ".join(form) for form in FORMS])
def test_forms_of_sm4(cardsim: Runner, tmp_path: Path, extension: str, fold: str) -> None:
    card = make(cardsim, tmp_path, sm4_extension=extension, sm4_fold=fold, write_protection="cipher")
    forms = ("--sm4-extension", extension, "--sm4-fold", fold)
    ran = cardsim("write", "--card", card, *forms, "--protect", "cipher", "EF06/0A=2")
    assert ran.out == "EF06/0A  written and verified\n"
    assert cardsim("pin", "reload", "--card", card, *forms, "--new", "888888").status == 0
    ran = cardsim("read", "--card", card, "--auth", "hsm", "--pin", "888888", *forms, "--json")
    assert (ran.status, ran.err) == (0, "")
    assert {file["status"] for file in plain_files(ran.out).values()} == {"9000"}


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (
            "en",
            (
                "cardsim: the card has other keys than the TEST keys (INTERNAL AUTHENTICATE), or in other versions "
                "than 0, 1, 2, 3, or other forms of SM4 (--sm4-extension, --sm4-fold); none was tried on it\n"
            ),
        ),
        (
            "zh",
            (
                "cardsim:该卡的密钥不是测试密钥(内部认证不符),或版本不是 0, 1, 2, 3,或 SM4 形式不同"
                "(--sm4-extension、--sm4-fold);未向卡尝试任何密钥\n"
            ),
        ),
    ],
)
@pytest.mark.parametrize("words", [("read", "--auth", "hsm"), ("write", "EF06/0A=2"), ("pin", "unblock")])
def test_another_form_costs_no_try(
    cardsim: Runner, third: Path, words: tuple[str, ...], language: str, message: str
) -> None:
    before = third.read_bytes()
    said = cardsim.refused("--lang", language, *words, "--card", third, "--sm4-fold", "whole", status=1)
    assert said == message
    assert third.read_bytes() == before


def test_forms_are_for_those_who_prove_keys(cardsim: Runner, third: Path) -> None:
    said = cardsim.refused("pin", "verify", "--card", third, "--pin", "123456", "--sm4-fold", "whole")
    assert "pin verify has no use for --sm4-fold" in said
    said = cardsim.refused("read", "--card", third, "--sm4-extension", "zeros")
    assert "--sm4-extension and --sm4-fold are for --auth" in said


def test_des_on_a_3rd_generation_card(cardsim: Runner, tmp_path: Path) -> None:
    card = make(cardsim, tmp_path, hrss_algorithm="DES")
    assert raw(contents(cardsim, card), "SSSE/EF05/07") == b"T0000001X".hex().upper()


# --- blanks ---


@pytest.mark.parametrize("profile", BLANKS, ids=[path.stem for path in BLANKS])
def test_a_blank(cardsim: Runner, tmp_path: Path, profile: Path) -> None:
    """Made, read, and personalised by writing."""
    card = tmp_path / "blank.card"
    made = cardsim("new", "--chip", "gen3", "--chip-profile", profile, "--out", card)
    assert made.out == f"{card}: gen3 card, layout 3.00, a blank\n"
    sent = cardsim("apdu", "--card", card, SELECT_SSSE, "00B2012C00", "00B2032C00", "00A4040008A000000333010101").out
    assert "< 0110" in sent
    assert "< 0304332E3030 9000" in sent
    assert ("< 6D00" if "6d00" in profile.stem else "< 6A82") in sent
    files = contents(cardsim, card)
    assert {raw(files, f"SSSE/EF06/{tag}") for tag in ("08", "09", "4E", "0A")} == {
        "00" * 18,
        "00" * 30,
        "00" * 20,
        "00",
    }
    ran = cardsim("write", "--card", card, "EF06/08=639900199003070035", "EF06/09=张三", "EF05/05=20240101")
    assert ran.out.count("written and verified") == 3


def test_a_blank_takes_what_the_holder_gives(cardsim: Runner, tmp_path: Path) -> None:
    holder = tmp_path / "holder.json"
    holder.write_text('{"issue_date": "20211203", "expiry_date": "20311202", "hrss_pin": "888888"}', encoding="utf-8")
    card = make(cardsim, tmp_path, "--holder", holder, blank_identification="411600D156000005C38275EEFC9B9648")
    files = contents(cardsim, card, "888888")
    assert (raw(files, "SSSE/EF05/05"), raw(files, "SSSE/EF05/06")) == ("20211203", "20311202")
    assert raw(files, "SSSE/EF05/07") == "00" * 9


def test_a_blank_of_no_region(cardsim: Runner, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(f'blank_identification = "{"FF" * 16}"\n', encoding="utf-8")
    words = ("new", "--chip", "gen3", "--chip-profile", tmp_path / "p.toml", "--out", tmp_path / "c.card")
    assert "card_identification: the card identification code starts with FFFFFF" in cardsim.refused(*words)
