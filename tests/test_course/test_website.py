import threading
from http.client import HTTPConnection
from types import SimpleNamespace

import pytest

from taketurns.course import website
from taketurns.course.website import Page, Website, finish

QUICK = Page(seconds=0)


def ask(site, path):
    connection = HTTPConnection(site.address, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Location"), answer.read().decode()
    finally:
        connection.close()


def test_a_page_shows_its_links():
    with Website({"/": Page(["/a", "/b"], seconds=0)}) as site:
        status, moved, text = ask(site, "/")

    assert (200, None) == (status, moved)
    assert ["/a", "/b"] == [line.split('"')[1] for line in text.splitlines()]


def test_a_page_that_is_not_there_is_not_found():
    with Website({"/gone": Page(status=410, seconds=0)}) as site:
        assert [404, 410] == [ask(site, path)[0] for path in ("/other", "/gone")]


def test_a_page_that_has_moved_says_where():
    with Website({"/old": Page(moved="/new", seconds=0)}) as site:
        assert (302, "/new", "") == ask(site, "/old")


def test_a_busy_page_is_there_after_so_many_requests():
    with Website({"/": Page(busy=2, seconds=0)}) as site:
        assert [503, 503, 200, 200] == [ask(site, "/")[0] for _ in range(4)]


def test_requests_are_kept_in_order():
    with Website({"/": QUICK, "/a": QUICK}) as site:
        for path in ("/a", "/", "/a"):
            ask(site, path)

    assert ["/a", "/", "/a"] == site.requests
    assert 1 == site.most


def test_requests_at_once_are_counted(monkeypatch):
    # Nobody is answered before all three have come: the sleep of a page is a meeting here.
    meeting = threading.Barrier(3, timeout=5)
    monkeypatch.setattr(website, "time", SimpleNamespace(sleep=lambda _: meeting.wait()))
    with Website({"/": QUICK}) as site:
        clients = [threading.Thread(target=ask, args=(site, "/")) for _ in range(3)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    assert 3 == site.most


def test_nothing_is_left_running_and_nothing_is_said(capsys):
    before = threading.enumerate()
    with Website({"/": QUICK}) as site:
        ask(site, "/")
        ask(site, "/missing")

    assert before == threading.enumerate()
    assert ("", "") == capsys.readouterr()


def test_a_website_has_no_address_outside_its_block():
    site = Website({})

    with pytest.raises(RuntimeError, match="with"):
        _ = site.address


def test_an_error_in_the_block_closes_the_website():
    before = threading.enumerate()
    with pytest.raises(ConnectionError), Website({"/": QUICK}):
        raise ConnectionError

    assert before == threading.enumerate()


def test_a_call_that_ends_gives_its_result():
    assert 7 == finish(lambda: 7)


def test_a_call_that_fails_raises_its_error():
    with pytest.raises(ZeroDivisionError):
        finish(lambda: 1 // 0)


def test_a_call_that_waits_for_ever_is_given_up():
    enough = threading.Event()

    with pytest.raises(
        AssertionError, match=r"did not end: for 0.2 s nobody did anything any more"
    ):
        finish(enough.wait, patience=0.2)

    enough.set()


def test_a_call_that_works_for_ever_is_given_up_later():
    enough = threading.Event()

    def work():
        while not enough.is_set():
            pass

    with pytest.raises(AssertionError, match=r"did not end within 0.2 s"):
        finish(work, seconds=0.2, patience=0.2)

    enough.set()
