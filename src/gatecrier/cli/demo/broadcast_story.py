"""The campaign's story: people subscribe, some leave, and one message reaches everybody it can, once."""

from collections import Counter
from dataclasses import asdict, dataclass

from gatecrier.broadcast.model import Button, DeliveryState, Progress, Text
from gatecrier.cli.demo.stage import Stage
from gatecrier.cli.progress import watch_campaign
from gatecrier.registry.model import Audience

LIVE = 5  # people who press Start while we watch: the first stops again, the second blocks the bot
LEAVING = 2
BLOCKED = 0.03
DEACTIVATED = 0.01
AWAY_SECONDS = 600  # the others pressed Start while Gatecrier was not running
STARTS_A_SECOND = 50  # far below what any machine manages: only decides when to give up waiting
MESSAGE = "The autumn issue is out. Read it before your neighbours do!"


@dataclass(frozen=True)
class BroadcastResult:
    """The campaign's numbers, as the ledger has them."""

    audience: int
    sent: int
    failed: int
    suppressed: int
    unknown: int
    seconds: float
    rate: float

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


class BroadcastStory:
    """People come, the campaign runs, the books are compared."""

    def __init__(self, stage: Stage, subscribers: int) -> None:
        self._stage = stage
        self._world = stage.sandbox.world
        self._bot_id = stage.scene.bot_id
        self._count = subscribers
        self._gone = 0

    async def people_come(self) -> None:
        """Most subscribed while we were away; a few do it now, and some leave."""
        away = self._count - LIVE
        cohort = self._world.subscribers(
            self._bot_id, away, started_ago=AWAY_SECONDS, blocked=BLOCKED, deactivated=DEACTIVATED
        )
        self._gone = cohort.blocked + cohort.deactivated
        live = [self._world.person("Visitor", last_name=str(number + 1)).id for number in range(LIVE)]
        for person_id in live:
            self._world.start(person_id, self._bot_id, "demo")
        patience = 20 + self._count / STARTS_A_SECOND
        await self._stage.until("everybody is subscribed", self._all_subscribed, seconds=patience)
        self._stage.tell(f"{self._count:,} people have pressed Start, {away:,} of them while we were away.")
        self._world.say(self._bot_id, live[0], "/stop")
        self._world.block(live[1], self._bot_id)
        await self._stage.until("two have left", self._two_left)
        self._stage.tell("One has sent /stop and one has blocked the bot: neither will be written to.")

    async def run(self) -> Progress:
        """Create and start the campaign, and watch it to its end."""
        broadcast = self._stage.app.broadcast
        content = Text(text=MESSAGE, buttons=((Button(text="Read it", url="https://example.org/autumn"),),))
        campaign = await broadcast.create(self._bot_id, "Autumn issue", content, actor="demo")
        await broadcast.start(campaign.id, actor="demo")
        self._stage.tell(
            f"Campaign {campaign.id} starts, at {self._stage.app.settings.broadcast.rate:g} a second."
        )
        return await watch_campaign(self._stage.app, campaign.id)

    def settle(self, progress: Progress) -> BroadcastResult:
        """Compare the ledger with what the sandbox delivered."""
        tally = progress.tally
        states = {state: tally.of(state) for state in DeliveryState}
        received = self._world.deliveries.count(self._bot_id, text=MESSAGE)
        expect = self._stage.expect
        expect("audience", self._count, tally.audience)
        expect("sum of all states", tally.audience, sum(states.values()))
        expect("sent", self._count - self._gone - LEAVING, states[DeliveryState.SENT])
        expect("failed", self._gone, states[DeliveryState.FAILED])
        expect("suppressed", LEAVING, states[DeliveryState.SUPPRESSED])
        expect("unknown", 0, states[DeliveryState.UNKNOWN])
        expect("people who received the message", states[DeliveryState.SENT], len(received))
        expect("people who received it twice", 0, sum(times > 1 for times in Counter(received).values()))
        return BroadcastResult(
            audience=tally.audience,
            sent=states[DeliveryState.SENT],
            failed=states[DeliveryState.FAILED],
            suppressed=states[DeliveryState.SUPPRESSED],
            unknown=states[DeliveryState.UNKNOWN],
            seconds=round(progress.elapsed, 2),
            rate=round(progress.rate, 2),
        )

    async def _all_subscribed(self) -> bool:
        return (await self._audience()).total == self._count

    async def _two_left(self) -> bool:
        return (await self._audience()).eligible == self._count - LEAVING

    async def _audience(self) -> Audience:
        return await self._stage.app.subscribers.audience(self._bot_id)
