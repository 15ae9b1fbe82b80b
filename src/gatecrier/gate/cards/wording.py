"""What somebody lacks of a policy, put into words: things ("@a; and one of @b, @c") or acts ("join …")."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from gatecrier.gate import policy
from gatecrier.gate.model import Channel
from gatecrier.gate.policy import AllOf, AtLeast, InChannel, Not, Policy
from gatecrier.kernel.language import Phrases, Said, is_rtl, isolated
from gatecrier.kernel.names import plain, shown, unlinked

PHRASES = Phrases(files("gatecrier.gate.cards") / "phrases")


class Wording:
    """Words for one remainder's channels in one language, as plain text or as HTML."""

    def __init__(self, language: str, channels: Iterable[Channel], *, html: bool) -> None:
        self.language = language
        self._html = html
        self._channels = {channel.id: channel for channel in channels}

    def missing(self, remainder: Policy | None) -> Said:
        """The remainder as things: "@a and @b", "one of @a, @b", "leave @c"."""
        match remainder:
            case None | AllOf(()):
                return self._part("unnamed-channel")
            case InChannel(channel):
                return self._label(channel)
            case Not(part):
                return self._part("leave-these", unwanted=self._label(part.channel))
            case AtLeast(count, parts):
                return self._some(count, [self._bracketed(part, self.missing(part)) for part in parts])
            case AllOf(parts):
                return self._all(parts)

    def task(self, remainder: Policy | None) -> Said:
        """The remainder as acts: "join @a and one of @b, @c; and leave @d"."""
        parts = remainder.parts if isinstance(remainder, AllOf) else (remainder,) if remainder else ()
        if not parts:
            return self._part("join-unnamed")
        wanted = [part for part in parts if not policy.forbidden(part)]
        unwanted = [self._label(part.part.channel) for part in parts if isinstance(part, Not)]
        acts = [
            self._some(part.count, [self._bracketed(each, self.task(each)) for each in part.parts])
            for part in parts
            if isinstance(part, AtLeast) and part not in wanted
        ]
        if wanted:
            acts.insert(0, self._part("join-these", wanted=self.missing(policy.all_of(wanted))))
        if unwanted:
            acts.append(self._part("leave-these", unwanted=self._and(unwanted)))
        return self._then(acts)

    def _all(self, parts: Sequence[Policy]) -> Said:
        single = [self._label(part.channel) for part in parts if isinstance(part, InChannel)]
        others = [self.missing(part) for part in parts if not isinstance(part, InChannel)]
        return self._then([self._and(single), *others] if single else others)

    def _some(self, count: int, parts: Sequence[Said]) -> Said:
        listed = PHRASES.listed(self.language, parts, comma="list-comma", last="list-comma")
        return self._part("some-of", count=count, parts=listed)

    def _and(self, parts: Sequence[Said]) -> Said:
        return PHRASES.listed(self.language, parts, comma="list-comma", last="list-and")

    def _then(self, parts: Sequence[Said]) -> Said:
        return PHRASES.listed(self.language, parts, comma="list-semicolon", last="list-semicolon-and")

    def _bracketed(self, part: Policy, said: Said) -> Said:
        return said if isinstance(part, InChannel | Not) else Said(f"({said.text})")

    def _part(self, message_id: str, **values: Said | int) -> Said:
        return PHRASES.part(self.language, message_id, **values)

    def _label(self, id_: int) -> Said:
        channel = self._channels.get(id_)
        if channel is None:
            return self._part("unnamed-channel")
        if not self._html:
            return label(self.language, channel)
        return _in_place(self.language, channel, self._linked(channel))

    def _linked(self, channel: Channel) -> str:
        """A public channel's name, which Telegram links; another's title may be "@" and a stranger's name."""
        nameless = PHRASES.say(self.language, "unnamed-channel")
        if channel.username:
            return shown(channel.label, otherwise=nameless)
        if channel.join_url:
            return f'<a href="{escape(channel.join_url)}">{shown(channel.title, otherwise=nameless)}</a>'
        return unlinked(channel.title, otherwise=nameless)


def label(language: str, channel: Channel) -> Said:
    """How people call a channel, in plain text."""
    return _in_place(language, channel, plain(channel.label) or PHRASES.say(language, "unnamed-channel"))


def _in_place(language: str, channel: Channel, text: str) -> Said:
    """An @name is Latin, and turns nothing around where everything is written from the left."""
    return Said(text) if channel.username and not is_rtl(language) else isolated(Said(text))
