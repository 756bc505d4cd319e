"""Tables are read row by row, and whatever is broken says where and why while the rest goes on."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as pq

from labelwright.errors import InvalidInput
from labelwright.formats._tables import BLOCK, TableRow, rows
from labelwright.formats.base import Broken


def line_of(row: TableRow | Broken) -> int | None:
    """Return the number of a row, or what the place of a broken one says of it; None where it is about the whole file."""
    if isinstance(row, TableRow):
        return row.number
    number = row.place.rpartition(" ")[2]
    return int(number) if number.isdigit() else None


def read(path: Path, **options: object) -> tuple[list[TableRow], list[Broken]]:
    found = list(rows(path, **options))  # type: ignore[arg-type]
    return [row for row in found if isinstance(row, TableRow)], [row for row in found if isinstance(row, Broken)]


def test_every_broken_line_of_jsonl_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    """Bad JSON, bad UTF-8, lists, deep nesting and overlong lines each cost one row."""
    path = tmp_path / "a.jsonl"
    lines = [b'{"id": 1}', b"not json", b'{"id": "\xff"}', b"[1, 2]", b"[" * 100_000, b'{"id": "' + b"x" * 2000 + b'"}', b"", b'{"id": 2}']
    path.write_bytes(b"\xef\xbb\xbf" + b"\n".join(lines))
    whole, broken = read(path, max_row=200_000)
    assert [(row.number, row.data["id"] if len(str(row.data["id"])) < 9 else "long") for row in whole] == [(1, 1), (6, "long"), (8, 2)]
    assert [line_of(row) for row in broken] == [2, 3, 4, 5]
    assert [row.place for row in broken] == [f"a.jsonl line {number}" for number in (2, 3, 4, 5)]
    assert "UTF-8" in broken[1].reason
    assert "list" in broken[2].reason
    assert "nested" in broken[3].reason
    whole, broken = read(path, max_row=1000)
    assert [line_of(row) for row in broken] == [2, 3, 4, 5, 6]
    assert "longer than 1,000 bytes" in broken[-1].reason
    assert whole[-1] == TableRow(8, {"id": 2})


def test_lines_longer_than_a_block_are_read_or_skipped_whole(tmp_path: Path) -> None:
    """A line that spans several blocks is one line, whether it is within the limit or not, at the end of the file too."""
    path = tmp_path / "a.jsonl"
    long = b'{"id": "' + b"x" * (3 * BLOCK) + b'"}'
    for end in (b"", b"\n"):
        path.write_bytes(b'{"id": 1}\n' + long + b'\n{"id": 3}\n' + long + end)
        whole, broken = read(path)
        assert ([row.number for row in whole], broken) == ([1, 2, 3, 4], [])
        whole, broken = read(path, max_row=BLOCK)
        assert ([row.number for row in whole], [line_of(row) for row in broken]) == ([1, 3], [2, 4])


def test_an_unclosed_quote_costs_one_row_of_csv(tmp_path: Path) -> None:
    """The lines behind an unclosed quote are read again, each as itself."""
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,text\n1,plain\n2,"two\nlines"\n3,"open\n4,fine\n5,a,b\n6\n7,\xff\n\n8,"says ""hi"""\n')
    whole, broken = read(path)
    assert [(row.number, row.data["text"]) for row in whole] == [(2, "plain"), (3, "two\nlines"), (6, "fine"), (11, 'says "hi"')]
    assert [line_of(row) for row in broken] == [5, 7, 8, 9]
    assert "quote" in broken[0].reason
    assert "3 columns where the header has 2" in broken[1].reason


def test_a_quote_that_is_never_closed_is_found_at_the_end_of_the_file(tmp_path: Path) -> None:
    """With no other quote in the file, all lines but the one with the quote are read."""
    path = tmp_path / "a.csv"
    path.write_text('id;text\n1;a\n2;"b\n' + "".join(f"{number};c\n" for number in range(3, 5000)))
    whole, broken = read(path)
    assert len(whole) == 4998
    assert [line_of(row) for row in broken] == [3]
    assert "never closed" in broken[0].reason


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("a.jsonl", b"", "empty"),
        ("a.csv", b"", "empty"),
        ("a.parquet", b"", "empty"),
        ("a.jsonl", b"\n\n", "blank"),
        ("a.parquet", b"PAR1 this is none", "Parquet"),
    ],
)
def test_a_file_that_is_broken_as_a_whole_says_why(tmp_path: Path, name: str, body: bytes, reason: str) -> None:
    """Such a file is one broken row without a number."""
    path = tmp_path / name
    path.write_bytes(body)
    whole, broken = read(path)
    assert not whole
    assert len(broken) == 1
    assert line_of(broken[0]) is None
    assert reason in broken[0].reason


def test_a_damaged_parquet_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Rows in front of the damage come out; then one broken row says where it stopped."""
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    parquet.write_table(
        pa.table({"id": list(range(20_000)), "text": [f"text {n} {n * 7919 % 1009}" for n in range(20_000)]}), path, row_group_size=2000
    )
    assert [row.data["id"] for row in read(path)[0]] == list(range(20_000))
    body = bytearray(path.read_bytes())
    middle = len(body) // 2
    body[middle : middle + 3000] = b"\x07" * 3000
    path.write_bytes(bytes(body))
    whole, broken = read(path)
    assert 2000 <= len(whole) < 20_000
    assert len(broken) == 1
    assert "behind row" in broken[0].reason
    path.write_bytes(bytes(body[: len(body) // 2]))
    assert len(read(path)[1]) == 1


def test_an_unknown_format_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """A misspelt format is a mistake of the caller, not of the file."""
    path = tmp_path / "a.txt"
    path.write_text("x")
    with pytest.raises(InvalidInput, match="'jsonl'"):
        list(rows(path, "jsnl"))
    with pytest.raises(InvalidInput, match="ending"):
        list(rows(path))


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\0"), max_size=12)


@given(
    st.lists(st.one_of(st.dictionaries(texts, texts, min_size=1, max_size=3), st.binary(min_size=1, max_size=20)), min_size=1, max_size=12)
)
def test_no_line_of_jsonl_is_lost(tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, str] | bytes]) -> None:
    """Whatever the lines hold, each that is not blank comes out once, whole or broken, in order."""
    path = tmp_path_factory.mktemp("t") / "a.jsonl"
    bodies = [line.replace(b"\n", b" ") if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    bodies = [b"x" + body if body.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) else body for body in bodies]
    path.write_bytes(b"\n".join(bodies) + b"\n")
    expected = [number for number, body in enumerate(bodies, 1) if body.strip(b" \t\r\n\x0b\x0c")]
    found = [line_of(row) for row in rows(path)]
    assert found == (expected or [None])


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=12))
def test_csv_is_read_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]) -> None:
    """Quotes, delimiters and line ends inside of fields survive."""
    import csv

    path = tmp_path_factory.mktemp("t") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["one", "two"])
        writer.writerows(pairs)
    assert [tuple(row.data.values()) for row in rows(path) if isinstance(row, TableRow)] == pairs


def test_parquet_rows_that_are_too_long_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    """A cell beyond the limit, shared, alone or nested, costs its own row, and the others come in order."""
    import pyarrow as pa
    from pyarrow import parquet

    long = "x" * 5000
    bodies: list[str | None] = ["a", long, None, "b", long, "c", *["d"] * 1200, "e" * 5001]
    lists = [[text] if text else None for text in bodies]
    path = tmp_path / "a.parquet"
    for column, dictionary in ((bodies, True), (bodies, False), (lists, True)):
        parquet.write_table(pa.table({"body": column}), path, use_dictionary=dictionary, row_group_size=500)
        found = list(rows(path, max_row=1000))
        broken = [one for one in found if isinstance(one, Broken)]
        assert [(line_of(one), one.place) for one in broken] == [(number, f"a.parquet row {number}") for number in (2, 5, 1207)]
        assert [line_of(one) for one in found] == list(range(1, 1208))
        good = [one.data["body"] for one in found if isinstance(one, TableRow)]
        assert good == [value for value, text in zip(column, bodies, strict=True) if text is None or len(text) < 1000]


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("a.csv", "id,text\n1,grün\n".encode("utf-16"), [{"id": "1", "text": "grün"}]),
        ("a.csv", b"\xfe\xff" + "id;text\n1;grün\n".encode("utf-16-be"), [{"id": "1", "text": "grün"}]),
        ("a.jsonl", '{"id": 1}\n'.encode("utf-16"), [{"id": 1}]),
        ("a.csv", "id,text\n1,grün “so”\n".encode("cp1252"), [{"id": "1", "text": "grün “so”"}]),
        ("a.csv", b"label,text,label\na,hi,b\n", [{"label": "a", "text": "hi", "label_2": "b"}]),
        ("a.csv", b"sep=;\nid;text\n1;a, b\n", [{"id": "1", "text": "a, b"}]),
        ("a.csv", b"# made by X\n# in May\nid,text\n1,a\n", [{"id": "1", "text": "a"}]),
        ("a.csv", b"Report\nMay,2024\n\nid,text,user,time\n1,a,u,2\n3,b,v,4\n", [
            {"id": "1", "text": "a", "user": "u", "time": "2"}, {"id": "3", "text": "b", "user": "v", "time": "4"}]),
        ("a.csv", b"id|text\n1|a,b,c\n2|d,e,f\n", [{"id": "1", "text": "a,b,c"}, {"id": "2", "text": "d,e,f"}]),
        ("a.csv", b"text\nhello\nbye\n", [{"text": "hello"}, {"text": "bye"}]),
        ("a.tsv", b'label\ttext\nham\t"Hello there\nspam\tWIN now\nham\tbye"\nham\tlast one\n', [
            {"label": "ham", "text": '"Hello there'}, {"label": "spam", "text": "WIN now"},
            {"label": "ham", "text": 'bye"'}, {"label": "ham", "text": "last one"}]),
        ("a.tsv", b'id\ttext\n1\t"a\tb ""c"""\n2\t"two\nlines"\n3\t"whole"\n4\ta "b" c\n', [
            {"id": "1", "text": 'a\tb "c"'}, {"id": "2", "text": "two\nlines"}, {"id": "3", "text": "whole"},
            {"id": "4", "text": 'a "b" c'}]),
        ("a.jsonl", b'{"id": 1, "score": NaN, "more": [Infinity, -Infinity, "NaN"]}\n', [
            {"id": 1, "score": None, "more": [None, None, "NaN"]}]),
    ],
)  # fmt: skip
def test_tables_of_other_programs_are_read(tmp_path: Path, name: str, body: bytes, expected: list[dict[str, object]]) -> None:
    """Encodings, separators, preambles, headers and quotes as spreadsheets, databases and scripts write them."""
    path = tmp_path / name
    path.write_bytes(body)
    whole, broken = read(path)
    assert ([row.data for row in whole], broken) == (expected, [])


def test_a_table_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    """Its first row is a row."""
    path = tmp_path / "a.tsv"
    path.write_bytes(b"ham\tsee you, later\nspam\tWIN, now\n")
    found = [row.data for row in rows(path, header=False) if isinstance(row, TableRow)]
    assert found == [{"column_1": "ham", "column_2": "see you, later"}, {"column_1": "spam", "column_2": "WIN, now"}]


def test_times_that_python_has_no_value_for_are_texts(tmp_path: Path) -> None:
    """Nanoseconds, nested ones too, and dates behind the year 9999 stop no row; what fits stays a time."""
    moment = 1_700_000_000_123_456_789
    columns = {
        "at": pa.array([moment, 1_700_000_000_000_000_000], pa.timestamp("ns")),
        "zone": pa.array([moment, None], pa.timestamp("ns", "UTC")),
        "clock": pa.array([123_456_789, 1000], pa.time64("ns")),
        "took": pa.array([1_500_000_005, 2_000_000_000], pa.duration("ns")),
        "list": pa.array([[{"at": moment}], []], pa.list_(pa.struct([("at", pa.timestamp("ns"))]))),
        "far": pa.array([4_000_000, 0], pa.date32()),
        "later": pa.array([400_000_000_000_000_000, 0], pa.timestamp("us")),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    whole, broken = read(tmp_path / "a.parquet")
    assert broken == []
    first, second = (msgspec.json.decode(msgspec.json.encode(row.data)) for row in whole)
    assert first["at"] == first["list"][0]["at"] == "2023-11-14 22:13:20.123456789"
    assert first["zone"].startswith("2023-11-14 22:13:20.123456789")
    assert (first["clock"], first["took"]) == ("00:00:00.123456789", "PT1.500000005S")
    assert first["far"].startswith("12921")
    assert first["later"].startswith("14645")
    assert (second["at"], second["far"], second["took"]) == ("2023-11-14T22:13:20", "1970-01-01", "PT2S")


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """Two columns of a Parquet file that are called alike are both read, the second under a name as CSV gives it."""
    table = pa.table([pa.array(["one", "two"]), pa.array(["a", "b"]), pa.array(["c", "d"])], names=["text", "label", "label"])
    pq.write_table(table, tmp_path / "a.parquet")
    found = [row.data for row in rows(tmp_path / "a.parquet") if isinstance(row, TableRow)]
    assert found == [{"text": "one", "label": "a", "label_2": "c"}, {"text": "two", "label": "b", "label_2": "d"}]
