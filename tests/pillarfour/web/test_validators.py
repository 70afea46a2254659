"""A document that has not changed is not sent again."""

import json

import pytest

from pillarfour.errors import StoreError
from pillarfour.model import Link

CSV = b"Fiscal Year,Encounter Count\r\n2023,12\r\n"
MODIFIED = "Wed, 18 Oct 2023 14:03:11 GMT"


def link(url: str) -> Link:
    return Link(url=url, name="nationwide.csv")


@pytest.mark.parametrize("mark", [{"ETag": '"v1"'}, {"Last-Modified": MODIFIED}])
def test_a_confirmed_document_is_not_sent_again(publisher, reply, client, tmp_path, mark):
    """The next night asks conditionally and hears 304; a new version comes whole."""
    state = tmp_path / "visits" / "us_cbp.validators.json"
    changed = {"ETag": '"v2"', "Last-Modified": "Mon, 20 Nov 2023 14:00:00 GMT"}
    new = reply(body=b"new", headers={name: changed[name] for name in mark})
    url = publisher.answers("/a.csv", reply(headers=mark), reply(headers=mark), new)
    tonight = client(state=state)

    tonight.confirm(tonight.document(link(url)))

    assert client(state=state).document(link(url)) is None
    assert client(state=state).document(link(url)).content == b"new"
    assert publisher.times["/a.csv"] == 3


def test_an_unconfirmed_document_is_sent_again(publisher, reply, client, tmp_path):
    """A night that dies between fetching and keeping loses nothing."""
    state = tmp_path / "us_cbp.validators.json"
    url = publisher.answers("/a.csv", reply(headers={"ETag": '"v1"'}))
    client(state=state).document(link(url))

    assert client(state=state).document(link(url)).content == CSV
    assert not state.exists()


def test_marks_are_kept_by_address(publisher, reply, client, tmp_path):
    """Confirming one document says nothing of another, and keeps what was known."""
    state = tmp_path / "us_cbp.validators.json"
    urls = [publisher.answers(path, reply(headers={"ETag": '"same"'})) for path in ("/a.csv", "/b.csv")]
    tonight = client(state=state)
    documents = [tonight.document(link(url)) for url in urls]

    tonight.confirm(documents[0])
    assert [client(state=state).document(link(url)) is None for url in urls] == [True, False]
    tonight.confirm(documents[1])
    assert [client(state=state).document(link(url)) is None for url in urls] == [True, True]
    assert set(json.loads(state.read_text())) == set(urls)
    assert [path.name for path in tmp_path.iterdir()] == [state.name]


@pytest.mark.parametrize("content", ["", "[]", '{"http://h/a": {}}', '{"http://h/a": 1}'])
def test_a_damaged_file_of_marks_says_what_to_do(client, tmp_path, content):
    """Deleting it costs one download."""
    state = tmp_path / "us_cbp.validators.json"
    state.write_text(content)

    with pytest.raises(StoreError, match=r"us_cbp\.validators\.json: damaged .*; delete it"):
        client(state=state)
