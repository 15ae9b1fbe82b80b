"""Where the story plays: people, chats and files, made through the control API as anybody would."""

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

from ports import free_port
from sandbox.clients.story import STEPS
from sandbox.clients.world import World

RIGHTS = (
    "can_manage_chat", "can_change_info", "can_delete_messages", "can_invite_users", "can_restrict_members",
    "can_pin_messages", "can_manage_topics", "can_promote_members", "can_manage_video_chats",
)  # fmt: skip


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A picture of one colour."""
    rows = (b"\0" + bytes(colour) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    framed = (struct.pack(">I", len(data)) + name + data + _sum(name + data) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def _sum(data: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(data))


FILES = {
    "photo": ("sea.png", png(8, 8, (0, 80, 160))),
    "other_photo": ("wood.png", png(9, 9, (0, 120, 40))),
    "document": ("report.txt", b"Everything went well.\n" * 40),
    "video": ("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(range(256)) * 4),
    "animation": ("wave.gif", base64.b64decode("R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==")),
    "audio": ("song.mp3", b"ID3\x03\0\0\0\0\0\0\xff\xfb\x90\0" + bytes(400)),
    "voice": ("word.ogg", b"OggS\0\x02" + bytes(22) + b"\x01\x13OpusHead\x01\x01" + bytes(100)),
    "sticker": (
        "smile.webp",
        base64.b64decode("UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAQAcJaQAA3AA/v3AgAA="),
    ),
}


def write_files(folder: Path) -> dict[str, str]:
    """The files that are uploaded; their paths by name."""
    for name, content in FILES.values():
        (folder / name).write_bytes(content)
    return {key: str(folder / name) for key, (name, _) in FILES.items()}


def set_scene(url: str, folder: Path) -> dict[str, Any]:
    """A bot, six people, a group, a club behind join requests and a forum; what a program is told."""
    world = World({"url": url})
    bot = world.act("/bots", username="story_bot", first_name="Story")
    scene: dict[str, Any] = {
        "url": url,
        "token": bot["token"],
        "bot": bot["id"],
        "username": "story_bot",
        "secret": "Open_Sesame-1",
        "port": free_port(),
        "files": write_files(folder),
        "steps": [step.key for step in STEPS],
    }
    for name in ("owner", "reader", "guest", "stranger", "blocker"):
        scene[name] = world.act("/people", first_name=name.title(), username=f"the_{name}")["id"]
    for name, title in (("group", "Talk"), ("club", "Club"), ("forum", "Forum")):
        scene[name] = world.act("/chats", type="supergroup", title=title)["id"]
        _fill(world, scene, scene[name])
    world.ask("PATCH", f"/chats/{scene['forum']}", {"is_forum": True})
    for name in ("reader", "guest"):
        world.act("/joins", chat_id=scene["group"], user_id=scene[name])
    for name in ("reader", "blocker"):
        world.act("/starts", user_id=scene[name], bot_id=scene["bot"])
    return scene


def _fill(world: World, scene: dict[str, Any], chat_id: int) -> None:
    world.ask("PUT", f"/chats/{chat_id}/members/{scene['owner']}", {"status": "creator"})
    appointed = {"status": "administrator", "rights": dict.fromkeys(RIGHTS, True)}
    world.ask("PUT", f"/chats/{chat_id}/members/{scene['bot']}", appointed)
