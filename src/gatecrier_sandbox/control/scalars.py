"""The simple types of requests, with their bounds: what does not fit is refused with the field's name."""

from typing import Annotated, Literal

from msgspec import Meta

LARGEST_ID = 2**52
Id = Annotated[int, Meta(ge=-LARGEST_ID, le=LARGEST_ID)]
"""An account or chat; Telegram's have at most 52 significant bits."""
MessageId = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Text = Annotated[str, Meta(max_length=10_000)]
MOST_SHOWN = 10_000
Limit = Annotated[int, Meta(ge=0, le=MOST_SHOWN)]
Date = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""Unix seconds, 0 for never or for ever."""
After = Annotated[int, Meta(ge=0, le=2**62)]
Seconds = Annotated[float, Meta(ge=0, le=316_000_000)]
"""At most ten years."""
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1, le=2_000_000)]
"""People made at once: a million take half a gigabyte."""
Pixels = Annotated[int, Meta(ge=0, le=100_000)]
Duration = Annotated[int, Meta(ge=0, le=10_000_000)]
FileKind = Literal["photo", "document", "video", "audio", "voice", "animation", "video_note", "sticker"]
