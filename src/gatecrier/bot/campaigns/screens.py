"""What operators see of campaigns: pure functions from facts to a text (HTML) and buttons."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gatecrier.bot.campaigns.buttons import at, button
from gatecrier.broadcast.amending.model import UNDO_WITHIN, Amendment, Kind
from gatecrier.broadcast.dry_run import DryRun
from gatecrier.broadcast.model import (
    ENDED,
    FINAL,
    Campaign,
    CampaignState,
    DeliveryState,
    Progress,
    Tally,
)
from gatecrier.broadcast.rules import SUPPRESSING
from gatecrier.broadcast.statistics import Statistics
from gatecrier.kernel.duration import in_words
from gatecrier.kernel.names import shown
from gatecrier.telegram.messages import Button

PAGE = 8  # campaigns of a list
BAR = 12  # signs of a progress bar
MOST_REASONS = 8  # shown of a breakdown; the rest is summed up

Buttons = list[list[Button]]

STATES = {
    CampaignState.DRAFT: "📝 Draft",
    CampaignState.SCHEDULED: "🕘 Scheduled",
    CampaignState.PREPARING: "▶️ Sending",
    CampaignState.RUNNING: "▶️ Sending",
    CampaignState.PAUSED: "⏸ Paused",
    CampaignState.FINISHED: "✅ Finished",
    CampaignState.CANCELLED: "⏹ Cancelled",
    CampaignState.FAILED: "❌ Failed",
}
AMENDED = {Kind.UNDO: "🗑 Deleted", Kind.EXPIRE: "⌛ Deleted by itself", Kind.EDIT: "✏️ Changed"}
UNBEGUN = (CampaignState.DRAFT, CampaignState.SCHEDULED)
REASONS = {
    "blocked": "blocked the bot",
    "deactivated": "deleted their account",
    "needs_start": "never started the bot",
    "chat_not_found": "not found by Telegram",
    "cannot_write_to_person": "not reachable, for an unknown reason",
    "stopped": "sent /stop",
    "unreachable": "not reachable, three campaigns running",
    "no_terms": "did not accept the terms",
    "opted_out": "opted out of the category",
    "frequency_cap": "had enough messages lately",
    "banned": "banned by an operator",
    "erased": "erased",
    "hold_out": "held out, to compare with",
    "follow_up_failed": "without the text that follows",
    "album_incomplete": "without a part of the album",
    "pin_failed": "not pinned",
    "cancelled": "not sent: cancelled",
    "campaign_failed": "not sent: the campaign failed",
    "worker_died": "in flight when a process died",
}
"""What codes of the ledger mean; a code that is not here is shown as it is."""


class Screen(NamedTuple):
    """What one message shows."""

    text: str
    buttons: Sequence[Sequence[Button]] = ()


def asked(seconds: float, what: str = "is sent to all subscribers once you have confirmed it") -> Screen:
    """The answer to /broadcast alone."""
    return Screen(
        "📣 <b>Send me the message now.</b>\n"
        f"Any kind: text, photo, video, an album … It {what}.\n\n"
        f"You have {in_words(seconds)}. /cancel ends it."
    )


TOO_LATE = "⌛ No message came in time. /broadcast asks again."
NOT_ASKED = "There is nothing to cancel."
FORGOTTEN = "Forgotten: nothing is sent."
PREVIEWED = "☝️ This is what subscribers would get. Nothing was sent to them."


class Later(NamedTuple):
    """A moment at which a campaign is to start; how far it is from now, and whose clock it is meant by."""

    at: datetime
    now: datetime
    zone: ZoneInfo

    @property
    def words(self) -> str:
        """Date, time, and the countdown."""
        left = in_words((self.at - self.now).total_seconds())
        return f"{self.at.astimezone(self.zone):%a %d %b %H:%M} ({self.zone.key}), in {left}"


def confirmation(told: DryRun, *, test: bool, approval: bool, later: Later | None = None) -> Screen:
    """What the campaign would do, and the question."""
    campaign = told.campaign
    when = f" on {later.words}" if later else ""
    lines = [
        f"📣 <b>Send it to {_number(told.reachable)} {_people(told.reachable)}{when}?</b>",
        f"Campaign {campaign.id}: {shown(campaign.name, otherwise='?')}",
        "",
    ]
    if test:
        lines.append("🧪 Test mode: only the listed test subscribers get it.")
    lines.append(f"Audience: {_number(told.audience)}")
    lines += [f"· {_number(count)} left out: {said(reason)}" for reason, count in told.excluded.items()]
    lines.append(f"Time: about {in_words(told.seconds)}")
    if told.stars:
        lines.append(f"Cost: {_number(told.stars)} Stars at most")
    if told.last is not None and told.repeated:
        got = f"{_number(told.repeated)} of them got campaign {told.last.id}, too"
        lines.append(f"{got}: {shown(told.last.name, otherwise='?')}")
    if approval:
        lines += ["", "👥 So many need a second operator's yes."]
        return Screen("\n".join(lines), _choice(campaign, "Ask for it", "ask!"))
    if later is not None:
        return Screen("\n".join(lines), _choice(campaign, "✅ YES, schedule", at(later.at)))
    return Screen("\n".join(lines), _choice(campaign, "✅ YES, send", "yes!"))


def approval_wanted(told: DryRun, who: str) -> Screen:
    """To another operator: may this be sent?"""
    campaign = told.campaign
    audience = f"{_number(told.reachable)} {_people(told.reachable)}"
    lines = [
        f"👥 <b>{shown(who, otherwise='An operator')} wants to send this to {audience}.</b>",
        f"Campaign {campaign.id}: {shown(campaign.name, otherwise='?')}",
        "",
        "Do you approve? It then starts at once.",
    ]
    buttons = [[button("✅ Approve", campaign.id, "approve!"), button("❌ Reject", campaign.id, "no!")]]
    return Screen("\n".join(lines), buttons)


def awaiting_approval(campaign: Campaign, asked_: int) -> Screen:
    """To whoever made it: others were asked."""
    others = f"{asked_} other {'operator was' if asked_ == 1 else 'operators were'} asked."
    return Screen(
        f"👥 Campaign {campaign.id} waits for a second yes. {others}",
        [[button("Discard", campaign.id, "no!")]],
    )


def discarded(campaign: Campaign) -> Screen:
    """After NO."""
    return Screen(f"🗑 Discarded. Nothing was sent (campaign {campaign.id}).")


def status(progress: Progress, amended: Sequence[Amendment] = (), *, now: datetime) -> Screen:
    """How far a campaign has come; after its end the summary, and what became of its messages."""
    campaign, tally = progress.campaign, progress.tally
    lines = [f"📣 <b>{shown(campaign.name, otherwise='?')}</b> · campaign {campaign.id}", _state(campaign)]
    if campaign.scheduled_at is not None:
        left = in_words((campaign.scheduled_at - now).total_seconds())
        lines.append(f"It starts on {campaign.scheduled_at:%a %d %b %H:%M} UTC, in {left}.")
    if campaign.state not in UNBEGUN:
        lines += ["", _bar(tally), *_counts(tally), _time(progress)]
    if campaign.state in ENDED:
        lines += _breakdown(tally)
    lines += _amendments(amended)
    return Screen("\n".join(lines), [*_status_buttons(campaign, tally), *_undo_buttons(campaign, tally, now)])


def sure_to_cancel(progress: Progress) -> Screen:
    """Asked before a campaign is ended for good."""
    campaign = progress.campaign
    text = (
        f"⏹ <b>End campaign {campaign.id} for good?</b>\n{_number(progress.tally.open)} people will not get "
        "it. It cannot be resumed."
    )
    return Screen(text, [[button("Yes, end it", campaign.id, "cancel!"), button("No", campaign.id, "keep")]])


def sure_to_undo(progress: Progress, now: datetime) -> Screen:
    """Asked before what people have got is deleted."""
    campaign = progress.campaign
    sent = _number(progress.tally.of(DeliveryState.SENT))
    text = (
        f"🗑 <b>Delete campaign {campaign.id} everywhere?</b>\n{sent} messages are deleted from people's "
        f"chats. It cannot be taken back. {in_words(_undo_left(campaign, now))} are left to do it."
    )
    yes = button("Yes, delete", campaign.id, "undo!")
    return Screen(text, [[yes, button("No", campaign.id, "keep")]])


def sure_to_resend(progress: Progress) -> Screen:
    """Asked before people may get a message twice."""
    campaign = progress.campaign
    text = (
        f"❔ <b>Send campaign {campaign.id} again to {_number(progress.tally.of(DeliveryState.UNKNOWN))}?"
        "</b>\nNobody knows whether it reached them: some will get it twice."
    )
    yes = button("Yes, send again", campaign.id, "resend!")
    return Screen(text, [[yes, button("No", campaign.id, "keep")]])


def ended(campaign: Campaign) -> Screen:
    """After it was ended for good."""
    return Screen(f"⏹ Campaign {campaign.id} is ended.", [[button("Its numbers", campaign.id, "show")]])


def kept(campaign: Campaign) -> Screen:
    """After a question was answered with no."""
    return Screen(f"Campaign {campaign.id} stays as it is.", [[button("Its numbers", campaign.id, "show")]])


def history(campaigns: Sequence[Campaign], *, older: bool, first: bool) -> Screen:
    """A page of campaigns, newest first."""
    if not campaigns:
        text = (
            "No campaign yet. /broadcast makes the first one." if first else "There are no older campaigns."
        )
        return Screen(f"🗂 <b>Campaigns</b>\n{text}")
    rows = [
        [button(f"{_sign(one)} {one.id} · {one.name[:30]} · {one.created_at:%d %b}", one.id, "show")]
        for one in campaigns
    ]
    turns = []
    if not first:
        turns.append(button("« Newest", 0, "history"))
    if older:
        turns.append(button("Older »", campaigns[-1].id, "history"))
    return Screen("🗂 <b>Campaigns</b>, newest first", [*rows, *([turns] if turns else [])])


def statistics(found: Statistics) -> Screen:
    """The answer to /broadcast_stats."""
    started = {state: count for state, count in found.campaigns.items() if state not in UNBEGUN}
    if not started:
        return Screen("📊 No campaign was sent yet. /broadcast makes the first one.")
    by_state = ", ".join(f"{count} {state}" for state, count in started.items())
    lines = [f"📊 <b>{sum(started.values())} campaigns</b>: {by_state}"]
    sent = found.deliveries.get(DeliveryState.SENT, 0)
    lines.append(f"Sent: {_number(sent)} messages")
    if found.success is not None:
        lines.append(f"Success: {100 * found.success:.1f} % of those tried")
    if found.mean_seconds is not None:
        lines.append(f"A campaign takes {in_words(found.mean_seconds)} on average")
    failed = sum(found.errors.values())
    if failed:
        lines += ["", "<b>Commonest errors</b>", *_reasons(found.errors, failed)]
    return Screen("\n".join(lines), [[button("🗂 All campaigns", 0, "history")]])


def said(reason: str) -> str:
    """A code of the ledger in words."""
    return REASONS.get(reason, reason.replace("_", " "))


def _state(campaign: Campaign) -> str:
    cause = f": {escape(campaign.cause)}" if campaign.cause else ""
    return f"{STATES[campaign.state]}{cause}"


def _bar(tally: Tally) -> str:
    done = tally.of(*FINAL)
    share = done / tally.audience if tally.audience else 0.0
    full = int(share * BAR)
    bar = "▰" * full + "▱" * (BAR - full)
    return f"{bar} {int(100 * share)} % · {_number(done)} of {_number(tally.audience)}"


def _counts(tally: Tally) -> list[str]:
    failed = tally.of(DeliveryState.FAILED)
    line = f"✅ {_number(tally.of(DeliveryState.SENT))} sent · ⚠️ {_number(failed)} failed"
    lines = [line]
    if unknown := tally.of(DeliveryState.UNKNOWN):
        lines.append(f"❔ {_number(unknown)} unknown")
    if left_out := tally.of(DeliveryState.SUPPRESSED):
        lines.append(f"➖ {_number(left_out)} left out")
    return lines


def _time(progress: Progress) -> str:
    parts = [f"⏱ {in_words(progress.elapsed)}"]
    if progress.campaign.is_active:
        parts.append(f"{in_words(progress.eta_seconds)} left")
    parts.append(f"{progress.rate:.1f}/s")
    return " · ".join(parts)


def _breakdown(tally: Tally) -> list[str]:
    lines: list[str] = []
    for title, codes in (
        ("Sent, but not whole", tally.sent),
        ("Failed", tally.failed),
        ("Unknown", tally.unknown),
        ("Left out", tally.suppressed),
    ):
        if codes:
            lines += ["", f"<b>{title}</b>", *_reasons(codes, tally.audience)]
    return lines


def _reasons(codes: dict[str, int], whole: int) -> list[str]:
    """Percent of `whole`, the commonest first."""
    ranked = sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))
    lines = [
        f"· {100 * count / whole:.1f} % {escape(said(code))}: {_number(count)}" for code, count in ranked
    ]
    if len(ranked) <= MOST_REASONS:
        return lines
    rest = sum(count for _, count in ranked[MOST_REASONS:])
    return [*lines[:MOST_REASONS], f"· {100 * rest / whole:.1f} % for other reasons: {_number(rest)}"]


def _status_buttons(campaign: Campaign, tally: Tally) -> Buttons:
    number = campaign.id
    if campaign.is_active:
        return [[button("⏸ Pause", number, "pause"), button("⏹ Cancel", number, "cancel")]]
    rows: Buttons = []
    if campaign.state is CampaignState.PAUSED:
        rows.append([button("▶️ Resume", number, "resume"), button("⏹ Cancel", number, "cancel")])
    if campaign.state in (CampaignState.PAUSED, CampaignState.FINISHED):
        if failed := sum(count for code, count in tally.failed.items() if code not in SUPPRESSING):
            rows.append([button(f"🔁 Retry {_number(failed)} failed", number, "retry")])
        if unknown := tally.of(DeliveryState.UNKNOWN):
            rows.append([button(f"❔ Send {_number(unknown)} unknown again", number, "resend")])
    if campaign.state is CampaignState.SCHEDULED:
        rows.append([button("▶️ Start now", number, "yes!"), button("Take back", number, "unschedule")])
        rows.append([button("❌ Discard", number, "no!")])
    if campaign.state is CampaignState.DRAFT:
        rows.append([button("Open", number, "open")])
    return rows


def _undo_left(campaign: Campaign, now: datetime) -> float:
    """Seconds in which its messages may still be deleted, counted from its end."""
    began = campaign.finished_at or campaign.started_at
    return (UNDO_WITHIN - (now - began)).total_seconds() if began else 0.0


def _undo_buttons(campaign: Campaign, tally: Tally, now: datetime) -> Buttons:
    left = _undo_left(campaign, now)
    if campaign.is_active or left <= 0 or not tally.of(DeliveryState.SENT):
        return []
    hours = f"{left / 3600:.0f} h left" if left >= 3600 else f"{left / 60:.0f} min left"
    return [[button(f"🗑 Delete everywhere · {hours}", campaign.id, "undo")]]


def _amendments(amended: Sequence[Amendment]) -> list[str]:
    lines = []
    for one in amended:
        what = AMENDED[one.kind]
        state = "" if one.finished_at else " so far"
        failed = f", {_number(one.failed)} could not be" if one.failed else ""
        lines.append(f"{what} everywhere{state}: {_number(one.done)}{failed}")
    return ["", *lines] if lines else []


def _choice(campaign: Campaign, yes: str, verb: str) -> Buttons:
    return [[button(yes, campaign.id, verb), button("❌ NO", campaign.id, "no!")]]


def _sign(campaign: Campaign) -> str:
    return STATES[campaign.state].split(maxsplit=1)[0]


def _number(value: int) -> str:
    return f"{value:,}"


def _people(count: int) -> str:
    return "person" if count == 1 else "people"
