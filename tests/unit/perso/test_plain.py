"""A card as JSON and back: the same card."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apdu import BilingualError
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.memory import Memory, NoJournal
from cardsim.perso import Holder, personalise
from cardsim.perso.image import CardImage
from cardsim.perso.plain import PlainError, Prefer, export_card, import_card
from cardsim.profiles import PROFILES
from cardsim.store.format import Description, encode_base
from cardsim.zones.layouts import Layout
from keys.keyring import TestKeyring
from tests.cards import make_image
from tests.unit.perso.plain_cards import any_card, credentials, exported, golden_image, image_of, there_and_back

PINS = {"hrss_pin": bytes.fromhex("123456")}
PKI_PINS = {"pki_user_pin": bytes.fromhex("123456"), "pki_admin_pin": bytes.fromhex("12345678")}
NAME = "B2E2CAD4D3C3BBA7" + "00" * 22


def file_bytes(image: CardImage) -> bytes:
    return encode_base(Description(image.profile, image.layout, image.printed), image.memory)


def node(plain: Any, *path: str) -> Any:
    """Return a file or directory by the FIDs that lead to it."""
    found = plain["card"]
    for fid in path:
        found = next(child for child in found["contents"] if fid in (child.get("file"), child.get("directory")))
    return found


def record(plain: Any, *path: str) -> Any:
    """Return a record by FIDs and its tag."""
    return next(item for item in node(plain, *path[:-1])["records"] if item["tag"] == path[-1])


def credential(plain: Any, kind: str, reference: str, *path: str) -> Any:
    keys = node(plain, *path)["keys"]
    return next(key for key in keys if (key["type"], key["reference"]) == (kind, reference))


@pytest.fixture(scope="module")
def image() -> CardImage:
    return make_image({"elements": {"DF01/EF15": {"40:02": "001^639900^某学校"}}})


SSSE = "DF00"


@pytest.fixture(scope="module")
def plain_text(image: CardImage) -> str:
    return json.dumps(exported(image))


@pytest.fixture
def plain(plain_text: str) -> Any:
    return json.loads(plain_text)


# --- the same card comes back ---


def test_the_golden_card_comes_back_byte_for_byte() -> None:
    golden = golden_image()
    back = there_and_back(golden)
    assert file_bytes(back) == file_bytes(golden)


@pytest.mark.parametrize(("chip", "layout"), [("gen2", "1.00"), ("gen2", "2.00"), ("gen3", "3.00")])
def test_new_cards_come_back_byte_for_byte(chip: str, layout: str) -> None:
    card = personalise(PROFILES[chip], Layout.from_text(layout), Holder())
    assert there_and_back(card) == card


@given(any_card)
@settings(max_examples=150)
def test_any_card_comes_back_byte_for_byte(memory: bytes) -> None:
    card = image_of(memory)
    assert there_and_back(card) == card


@given(st.data())
@settings(max_examples=60)
def test_a_card_with_changed_bytes_comes_back_or_does_not_open(data: st.DataObject) -> None:
    golden = golden_image()
    memory = bytearray(golden.memory)
    for _ in range(data.draw(st.integers(1, 3))):
        memory[data.draw(st.integers(0, 900))] = data.draw(st.integers(0, 255))
    try:
        FileSystem(Memory(memory, NoJournal()))
    except (BilingualError, ValueError):
        assume(False)
    card = CardImage(bytes(memory), golden.profile, golden.layout, golden.printed)
    assert there_and_back(card) == card


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "pin_limit": st.integers(1, 15),
            "mf_name": st.binary(min_size=5, max_size=16).map(bytes.hex) | st.just(""),
            "element_sizes": st.just({"SSSE/EF05/07": 9}) | st.just({}),
            "spec_version": st.text("0123456789.", max_size=4),
        },
    )
)
@settings(max_examples=15)
def test_settings_come_back_and_only_unusual_ones_are_told(values: dict[str, object]) -> None:
    try:
        card = make_image(settings=values)
    except BilingualError:
        return
    told = exported(card)["profile"]
    assert set(told) <= {"chip", "historical_bytes", *values}
    assert there_and_back(card) == card


# --- what it says ---


def test_it_is_readable(plain: Any, image: CardImage) -> None:
    assert plain["format"] == "cardsim card 1"
    assert plain["profile"] == {"chip": "gen2", "historical_bytes": "0081544C92868463999F8FF5CD"}
    assert (plain["layout"], plain["memory"], plain["printed"]) == ("2.00", 32768, image.printed)
    found = node(plain, *_ssse(plain), "EF0D")
    assert (found["read"], found["update"]) == ("pin(00) | key(0A)", "key(0D)")
    assert found["rights"] == "read: PIN HRSS or key RK; update: key UK0D"
    assert found["rights_zh"] == "读:PIN HRSS或密钥 RK;写:密钥 UK0D"
    assert record(plain, *_ssse(plain), "EF06", "09") == {
        "tag": "09",
        "name": "name",
        "name_zh": "姓名",
        "hex": NAME,
        "value": "测试用户",
    }
    assert credential(plain, "EXTERNAL", "0A", *_ssse(plain), "EF80") == {
        "type": "EXTERNAL",
        "reference": "0A",
        "name": "RK",
        "name_zh": "读控制密钥",
        "tries_left": 3,
        "tries_limit": 3,
        "level": "03",
        "algorithm": "TRIPLE_DES",
        "kcv": _kcv(credential(plain, "EXTERNAL", "0A", *_ssse(plain), "EF80")["value"]),
        "value": credential(plain, "EXTERNAL", "0A", *_ssse(plain), "EF80")["value"],
    }
    assert credential(plain, "PIN", "00", *_ssse(plain), "EF80")["value"] == "123456FFFFFFFFFF"


def _ssse(plain: Any) -> tuple[str]:
    return (plain["card"]["contents"][0]["directory"],)


def _kcv(key: str) -> str:
    """Return what the openssl command gives."""
    done = subprocess.run(
        ["openssl", "enc", "-des-ede", "-K", key, "-nopad"], input=bytes(8), capture_output=True, check=True
    )
    return done.stdout[:3].hex().upper()


def test_without_keys_no_secret_is_in_it(image: CardImage, plain: Any) -> None:
    without = exported(image, secrets=False)
    text = json.dumps(without)
    values = [key["value"] for key in credentials(plain["card"])]
    assert len(values) > 30
    assert not any(value in text for value in values)
    assert [key | {"value": value} for key, value in zip(credentials(without["card"]), values, strict=True)] == list(
        credentials(plain["card"])
    )


@given(any_card)
@settings(max_examples=60)
def test_without_keys_no_key_of_any_card_is_in_it(memory: bytes) -> None:
    card = image_of(memory)
    values = [key["value"] for key in credentials(exported(card)["card"])]
    told = [key.get("value") for key in credentials(exported(card, secrets=False)["card"])]
    assert told == [None] * len(values)


def test_bytes_left_in_erased_memory_are_secret() -> None:
    card = golden_image()
    memory = card.memory[:-40] + bytes.fromhex("DEADBEEF" * 4) + bytes(24)
    old = CardImage(memory, card.profile, card.layout, card.printed)
    assert there_and_back(old) == old
    assert "DEADBEEF" not in json.dumps(exported(old, secrets=False))


# --- keys from elsewhere ---


def test_keys_come_from_the_keyring_and_the_pin_is_given(image: CardImage) -> None:
    assert import_card(exported(image, secrets=False), TestKeyring(), PINS) == image


def test_gen3_keys_come_from_the_keyring() -> None:
    card = personalise(PROFILES["gen3"].override({"zones": ["HRSS"]}), Layout.V3_00, Holder())
    assert import_card(exported(card, secrets=False), TestKeyring(), PINS) == card


@pytest.mark.parametrize("certificates", [True, False])
def test_key_pairs_come_from_the_keyring_too(certificates: bool) -> None:
    profile = PROFILES["gen3"].override({"card_certificates": certificates})
    card = personalise(profile, Layout.V3_00, Holder())
    plain = exported(card, secrets=False)
    assert import_card(plain, TestKeyring(), PINS | PKI_PINS) == card
    for entry, option in (("pki_user_pin", "--user-pin"), ("pki_admin_pin", "--admin-pin")):
        with pytest.raises(PlainError, match=f"PIN PKI-[A-Z]+ has no 'value': give it with {option}, or export"):
            import_card(plain, TestKeyring(), {key: pin for key, pin in (PINS | PKI_PINS).items() if key != entry})


def test_a_key_pair_of_another_maker_is_refused() -> None:
    plain = exported(personalise(PROFILES["gen3"], Layout.V3_00, Holder()), secrets=False)
    pki = next(child for child in plain["card"]["contents"] if child["aid"] == "504B492EC9E7BBE1B1A3D5CF")
    files = next(child for child in pki["contents"] if child.get("directory") == "DF01")["contents"]
    public = next(file for file in files if file["type"] == "PUBLIC_KEY")
    public["body"] = public["body"][:-2] + "00"
    for _ in range(2):
        with pytest.raises(PlainError, match=r"DF01/0013: 'body' is missing, and the key pair is none that"):
            import_card(plain, TestKeyring(), PINS | PKI_PINS)
        if public in files:
            files.remove(public)


def test_without_a_keyring_keys_are_refused(image: CardImage) -> None:
    with pytest.raises(PlainError, match=r"^3F00/.*/EF80/key 1: 'value' is missing: export it with --keys$"):
        import_card(exported(image, secrets=False))


def test_without_a_pin_pins_are_refused(image: CardImage) -> None:
    with pytest.raises(PlainError, match=r"/EF80/key 1: PIN HRSS has no 'value': give it with --pin"):
        import_card(exported(image, secrets=False), TestKeyring())


def test_a_keyring_of_somebody_else_is_noticed(image: CardImage) -> None:
    class Other(TestKeyring):
        def roots(self, algorithm: str = "DES") -> Any:
            del algorithm
            return self

        def root(self, name: str, version: int) -> bytes:
            del name, version
            return bytes(range(16))

    with pytest.raises(PlainError, match=r"/EF80/key 2/kcv: [0-9A-F]{6}, but the key has [0-9A-F]{6}: it is another"):
        import_card(exported(image, secrets=False), Other(), PINS)


def test_a_key_that_no_zone_declares_is_refused(image: CardImage) -> None:
    plain = exported(image, secrets=False)
    ssse = node(plain, *_ssse(plain), "EF80")
    ssse["keys"][3]["reference"] = "77"
    with pytest.raises(PlainError, match=r"key 4: a key without 'value' that no zone declares"):
        import_card(plain, TestKeyring(), PINS)


def test_a_key_without_an_identification_code_is_refused(image: CardImage) -> None:
    plain = exported(image, secrets=False)
    record(plain, *_ssse(plain), "EF05", "01")["hex"] = "00" * 16
    del record(plain, *_ssse(plain), "EF05", "01")["value"]
    with pytest.raises(PlainError, match="its value can not be derived: "):
        import_card(plain, TestKeyring(), PINS)


# --- edited ---


def test_an_edited_value_is_on_the_card(plain: Any, image: CardImage) -> None:
    found = record(plain, *_ssse(plain), "EF06", "09")
    found["value"] = "张三"
    with pytest.raises(PlainError, match=r"EF06/record 2/value: '张三' is not what 'hex' says.*--prefer"):
        import_card(plain)
    changed = import_card(plain, prefer=Prefer.VALUE)
    assert bytes.fromhex(NAME) in image.memory
    assert bytes.fromhex(NAME) not in changed.memory
    assert bytes.fromhex("091ED5C5C8FD" + "00" * 26) in changed.memory
    assert import_card(plain, prefer=Prefer.HEX) == image
    del found["hex"]
    assert import_card(plain) == changed


def test_edited_bytes_are_on_the_card(plain: Any) -> None:
    found = record(plain, *_ssse(plain), "EF06", "09")
    found["hex"] = "D5C5C8FD".ljust(60, "0")
    del found["value"]
    assert bytes.fromhex("091ED5C5C8FD" + "00" * 26) in import_card(plain).memory


def test_a_longer_record_needs_a_larger_file(plain: Any) -> None:
    file = node(plain, *_ssse(plain), "EF06")
    file["records"].append({"tag": "99", "hex": "AABB"})
    with pytest.raises(PlainError, match=r"EF06/size: \d+, the contents take \d+ bytes"):
        import_card(plain)
    file["size"] += 4
    memory = import_card(plain).memory
    assert bytes.fromhex("9902AABB") in memory
    assert len(memory) == 32768


def test_a_new_right_makes_a_new_rule(plain: Any) -> None:
    file = node(plain, *_ssse(plain), "EF05")
    file["read"] = "(key(0A) | pin(00)) & contact"
    back = exported(import_card(plain))
    assert node(back, *_ssse(plain), "EF05")["read"] == "(key(0A) | pin(00)) & contact"
    untouched = node(exported(import_card(plain)), *_ssse(plain), "EF06")
    assert untouched == node(plain, *_ssse(plain), "EF06")


def test_a_new_right_in_a_directory_without_rules() -> None:
    plain = exported(golden_image())
    ssse = plain["card"]["contents"][0]
    ssse["contents"] = [child for child in ssse["contents"] if child["type"] != "RULES"]
    for child in ssse["contents"]:
        for right in ("read", "update"):
            if child.get(right) not in (None, "free", "never"):
                child[right] = "key(33)"
    back = exported(import_card(plain))["card"]["contents"][0]["contents"]
    assert [child["rules"] for child in back if child["type"] == "RULES"] == [["key(33)"]]


def test_a_file_of_ones_own(plain: Any) -> None:
    node(plain, *_ssse(plain))["contents"].append(
        {"file": "EF13", "type": "TRANSPARENT", "read": "free", "update": "never", "size": 8, "content": "0102"}
    )
    assert bytes.fromhex("0102000000000000") in import_card(plain).memory


def test_a_card_that_is_too_large(plain: Any) -> None:
    plain["memory"] = 2048
    with pytest.raises(BilingualError, match=r"the card needs [0-9]+ bytes; the chip has 2048"):
        import_card(plain)


def test_a_secret_of_a_type_that_is_not_taken_apart_is_only_there_with_keys() -> None:
    """A key file whose records do not parse comes out whole, and only with keys."""
    card = golden_image()
    plain = exported(card)
    keys = next(c for c in plain["card"]["contents"][0]["contents"] if c["type"] == "KEYS")
    assert set(keys) == {"file", "type", "size", "keys"}
    keys.pop("keys")
    keys.pop("size")
    keys["body"] = "00AA" + "5EC4E75EC4E7"
    odd = import_card(plain)
    assert there_and_back(odd) == odd
    assert "5EC4E7" in json.dumps(exported(odd))
    assert "5EC4E7" not in json.dumps(exported(odd, secrets=False))


def test_a_memory_that_is_no_card_is_refused() -> None:
    with pytest.raises(BilingualError):
        export_card(image_of(b"\x00" * 64), secrets=True)


def test_private_keys_are_only_there_with_keys() -> None:
    """The halves of the PKI zone's pairs that nothing reads; a card without them is refused, not made up."""
    card = personalise(PROFILES["gen3"], Layout.V3_00, Holder())
    plain = exported(card)
    pki = next(child for child in plain["card"]["contents"] if child["aid"] == "504B492EC9E7BBE1B1A3D5CF")
    files = next(child for child in pki["contents"] if child.get("directory") == "DF01")["contents"]
    halves = [file["body"] for file in files if file["type"] == "PRIVATE_KEY"]
    assert len(halves) == 2
    text = json.dumps(exported(card, secrets=False))
    assert not any(half in text for half in halves)
    half = next(file for file in files if file["type"] == "PRIVATE_KEY")
    del half["body"]
    with pytest.raises(PlainError, match=r"DF01/0013: 'body' is missing: export it with --keys$"):
        import_card(plain)
