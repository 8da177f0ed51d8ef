"""Decoding of text files of unknown encoding: by the byte order mark, then as UTF-8, then by statistics."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from media.errors import MediaError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_CANDIDATES = [
    "cp1252", "cp1251", "koi8_r", "cp866", "mac_roman", "cp932", "euc_jp", "gb18030", "big5", "cp949", "cp1253", "cp1255",
    "cp1256", "cp1250", "cp1254", "cp1257",
]  # fmt: skip
"""Encodings that texts of these days come in; without the list Western texts are taken for Central European ones."""

_TAKEN_FOR_WESTERN = frozenset({"cp1250", "cp1254", "cp1257", "mac_roman"})
_CONTROLS = re.compile(r"[\x80-\x9f]")
_POLISH_AS_WESTERN = re.compile(r"(?<=[a-z])[¹²³¿£¥¯¼¾ª]|[¹²³¿£¥¯¼¾ª](?=[a-z])")
_ENOUGH_BYTES = 100


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """Return the text and the name of its encoding, with a question mark after it if the bytes are too few to be sure.

    Raises:
        MediaError: it is not text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, encoding, name), encoding.removesuffix("-sig")
    if b"\0" in data[:4096]:
        raise MediaError("document.no-text", file=name)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    return _guessed(data, name)


def _strict(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise MediaError("document.encoding-broken", file=name, encoding=encoding, place=error.start) from None


def _guessed(data: bytes, name: str) -> tuple[str, str]:
    best = from_bytes(data, cp_isolation=_CANDIDATES).best()
    if best is None:
        raise MediaError("document.no-text", file=name)
    text, encoding = str(best), best.encoding
    if encoding in _TAKEN_FOR_WESTERN:
        western = data.decode("cp1252", "replace")
        if not _CONTROLS.search(western) and "\ufffd" not in western and not _POLISH_AS_WESTERN.search(western):
            text, encoding = western, "cp1252"
    elif encoding == "cp1252" and _POLISH_AS_WESTERN.search(text):
        text, encoding = data.decode("cp1250", "replace"), "cp1250"
    return text, encoding if len(data) >= _ENOUGH_BYTES else f"{encoding}?"
