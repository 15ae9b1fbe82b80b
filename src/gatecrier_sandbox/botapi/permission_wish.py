"""The permissions a request asks for."""

from gatecrier_sandbox.botapi.api import Call
from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.structured import decode
from gatecrier_sandbox.world import permissions

OLD_PARAMETERS = (
    "can_send_messages",
    permissions.LEGACY_MEDIA,
    "can_send_other_messages",
    "can_add_web_page_previews",
)


def requested(call: Call) -> frozenset[str]:
    """The permissions of the request; without the object the older single parameters count."""
    raw = call.text("permissions")
    independent = call.flag("use_independent_chat_permissions")
    if not raw:
        given: dict[str, object] = {
            name: call.flag(name) for name in OLD_PARAMETERS if name in call.params.values
        }
        return permissions.requested(given, independent=independent)
    value = decode(raw, "permissions")
    if not isinstance(value, dict):
        raise bad_request("can't parse chat permissions: expected an Object")
    return permissions.requested(value, independent=independent)
