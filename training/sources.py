"""Collects running Russian and English prose from the manuals that Debian packages install.

Run as ``python -m training.sources OUTPUT_FOLDER``; it writes ``ru.txt`` and ``en.txt``, one passage a line.
"""

from __future__ import annotations

import argparse
import gzip
import html
import random
import re
from collections.abc import Iterator
from pathlib import Path

from training.alphabet import is_known, normalise

HTML_FOLDERS = {
    "ru": ["/usr/share/libreoffice/help/ru", "/usr/share/gimp/2.0/help/ru", "/usr/share/doc/debian"],
    "en": ["/usr/share/libreoffice/help/en-US"],
}
MAN_FOLDERS = {"ru": "/usr/share/man/ru", "en": "/usr/share/man"}
_ROFF = re.compile(r"\\f\(?\w{1,2}|\\f\[\w*\]|\\[&|^/,]|\\s[-+]?\d+")
_ROFF_SIGNS = {
    r"\-": "-",
    r"\(em": "—",
    r"\(en": "–",
    r"\(aq": "'",
    r"\(dq": '"',
    r"\(lq": "“",
    r"\(rq": "”",
    r"\e": "\\",
    r"\(bu": "•",
    r"\ ": " ",
    r"\~": " ",
    r"\(co": "©",
}


def html_passages(folder: str) -> Iterator[str]:
    """Yields the text of the block elements of every HTML page under a folder."""
    for page in sorted(Path(folder).rglob("*.htm*")):
        source = page.read_text(encoding="utf-8", errors="ignore")
        source = re.sub(r"(?s)<(script|style).*?</\1>", " ", source)
        for block in re.split(r"</?(?:p|div|li|td|th|h\d|dd|dt|br|tr|pre)\b[^>]*>", source):
            yield html.unescape(re.sub(r"<[^>]+>", "", block))


def man_passages(folder: str) -> Iterator[str]:
    """Yields the prose lines of the manual pages under a folder, without their markup."""
    for section in sorted(Path(folder).glob("man[1-8]")):
        for page in sorted(section.glob("*.gz")):
            if page.name.startswith("gcloud"):
                continue  # thousands of near-identical pages that no Debian package owns
            passage: list[str] = []
            with gzip.open(page, "rt", encoding="utf-8", errors="ignore") as stream:
                for line in stream:
                    if line.startswith((".", "'")):
                        words = line.split(None, 1)
                        if words and words[0] in {".B", ".I", ".BR", ".IR", ".SH", ".SS"} and len(words) > 1:
                            passage.append(words[1].strip().replace('"', ""))
                        elif passage:
                            yield clean_roff(" ".join(passage))
                            passage = []
                        continue
                    passage.append(line.strip())
            yield clean_roff(" ".join(passage))


def clean_roff(text: str) -> str:
    """Takes font changes and escapes out of a passage of a manual page."""
    for escape, sign in _ROFF_SIGNS.items():
        text = text.replace(escape, sign)
    return _ROFF.sub("", text)


def collect(language: str, limit: int) -> list[str]:
    """Gathers distinct passages of a language, at most ``limit`` of them, in a fixed random order."""
    passages: set[str] = set()
    streams = [html_passages(folder) for folder in HTML_FOLDERS[language]]
    for stream in [*streams, man_passages(MAN_FOLDERS[language])]:
        for raw in stream:
            text = normalise(raw)
            cyrillic = sum("а" <= char.lower() <= "я" for char in text)
            wanted = cyrillic > len(text) * 0.3 if language == "ru" else cyrillic == 0
            if len(text) >= 12 and wanted and is_known(text) and "\\" not in text:
                passages.add(text)
    ordered = sorted(passages)
    random.Random(7).shuffle(ordered)
    return ordered[:limit]


def main() -> None:
    """Writes the two text files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--limit", type=int, default=120_000)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for language in ("ru", "en"):
        passages = collect(language, options.limit)
        (options.output / f"{language}.txt").write_text("\n".join(passages) + "\n", encoding="utf-8")
        print(language, len(passages), "passages", sum(map(len, passages)), "characters")


if __name__ == "__main__":
    main()
