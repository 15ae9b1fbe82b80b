"""Files that people send, and what the bots hear of them: facts/botapi.md §8."""

import pytest

from gatecrier_sandbox.errors import Refused
from sandbox.test_media import NOUNS, SENDS, held, stored
from sandbox.town import Town
from sandbox.uploads import MP4, png


@pytest.mark.parametrize(("method", "kind", "data", "name"), SENDS)
async def test_people_send_every_kind_and_bots_hear_it(
    method: str, kind: str, data: bytes, name: str
) -> None:
    """The file of the update is one that getFile resolves and that can be sent again."""
    town = Town()
    town.world.say_media(town.group.id, town.reader.id, kind, data=data, name=name)
    town.world.start(town.reader.id, town.bot.id)
    town.world.say_media(town.bot.id, town.reader.id, kind, data=data, name=name, duration=3)
    heard = [update["message"] for update in await town.updates()]
    assert [kind in message for message in heard] == [True, False, True]
    for message in (heard[0], heard[2]):
        assert await stored(town, held(message, kind)["file_id"]) == data
    again = await town.result(method, chat_id=town.reader.id, **{kind: held(heard[0], kind)["file_id"]})
    assert held(again, kind) == held(heard[0], kind)
    known = held(heard[0], kind)["file_id"]
    said = town.world.say_media(town.group.id, town.reader.id, kind, file_id=known)
    assert said.content is not None
    assert kind in said.content


@pytest.mark.parametrize("kind", list(NOUNS))
async def test_people_need_the_permission_of_the_kind(kind: str) -> None:
    """Who may write but send no files is refused, and no bot hears a thing."""
    town = Town()
    town.world.set_member(
        town.group.id, town.reader.id, "restricted", permissions={"can_send_messages": True}
    )
    town.bot.queue.clear()
    with pytest.raises(Refused, match="restricted"):
        town.world.say_media(town.group.id, town.reader.id, kind, data=png())
    assert not await town.updates()
    assert not town.world.files.by_id


async def test_people_send_albums_with_captions() -> None:
    """Files of one media_group_id, a caption on the first; what cannot stand in an album is refused."""
    town = Town()
    say = town.world.say_media
    say(town.group.id, town.reader.id, "photo", data=png(), media_group_id="7", caption="we")
    say(town.group.id, town.reader.id, "video", data=MP4, media_group_id="7", has_spoiler=True)
    first, second = (update["message"] for update in await town.updates())
    assert first["media_group_id"] == second["media_group_id"] == "7"
    assert (first["caption"], second["has_media_spoiler"]) == ("we", True)
    for kind, given, text in (
        ("voice", {"media_group_id": "8"}, "album"),
        ("sticker", {"caption": "x"}, "caption"),
        ("photo", {"caption": "x" * 1025}, "1024"),
        ("poll", {}, "nobody sends"),
        ("photo", {"data": b"words"}, "no picture"),
        ("video", {"data": b""}, "empty"),
        ("video", {"file_id": held(first, "photo")["file_id"]}, "no video"),
    ):
        with pytest.raises(Refused, match=text):
            say(town.group.id, town.reader.id, kind, **({"data": png()} | given))


async def test_a_post_with_a_file_is_forwarded_with_it() -> None:
    """A channel's photo arrives in its discussion group as the same photo."""
    town = Town()
    town.world.say_media(town.channel.id, town.owner.id, "photo", data=png(), caption="new")
    post, copy = await town.updates(allowed_updates='["message","channel_post"]')
    assert copy["message"]["photo"] == post["channel_post"]["photo"]
    assert copy["message"]["caption"] == "new"
