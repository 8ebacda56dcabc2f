"""Gathers technical texts in which hardly anybody is named, for `cargo xtask train-ner`, from permissively licensed packages.

Usage: technical.py PACKAGES LISTS.tsv OUT.jsonl

PACKAGES is a directory with one directory for each unpacked package that docs/models/names.md lists, LISTS.tsv is what
lexicons.py wrote. Texts that seem to name somebody are left out: by pattern (addresses, copyright lines, initials before
a surname, references) and by list (a given name before a capital, or a frequent given name alone).
"""

import json
import random
import re
import sys
from pathlib import Path

PACKAGE_BYTES = 700_000
TEXT_BYTES = range(500, 2600)
SUFFIXES = {".py", ".rst", ".md", ".txt"}
INITIALS = re.compile(r"\b[A-Z]\.[ -]?(?:[A-Z]\.[ -]?)?[A-Z][a-z]+|\b[A-Z][a-z]+,? [A-Z]\.|\b[A-Z][a-z]+,? \(?(?:19|20)\d\d|\b(?:Dr|Mr|Mrs|Prof)\b\.?")
WORDS = re.compile(r"@|©|\(c\)|copyright|licen[cs]e|author|maintain|et al|contribut|credit|thanks", re.I)
PAIR = re.compile(r"\b([A-Z][a-z]+) ([A-Z][a-z]+)")
SINGLE = re.compile(r"\b[A-Z][a-z]+\b")


def names(lists):
    given, frequent, common = set(), set(), set()
    counts = {}
    for line in lists.read_text().splitlines():
        kind, locale, entry = line.split("\t")
        if kind == "given":
            given.add(entry)
            if locale.startswith("census"):
                counts[locale] = counts.get(locale, 0) + 1
                if counts[locale] <= 600:
                    frequent.add(entry)
        elif kind == "common":
            common.add(entry.title())
    return given - common, frequent - common


def paragraphs(text):
    """Pieces of a text, cut at blank lines."""
    piece = ""
    for paragraph in re.split(r"\n{2,}", text):
        piece += paragraph + "\n\n"
        if len(piece) >= TEXT_BYTES.start:
            yield piece
            piece = ""


def main():
    packages, lists, out = map(Path, sys.argv[1:])
    given, frequent = names(lists)
    seeded = random.Random(1)
    rows = []
    for package in sorted(path for path in packages.iterdir() if path.is_dir()):
        files = sorted(path for path in package.rglob("*") if path.suffix in SUFFIXES and path.is_file())
        # Tests are full of made-up people.
        files = [path for path in files if not re.search(r"tests?/|locale|vendor|/_vendor|LICEN|AUTHORS|CHANGE|THANKS|whatsnew|releases?/|news", str(path))]
        seeded.shuffle(files)
        size = 0
        for path in files:
            pieces = list(paragraphs(path.read_text(errors="replace")))
            seeded.shuffle(pieces)
            for piece in pieces[:6]:
                if len(piece) not in TEXT_BYTES or INITIALS.search(piece) or WORDS.search(piece):
                    continue
                if any(a in given for a, _ in PAIR.findall(piece)) or frequent & set(SINGLE.findall(piece)):
                    continue
                rows.append({"id": f"{package.name}-{len(rows)}", "text": piece, "source": f"technical/{package.name}"})
                size += len(piece)
            if size > PACKAGE_BYTES:
                break
        print(package.name, size)
    out.write_text("".join(json.dumps(row) + "\n" for row in rows))


main()
