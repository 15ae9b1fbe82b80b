"""Where a webhook points: how its URL and address are read, and what Telegram refuses."""

import ipaddress
import re
import ssl
from urllib.parse import quote

from msgspec import Struct

from gatecrier_sandbox.errors import ApiError, bad_request

URL = re.compile(r"(?:([^:/?#@\[\]]*)://)?([^/?#]*)([^#]*)", re.DOTALL)
AUTHORITY = re.compile(r"(?:(.*)@)?(\[[0-9A-Fa-f:.]+\]|[^\[\]@:]+)(?::([0-9]{1,5}))?", re.DOTALL)
HOST = re.compile(r"[A-Za-z0-9.\-_!$,~*'();&+=%]+")
PORTS = {"https": 443, "http": 80}
OPEN_PORTS = frozenset({80, 88, 443, 8443})
KEPT = "!\"$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
LARGEST_CERTIFICATE = 3 << 20


class Target(Struct, frozen=True):
    """A webhook's URL, read. `path` has the query; `userinfo` is `user:password`."""

    scheme: str
    host: str
    port: int
    path: str
    userinfo: str = ""

    @property
    def url(self) -> str:
        """The URL to post to."""
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"


def parse(url: str) -> Target:
    """Read a URL; without a scheme it is HTTPS. `ApiError` 400 if it is none. Source: td parse_url."""
    found = URL.fullmatch(url.partition("#")[0])
    authority = AUTHORITY.fullmatch(found[2]) if found else None
    if found is None or authority is None:
        raise _invalid()
    scheme = "https" if found[1] is None else found[1].lower()
    host = _host(authority[2])
    port = int(authority[3] or PORTS.get(scheme, 0))
    if scheme not in PORTS or not 0 < port < 65_536:
        raise _invalid()
    path = found[3] if found[3].startswith("/") else f"/{found[3]}"
    return Target(scheme, host, port, quote(path, safe=KEPT), authority[1] or "")


def _host(text: str) -> str:
    try:
        host = text if text.isascii() else text.encode("idna").decode()
    except UnicodeError:
        raise _invalid() from None
    if host == "." or not (host.startswith("[") or HOST.fullmatch(host)):
        raise _invalid()
    return host


def _invalid() -> ApiError:
    return bad_request("invalid webhook URL specified")


def bad_webhook(text: str) -> ApiError:
    """400: the hook could not be set up."""
    return bad_request(f"bad webhook: {text}")


def check_place(target: Target) -> None:
    """What Telegram's own servers demand of a URL (not those run with --local)."""
    if target.scheme != "https":
        raise bad_webhook("An HTTPS URL must be provided for webhook")
    if target.port not in OPEN_PORTS:
        raise bad_webhook("Webhook can be set up only on ports 80, 88, 443 or 8443")


def check_address(text: str, *, strict: bool) -> str:
    """An IP address; `ApiError` 400 if it is none, or (strictly) none that is IPv4 and public."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise bad_webhook("Invalid IP address specified") from None
    if strict and address.version != 4:
        raise bad_webhook("IPv6-only addresses are not allowed")
    if strict and not address.is_global:
        raise bad_webhook(f"IP address {address} is reserved")
    return str(address)


def literal_address(host: str) -> str:
    """The address a host is written as; empty if it is a name."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return ""


def trust(certificate: bytes, host: str) -> ssl.SSLContext:
    """
    What to trust of a server with a self-signed certificate (PEM): only that.

    A certificate for an address may name it as its common name, so there only the key counts.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=certificate.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError, ValueError):
        raise bad_webhook("Failed to set custom certificate file") from None
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = not literal_address(host)
    return context
