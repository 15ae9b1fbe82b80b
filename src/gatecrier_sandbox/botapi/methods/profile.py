"""Profiles: the bot's own name, texts and photo, and the photos of people."""

from gatecrier_sandbox.botapi.api import Call, method
from gatecrier_sandbox.botapi.media import pick
from gatecrier_sandbox.botapi.methods.bot import language
from gatecrier_sandbox.botapi.methods.members import user_id
from gatecrier_sandbox.botapi.params import Upload
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import portraits
from gatecrier_sandbox.world.model import Wire

MOST_PHOTOS = 100


def _keep(call: Call, which: str, longest: int, refusal: str) -> bool:
    """Remember a text of the bot for a language; an empty one is forgotten."""
    code, text = language(call), call.text(which).strip()
    if len(text) > longest:
        raise bad_request(refusal)
    if text:
        call.bot.texts[f"{which}/{code}"] = text
    else:
        call.bot.texts.pop(f"{which}/{code}", None)
    return True


def _kept(call: Call, which: str) -> str:
    """A text of the bot in a language, else the one for everybody."""
    texts = call.bot.texts
    return texts.get(f"{which}/{language(call)}") or texts.get(f"{which}/", "")


@method("setMyName")
def set_my_name(call: Call) -> bool:
    """Call the bot something else; the name for everybody is the one its User has."""
    if language(call):
        return _keep(call, "name", 64, "BOT_TITLE_INVALID")
    name = call.text("name").strip()
    if not 0 < len(name) <= 64:
        raise bad_request("BOT_TITLE_INVALID")
    call.world.people[call.bot.id].first_name = name
    return True


@method("getMyName")
def get_my_name(call: Call) -> Wire:
    """The bot's name in a language."""
    return {"name": _kept(call, "name") or call.world.people[call.bot.id].first_name}


@method("setMyDescription")
def set_my_description(call: Call) -> bool:
    """What people read before they start the bot."""
    return _keep(call, "description", 512, "DESCRIPTION_TOO_LONG")


@method("getMyDescription")
def get_my_description(call: Call) -> Wire:
    """What people read before they start the bot."""
    return {"description": _kept(call, "description")}


@method("setMyShortDescription")
def set_my_short_description(call: Call) -> bool:
    """What stands on the bot's page."""
    return _keep(call, "short_description", 120, "ABOUT_TOO_LONG")


@method("getMyShortDescription")
def get_my_short_description(call: Call) -> Wire:
    """What stands on the bot's page."""
    return {"short_description": _kept(call, "short_description")}


@method("setMyProfilePhoto", missing=("animated photos are shown as they are, not as videos",))
def set_my_profile_photo(call: Call) -> bool:
    """Give the bot a photo, which must be uploaded."""
    upload, is_static = _profile_photo(call)
    if not upload.data:
        raise bad_request("file must be non-empty")
    if is_static and not portraits.is_picture(upload.data):
        raise bad_request("IMAGE_PROCESS_FAILED")
    person = call.world.people[call.bot.id]
    photo_id = portraits.store(call.world, upload.data, name=upload.filename)
    person.photo_ids = (photo_id, *person.photo_ids)
    return True


def _profile_photo(call: Call) -> tuple[Upload, bool]:
    """The uploaded file an InputProfilePhoto names, and whether it does not move."""
    raw = call.text("photo")
    if not raw:
        raise bad_request("input profile photo isn't specified")
    value = decode(raw, "input profile photo")
    if not isinstance(value, dict):
        raise bad_request("expected an input profile photo object")
    kind = value.get("type")
    if kind not in ("static", "animated"):
        raise bad_request("invalid profile photo type specified")
    place = value.get("photo" if kind == "static" else "animation")
    upload = pick(call, place, uploads_only=True) if isinstance(place, str) and place else None
    if not isinstance(upload, Upload):
        raise bad_request("profile photo must be uploaded as a file")
    return upload, kind == "static"


@method("removeMyProfilePhoto")
def remove_my_profile_photo(call: Call) -> bool:
    """Take the bot's present photo away; the one before it is back."""
    person = call.world.people[call.bot.id]
    person.photo_ids = person.photo_ids[1:]
    return True


@method("getUserProfilePhotos")
def get_user_profile_photos(call: Call) -> Wire:
    """Somebody's photos, the newest first."""
    wanted = user_id(call)
    person = call.world.people.get(wanted)
    if person is None:
        raise bad_request("user not found")
    offset = call.params.integer("offset", 0, low=0)
    limit = call.params.integer("limit", MOST_PHOTOS, low=1, high=MOST_PHOTOS)
    shown = person.photo_ids[offset : offset + limit]
    return {
        "total_count": len(person.photo_ids),
        "photos": [portraits.sizes(call.world, photo_id) for photo_id in shown],
    }
