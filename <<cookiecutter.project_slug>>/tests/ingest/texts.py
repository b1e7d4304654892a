"""Broken files of text, and what is said of each."""

import gzip
import os

import zstandard

from .corpus import ARRAY, GOOD, HEADER, LINES, Case, addressed, line, parquet, row, value

FILES = {
    "empty": Case("", "data.empty_file", ("is empty",)),
    "blank lines only": Case("\n\n\n", "data.unreadable", ("no header",)),
    "a byte-order mark only": Case(b"\xef\xbb\xbf", "data.unreadable", ("no header",)),
    "header only": Case(HEADER + "\n", "data.no_rows", ("no row",)),
    "header only, no newline": Case(HEADER, "data.no_rows", ("no row",)),
    "a directory": Case(lambda p: p.mkdir(), "data.missing_file", ("no file at",)),
    "a pipe": Case(os.mkfifo, "data.irregular_file", ("no regular file",)),
    "a dangling link": Case(
        lambda p: p.symlink_to("gone"), "data.irregular_file", ("no regular file",)
    ),
    "a link to itself": Case(
        lambda p: p.symlink_to(p), "data.irregular_file", ("no regular file",)
    ),
    "no such file": addressed("in/none.csv", "data.missing_file", "in/none.csv"),
    "a pattern without a match": addressed("in/*.tsv", "data.missing_file", "in/*.tsv"),
    "random bytes": Case(bytes(range(256)) * 40, "data.nul", ("NUL",)),
    "zeros": Case(bytes(4096), "data.nul", ("NUL",)),
    "a zero byte in a line": Case(
        line(5, "4,2024-01-04 08:00:00,E\0WR,4.5,fine,0"), "data.nul", ("NUL",)
    ),
    "a page of HTML": Case(
        "<!doctype html>\n<html><body>404</body></html>\n", "data.missing_column", ("id",)
    ),
    "JSON as CSV": Case(ARRAY, "data.column_name", ("line 1",)),
    "Parquet as CSV": Case(parquet(lambda t: t), "data.nul"),
    "a zip archive": Case(b"PK\x03\x04" + bytes(100), "data.unreadable", ("zip",)),
    "gzip, cut off": Case(gzip.compress(GOOD.encode())[:-12], "data.unreadable", ("cut",)),
    "gzip, broken inside": Case(
        gzip.compress(os.urandom(5000))[:2000] + bytes(3000), "data.unreadable"
    ),
    "called gz, but plain": Case(GOOD, "fine", file="bad.csv.gz"),
    "zstd, cut off": Case(zstandard.compress(GOOD.encode())[:-20], "data.unreadable", ("cut",)),
}

HEADERS = {
    "a name twice": Case(
        line(1, "id,when,place,amount,amount,late"), "data.column_name", ("line 1", "amount")
    ),
    "a name that is empty": Case(
        line(1, "id,when,,amount,note,late"), "data.column_name", ("line 1", "3")
    ),
    "a column is missing": Case(
        line(1, "id,when,place,amount,memo,late"), "data.missing_column", ("note",)
    ),
    "a column too many": Case(
        GOOD.replace("\n", ",1\n").replace("late,1", "late,more"), "data.unknown_column", ("more",)
    ),
    "a blank at a name": Case(
        line(1, "id ,when,place,amount,note,late"), "data.missing_column", ("id",)
    ),
    "another case": Case(line(1, HEADER.upper()), "data.missing_column", ("ID",)),
    "no header": Case("\n".join(LINES), "data.column_name", ("line 1",)),
    "a title above": Case("Flights of January\n" + GOOD, "data.ragged", ("line 2",)),
    "a comment above": Case("# made by a tool\n" + GOOD, "data.ragged", ("line 2",)),
    "semicolons": Case(GOOD.replace(",", ";"), "data.separator", ("';'",)),
    "tabs": Case(GOOD.replace(",", "\t"), "data.separator", ("separator",)),
    "bars": Case(GOOD.replace(",", "|"), "data.separator", ("'|'",)),
    "quoted as a whole": Case(
        "\n".join(f'"{text}"' for text in GOOD.split("\n")[:-1]), "data.separator"
    ),
}

ROWS = {
    "a field too many": Case(
        line(5, "4,2024-01-04 08:00:00,EWR,4.5,fine,0,more"), "data.ragged", ("line 5", "7")
    ),
    "a field too few": Case(
        line(5, "4,2024-01-04 08:00:00,EWR,4.5,fine"), "data.ragged", ("line 5", "5")
    ),
    "one field": Case(line(5, "4"), "data.ragged", ("line 5", "1")),
    "a total below": Case(GOOD + "Total: 12\n", "data.ragged", ("line 14",)),
    "a quote not closed": Case(
        line(5, '4,2024-01-04 08:00:00,EWR,4.5,"fine,0'), "data.quote", ("line 5",)
    ),
    "a quote inside": Case(
        line(5, '4,2024-01-04 08:00:00,EWR,4.5,"fi"ne,0'), "data.quote", ("line 5",)
    ),
    "cut in the middle of a line": Case(GOOD[:-20], "data.ragged", ("line 13",)),
    "carriage returns only": Case(GOOD.replace("\n", "\r"), "data.no_rows", ("no row",)),
    "a blank line between": Case(line(5, LINES[3] + "\n"), "id: null", ("when: null",)),
    "the header again": Case(GOOD + HEADER + "\n", "id: type", ("when",)),
    "latin-1": Case(row(note="Zürich").encode("latin-1"), "data.encoding", ("line 5", "encoding")),
    "cp1252 quotes": Case(row(note="“fine”").encode("cp1252"), "data.encoding", ("line 5",)),
    "UTF-16": Case(GOOD.encode("utf-16"), "data.encoding", ("utf-16",)),
    "UTF-16 without its mark": Case(GOOD.encode("utf-16-le"), "data.nul", ("NUL",)),
    "half a letter": Case(
        row(note="é").encode().replace(b"\xa9", b""), "data.encoding", ("line 5",)
    ),
    "an encoding that does not fit": Case(
        b"\xff" + GOOD.encode(), "data.encoding", options={"encoding": "ascii"}
    ),
    "an encoding that nobody knows": Case(
        GOOD, "config.options", ("klingon",), options={"encoding": "klingon"}
    ),
    "an option that nobody knows": Case(
        GOOD, "config.options", ("colour",), options={"colour": "red"}
    ),
}

VALUES = {
    "no whole number": value("id: type", id="4.5"),
    "more than 64 bits": value("id: type", id="92233720368547758080"),
    "a number as words": value("amount: type", amount="four"),
    "NULL as a word": value("amount: type", amount="NULL"),
    "N/A": value("amount: type", amount="N/A"),
    "a dash": value("amount: type", amount="-"),
    "a currency": value("amount: type", amount="$4.50"),
    "a percentage": value("amount: type", amount="5%"),
    "a decimal comma": Case(row(amount='"4,5"'), "amount: type", ("4,5",)),
    "a blank among digits": value("amount: type", amount="1 000"),
    "an underscore among digits": value("amount: type", amount="1_000"),
    "hexadecimal": value("id: type", id="0x1F"),
    "not a number": value("amount: finite", amount="NaN"),
    "infinite": value("amount: finite", amount="inf"),
    "beyond floating point": value("amount: finite", amount="1e400"),
    "too large": value("amount: maximum", amount="1e300"),
    "negative": value("amount: minimum", amount="-0.5"),
    "no date": value("when: type", when="yesterday"),
    "a day that is not": value("when: type", when="2024-02-30 08:00:00"),
    "another order of day and month": value("when: type", when="13/01/2024 08:00"),
    "an offset of a time zone": value("when: type", when="2024-01-04 08:00:00+02:00"),
    "seconds since 1970": value("when: type", when="1704096000"),
    "a time alone": value("when: type", when="08:00:00"),
    "a year of five digits": value("when: type", when="20240-01-01 08:00:00"),
    "a place of elsewhere": value("place: enum", place="SFO"),
    "a blank behind": value("place: enum", place="JFK "),
    "small letters": value("place: enum", place="jfk"),
    "a letter that looks alike": value("place: enum", place="\u0408FK"),
    "a place that is empty": Case(row(place=""), "place: null"),
    "no label": Case(row(late=""), "late: null"),
    "another label": value("late: enum", late="2"),
    "a label in words": value("late: type", late="yes"),
    "a text too long": Case(row(note="x" * 5000), "note: maxLength"),
    "a control character": Case(row(note="fine\x1b[31m"), "note: pattern"),
    "the same key twice": value("id: x-unique", id="3"),
    "no key": Case(row(id=""), "id: null"),
    "every row bad": Case(
        GOOD.replace("JFK", "SFO").replace("EWR", "OAK"), "data.no_rows", ("place: enum (12)",)
    ),
    "most rows bad": Case(
        GOOD.replace("JFK", "SFO"), "data.quarantined", ("50", "place: enum (6)")
    ),
}
