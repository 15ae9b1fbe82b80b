"""Builders for tests of texts: each names only what matters to it."""

from datetime import UTC, datetime

from gatecrier.gate.model import Case, Cause, Channel, Gate, Held, Mode, Reason, Suspension
from gatecrier.gate.policy import InChannel

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def make_channel(id_: int, *, title: str = "", username: str = "", join_url: str = "") -> Channel:
    url = f"https://t.me/{username}" if username else join_url
    return Channel(id=id_, title=title, username=username, join_url=url)


CHANNELS = [make_channel(id_, username=name) for id_, name in enumerate(("a", "b", "c", "rival"), 1)]


def make_case(name: str, person_id: int = 9) -> Case:
    return Case(
        id=f"case{person_id}",
        chat_id=-100,
        person_id=person_id,
        name=name,
        thread_id=0,
        reason=Reason.NOT_MEMBER,
        missing=(1,),
        opened_at=NOW,
    )


CASES = [make_case(name, number) for number, name in enumerate(("Ann", "Ben", "Cem", "Dina", "Eli"), 1)]


def make_held(*cases: Case, total: int = 0) -> Held:
    return Held(cases=cases, total=total or len(cases), missing=(1,))


def make_gate(cause: Cause | None = None) -> Gate:
    return Gate(
        chat_id=-100,
        bot_id=1,
        title="G",
        mode=Mode.ENFORCE,
        policy=InChannel(1),
        channels=tuple(CHANNELS),
        created_at=NOW,
        suspension=Suspension(cause=cause, since=NOW, channel_id=1) if cause else None,
    )
