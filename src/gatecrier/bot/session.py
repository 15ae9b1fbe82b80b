"""aiogram's way out is our gateway, so that screens share its budgets, retries and errors."""

from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from pydantic import TypeAdapter

from gatecrier.kernel.errors import Refused
from gatecrier.telegram.gateway import Gateway
from gatecrier.telegram.lanes import Lane


class GatewaySession(BaseSession):
    """Calls made by handlers; a person waits for each, so they take the ANSWER lane."""

    def __init__(self, gateway: Gateway) -> None:
        super().__init__()
        self._gateway = gateway

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's signature
    ) -> TelegramType:
        """One Bot API call; raises the kernel's errors, not aiogram's."""
        files: dict[str, Any] = {}
        fields = method.model_dump(warnings=False)
        prepared = {name: self.prepare_value(value, bot=bot, files=files) for name, value in fields.items()}
        if files:
            raise Refused("Screens cannot upload files yet.", remedy="Send it by its file_id.")
        result = await self._gateway.call(
            bot.token,
            method.__api_method__,
            {name: value for name, value in prepared.items() if value is not None},
            lane=Lane.ANSWER,
            result=msgspec.Raw,
            timeout=float(timeout or self.timeout),
        )
        adapter: TypeAdapter[TelegramType] = TypeAdapter(method.__returning__)
        return adapter.validate_json(bytes(result), context={"bot": bot})

    async def close(self) -> None:
        """Nothing: the gateway's owner closes it."""

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,  # noqa: ASYNC109 - aiogram's signature
        chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        """Screens download nothing."""
        del url, headers, timeout, chunk_size, raise_for_status
        raise Refused("Screens cannot download files.")
        yield b""
