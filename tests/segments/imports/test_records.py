"""Records and encodings: files as they really come."""

from pathlib import Path

import pytest

from segments.errors import Invalid
from segments.imports.encodings import encoding_of
from segments.imports.records import MAX_LINES, Record, open_records

UTF8 = "utf-8-sig"


def read(path: Path, content: str) -> list[Record]:
    """Write and read back."""
    path.write_bytes(content.encode())
    with open_records(path, UTF8, lambda _done: None) as records:
        return list(records)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the file of a test stands."""
    return tmp_path / "file.csv"


def test_a_quoted_field_may_run_over_lines_and_counts_where_it_starts(path: Path) -> None:
    found = read(path, 'a,b\n1,"x\ny\nz"\n2,w\n')
    assert [(record.line, record.cells) for record in found] == [
        (1, ["a", "b"]),
        (2, ["1", "x\ny\nz"]),
        (5, ["2", "w"]),
    ]


def test_blank_lines_are_passed_over_and_counted(path: Path) -> None:
    assert [record.line for record in read(path, "a,b\r\n\r\n1,2\r\n,\r\n3,4\r\n")] == [1, 3, 5]


def test_a_quote_never_closed_costs_its_own_line_alone(path: Path) -> None:
    found = read(path, 'a,b\n1,"open\n2,x\n3,"y"\n4,z\n')
    assert [(record.line, record.cells) for record in found] == [
        (1, ["a", "b"]), (2, None), (3, ["2", "x"]), (4, ["3", "y"]), (5, ["4", "z"]),
    ]  # fmt: skip


def test_a_quote_never_closed_in_a_long_file_costs_its_own_line_alone(path: Path) -> None:
    rest = "".join(f"{number},x\n" for number in range(3 * MAX_LINES))
    found = read(path, f'a,b\n1,"open\n{rest}')
    assert [record.line for record in found if record.cells is None] == [2]
    assert len(found) == 2 + 3 * MAX_LINES
    assert [record.line for record in found] == list(range(1, len(found) + 1))


def test_a_field_of_a_million_characters_is_one_broken_line(path: Path) -> None:
    found = read(path, f"a,b\n1,{'x' * 1_000_000}\n2,y\n")
    assert [(record.line, record.cells is None) for record in found] == [(1, False), (2, True), (3, False)]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_delimiter_is_found_in_the_header(path: Path, delimiter: str) -> None:
    found = read(path, delimiter.join("abc") + "\n" + delimiter.join("123") + "\n")
    assert found[1].cells == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("encoding", "found"), [("utf-8", UTF8), ("utf-8-sig", UTF8), ("cp932", "cp932"), ("shift_jis", "cp932")]
)
def test_encodings_are_found_out(path: Path, encoding: str, found: str) -> None:
    path.write_bytes("会員番号,氏名\nM1,髙橋 一郎\n".replace("髙", "高").encode(encoding))
    assert encoding_of(path, None) == found


def test_a_character_cut_by_the_reading_chunk_is_no_error(path: Path) -> None:
    path.write_bytes(b"a" * ((1 << 20) - 1) + "漢字".encode() * 10)
    assert encoding_of(path, None) == UTF8


def test_a_broken_byte_in_a_utf8_file_is_named_by_its_position(path: Path) -> None:
    content = "氏名\n山田".encode()
    path.write_bytes(content + b"\xff" + b"\n")
    with pytest.raises(Invalid) as refused:
        encoding_of(path, None)
    assert (refused.value.code, refused.value.params["position"]) == ("encoding_wrong", len(content))


def test_a_broken_byte_behind_a_chunk_is_named_by_its_position(path: Path) -> None:
    content = "あ".encode() * 400_000
    path.write_bytes(content + b"\xff")
    with pytest.raises(Invalid) as refused:
        encoding_of(path, None)
    assert refused.value.params["position"] == len(content)


def test_a_wrong_encoding_asked_for_is_answered_with_the_right_one(path: Path) -> None:
    path.write_bytes("氏名".encode("cp932"))
    with pytest.raises(Invalid) as refused:
        encoding_of(path, "utf-8")
    assert refused.value.params["suggestion"] == "cp932"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "csv_empty"), (b"a,b\n\x001,2\n", "nul_byte"), ("a,b".encode("utf-16"), "encoding_wrong")],
)
def test_files_that_are_no_csv_are_told_apart(path: Path, content: bytes, code: str) -> None:
    path.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        encoding_of(path, None)
    assert refused.value.code == code


def test_an_unknown_encoding_or_a_missing_file_is_told(path: Path) -> None:
    with pytest.raises(Invalid, match="file_missing"):
        encoding_of(path, None)
    path.write_bytes(b"a")
    with pytest.raises(Invalid, match="encoding_unknown"):
        encoding_of(path, "klingon")
