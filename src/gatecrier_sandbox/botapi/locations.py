"""Points on the map, venues and contacts, checked: what a message carries of them."""

import math
import re

from gatecrier_sandbox.errors import bad_request
from gatecrier_sandbox.world import wire
from gatecrier_sandbox.world.model import Wire

REAL = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?")
WIDEST_ACCURACY = 1500.0
"""Meters."""
SHORTEST, LONGEST = 60, 86_400
"""Seconds a live location lives at first, unless for ever."""
WIDEST_ALERT = 100_000
"""Meters."""
LONGEST_VCARD = 2048
"""Bytes."""
VENUE_IDS = ("foursquare_id", "foursquare_type", "google_place_id", "google_place_type")


def real(text: str) -> float:
    """The number a text begins with; 0 if it begins with none. Source: td `to_double`."""
    match = REAL.match(text.strip())
    return float(match[0]) if match else 0.0


def point(latitude: float, longitude: float, accuracy: float, *, is_live: bool = False) -> Wire:
    """A Location; `ApiError` 400 if it is not on the map. Accuracy in meters, 0 if unknown."""
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise bad_request("invalid live location specified" if is_live else "invalid location specified")
    shown: Wire = {"latitude": latitude, "longitude": longitude}
    radius = min(math.ceil(accuracy), WIDEST_ACCURACY) if 0 < accuracy < math.inf else 0
    return shown | ({"horizontal_accuracy": float(radius)} if radius else {})


def live(period: int, heading: int, radius: int, *, longest: int = LONGEST) -> Wire:
    """The fields of a live location: seconds, degrees and meters. `ApiError` 400 out of their ranges."""
    if not SHORTEST <= period <= longest and period != wire.FOR_EVER:
        raise bad_request("wrong live location period specified")
    if heading and not 1 <= heading <= 360:
        raise bad_request("wrong live location heading specified")
    if not 0 <= radius <= WIDEST_ALERT:
        raise bad_request("wrong live location proximity alert radius specified")
    given: Wire = {"live_period": period, "heading": heading, "proximity_alert_radius": radius}
    return {name: value for name, value in given.items() if value}


def venue(latitude: float, longitude: float, names: dict[str, str]) -> Wire:
    """The content of a venue, with its place beside it; Foursquare's number goes before Google's."""
    place = point(latitude, longitude, 0)
    shown: Wire = {"location": place, "title": names["title"], "address": names["address"]}
    provider = VENUE_IDS[:2] if any(names.get(name) for name in VENUE_IDS[:2]) else VENUE_IDS[2:]
    shown |= {name: names[name] for name in provider if names.get(name)}
    return {"location": place, "venue": shown}


def contact(names: dict[str, str]) -> Wire:
    """The content of a contact."""
    if len(names.get("vcard", "").encode()) > LONGEST_VCARD:
        raise bad_request("VCARD_TOO_LONG")
    return {"contact": {name: value for name, value in names.items() if value}}
