"""Status words: the families that carry a number, and what each word means.

Sources: ISO/IEC 7816-4, 5.6; facts native-card-os 4.2 (FMCOS table), hrss-card 3, terminal-interface 3.2.
"""

from __future__ import annotations

from enum import Enum, IntEnum, unique

from apdu.text import Text


@unique
class Family(Enum):
    """What a status word says as a class, before its number is looked at."""

    OK = "9000"
    MORE_DATA = "61xx"
    WARNING = "62xx/63xx"
    TRIES_LEFT = "63Cx"
    EXECUTION_ERROR = "64xx-66xx"
    CHECKING_ERROR = "67xx-6Fxx"
    WRONG_LE = "6Cxx"
    APPLICATION = "9xxx"
    UNKNOWN = "?"


class StatusWord(int):
    """SW1 SW2 as one number, 0000 to FFFF."""

    __slots__ = ()

    @property
    def sw1(self) -> int:
        """The first byte."""
        return self >> 8

    @property
    def sw2(self) -> int:
        """The second byte: in 61xx, 6Cxx and 63Cx it carries the number."""
        return self & 0xFF

    @property
    def ok(self) -> bool:
        """True for 9000 and 61xx."""
        return self == 0x9000 or self.sw1 == 0x61

    @property
    def tries_left(self) -> int | None:
        """The x of 63Cx, else ``None``."""
        return self & 0xF if self & 0xFFF0 == 0x63C0 else None

    @property
    def family(self) -> Family:
        """The class of this word."""
        if self & 0xFFF0 == 0x63C0:
            return Family.TRIES_LEFT
        if self == 0x9000:
            return Family.OK
        return _FAMILY_OF_SW1.get(self.sw1, Family.APPLICATION if self.sw1 >> 4 == 9 else Family.UNKNOWN)

    @property
    def meaning(self) -> Text:
        """What the word says, in both languages."""
        number = self.sw2
        match self.family:
            case Family.MORE_DATA:
                return Text(
                    f"done, {number or 256} bytes wait for GET RESPONSE",
                    f"成功,尚有 {number or 256} 字节待取(GET RESPONSE)",
                )
            case Family.WRONG_LE:
                return Text(f"wrong Le, repeat with Le={number:02X}", f"Le 错误,请以 Le={number:02X} 重发")
            case Family.TRIES_LEFT:
                tries = number & 0xF
                plural = "try" if tries == 1 else "tries"
                return Text(f"verification failed, {tries} {plural} left", f"验证失败,剩余 {tries} 次")
            case _:
                known = _MEANING.get(self)
        return known or Text("no meaning known", "含义未知")

    def __str__(self) -> str:
        return f"{int(self):04X}"


_FAMILY_OF_SW1 = {
    0x61: Family.MORE_DATA,
    0x62: Family.WARNING,
    0x63: Family.WARNING,
    0x64: Family.EXECUTION_ERROR,
    0x65: Family.EXECUTION_ERROR,
    0x66: Family.EXECUTION_ERROR,
    0x67: Family.CHECKING_ERROR,
    0x68: Family.CHECKING_ERROR,
    0x69: Family.CHECKING_ERROR,
    0x6A: Family.CHECKING_ERROR,
    0x6B: Family.CHECKING_ERROR,
    0x6C: Family.WRONG_LE,
    0x6D: Family.CHECKING_ERROR,
    0x6E: Family.CHECKING_ERROR,
    0x6F: Family.CHECKING_ERROR,
}


@unique
class Sw(IntEnum):
    """The words our cards answer and our readers meet, by name. A refusal's words carry no data."""

    OK = 0x9000
    DATA_MAY_BE_CORRUPT = 0x6281
    END_OF_FILE = 0x6282
    SELECTED_FILE_INVALIDATED = 0x6283
    FCI_FORMAT = 0x6284
    AUTHENTICATION_FAILED = 0x6300
    STATE_UNCHANGED = 0x6400
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    LOGICAL_CHANNEL_UNSUPPORTED = 0x6881
    SECURE_MESSAGING_UNSUPPORTED = 0x6882
    CHAINING_UNSUPPORTED = 0x6884
    CLA_DOES_NOT_MATCH_PROTECTION = 0x6900
    WRONG_STATE = 0x6901
    INCOMPATIBLE_FILE = 0x6981
    SECURITY_STATUS_NOT_SATISFIED = 0x6982
    AUTHENTICATION_BLOCKED = 0x6983
    REFERENCE_DATA_NOT_USABLE = 0x6984
    CONDITIONS_NOT_SATISFIED = 0x6985
    NO_CURRENT_EF = 0x6986
    SM_OBJECT_MISSING = 0x6987
    SM_OBJECT_WRONG = 0x6988
    WRONG_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    NOT_ENOUGH_MEMORY = 0x6A84
    WRONG_P1P2 = 0x6A86
    REFERENCE_NOT_FOUND = 0x6A88
    WRONG_OFFSET = 0x6B00
    INS_NOT_SUPPORTED = 0x6D00
    CLA_NOT_SUPPORTED = 0x6E00
    UNEXPECTED = 0x6F00
    MAC_WRONG = 0x9302
    APPLICATION_LOCKED_FOR_EVER = 0x9303
    BALANCE_INSUFFICIENT = 0x9401
    TRANSACTION_COUNTER_EXHAUSTED = 0x9402
    KEY_INDEX_UNSUPPORTED = 0x9403
    MAC_NOT_AVAILABLE = 0x9406


_MEANING: dict[int, Text] = {
    Sw.OK: Text("done", "成功"),
    Sw.DATA_MAY_BE_CORRUPT: Text("part of the data may be corrupt", "返回数据可能有误"),
    Sw.END_OF_FILE: Text("end of file before Le bytes", "文件长度小于 Le"),
    Sw.SELECTED_FILE_INVALIDATED: Text("selected file is invalidated", "选择的文件无效"),
    Sw.FCI_FORMAT: Text("FCI is not in the expected format", "FCI 格式与 P2 指定不符"),
    Sw.AUTHENTICATION_FAILED: Text("authentication failed", "认证失败"),
    Sw.STATE_UNCHANGED: Text("execution error, state unchanged", "执行出错,状态未改变"),
    Sw.MEMORY_FAILURE: Text("memory could not be written", "写存储器失败"),
    Sw.WRONG_LENGTH: Text("wrong length", "长度错误"),
    Sw.LOGICAL_CHANNEL_UNSUPPORTED: Text("logical channels are not supported", "不支持逻辑通道"),
    Sw.SECURE_MESSAGING_UNSUPPORTED: Text("secure messaging is not supported here", "不支持安全报文"),
    Sw.CHAINING_UNSUPPORTED: Text("command chaining is not supported", "不支持命令链"),
    Sw.CLA_DOES_NOT_MATCH_PROTECTION: Text("CLA does not match the protection required", "CLA 与线路保护要求不匹配"),
    Sw.WRONG_STATE: Text("command not allowed in this state (wrong order)", "命令不接受(无效状态)"),
    Sw.INCOMPATIBLE_FILE: Text("command does not fit the file's structure", "命令与文件结构不相容"),
    Sw.SECURITY_STATUS_NOT_SATISFIED: Text("security status not satisfied", "不满足安全状态"),
    Sw.AUTHENTICATION_BLOCKED: Text("PIN or key is blocked", "认证方法(PIN 或密钥)已锁定"),
    Sw.REFERENCE_DATA_NOT_USABLE: Text("challenge or reference data not usable", "随机数无效或引用数据不可用"),
    Sw.CONDITIONS_NOT_SATISFIED: Text("conditions of use not satisfied", "使用条件不满足"),
    Sw.NO_CURRENT_EF: Text("no current EF", "没有选择当前基本文件"),
    Sw.SM_OBJECT_MISSING: Text("secure-messaging object missing", "安全报文数据项缺失"),
    Sw.SM_OBJECT_WRONG: Text("secure-messaging object (MAC) wrong", "安全报文数据项(MAC)不正确"),
    Sw.WRONG_DATA: Text("wrong data field", "数据域参数不正确"),
    Sw.FUNCTION_NOT_SUPPORTED: Text("function not supported, or application locked", "功能不支持或应用已锁定"),
    Sw.FILE_NOT_FOUND: Text("file or application not found", "未找到文件或应用"),
    Sw.RECORD_NOT_FOUND: Text("record not found", "未找到记录"),
    Sw.NOT_ENOUGH_MEMORY: Text("not enough memory in the file", "文件存储空间不足"),
    Sw.WRONG_P1P2: Text("wrong P1 P2", "P1 P2 参数不正确"),
    Sw.REFERENCE_NOT_FOUND: Text("referenced key or PIN not found", "未找到引用的密钥或 PIN"),
    Sw.WRONG_OFFSET: Text("offset outside the file", "偏移量超出文件范围"),
    Sw.INS_NOT_SUPPORTED: Text("INS not supported", "INS 不支持"),
    Sw.CLA_NOT_SUPPORTED: Text("CLA not supported", "CLA 不支持"),
    Sw.UNEXPECTED: Text("no precise diagnosis", "无准确诊断"),
    Sw.MAC_WRONG: Text("MAC wrong", "MAC 无效"),
    Sw.APPLICATION_LOCKED_FOR_EVER: Text("application locked for ever", "应用被永久锁定"),
    Sw.BALANCE_INSUFFICIENT: Text("balance insufficient", "余额不足"),
    Sw.TRANSACTION_COUNTER_EXHAUSTED: Text("transaction counter at its maximum", "交易计数器达到最大值"),
    Sw.KEY_INDEX_UNSUPPORTED: Text("key index not supported", "密钥索引不支持"),
    Sw.MAC_NOT_AVAILABLE: Text("requested MAC not available", "所需 MAC 不可用"),
}
