"""The members of a JSON object in a request, with the texts of what is wrong. Source: td `JsonObject`."""

import math

from msgspec import Struct

from gatecrier_sandbox.errors import ApiError, bad_request


class Fields(Struct, frozen=True):
    """An object; every refusal begins with `prefix`. An absent text is "", an absent number 0."""

    values: dict[str, object]
    prefix: str

    def has(self, name: str) -> bool:
        """Whether it has such a member."""
        return name in self.values

    def text(self, name: str) -> str:
        """A text; numbers are taken as they are written."""
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self._wrong(name, "String")
        return str(value)

    def need_text(self, name: str) -> str:
        """A text that must be there, if only empty."""
        self._need(name)
        return self.text(name)

    def whole(self, name: str) -> int:
        """A 32-bit number, also in quotes."""
        value = self.values.get(name)
        if value is None:
            return 0
        try:
            number = int(str(value)) if not isinstance(value, bool | float) else None
        except ValueError:
            number = None
        if number is None or abs(number) >= 2**31:
            raise self._wrong(name, "Number")
        return number

    def real(self, name: str) -> float:
        """A number, also in quotes."""
        value = self.values.get(name)
        if value is None:
            return 0.0
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self._wrong(name, "Number")
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise self._wrong(name, "Number") from None
        if not math.isfinite(number):
            raise self._wrong(name, "Number")
        return number

    def need_real(self, name: str) -> float:
        """A number that must be there."""
        self._need(name)
        return self.real(name)

    def flag(self, name: str) -> bool:
        """A boolean; absent is false."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(name, "Boolean")
        return bool(value)

    def nested(self, name: str) -> dict[str, object] | None:
        """An object, or None."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(name, "Object")
        return value

    def array(self, name: str) -> list[object]:
        """An array; absent is empty."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, list):
            raise self._wrong(name, "Array")
        return value or []

    def _need(self, name: str) -> None:
        if name not in self.values:
            raise bad_request(f'{self.prefix}Can\'t find field "{name}"')

    def _wrong(self, name: str, kind: str) -> ApiError:
        return bad_request(f'{self.prefix}Field "{name}" must be of type {kind}')
