from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from click.testing import CliRunner

from taketurns.cli import cli
from taketurns.course.binder import NOT_YET, PART, link, problem
from taketurns.course.folder import Course

from .conftest import ROOT, dump, markdown, notebook

BEGIN, END = f"<!-- {PART} -->", f"<!-- /{PART} -->"
START = f"# Course\n\n{BEGIN}\n{NOT_YET}\n{END}\n\n## Rest\n"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["binder-links", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture
def readme(course: Course) -> Path:
    """Return the README of a course with one lesson and one topic."""
    topic = course.root / "release" / "03-races" / "races.ipynb"
    topic.parent.mkdir(parents=True)
    topic.write_bytes(dump(notebook(markdown("title", "# 3 · Races [and] locks\n\nText."))))
    path = course.root / "README.md"
    path.write_text(START, "utf-8")
    return path


def test_there_is_a_link_for_each_notebook_between_the_markers(readme: Path):
    code, output = run("ada/threads")
    text = readme.read_text("utf-8")

    assert (0, "README.md: 2 links to Binder.\n") == (code, output)
    assert (
        f"# Course\n\n{BEGIN}\n"
        "* [Start here](https://mybinder.org/v2/gh/ada/threads/HEAD"
        "?urlpath=lab/tree/notebooks/00-start.ipynb)\n"
        "* [3 · Races \\[and\\] locks](https://mybinder.org/v2/gh/ada/threads/HEAD"
        "?urlpath=lab/tree/release/03-races/races.ipynb)\n"
        f"{END}\n\n## Rest\n"
    ) == text


def test_writing_again_changes_nothing_and_another_name_replaces_the_first(readme: Path):
    run("ada/threads")
    first = readme.read_bytes()
    run("ada/threads")

    assert first == readme.read_bytes()
    run("grace/threads", "--ref", "v1.0")
    assert first.replace(b"ada/threads/HEAD", b"grace/threads/v1.0") == readme.read_bytes()


def test_line_ends_stay_what_they_are(readme: Path):
    readme.write_bytes(START.replace("\n", "\r\n").encode())
    run("ada/threads")
    content = readme.read_bytes()

    assert content.count(b"\n") == content.count(b"\r\n") == 8
    assert 0 == run("--check")[0]


@pytest.mark.parametrize(
    "path", ["notebooks/00-start-here.ipynb", "release/4 · a b/50% & more?#1+1.ipynb"]
)
@pytest.mark.parametrize("ref", ["HEAD", "v1.0", "topic/locks#2"])
def test_what_is_quoted_comes_out_as_it_was(path, ref):
    address = urlsplit(link("ada/threads", ref, path))
    opened = parse_qs(address.query, strict_parsing=True)["urlpath"]

    assert ("https", "mybinder.org", "") == (address.scheme, address.netloc, address.fragment)
    assert f"/v2/gh/ada/threads/{ref}" == unquote(address.path)
    assert 5 == address.path.count("/")
    # Binder appends this value to its server's address, where it is a path and so quoted once.
    assert [f"lab/tree/{path}"] == [unquote(value) for value in opened]
    assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", opened[0])


def test_without_arguments_it_says_what_it_needs(readme: Path):
    code, output = run()

    assert 2 == code
    assert "Which repository" in output
    assert "taketurns binder-links OWNER/REPO" in output
    assert START == readme.read_text("utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ada",
        "/threads",
        "ada/",
        "ada/threads/more",
        "OWNER/REPO",
        "https://github.com/ada/threads",
        "git@github.com:ada/threads.git",
        "ada/threads.git",
        "-ada/threads",
        "ada-/threads",
        "a--da/threads",
        "ada lovelace/threads",
        "ada/thr eads",
        "ada/..",
        "ada/threads?x",
        "ada/threads)",
        "ada/threads\n",
        "a" * 40 + "/threads",
        "äda/threads",
    ],
)
def test_what_is_no_repository_is_refused(readme: Path, name):
    code, output = run("--", name)

    assert 2 == code
    assert "is not the name of a repository" in output
    assert "ada/threads" in output
    assert START == readme.read_text("utf-8")


@pytest.mark.parametrize("ref", ["", "a b", "a..b", "-x", "a?b", "a)b^", "x.lock", "a\n", "a/"])
def test_what_is_no_tag_is_refused(readme: Path, ref):
    code, output = run("ada/threads", f"--ref={ref}")

    assert 2 == code
    assert "is not the name of a branch, tag or commit" in output


@pytest.mark.parametrize("name", ["a/b", "ada-l/Threads_2.0", "a" * 39 + "/" + "b" * 100, "1/.x"])
def test_what_can_be_a_repository_is_taken(readme: Path, name):
    assert 0 == run(name)[0]
    assert 0 == run("--check")[0]


def test_check_agrees_with_the_placeholder_and_with_what_was_written(readme: Path):
    assert (0, "README.md has no links to Binder yet, and says who makes them.\n") == run("--check")
    run("ada/threads", "--ref", "topic/locks")
    assert (0, "README.md has a link to Binder for each notebook.\n") == run("--check")
    assert 0 == run("ada/threads", "--check", "--ref", "topic/locks")[0]


def test_check_says_what_to_run_and_writes_nothing(readme: Path, course: Course):
    run("ada/threads", "--ref", "v1")
    (course.root / "notebooks" / "01-more.ipynb").write_bytes(dump(notebook()))
    before = readme.read_bytes()
    code, output = run("--check")

    assert 1 == code
    assert "run `taketurns binder-links ada/threads --ref v1`" in output
    assert 1 == run("ada/threads", "--check")[0]
    assert before == readme.read_bytes()
    run("ada/threads", "--ref", "v1")
    assert "[01-more](" in readme.read_text("utf-8")


def test_check_refuses_a_list_that_was_emptied(readme: Path):
    readme.write_text(START.replace(NOT_YET, ""), "utf-8")
    code, output = run("--check")

    assert 1 == code
    assert "taketurns binder-links OWNER/REPO" in output


@pytest.mark.parametrize("text", [None, "# Course\n", START + START])
def test_a_readme_without_a_place_for_the_links_is_told_what_to_put(readme: Path, text):
    readme.unlink()
    if text is not None:
        readme.write_text(text, "utf-8")
    code, output = run("ada/threads")

    assert 1 == code
    assert BEGIN in output
    assert "Traceback" not in output


def test_the_readme_of_this_course_agrees():
    assert problem(Course(ROOT)) is None


def names_in(text: str, pattern: str) -> list[str]:
    return re.findall(pattern, text)


def test_binder_hides_the_same_menus_as_make_lab():
    made, built = ((ROOT / name).read_text("utf-8") for name in ("Makefile", ".binder/postBuild"))
    for pattern in (r"@jupyter\S+:[a-z-]+", r"nbgrader\.server_extensions\.\w+"):
        assert names_in(made, pattern) == names_in(built, pattern)
        assert names_in(built, pattern)


def test_binder_installs_what_everybody_installs_on_a_python_that_serves():
    folder = ROOT / ".binder"
    lines = (folder / "requirements.txt").read_text("utf-8").splitlines()

    assert ["-r ../requirements.txt"] == [line for line in lines if not line.startswith("#")]
    assert "python-3.12" == (folder / "runtime.txt").read_text("utf-8").strip()


@pytest.mark.skipif(os.name == "nt", reason="Binder's image is a Linux")
def test_the_last_step_of_the_image_is_a_program():
    path = ROOT / ".binder" / "postBuild"

    assert path.stat().st_mode & stat.S_IXUSR
    assert b"\r" not in path.read_bytes()
    assert 0 == subprocess.run(["sh", "-n", path], check=False).returncode
