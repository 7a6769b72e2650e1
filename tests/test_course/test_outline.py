from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from taketurns.cli import cli
from taketurns.course import readme
from taketurns.course.errors import CourseError
from taketurns.course.folder import Course
from taketurns.course.outline import PART, SUBJECT, homes, problems, table

from .conftest import ROOT, dump, markdown, notebook

if TYPE_CHECKING:
    from pathlib import Path


def topic(course: Course, *tags: str) -> Path:
    cells = [markdown("title", "# 3 · Races and locks")]
    for number, tag in enumerate(tags):
        cell = markdown(f"cell-{number}", "Text.")
        cell["metadata"]["tags"] = [tag]
        cells.append(cell)
    path = course.root / "release" / "03-races" / "races.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dump(notebook(*cells)))
    return path


@pytest.fixture
def empty(course: Course) -> Course:
    (course.root / "README.md").write_text(
        f"# Course\n\n<!-- {PART} -->\n\n<!-- /{PART} -->\n\nRest\n", "utf-8"
    )
    return course


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["outline", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_part_is_at_home_in_every_cell_with_its_tag(empty: Course):
    topic(empty, "covers-4", "covers-5", "covers-4", "widget")

    found = homes(empty)

    assert ["cell-0", "cell-2"] == [cell for _, _, cell in found[4]]
    assert "[3 · Races and locks](release/03-races/races.ipynb): `cell-0`, `cell-2` |" in table(
        found
    )
    assert [] == found[6]


def test_a_part_that_no_cell_covers_is_a_problem(empty: Course):
    topic(empty, *(f"covers-{number}" for number in range(1, len(SUBJECT))))

    code, output = run("--check")

    assert 1 == code
    assert f"part {len(SUBJECT)} is covered nowhere" in output


def test_a_readme_with_the_table_of_a_whole_course_has_no_problem(empty: Course):
    topic(empty, *(f"covers-{number + 1}" for number in range(len(SUBJECT))))

    assert 1 == run("--check")[0]
    assert 0 == run("--write")[0]
    assert [] == problems(empty)
    assert "Rest" in (empty.root / "README.md").read_text("utf-8")


def test_a_tag_without_a_part_is_named_with_its_cell(empty: Course):
    path = topic(empty, "covers-99")

    code, output = run()

    assert 1 == code
    assert path.name in output
    assert "covers-99" in output


def test_a_readme_without_a_place_for_the_table_is_told_what_to_put_there(course: Course):
    (course.root / "README.md").write_text("# Course\n", "utf-8")

    with pytest.raises(CourseError, match=f"<!-- {PART} -->"):
        readme.write(course, PART, "table")
    assert "# Course\n" == (course.root / "README.md").read_text("utf-8")


def test_the_outline_survives_a_readme_with_the_line_ends_of_windows(empty: Course):
    path = empty.root / "README.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    topic(empty, "covers-1")

    run("--write")

    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")
    assert table(homes(empty)) == readme.read(empty, PART)


def test_every_part_of_this_course_has_a_home_and_the_readme_names_it():
    assert [] == problems(Course(ROOT))


def test_the_tags_stand_in_the_masters_too():
    def tags(path: Path) -> list[str]:
        cells = json.loads(path.read_text("utf-8"))["cells"]
        return [t for c in cells for t in c["metadata"].get("tags", []) if t.startswith("covers-")]

    for path in Course(ROOT).notebooks("release"):
        assert tags(ROOT / "source" / path.relative_to(ROOT / "release")) == tags(path), path
