"""How a command ends when it does not end in 9000, and what can be wrong with a card's memory."""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING

from apdu import Text
from cardsim.errors import CardsimError
from cardsim.zones.access import Access, rename

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apdu import Sw


class MemoryDamagedError(CardsimError):
    """The bytes of a card's memory do not make a file system."""


class MemoryFullError(CardsimError):
    """A file does not fit into the space of its directory."""


class JournalError(CardsimError):
    """The store behind a memory could not take a commit (disk full, file gone); nothing of it was kept."""


@unique
class Reason(Enum):
    """Why a command was refused. The templates are filled with the refusal's operands, and only when somebody asks."""

    MALFORMED = Text("the bytes are no command APDU: {0}", "不是合法的命令 APDU:{0}")
    EXTENDED_LENGTH = Text("the profile takes no extended length", "配置不支持扩展长度")
    REFUSED_IN_FIELD = Text(
        "the profile refuses {0:02X} {1:02X} on the contactless interface", "配置在非接触界面拒绝 {0:02X} {1:02X}"
    )
    CLA_UNKNOWN = Text("CLA {0:02X} is served by no command", "没有命令使用 CLA {0:02X}")
    CLA_WRONG = Text("{0} is not sent with CLA {1:02X}", "{0} 不使用 CLA {1:02X}")
    INS_UNKNOWN = Text("INS {0:02X} is no command of this card", "本卡没有 INS {0:02X} 命令")
    P1P2_WRONG = Text("{0} knows no P1 P2 = {1:02X} {2:02X}", "{0} 不支持 P1 P2 = {1:02X} {2:02X}")
    DATA_LENGTH = Text("{0} takes {1} data bytes, {2} came", "{0} 需要 {1} 字节数据,收到 {2} 字节")
    LE_WRONG = Text("{0} gives {1} bytes, Le asks for {2}", "{0} 返回 {1} 字节,Le 要求 {2} 字节")
    FILE_MISSING = Text("no file {0:04X} within reach of {1}", "在 {1} 下找不到文件 {0:04X}")
    NO_PARENT = Text("{0} has no parent", "{0} 没有上级目录")
    NAME_MISSING = Text("no application is named {0}", "没有名为 {0} 的应用")
    NOT_ON_INTERFACE = Text("{0} is not reached through this interface", "{0} 不能通过本界面访问")
    SFI_MISSING = Text("no file with SFI {0:02X} in {1}", "{1} 中没有 SFI 为 {0:02X} 的文件")
    MF_NOT_SELECTED_FIRST = Text("the profile wants SELECT 3F00 before a name", "配置要求先选择 3F00 再按名选择")
    NO_CURRENT_EF = Text("no EF is selected", "没有选择当前基本文件")
    NOT_A_RECORD_FILE = Text("{0:04X} is transparent, it has no records", "{0:04X} 是透明文件,没有记录")
    NOT_TRANSPARENT = Text("{0:04X} has records, it is not transparent", "{0:04X} 是记录文件,不是透明文件")
    RECORD_MISSING = Text("{0:04X} has no record number {1}", "{0:04X} 没有第 {1} 条记录")
    TAG_MISSING = Text("{0:04X} has no record with tag {1:02X}", "{0:04X} 没有标签为 {1:02X} 的记录")
    OFFSET_OUTSIDE = Text("offset {1} is outside {0:04X}, which has {2} bytes", "偏移 {1} 超出 {0:04X}(共 {2} 字节)")
    READ_REFUSED = Text("{0:04X} needs {1}, not satisfied since SELECT", "读 {0:04X} 需要{1},选择后尚未满足")
    RECORD_READ_REFUSED = Text(
        "{0:04X}/{1:02X} needs {2}, not satisfied since SELECT", "读 {0:04X}/{1:02X} 需要{2},选择后尚未满足"
    )
    READ_NEVER = Text("nobody may read {0:04X}", "{0:04X} 不允许读取")
    RECORD_READ_NEVER = Text("nobody may read {0:04X}/{1:02X}", "{0:04X}/{1:02X} 不允许读取")
    UPDATE_NEVER = Text("nobody may write {0:04X}", "{0:04X} 不允许写入")
    PIN_MISSING = Text("no PIN with reference {0:02X} in {1} or above", "{1} 及上级没有引用号为 {0:02X} 的 PIN")
    PIN_WRONG = Text("PIN {0:02X} does not match; tries left: {1}", "PIN {0:02X} 不符,剩余 {1} 次")
    PIN_NOT_VERIFIED = Text("PIN {0:02X} has not been verified", "PIN {0:02X} 未验证")
    PIN_FORMAT = Text("{0}", "{0}")
    KEY_MISSING = Text("no key with reference {0:02X} in {1} or above", "{1} 及上级没有引用号为 {0:02X} 的密钥")
    KEY_KIND_MISSING = Text("no key for {0} in {1} or above", "{1} 及上级没有 {0} 密钥")
    KEY_WRONG = Text("the cryptogram for key {0:02X} is wrong; tries left: {1}", "密钥 {0:02X} 的密文有误,剩余 {1} 次")
    CREDENTIAL_BLOCKED = Text("{0} is blocked", "{0} 已锁定")
    NO_CHALLENGE = Text("no challenge is waiting: GET CHALLENGE comes first", "没有可用的随机数:请先执行 GET CHALLENGE")
    MAC_MISSING = Text("the data has no room for a MAC of 4 bytes", "数据中没有 4 字节 MAC")
    MAC_WRONG = Text("the MAC under {0} is wrong", "以{0}计算的 MAC 不符")
    SEAL_WRONG = Text("the deciphered data makes no sense: {0}", "解密后的数据有误:{0}")
    PROTECTION_NEEDED = Text(
        "{0:04X} takes writes with line protection (CLA 04) only", "{0:04X} 只接受带线路保护的写入(CLA 04)"
    )
    UPDATE_REFUSED = Text("writing {0:04X} needs {1}, not satisfied since SELECT", "写 {0:04X} 需要{1},选择后尚未满足")
    RECORD_FORM = Text(
        "the data is not one record of {0:04X} with tag {1:02X} and right length",
        "数据不是 {0:04X} 中标签为 {1:02X} 且长度正确的记录",
    )
    FILE_FULL = Text("{0:04X} has no room for {1} bytes, {2} are free", "{0:04X} 空间不足:需要 {1} 字节,剩余 {2}")
    BLOCKED = Text("{0}, or the card, is blocked", "{0} 或卡片已锁定")
    UNBLOCK_REFUSED = Text(
        "unblocking PIN {0:02X} needs {1}, not satisfied since SELECT", "解锁 PIN {0:02X} 需要{1},选择后尚未满足"
    )
    USAGE_WRONG = Text("key {0:02X} has usage {1:02X}, not {2:02X}", "密钥 {0:02X} 的用途为 {1:02X},而非 {2:02X}")
    USAGE_FORBIDS = Text("a key of usage {0:02X} is not for {1}", "用途为 {0:02X} 的密钥不可用于{1}")
    NO_WORK_KEY = Text("no work key stands: BF DE comes first", "没有工作密钥:请先执行 BF DE")
    NO_TRANSACTION = Text("no MAC2 is awaited: 80 70 comes first", "没有等待 MAC2 的交易:请先执行 80 70")
    NO_DEBIT_KEY = Text(
        "no debit key of version {0:02X} for algorithm {1:02X} in {2}",
        "{2} 中没有版本 {0:02X}、算法 {1:02X} 的消费密钥",
    )
    COUNTER_AT_END = Text("the transaction counter is at its maximum", "交易计数器已达最大值")
    OBJECTS_WRONG = Text("the data objects make no sense: {0}", "数据对象有误:{0}")
    NOT_A_KEY_FILE = Text("{0:04X} is not the {1} of {2}", "{0:04X} 不是{2}的{1}")
    KEY_HALF_MISSING = Text("{1} has no {0}", "{1} 中没有{0}")
    KEY_FILE_WRITTEN = Text(
        "{0:04X} holds a key, which UPDATE BINARY does not write", "{0:04X} 为密钥文件,不能直接更新"
    )
    NO_KEY_YET = Text("{0:04X} holds no key yet", "{0:04X} 中尚无密钥")
    KEY_VALUE_WRONG = Text("the key is none: {0}", "密钥无效:{0}")
    KEY_USE_REFUSED = Text(
        "using the key in {0:04X} needs {1}, not satisfied since SELECT", "使用 {0:04X} 的密钥需要{1},选择后尚未满足"
    )
    NO_SESSION_KEY = Text("no session key was loaded since SELECT", "选择后尚未装载会话密钥")
    CIPHERTEXT_WRONG = Text("the ciphertext is none for this key: {0}", "密文与密钥不符:{0}")
    PURSE_MISSING = Text("{1} has no purse {0:04X}", "{1} 中没有钱包文件 {0:04X}")
    PURSE_REFUSED = Text(
        "purse {0:04X} needs {1}, not satisfied since SELECT", "使用钱包 {0:04X} 需要{1},选择后尚未满足"
    )
    PURSE_KEY_MISSING = Text("{2} has no {0} key {1:02X}", "{2} 中没有 {0} 密钥 {1:02X}")
    PURSE_KEY_REFUSED = Text(
        "{0} key {1:02X} needs {2}, not satisfied since SELECT", "使用 {0} 密钥 {1:02X} 需要{2},选择后尚未满足"
    )
    OUT_OF_ORDER = Text("no INITIALIZE for {0} stands", "尚未执行 {0} 所需的初始化")
    BALANCE_TOO_SMALL = Text("{1} asked of purse {0:04X}, it has {2}", "钱包 {0:04X} 余额 {2},不足 {1}")
    BALANCE_TOO_LARGE = Text("purse {0:04X} would hold {1}, at most {2}", "钱包 {0:04X} 余额将为 {1},上限 {2}")
    NO_PROOF = Text("no proof of transaction {1} of type {0:02X}", "没有类型 {0:02X}、序号 {1} 的交易证明")
    NOT_BY_COMPOUND = Text("compound purchases do not update {0:04X}", "复合消费不能更新 {0:04X}")
    NO_MF = Text("the card is blank, it has no MF: CREATE FILE comes first", "空白卡没有 MF:请先创建")
    CARD_BLOCKED = Text("the card is blocked for ever", "卡片已永久锁定")
    STATE_REFUSED = Text("{0} of {1} needs {2}", "对 {1} 执行 {0} 需要 {2}")
    TRANSPORT_KEY_WRONG = Text("the transport code is not this card's", "传输代码不符")
    FILE_EXISTS = Text("{0} has a file {1:04X} already", "{0} 中已有文件 {1:04X}")
    UNLOADABLE = Text("nothing can be made of it: {0}", "无法据此建立文件:{0}")
    NOTHING_BEGUN = Text("nothing has been begun that this would end", "没有可继续或结束的操作")
    DIALECT_ASKED = Text("the dialect is there; nothing was to be made", "支持该方言;没有要创建的内容")
    NO_APPLICATION = Text("{0} is no application", "{0} 不是应用")
    CREATE_FORM = Text("CREATE FILE: {0}", "CREATE FILE:{0}")
    DIRECTORY_FULL = Text("{0} has no room for {1} bytes, {2} are free", "{0} 空间不足:需要 {1} 字节,剩余 {2} 字节")
    KEY_FILE_MISSING = Text("{0} has no key file", "{0} 没有密钥文件")
    KEY_EXISTS = Text("{0} has a key {1:02X}/{2:02X} already", "{0} 中已有密钥 {1:02X}/{2:02X}")
    KEY_FORM = Text("WRITE KEY: {0}", "WRITE KEY:{0}")
    MAC_NEEDED = Text("{0} is reached with line protection only", "{0} 只接受带线路保护的命令")
    MAC_UNNEEDED = Text("{0:04X} asks for no line protection", "{0:04X} 不要求线路保护")
    NEVER_WRITTEN = Text("{0:04X} has never been written", "{0:04X} 从未写入")
    MEMORY_FAILURE = Text("the store refused the write: {0}", "存储写入失败:{0}")
    UNEXPECTED = Text("unexpected fault of the emulator: {0}", "模拟器内部错误:{0}")


class Refusal(Exception):  # noqa: N818  a refusal is an answer of the card, not an error of the program
    """A command's refusal: the status word that is sent, and the reason for whoever asks; bytes never depend on it."""

    def __init__(self, sw: int | Sw, reason: Reason, *operands: object) -> None:
        super().__init__(sw, reason, operands)
        self.sw = int(sw)
        self.reason = reason
        self.operands = operands
        self.data = b""
        """What the answer carries beside the status word: of a warning (facts native-card-os 4, 6281)."""

    def describe(self, names: Mapping[Access, Access]) -> Text:
        """Return the reason in words behind the status word, PINs and keys called as ``names`` has them."""
        parts = [rename(part, names).text if isinstance(part, Access) else part for part in self.operands]
        en = self.reason.value.en.format(*(part.en if isinstance(part, Text) else part for part in parts))
        zh = self.reason.value.zh.format(*(part.zh if isinstance(part, Text) else part for part in parts))
        return Text(f"{self.sw:04X}: {en}", f"{self.sw:04X}: {zh}")

    def __str__(self) -> str:
        return self.describe({}).en
