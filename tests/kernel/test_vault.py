"""Secrets at rest: sealed differently each time, opened by any key we have, by no other."""

import pytest

from gatecrier.kernel.errors import Misconfigured
from gatecrier.kernel.vault import Vault

OLD, NEW = "o" * 32, "n" * 64


def test_what_is_sealed_opens_again_and_looks_like_nothing() -> None:
    vault = Vault(NEW)
    sealed = vault.seal("123:abc")
    assert vault.open(sealed) == "123:abc"
    assert "123" not in sealed
    assert vault.seal("123:abc") != sealed


def test_a_new_key_before_the_old_one_opens_both_and_seals_with_the_new() -> None:
    sealed = Vault(OLD).seal("secret")
    both = Vault(f"{NEW}, {OLD}")
    assert both.open(sealed) == "secret"
    assert Vault(NEW).open(both.renew(sealed)) == "secret"


@pytest.mark.parametrize("keys", ["", NEW])
def test_without_the_key_nothing_opens_and_the_remedy_is_named(keys: str) -> None:
    sealed = Vault(OLD).seal("secret")
    with pytest.raises(Misconfigured, match="GATECRIER_SECRET_KEY"):
        Vault(keys).open(sealed)


def test_what_was_changed_does_not_open() -> None:
    sealed = Vault(OLD).seal("secret")
    with pytest.raises(Misconfigured):
        Vault(OLD).open(sealed[:-6] + "AAAAA=")


def test_a_key_that_anybody_guesses_is_refused() -> None:
    with pytest.raises(Misconfigured, match="32"):
        Vault("short")
    with pytest.raises(Misconfigured, match="32"):
        Vault(f"{NEW},short")
