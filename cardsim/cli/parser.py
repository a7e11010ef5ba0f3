"""The command line: every subcommand's options. Subcommands live in modules that are imported when one runs."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any

from apdu.text import Language
from cardsim.cli.arguments import Parser
from cardsim.cli.blank_parser import blank_options
from cardsim.cli.copy_parser import MoreOptions, copy_commands
from cardsim.cli.issuer_parser import certs_options, force_option, keys_options, keystore_options
from cardsim.cli.perso_parser import perso_options, raw_option
from cardsim.cli.pki_parser import identify_options, pki_options
from cardsim.cli.psam_parser import auth_options, new_psam_options, read_auth_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from cardsim.cli.console import Console
    from cardsim.cli.copy_parser import Options

_VPCD_DEFAULT = "127.0.0.1:35963"
_CHIPS = ("gen2", "gen3", "psam")
_EXAMPLES = """\
  cardsim new --chip gen2 --out alice.card
  cardsim read --card alice.card
  cardsim read --card alice.card --auth hsm --pin 123456
  cardsim write --card alice.card EF06/0C=639900
  cardsim apdu --card alice.card 00A404000F7378312E73682EC9E7BBE1B1A3D5CF 00B2012800
  cardsim run --card alice.card -- opensc-tool -l

"""
_WRITE_EXAMPLES = """\
  cardsim write --card alice.card EF06/09={0} DF01/EF15/40:02=001^639900^{1}
  cardsim write --card alice.card EF08=@photo.jpg DF01/EF16=00FF
  cardsim write --card alice.card DF02/EF07=1234567^20200101^20210101^{2}

"""


@cache
def build_parser(language: Language) -> argparse.ArgumentParser:
    """Return the parser of `cardsim`; the options it returns carry ``run(options, console) -> exit status``."""
    parser = Parser(language=language, prog="cardsim")
    _t = parser.pick
    parser.description = _t(
        "Emulated Chinese social-security cards behind PC/SC, and tools for any card.",
        "模拟社会保障卡(PC/SC),以及读写任意卡片的工具。",
    )
    parser.epilog = _t(
        "a first card:\n" + _EXAMPLES + "exit status: 0 done, 1 a card refused or could not be reached, "
        "2 the command line or a file is wrong",
        "第一张卡:\n" + _EXAMPLES + "退出状态:0 成功;1 卡片拒绝或无法访问;2 命令行或文件有误",
    )
    _language_option(parser, _t)
    commands = parser.add_subparsers(
        title=_t("commands", "命令"), metavar=_t("COMMAND", "命令"), required=True, dest="command"
    )

    def add(name: str, module: str, en: str, zh: str, options: Options | None = None) -> None:
        sub = commands.add_parser(name, language=language, options=options, help=_t(en, zh), description=_t(en, zh))
        _language_option(sub, _t)
        sub.set_defaults(run=_lazily(module))

    add("new", "new", "make a test card", "制作测试卡", _new)
    add("show", "show", "file tree, access, memory use of a card file", "显示卡文件的文件树、访问条件与存储占用", _show)
    add("serve", "serve", "put cards into virtual readers", "把卡插入虚拟读卡器", _serve)
    add("run", "run", "run a program with cards in its readers", "运行程序,其读卡器中已插入卡", _run)
    add("readers", "readers", "readers, the cards in them, their ATRs explained", "列出读卡器、其中的卡并解释 ATR")
    add(
        "read",
        "read",
        "read and decode everything readable; no PIN, no key unless asked",
        "读取并解码一切可读内容;未要求时不用 PIN 与密钥",
        _read,
    )
    add("apdu", "send", "send command APDUs and explain the answers", "发送 APDU 并解释响应", _apdu)
    add("write", "write", "write elements and read them back", "写数据元并读回核对", _write)
    add("pin", "pin", "verify, change, unblock or reload the PIN", "校验、修改、解锁或重装 PIN", _pin)
    add(
        "identify",
        "identify",
        "whether a card is the one its certificate names",
        "识别卡的身份:证书链与私钥签名",
        lambda sub, _t: identify_options(sub, _t, _card_options),
    )
    add(
        "pki",
        "pki",
        "PINs, keys and certificates of the PKI application",
        "PKI 应用的 PIN、密钥与证书",
        lambda sub, _t: pki_options(sub, _t, _card_options),
    )
    add(
        "perso",
        "perso",
        "make cards of blank ones, by APDUs alone",
        "仅用 APDU 把空白卡制成成品卡",
        lambda sub, _t: perso_options(sub, _t, _card_options),
    )
    copy_commands(add, MoreOptions(_card_options, _trace_options, _key_options, _sm4_options))
    add(
        "keys",
        "keystore_commands",
        "an issuer's keys: keystore, check values",
        "发行方密钥:密钥库与校验值",
        keys_options,
    )
    add(
        "certs",
        "certs",
        "certificates of the zones' authorities and cards",
        "各区域证书机构与卡的证书",
        lambda sub, _t: certs_options(sub, _t, _card_options),
    )
    add(
        "profile",
        "profile",
        "print a chip profile as TOML, every setting explained",
        "以 TOML 打印芯片配置及说明",
        _profile,
    )
    return parser


def _show(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument("card", metavar="FILE", help=_t("card file", "卡文件"))


def _read(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    _card_options(parser, _t)
    read_auth_options(parser, _t)
    keystore_options(parser, _t)
    _sm4_options(parser, _t)
    parser.add_argument(
        "--pin",
        nargs="?",
        const="",
        help=_t("verify this PIN first; without a value, ask for it", "先校验 PIN;无值则询问"),
    )
    parser.add_argument(
        "--save", metavar="DIR", help=_t("save photo and fingerprint there", "将照片与指纹保存到该目录")
    )
    parser.add_argument("--json", action="store_true", help=_t("as JSON, for programs", "以 JSON 输出"))


def _apdu(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    _card_options(parser, _t)
    parser.add_argument(
        "apdus", nargs="+", metavar="APDU", help=_t("hexadecimal digits, or `reset`", "十六进制数字,或 reset")
    )
    parser.add_argument(
        "--raw", action="store_true", help=_t("leave 61xx and 6Cxx to the user", "不自动处理 61xx 与 6Cxx")
    )


def _profile(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument("--chip", default="gen2", choices=_CHIPS, help=_t("which chip", "芯片"))
    parser.add_argument("--out", metavar="TOML", help=_t("file to write (standard output)", "输出文件(默认标准输出)"))
    force_option(parser, _t)


def _new(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument("--chip", required=True, choices=_CHIPS, help=_t("which chip", "芯片"))
    parser.add_argument(
        "--layout",
        choices=("1.00", "2.00", "3.00"),
        help=_t("data layout (2.00; gen3: 3.00)", "数据布局(默认 2.00;gen3 为 3.00)"),
    )
    parser.add_argument(
        "--holder", metavar="JSON", help=_t("holder data; synthetic without it", "持卡人数据;缺省为虚构数据")
    )
    parser.add_argument(
        "--chip-profile", metavar="TOML", help=_t("settings that override the chip's", "覆盖芯片配置的设置")
    )
    raw_option(parser, _t)
    blank_options(parser, _t)
    new_psam_options(parser, _t)
    keystore_options(parser, _t)
    parser.add_argument("--out", required=True, metavar="FILE", help=_t("card file to write", "要写的卡文件"))
    force_option(parser, _t)


def _serve(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument(
        "card", nargs="+", metavar="FILE", help=_t("card file; several with --pcsc", "卡文件;--pcsc 可用多个")
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--vpcd",
        default=_VPCD_DEFAULT,
        metavar="HOST:PORT",
        help=_t(
            f"where vpcd listens ({_VPCD_DEFAULT}), or fd:N for a connected socket that is inherited",
            f"vpcd 监听地址(默认 {_VPCD_DEFAULT}),或 fd:N 表示继承的已连接套接字",
        ),
    )
    where.add_argument(
        "--pcsc",
        action="store_true",
        help=_t("a PC/SC service of our own instead, without pcscd", "改用自带的 PC/SC 服务,无需 pcscd"),
    )
    parser.add_argument(
        "--socket", metavar="PATH", help=_t("that service's socket (a new one)", "该服务的套接字(默认新建)")
    )
    _interface_option(parser, _t, "contact", "contactless", "both")
    _durable_option(parser, _t)
    _trace_options(parser, _t)


def _run(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument(
        "--card",
        action="append",
        required=True,
        metavar="FILE",
        help=_t("card file; again for further readers", "卡文件;可重复,每张卡一个读卡器"),
    )
    parser.add_argument(
        "program", nargs="+", metavar="-- PROGRAM", help=_t("program and its arguments", "程序及其参数")
    )
    _interface_option(parser, _t, "contact", "contactless", "both")
    _durable_option(parser, _t)
    _trace_options(parser, _t)


def _interface_option(parser: argparse.ArgumentParser, _t: Callable[[str, str], str], *choices: str) -> None:
    also, also_zh = ("; both: two readers, one card", ";both 为两个读卡器、同一张卡") if "both" in choices else ("", "")
    parser.add_argument(
        "--interface",
        choices=choices,
        help=_t(f"how the reader reaches the card{also} (contact)", f"读卡器与卡的界面{also_zh}(默认 contact)"),
    )


def _durable_option(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument(
        "--durable", action="store_true", help=_t("wait for the disk at every write", "每次写入都等待落盘")
    )


def _write(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.epilog = _t(
        "such as:\n" + _WRITE_EXAMPLES.format("NAME", "SCHOOL", "EMPLOYER") + "^ stands between the fields of a "
        "composite value, :02 for the second record of a tag, @ before a file for a transparent file; a cyclic file "
        "gets a new record. `cardsim read` shows every file and tag.",
        "例如:\n"
        + _WRITE_EXAMPLES.format("姓名", "某学校", "某单位")
        + "^ 分隔复合值的各字段;:02 表示同一标签的第二条记录;"
        "@ 后为文件名(用于透明文件);循环文件追加新记录。文件与标签见 `cardsim read`。",
    )
    _card_options(parser, _t)
    _key_options(parser, _t)
    parser.add_argument("items", nargs="+", metavar="FILE/TAG=VALUE", help=_t("see the examples", "见示例"))
    parser.add_argument("--raw", action="store_true", help=_t("values are hexadecimal bytes", "值为十六进制字节"))
    parser.add_argument(
        "--protect",
        choices=("none", "mac", "cipher"),
        default="none",
        help=_t("line protection, as the card's files want it (none)", "线路保护,须与卡上文件的要求一致(默认无)"),
    )


def _pin(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument(
        "action",
        metavar="ACTION",
        choices=("verify", "change", "unblock", "reload"),
        help=_t(
            "verify, change, unblock (all tries back), reload (and a new PIN)",
            "verify 校验、change 修改、unblock 解锁(恢复次数)、reload 重装(同时设新 PIN)",
        ),
    )
    _card_options(parser, _t)
    parser.add_argument(
        "--pin", help=_t("verify, change: the PIN; asked for without it", "verify、change:PIN;缺省时询问")
    )
    parser.add_argument(
        "--new", help=_t("change, reload: the new PIN; asked for without it", "change、reload:新 PIN;缺省时询问")
    )
    _key_options(parser, _t)


def _key_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    auth_options(
        parser,
        _t,
        _t(
            "who proves the keys: hsm (default), a software HSM; psam, the terminal's PSAM",
            "密钥由谁证明:hsm(默认)为软件加密机,psam 为终端 PSAM",
        ),
    )
    keystore_options(parser, _t)
    parser.add_argument(
        "--line-mac",
        choices=("session", "challenge-iv"),
        help=_t(
            "key and IV of line MACs, as in the setting line_mac (session)",
            "线路 MAC 的密钥与初始向量,同设置 line_mac(session)",
        ),
    )
    _sm4_options(parser, _t)


def _sm4_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument(
        "--sm4-extension",
        choices=("zeros", "complement", "repeated"),
        help=_t(
            "how 8 bytes fill a block of SM4, as in the setting sm4_extension (zeros)",
            "8 字节填充为 SM4 分组的方式,同设置 sm4_extension(zeros)",
        ),
    )
    parser.add_argument(
        "--sm4-fold",
        choices=("xor-halves", "left-half", "whole"),
        help=_t(
            "what is sent of a block of SM4, as in the setting sm4_fold (xor-halves)",
            "SM4 分组作为密文发送的部分,同设置 sm4_fold(xor-halves)",
        ),
    )


def _card_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--reader", metavar="NAME", help=_t("part of a reader's name, or its number", "读卡器名称的一部分或序号")
    )
    where.add_argument("--card", metavar="FILE", help=_t("card file, in this process", "卡文件(在本进程内)"))
    _interface_option(parser, _t, "contact", "contactless")
    _trace_options(parser, _t)


def _trace_options(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument(
        "--trace",
        metavar="FILE",
        help=_t("record what crosses; PINs and keys are masked", "记录交互;PIN 与密钥会被遮盖"),
    )
    parser.add_argument(
        "--trace-secrets",
        action="store_true",
        help=_t("show PINs and keys in clear, also on the screen", "明文显示 PIN 与密钥(包括屏幕)"),
    )


def _language_option(parser: argparse.ArgumentParser, _t: Callable[[str, str], str]) -> None:
    parser.add_argument("--lang", choices=[language.value for language in Language], help=_t("language", "语言"))


def _lazily(module: str) -> Callable[[Any, Console], int]:
    def run(options: argparse.Namespace, console: Console) -> int:
        status: int = importlib.import_module(f"cardsim.cli.{module}").run(options, console)
        return status

    return run
