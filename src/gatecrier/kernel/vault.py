"""Secrets at rest: sealed with keys from the settings, so that a stolen database opens nothing."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gatecrier.kernel.errors import Misconfigured

SHORTEST_KEY = 32  # characters: `openssl rand -hex 32` gives 64


class Vault:
    """
    Seals and opens texts (Fernet: AES-128-CBC and HMAC-SHA256).

    Args:
        keys: "new" or "new,old,older": the first seals, all of them open. Each at least 32 characters.
            Empty: nothing can be sealed.
    Raises:
        Misconfigured: a key is too short to be one.
    """

    def __init__(self, keys: str) -> None:
        given = [key.strip() for key in keys.split(",") if key.strip()]
        if any(len(key) < SHORTEST_KEY for key in given):
            raise _bad_key(f"Each key needs at least {SHORTEST_KEY} characters.")
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in given]) if given else None

    def seal(self, secret: str) -> str:
        """
        What may be stored; another text each time.

        Raises:
            Misconfigured: there is no key.
        """
        return self._keys().encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """
        The secret again.

        Raises:
            Misconfigured: there is no key, or none of those we have sealed this.
        """
        try:
            return self._keys().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise _bad_key("None of the keys opens what is stored.") from None

    def renew(self, sealed: str) -> str:
        """The same secret, sealed with the newest key."""
        return self.seal(self.open(sealed))

    def _keys(self) -> MultiFernet:
        if self._fernet is None:
            raise _bad_key("No key is set, and tokens are stored only encrypted.")
        return self._fernet


def _derived(key: str) -> bytes:
    """A Fernet key from the operator's text: by HKDF, since that is long and random, not a password."""
    derived = HKDF(SHA256(), length=32, salt=None, info=b"gatecrier vault 1").derive(key.encode())
    return base64.urlsafe_b64encode(derived)


def _bad_key(text: str) -> Misconfigured:
    return Misconfigured(
        text,
        remedy='Make one: openssl rand -hex 32. When it changes, keep the old one behind it: "new,old".',
        field="GATECRIER_SECRET_KEY",
        code="bad_secret_key",
    )
