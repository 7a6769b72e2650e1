"""The links in README that open each notebook on Binder, made from the notebooks that there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import click
import nbformat

from taketurns.course import readme
from taketurns.course.folder import Course

if TYPE_CHECKING:
    from pathlib import Path

PART = "binder-links"
NOT_YET = (
    "Whoever publishes this repository runs `taketurns binder-links OWNER/REPO`, with its name on "
    "GitHub; that puts one link for each notebook here."
)
SITE = "https://mybinder.org/v2/gh/"
LATEST = "HEAD"

_OWNER = re.compile(r"(?!.*--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?")
_REPO = re.compile(r"(?!\.{1,2}$)(?!.*\.git$)[A-Za-z0-9._-]{1,100}")
_BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|^[-/.]|\.lock(/|$)|[/.]$|^@$")
_LINK = re.compile(re.escape(SITE) + r"([^/\s)]+/[^/\s)]+)/([^/?\s)]+)\?")


def link(repository: str, ref: str, path: str) -> str:
    """Return the address that opens a notebook: `path` is quoted as a path, and that as a value."""
    return f"{SITE}{repository}/{quote(ref, safe='')}?urlpath=lab/tree/{quote(quote(path))}"


def links(course: Course, repository: str, ref: str) -> str:
    """Return the list of links in Markdown: what to read and play with first, then the topics."""
    notebooks = [*course.notebooks("lesson"), *course.notebooks("release")]
    return "\n".join(
        f"* [{title(path)}]({link(repository, ref, course.name(path))})" for path in notebooks
    )


def title(path: Path) -> str:
    """Return a notebook's first heading, as the text of a link; its file's name if it has none."""
    for cell in nbformat.read(path, as_version=4).cells:
        heading = re.match(r"#+ +(.+?) *(?:\n|$)", cell.source)
        if cell.cell_type == "markdown" and heading:
            return re.sub(r"([\\\[\]<>`*_])", r"\\\1", heading[1])
    return path.stem


def checked_repository(text: str) -> str:
    """Return the text if GitHub could have a repository of that name; raise BadParameter if not."""
    owner, _, repo = text.partition("/")
    if text == "OWNER/REPO" or not (_OWNER.fullmatch(owner) and _REPO.fullmatch(repo)):
        raise click.BadParameter(
            f"{text!r} is not the name of a repository. Give its owner and its name as in its "
            "address on GitHub: for https://github.com/ada/threads.git that is ada/threads."
        )
    return text


def checked_ref(text: str) -> str:
    """Return the text if git allows a branch or tag of that name; raise BadParameter if not."""
    if not text or _BAD_IN_REF.search(text):
        raise click.BadParameter(
            f"{text!r} is not the name of a branch, tag or commit. Give one that "
            f"`git ls-remote` lists, or leave it out for the newest ({LATEST})."
        )
    return text


def problem(course: Course, repository: str | None = None, ref: str | None = None) -> str | None:
    """Return what is wrong with the links in README, None if nothing is.

    Without a repository they are compared with those for the repository that they name themselves.
    """
    here = readme.read(course, PART)
    named = _LINK.search(here)
    if repository is None:
        if here == NOT_YET:
            return None
        if named is None:
            return "README.md has no links to Binder: run `taketurns binder-links OWNER/REPO`"
        repository, ref = named[1], ref or unquote(named[2])
    ref = ref or LATEST
    if here == links(course, repository, ref):
        return None
    option = "" if ref == LATEST else f" --ref {ref}"
    return (
        "README.md's links to Binder are not those of the notebooks that there are: "
        f"run `taketurns binder-links {repository}{option}`"
    )


def write(course: Course, repository: str, ref: str) -> int:
    """Write the links into README; return how many."""
    text = links(course, repository, ref)
    readme.write(course, PART, text)
    return text.count(SITE)


def _repository(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return None if value is None else checked_repository(value)


def _ref(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return None if value is None else checked_ref(value)


@click.command("binder-links")
@click.argument("repository", metavar="OWNER/REPO", required=False, callback=_repository)
@click.option("--ref", metavar="TAG", callback=_ref, help="A tag, branch or commit [HEAD].")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if README does not agree.")
def binder_links_command(*, repository: str | None, ref: str | None, check: bool) -> None:
    """Write into README one link for each notebook, which opens it on Binder.

    OWNER/REPO is the name of the published repository on GitHub. With --check it may be left out:
    then the links are compared with those for the repository that they name.
    """
    if not check and repository is None:
        raise click.UsageError(
            "Which repository shall the links open? Give its owner and its name on GitHub: "
            "taketurns binder-links OWNER/REPO"
        )
    course = Course.here()
    if check or repository is None:
        message = problem(course, repository, ref)
        if message is not None:
            click.echo(message, err=True)
            raise SystemExit(1)
        click.echo(
            "README.md has no links to Binder yet, and says who makes them."
            if readme.read(course, PART) == NOT_YET
            else "README.md has a link to Binder for each notebook."
        )
        return
    count = write(course, repository, ref or LATEST)
    click.echo(f"README.md: {count} link{'' if count == 1 else 's'} to Binder.")
