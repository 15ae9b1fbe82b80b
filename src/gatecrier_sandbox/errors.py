"""What goes wrong, in Telegram's words (to bots) and in ours (to the control API)."""

PREFIXES = {400: "Bad Request: ", 401: "Unauthorized: ", 403: "Forbidden: ", 500: "Internal Server Error: "}


class ApiError(Exception):
    """An answer `{"ok": false}` to a bot: code, exact text, and optional `parameters`."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class Refused(Exception):
    """The world does not let a person do this; `error` says why, `field` which input was wrong."""

    def __init__(self, error: str, *, field: str | None = None, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.field = field
        self.status = status


def bad_request(text: str, **parameters: int) -> ApiError:
    """400; `text` is put behind its prefix the way the server does it (see `sentence`)."""
    return ApiError(400, sentence(400, text), **parameters)


def forbidden(text: str) -> ApiError:
    """403: the bot may not, in this chat."""
    return ApiError(403, sentence(403, text))


def conflict(text: str) -> ApiError:
    """409: two ways of receiving updates at once."""
    return ApiError(409, f"Conflict: {text}")


def not_found(text: str = "") -> ApiError:
    """404: the path or the method does not exist."""
    return ApiError(404, f"Not Found: {text}" if text else "Not Found")


def too_large(text: str = "") -> ApiError:
    """413: more parameters or files than the server takes."""
    return ApiError(413, f"Request Entity Too Large: {text}" if text else "Request Entity Too Large")


def too_many_requests(seconds: int) -> ApiError:
    """429: come again in `seconds`; also sent as the header `Retry-After`."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def sentence(code: int, text: str) -> str:
    """
    Put the code's prefix before a text.

    A text whose second character is upper-case or `_` is a code and kept; otherwise its first letter is
    lowered. Source: telegram-bot-api `fail_query_with_error`.
    """
    prefix = PREFIXES[code]
    if text.startswith(prefix):
        return text
    is_code = len(text) > 1 and (text[1].isupper() or text[1] == "_")
    return prefix + (text if is_code else text[:1].lower() + text[1:])
