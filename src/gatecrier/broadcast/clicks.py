"""
Who pressed which button of a campaign.

A button with an address leads by our own first (`/r/<token>`): Telegram tells nobody of such a press. The
token names campaign, subscriber and button, and is signed, so that nobody counts for somebody else. A
button with data comes back as a press, and a link `t.me/bot?start=c41` as the payload of /start.
"""

import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from gatecrier.broadcast.content.model import messages_of
from gatecrier.broadcast.content.written import buttons_in, with_buttons
from gatecrier.broadcast.model import Button, Content, Message, Variants
from gatecrier.broadcast.store import CampaignStore
from gatecrier.broadcast.tables import campaigns, clicks
from gatecrier.broadcast.unsubscribe import category_of
from gatecrier.kernel.clock import Clock
from gatecrier.kernel.errors import NotFound
from gatecrier.registry.store import SubscriberStore
from gatecrier.storage.database import Database, insert_into

PRESS = "k"
"""What the data of a counted button begins with; campaign and button follow."""
PATH = "/r/"
"""Where counted addresses lead by."""
SIGNATURE = 12  # bytes
_NUMBERS = struct.Struct(">QQH")
_PAYLOAD = re.compile(r"c(\d{1,15})(?:_(\d{1,4}))?", re.ASCII)
_DATA = re.compile(rf"{PRESS}:(\d{{1,15}}):(\d{{1,4}})", re.ASCII)


M = TypeVar("M", bound=Message)


class Click(NamedTuple):
    """A press of the button number `link`, from 0, of a campaign's message."""

    campaign_id: int
    subscriber_id: int
    link: int


class Press(NamedTuple):
    """The same, by somebody whom Telegram names."""

    campaign_id: int
    link: int


class Links:
    """
    Addresses that count.

    Args:
        secret: Keeps others from making them; a new one ends the old ones.
        base_url: Where we are reached, such as https://bots.example.org.
    """

    def __init__(self, secret: str, base_url: str) -> None:
        self._key = hashlib.sha256(b"gatecrier clicks " + secret.encode()).digest()
        self._base = f"{base_url}{PATH}"

    def url(self, click: Click) -> str:
        """The address of one button for one subscriber."""
        numbers = _NUMBERS.pack(*click)
        return self._base + urlsafe_b64encode(numbers + self._sign(numbers)).decode().rstrip("=")

    def read(self, token: str) -> Click | None:
        """What an address says; None when we did not make it."""
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        except ValueError:
            return None
        numbers, signature = raw[: _NUMBERS.size], raw[_NUMBERS.size :]
        if len(numbers) != _NUMBERS.size or not hmac.compare_digest(signature, self._sign(numbers)):
            return None
        return Click(*_NUMBERS.unpack(numbers))

    def _sign(self, numbers: bytes) -> bytes:
        return hmac.digest(self._key, numbers, "sha256")[:SIGNATURE]


def counted(message: M, campaign_id: int, subscriber_id: int, links: Links | None, *, first: int = 0) -> M:
    """
    The message with buttons that count; those that copy a text or open a web app cannot.

    Args:
        links: None: addresses stay as they are, and do not count.
        first: The number of its first button.
    """
    numbers = count(first)
    rows = tuple(
        tuple(_counted(button, Click(campaign_id, subscriber_id, next(numbers)), links) for button in row)
        for row in buttons_in(message)
    )
    return with_buttons(message, rows)


def first_link(content: Content, variant: int | None) -> int:
    """The number of a variant's first button: they are numbered through all variants."""
    before = messages_of(content)[: variant or 0]
    return sum(len(row) for message in before for row in buttons_in(message))


def labels(content: Content) -> list[str]:
    """What stands on each button, by its number; of several variants, on which one's."""
    if not isinstance(content, Variants):
        return [button.text for button in _buttons(content)]
    numbered = enumerate(content.variants)
    return [f"{button.text} (variant {n})" for n, one in numbered for button in _buttons(one.content)]


def pressed(data: str) -> Press | None:
    """What a counted button's data says; None: it is none."""
    found = _DATA.fullmatch(data)
    return Press(int(found[1]), int(found[2])) if found else None


def started(payload: str) -> Press | None:
    """What a counted payload of /start says: `c41`, or `c41_2` for the third link of campaign 41."""
    found = _PAYLOAD.fullmatch(payload)
    return Press(int(found[1]), int(found[2] or 0)) if found else None


class Clicks:
    """The clicks on all campaigns; each method is one transaction."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def follow(self, click: Click) -> str:
        """
        Count the press of a button with an address; where it leads.

        Raises:
            NotFound: the campaign, or its button, is no more.
        """
        async with self._database.transaction() as connection:
            campaign = await CampaignStore(connection).get(click.campaign_id)
            url = _url_of(campaign.content, click.link)
            await self._count(connection, click)
        return url

    async def press(self, bot_id: int, person_id: int, press: Press) -> bool:
        """Count a press by somebody; whether they are a subscriber, and the campaign is this bot's."""
        async with self._database.transaction() as connection:
            subscriber = await SubscriberStore(connection).find(bot_id, person_id)
            owner = await connection.scalar(
                sa.select(campaigns.c.bot_id).where(campaigns.c.id == press.campaign_id)
            )
            if subscriber is None or owner != bot_id:
                return False
            await self._count(connection, Click(press.campaign_id, subscriber.id, press.link))
        return True

    async def of(self, campaign_id: int) -> dict[int, int]:
        """Button → how many subscribers pressed it."""
        query = (
            sa.select(clicks.c.link, sa.func.count())
            .where(clicks.c.campaign_id == campaign_id)
            .group_by(clicks.c.link)
            .order_by(clicks.c.link)
        )
        async with self._database.read() as connection:
            return {link: int(number) for link, number in (await connection.execute(query)).all()}

    async def people(self, campaign_id: int) -> int:
        """How many subscribers pressed any button."""
        query = sa.select(sa.func.count(sa.distinct(clicks.c.subscriber_id))).where(
            clicks.c.campaign_id == campaign_id
        )
        async with self._database.read() as connection:
            return await connection.scalar(query) or 0

    async def _count(self, connection: AsyncConnection, click: Click) -> None:
        now: datetime = self._clock.now()
        statement = insert_into(connection, clicks).values(**click._asdict(), first_at=now, count=1)
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["campaign_id", "subscriber_id", "link"], set_={"count": clicks.c.count + 1}
            )
        )


def _counted(button: Button, click: Click, links: Links | None) -> Button:
    if category_of(button.data):
        return button  # it has work of its own to do
    if button.data:
        return replace(button, data=f"{PRESS}:{click.campaign_id}:{click.link}")
    if button.url.startswith(("http://", "https://")) and links is not None:
        return replace(button, url=links.url(click))
    return button


def _url_of(content: Content, link: int) -> str:
    for number, button in enumerate(_buttons(content)):
        if number == link and button.url:
            return button.url
    raise NotFound("This link leads nowhere any more.", code="no_such_link")


def _buttons(content: Content) -> Iterator[Button]:
    for message in messages_of(content):
        for row in buttons_in(message):
            yield from row
