"""Addresses as Telegram keeps and refuses them."""

import pytest

from gatecrier_sandbox.entities.formatted import formatted
from gatecrier_sandbox.entities.links import checked

KEPT = [
    ("a.com", "http://a.com/"),
    ("https://a.b?x", "https://a.b/?x"),
    ("https://a.b#x y", "https://a.b/#x%20y"),
    ("HTTPS://User@A.b:0080/P?q", "https://User@a.b:80/P?q"),
    ("http://[::1]:80", "http://[::1]:80/"),
    ("täst.de/ ", "http://täst.de/"),
    ("tg:resolve?domain=a", "tg://resolve?domain=a"),
    ("TG://Settings/", "tg://settings/"),
    ("tonsite://a.ton", "tonsite://a.ton/"),
]


@pytest.mark.parametrize(("address", "kept"), KEPT)
def test_a_link_is_completed(address: str, kept: str) -> None:
    """A scheme, a lower-case host and a path are always there; blanks are encoded."""
    assert checked(address) == kept


REFUSED = [
    ("nowhere", "Wrong HTTP URL"),
    ("ftp://a.com", "Unsupported URL protocol"),
    ("https://", "URL host is empty"),
    (".", "Host is invalid"),
    ("telegram.org ", "Disallowed character in URL host"),
    ("a%2.com", "Wrong percent-encoded symbol in URL host"),
    ("a b@a.com", "Disallowed character in URL userinfo"),
    ("a.com:0", "Wrong port number specified in the URL"),
    ("a.com:65536", "Wrong port number specified in the URL"),
    ("http://[x]/", "Wrong IPv6 address specified in the URL"),
    ("tg://a:80", "Wrong tg URL"),
    ("ton://https://a", "Wrong ton URL"),
    ("tg://a.b", "Unallowed characters in URL host"),
]


@pytest.mark.parametrize(("address", "reason"), REFUSED)
def test_what_is_no_link_is_refused_with_the_reason(address: str, reason: str) -> None:
    """The reasons are TDLib's own."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        checked(address)


PEOPLE = [
    ("tg:user?id=5", 5),
    ("TG://User/?x=1&id=5#id=6", 5),
    ("tg://user?id=05", 0),
    ("tg://users?id=5", 0),
]


@pytest.mark.parametrize(("address", "user_id"), PEOPLE)
def test_a_link_to_a_person_is_a_mention(address: str, user_id: int) -> None:
    """With or without slashes, in any case; a number that is none makes a link like others."""
    (_, (entity,)) = formatted(f'<a href="{address}">x</a>', "HTML", "")
    assert (entity["type"], entity.get("user_id", 0)) == ("text_mention" if user_id else "text_link", user_id)


def test_a_link_without_address_is_its_own_text() -> None:
    """What would be no address makes no link."""
    assert formatted("<a>telegram.org </a>!", "HTML", "")[1] == [{"offset": 0, "length": 12, "type": "url"}]
    (link,) = formatted("<a>telegram.org</a>", "HTML", "")[1]
    assert (link["type"], link["url"]) == ("text_link", "http://telegram.org/")
