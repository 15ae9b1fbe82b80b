"""
Which entities may share characters, and what becomes of those that may not.

Styles (bold...) may be anywhere but in code, and are cut where another entity begins or ends. Quotes hold
everything but quotes. All others hold styles only. Source: td MessageEntity.cpp, fix_entities.
"""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import chain

from gatecrier_sandbox.entities.spans import Span, place

STYLES = ("bold", "italic", "underline", "strikethrough", "spoiler")
QUOTES = frozenset({"blockquote", "expandable_blockquote"})
SOLID = frozenset({"pre", "code", "date_time"})
"""Nothing is inside these."""
MOST = 100
"""Entities a sender may mark, without custom emoji; the server drops those beyond."""
NEVER = 1 << 40


def arranged(spans: list[Span]) -> list[Span]:
    """Entities in order, merged, cut or dropped until every two are nested or apart."""
    spans = sorted((span for span in spans if span.length > 0), key=place)
    if len(spans) < 2:
        return spans
    styles, quotes, others = _sorted_out(spans)
    others = apart(others)
    if quotes:
        quotes = apart(quotes)
        others = sorted([*quotes, *_whole_in(quotes, others)], key=place)
    return _woven(styles, others)


def with_found(spans: list[Span], found: list[Span]) -> list[Span]:
    """Add entities that showed themselves (in order, apart) where those of the sender leave room."""
    if not found:
        return spans
    if not spans:
        return found
    styles, quotes, others = _sorted_out(spans)
    ends = [span.end for span in others]
    found = [span for span in _whole_in(quotes, found) if _is_free(span, others, ends)]
    return _woven(styles, sorted(chain(quotes, others, found), key=place)) if found else spans


def capped(spans: list[Span]) -> list[Span]:
    """No more than the server takes; styles go first."""
    if len(spans) <= MOST:
        return spans
    styles, quotes, others = _sorted_out(spans)
    counted = [span for span in sorted([*quotes, *others], key=place) if span.type != "custom_emoji"]
    dropped = {id(span) for span in counted[MOST:]}
    kept = [span for span in chain(quotes, others) if id(span) not in dropped]
    room = max(MOST - len(counted), 0)
    return _woven(_woven(styles, [])[:room], sorted(kept, key=place))


def apart(spans: list[Span]) -> list[Span]:
    """Of entities in order those that share nothing with an earlier one."""
    kept: list[Span] = []
    for span in spans:
        if not kept or span.offset >= kept[-1].end:
            kept.append(span)
    return kept


def _sorted_out(spans: Iterable[Span]) -> tuple[list[Span], list[Span], list[Span]]:
    """Styles, quotes and all others."""
    styles: list[Span] = []
    quotes: list[Span] = []
    others: list[Span] = []
    for span in spans:
        kind = styles if span.type in STYLES else quotes if span.type in QUOTES else others
        kind.append(span)
    return styles, quotes, others


def _whole_in(quotes: list[Span], spans: list[Span]) -> list[Span]:
    """Those that lie wholly inside or outside each quote."""
    ends = [quote.end for quote in quotes]
    return [span for span in spans if not _is_cut(span, quotes, ends)]


def _is_cut(span: Span, quotes: list[Span], ends: list[int]) -> bool:
    first = bisect_right(ends, span.offset)
    if first == len(quotes):
        return False
    quote = quotes[first]
    return quote.end < span.end or span.offset < quote.offset < span.end


def _is_free(span: Span, others: list[Span], ends: list[int]) -> bool:
    first = bisect_right(ends, span.offset)
    return first == len(others) or others[first].offset >= span.end


class _Sweep:
    """A walk over styles from left to right: same ones that meet are merged, all are cut on request."""

    def __init__(self, styles: list[Span]) -> None:
        self.styles = styles
        self.next = 0
        self.open: dict[str, tuple[int, int]] = {}
        self.done: list[Span] = []

    def advance(self, stop: int) -> None:
        """Take all styles that begin before `stop`, and cut there."""
        while self.next < len(self.styles) and self.styles[self.next].offset < stop:
            span = self.styles[self.next]
            begin, end = self.open.get(span.type, (0, -1))
            if span.offset <= end:
                self.open[span.type] = (begin, max(end, span.end))
            else:
                self._cut(span.offset)
                self.open[span.type] = (span.offset, span.end)
            self.next += 1
        self._cut(stop)

    def _cut(self, stop: int) -> None:
        for kind in STYLES:
            begin, end = self.open.get(kind, (NEVER, NEVER))
            if begin >= stop:
                continue
            self.done.append(Span(kind, begin, min(end, stop) - begin, {}))
            if end <= stop:
                del self.open[kind]
            else:
                self.open[kind] = (stop, end)


def _woven(styles: list[Span], others: list[Span]) -> list[Span]:
    """Styles cut where others begin and end, and dropped inside code."""
    if not styles:
        return others
    sweep = _Sweep(styles)
    around: list[Span] = []
    for other in [*others, Span("", NEVER, 0, {})]:
        while around and other.offset >= around[-1].end:
            left = around.pop()
            kept = len(sweep.done)
            sweep.advance(left.end)
            if left.type in SOLID:
                del sweep.done[kept:]
        sweep.advance(other.offset)
        around.append(other)
    return sorted([*others, *sweep.done], key=place)
