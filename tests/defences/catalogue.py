"""The catalogue itself: rows of facts/gate.md §1.1 and §5, and what the property test must find."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Defence:
    """
    Lines that defend, and tests that miss them.

    Args:
        row: "12" (an attack), "N3" (a defect of others), "I2" (an invariant) or "P1" (the property test).
        file: Below src/gatecrier.
        lines: As they stand there, once; `gone` is put in their place.
        tests: Files, or single tests.
    """

    row: str
    what: str
    file: str
    lines: str
    gone: str
    tests: tuple[str, ...]

    def take_out(self, source: Path) -> None:
        """
        Take the defence out of a copy of the source.

        Raises:
            ValueError: its lines do not stand there exactly once: the catalogue is out of date.
        """
        path = source / "gatecrier" / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.lines) != 1:
            raise ValueError(f"{self.row}: {text.count(self.lines)} times in {self.file}: {self.lines!r}")
        path.write_text(text.replace(self.lines, self.gone), encoding="utf-8")


ATTACKS = "tests/gate/test_attacks.py"
HOLDING = "tests/gate/test_holding.py"
FREEING = "tests/gate/test_freeing.py"
PROTECTING = "tests/gate/test_protecting.py"
RULES = "tests/gate/test_rules.py"
MOVES = "tests/gate/test_moves.py"
STEERING = "tests/gate/test_steering.py"
CARDS = "tests/gate/test_cards.py"
RACES = "tests/gate/test_races.py"
INVARIANTS = "tests/gate_world/test_invariants.py"

DEFENCES = (
    Defence(
        "1",
        "a case belongs to one person",
        "gate/holding/verdicts.py",
        "if case is None or case.person_id != person_id:",
        "if case is None:",
        (FREEING, CARDS, "tests/gate/test_ephemeral_cards.py"),
    ),
    Defence(
        "2",
        "forged buttons of the settings are proven",
        "bot/gates/visits.py",
        "    gate = await keeper.steering.administer(group, person)\n    act = ACTS.get(verb)",
        '    gate = await keeper.steering.administer(group, "anybody")\n    act = ACTS.get(verb)',
        ("tests/journeys/test_settings.py",),
    ),
    Defence(
        "3",
        "a press has a cool-down",
        "gate/cooldown.py",
        "return False",
        "return True",
        (FREEING, CARDS, "tests/gate/test_door.py"),
    ),
    Defence(
        "4",
        "an admin's mute is not lifted",
        "gate/holding/enforcement.py",
        "        if not rules.is_our_mute(present):\n            return await self._found_changed",
        "        if False:\n            return await self._found_changed",
        (FREEING, RACES),
    ),
    Defence(
        "5",
        "the webhook's secret is compared",
        "web/webhook.py",
        "if not hmac.compare_digest(given, self._secret):",
        "if given and not hmac.compare_digest(given, self._secret):",
        ("tests/web/test_webhook.py",),
    ),
    Defence(
        "6",
        "only a person can be an admin",
        "gate/governing/proofs.py",
        "if sender_chat is not None or actor is None or actor.is_bot:",
        "if actor is None:",
        (PROTECTING,),
    ),
    Defence(
        "7",
        "the right to restrict is asked for",
        "gate/governing/proofs.py",
        'place.status == "administrator" and place.can_restrict_members',
        'place.status == "administrator"',
        (PROTECTING, STEERING),
    ),
    Defence(
        "8",
        "the actor administers the channel",
        "gate/governing/proofs.py",
        "if actor is not None and not (await place_or_outside(self._telegram, info.id, actor.id)).is_admin:",
        "if False:",
        (ATTACKS,),
    ),
    Defence(
        "9",
        "a change is proven in the group it changes",
        "gate/governing/steering.py",
        "        await self._proofs.admin(chat_id, actor)\n",
        "",
        (STEERING,),
    ),
    Defence(
        "10",
        "a raid is seen",
        "gate/holding/raid.py",
        "len(came) < options.raid_joins:",
        "True:",
        ("tests/gate/test_raid.py",),
    ),
    Defence(
        "11",
        "an update is answered once",
        "registry/store.py",
        "                received_updates.c.answered_at.is_(None),\n",
        "",
        ("tests/registry/test_inbox.py", "tests/bot/test_routing.py"),
    ),
    Defence(
        "12",
        "a late update is ignored",
        "gate/rules.py",
        "        return Newer.IGNORE\n",
        "        return Newer.TAKE\n",
        (RULES,),
    ),
    Defence(
        "13",
        "what is known lasts by the monotonic clock",
        "gate/knowledge/standings.py",
        "return int(self._monotonic() - self._started)",
        "return int(self._clock.now().timestamp()) - 1_795_262_400",
        (ATTACKS,),
    ),
    Defence(
        "14",
        "what cannot be kept is refused",
        "web/webhook.py",
        "            return 503\n",
        "            return 200\n",
        ("tests/web/test_webhook.py",),
    ),
    Defence(
        "15",
        "no answer is no absence",
        "gate/rules.py",
        "Standing.UNKNOWN: (Action.DELETE, Reason.STANDING_UNKNOWN)",
        "Standing.UNKNOWN: (Action.ENFORCE, Reason.STANDING_UNKNOWN)",
        (RULES, ATTACKS),
    ),
    Defence(
        "16",
        "a gate that cannot act is suspended",
        "gate/rules.py",
        "Standing.MISCONFIGURED: (Action.SUSPEND, Reason.CHANNEL_MISCONFIGURED)",
        "Standing.MISCONFIGURED: (Action.PASS, Reason.CHANNEL_MISCONFIGURED)",
        (RULES, HOLDING),
    ),
    Defence(
        "17",
        "a group that moves takes its rows along",
        "gate/store.py",
        ".values(chat_id=new, **fresh)",
        ".values(chat_id=old, **fresh)",
        (MOVES,),
    ),
    Defence(
        "18",
        "a guest bot speaks for its caller",
        "gate/rules.py",
        "    person = message.guest_bot_caller_user or message.sender\n    if person is None:",
        "    person = message.sender\n    if person is None:",
        (RULES,),
    ),
    Defence(
        "19",
        "names are escaped",
        "kernel/names.py",
        "    return html.escape(plain(name) or otherwise)\n\n\ndef unlinked",
        "    return plain(name) or otherwise\n\n\ndef unlinked",
        ("tests/gate/test_names.py", "tests/gate/test_texts.py"),
    ),
    Defence(
        "20",
        "a channel's number binds",
        "gate/governing/doctor.py",
        "            await self._renew(channel, info)\n",
        "            pass\n",
        ("tests/gate/test_records.py",),
    ),
    Defence(
        "21",
        "who is not sure to belong is not turned away or let in",
        "gate/holding/door.py",
        "elif opinion.standing is Standing.MEMBER:\n            await self._welcome",
        "elif opinion.standing is not Standing.NOT_MEMBER:\n            await self._welcome",
        ("tests/gate/test_door.py",),
    ),
    Defence(
        "22",
        "who left a channel is held where they are",
        "gate/holding/changes.py",
        "not in outside",
        "in (live.gate.chat_id,)",
        ("tests/gate/test_sweep.py",),
    ),
    Defence(
        "23",
        "logs tell nothing of what people wrote",
        "gate/holding/messages.py",
        'log.warning("gate.cannot_act", chat=message.chat.id, code=error.code)',
        'log.warning("gate.cannot_act", chat=message.chat.id, code=error.code, text=message.text)',
        (ATTACKS,),
    ),
    Defence(
        "24",
        "a demand has a limit",
        "gate/governing/demands.py",
        "if len(self.references) > MOST:",
        "if False:",
        ("tests/gate/test_names.py",),
    ),
    Defence(
        "N1",
        "what is taken off is enforced no more",
        "gate/store.py",
        "        for table in (gate_channels, exemptions, roster, join_requests, gates):",
        "        for table in (gate_channels, exemptions, roster, join_requests):",
        (PROTECTING, "tests/gate/test_store.py"),
    ),
    Defence(
        "N2",
        "a second channel may be added",
        "gate/governing/protection.py",
        "    both = policy.all_of([before.policy, wanted.policy])",
        "    both = before.policy",
        (PROTECTING,),
    ),
    Defence(
        "N4",
        "an error is no absence",
        "gate/knowledge/verification.py",
        "else Standing.UNKNOWN",
        "else Standing.NOT_MEMBER",
        (ATTACKS, HOLDING),
    ),
    Defence(
        "N5",
        "all sixteen rights come back",
        "gate/rules.py",
        '    if present.status != "restricted":\n        return Terms(Permissions.all(), None)',
        '    if present.status != "restricted":\n        return Terms(present.permissions, None)',
        (ATTACKS, FREEING),
    ),
    Defence(
        "N6",
        "questions spend nothing of a group's budget",
        "telegram/budgets.py",
        "if sends and chat_id is not None:",
        "if chat_id is not None:",
        ("tests/telegram/test_budgets.py",),
    ),
    Defence(
        "N7",
        "the sweep asks",
        "gate/sweeper.py",
        'counts["oldest"] = await self._look_at_oldest()',
        'counts["oldest"] = 0',
        ("tests/gate/test_sweep.py",),
    ),
    Defence(
        "N8",
        "newcomers are held as they come",
        "gate/holding/changes.py",
        "            await self._hold(live, person, Reason.CAME, finding.judgement.missing)\n",
        "            pass\n",
        (ATTACKS, "tests/gate/test_door.py"),
    ),
    Defence(
        "N9",
        "only members are held for leaving a channel",
        "gate/rules.py",
        "    if only_members and not present.belongs:\n        return Hold.IS_OUTSIDE\n",
        "",
        (FREEING, HOLDING, "tests/gate/test_sweep.py"),
    ),
    Defence(
        "N11",
        "nothing that waits is dropped",
        "telegram/bot.py",
        'await self._do("deleteWebhook", {}, Lane.ANSWER)',
        'await self._do("deleteWebhook", {"drop_pending_updates": True}, Lane.ANSWER)',
        ("tests/telegram/test_telegram_bot.py",),
    ),
    Defence(
        "N12",
        "a suspended gate is looked at again",
        "gate/holding/suspension.py",
        "            if self._rested(live) >= LOOK_AGAIN and await self.look(live):",
        "            if False:",
        (ATTACKS,),
    ),
    Defence(
        "N13",
        "a foreign channel does not speak",
        "gate/options.py",
        "    channels: Channels = Channels.DELETE\n",
        "    channels: Channels = Channels.ALLOW\n",
        (RULES, HOLDING),
    ),
    Defence(
        "N15",
        "what is known is not asked for",
        "gate/knowledge/standings.py",
        "return Standing(entry & 3) if entry > self.present() else Standing.UNKNOWN",
        "return Standing.UNKNOWN",
        (ATTACKS,),
    ),
    Defence(
        "I1",
        "admins are not held",
        "gate/rules.py",
        "    if present.is_admin:\n        return Hold.IS_ADMIN\n",
        "",
        (RULES, HOLDING),
    ),
    Defence(
        "I2",
        "a ban of an admin's is not touched",
        "gate/rules.py",
        '    if present.status == "kicked" or not speaks(present):\n        return Hold.IS_SILENT\n',
        "",
        (RULES, HOLDING),
    ),
    Defence(
        "I4",
        "a mute is announced once",
        "gate/holding/ledger.py",
        "        statement = insert_into(self._connection, cases).values(row).on_conflict_do_nothing()",
        "        statement = insert_into(self._connection, cases).values(row)",
        (HOLDING, ATTACKS, "tests/gate/test_story.py"),
    ),
    Defence(
        "I5",
        "one answer against what was known is asked again",
        "gate/knowledge/inquiry.py",
        "        if before is Standing.MEMBER:\n",
        "        if False:\n",
        (HOLDING,),
    ),
    Defence(
        "N3",
        "who is not held here cannot verify",
        "gate/holding/verdicts.py",
        "            return toast(language, Toast.NOT_YOURS)\n",
        "            from gatecrier.telegram.updates import Permissions\n"
        "            every = Permissions.all()\n"
        "            await self._enforcement._telegram.restrict(about.chat_id, person_id, every)\n"
        "            return toast(language, Toast.FREED)\n",
        (ATTACKS,),
    ),
    Defence(
        "N10",
        "every missing channel has a button",
        "gate/cards/texts.py",
        "return joins[:MOST_JOIN_BUTTONS]",
        "return joins[:1]",
        ("tests/gate/test_card_attacks.py",),
    ),
    Defence(
        "N14",
        "what is final is not repeated",
        "gate/holding/enforcement.py",
        "            await self._close(chat_id, person_id, Outcome.REFUSED)\n"
        '            log.warning("gate.not_muted"',
        "            for _ in range(2):\n"
        "                try:\n"
        "                    await self._telegram.restrict(chat_id, person_id, MUTED)\n"
        "                except Refused:\n"
        "                    continue\n"
        "            await self._close(chat_id, person_id, Outcome.REFUSED)\n"
        '            log.warning("gate.not_muted"',
        (ATTACKS,),
    ),
    Defence(
        "N16",
        'one "user not found" is not believed',
        "gate/knowledge/verification.py",
        "            try:\n                return await self._look_up(channel_id, person_id, lane)\n"
        "            except NotFound:\n                return Standing.NOT_MEMBER\n"
        "            except GatecrierError as error:\n                return meaning(error)\n",
        "            return Standing.NOT_MEMBER\n",
        (ATTACKS,),
    ),
    Defence(
        "I3",
        "who changes a gate administers its group",
        "gate/governing/proofs.py",
        "return await self.admin(chat.id, _require_person(chat, actor, sender_chat))",
        "return _require_person(chat, actor, sender_chat)",
        (PROTECTING,),
    ),
    # The property test, by itself, against whole classes of defects: a run takes half a minute at most.
    Defence(
        "P1",
        "the sweep frees who joined unheard",
        "gate/sweeper.py",
        'counts["held"] = await self._look_at_held()',
        'counts["held"] = 0',
        (INVARIANTS,),
    ),
    Defence(
        "P2",
        "the sweep holds who left unheard",
        "gate/sweeper.py",
        'counts["oldest"] = await self._look_at_oldest()',
        'counts["oldest"] = 0',
        (INVARIANTS,),
    ),
    Defence(
        "P3",
        "an outage is no absence (I5)",
        "gate/knowledge/verification.py",
        "isinstance(error, Misconfigured | PeerGone) else Standing.UNKNOWN",
        "isinstance(error, Misconfigured | PeerGone) else Standing.NOT_MEMBER",
        (INVARIANTS,),
    ),
    Defence(
        "P4",
        "a mute that an admin set is not lifted (I2)",
        "gate/holding/enforcement.py",
        "        if not rules.is_our_mute(present):\n            return await self._found_changed",
        "        if False:\n            return await self._found_changed",
        (INVARIANTS,),
    ),
    Defence(
        "P5",
        "an old word of leaving holds nobody who is back",
        "gate/rules.py",
        "    if heard is Standing.NOT_MEMBER and now - heard_date > PROMPT:\n        return Newer.ASK\n",
        "",
        (INVARIANTS,),
    ),
    Defence(
        "P6",
        "who joins is free",
        "gate/holding/changes.py",
        "        if judgement.standing is Standing.MEMBER:\n            try:\n"
        "                await self._enforcement.lift(case.chat_id, case.person_id, Outcome.JOINED)",
        "        if False:\n            try:\n"
        "                await self._enforcement.lift(case.chat_id, case.person_id, Outcome.JOINED)",
        (INVARIANTS,),
    ),
    Defence(
        "P7",
        "who leaves a channel is judged anew",
        "gate/holding/changes.py",
        "            await self._note_left(change, requiring)\n",
        "            await self._note_left(change, requiring)\n            return\n",
        (INVARIANTS,),
    ),
    Defence(
        "P8",
        "an update that comes again is not worked on again",
        "registry/store.py",
        "return set((await self._connection.execute(statement)).scalars())",
        "return set(bodies) if await self._connection.execute(statement) else set()",
        (INVARIANTS,),
    ),
    Defence(
        "P9",
        "an admin's ban is not undone (I2)",
        "gate/rules.py",
        '    return present.status == "restricted" and present.until_date == 0',
        '    if present.status == "kicked":\n        return True\n'
        '    return present.status == "restricted" and present.until_date == 0',
        (INVARIANTS,),
    ),
    Defence(
        "P10",
        "who is held is free when the gate is taken off",
        "gate/governing/protection.py",
        "people, others = await ledger.everybody_held(chat_id), {}",
        "people, others = [], {}",
        (INVARIANTS,),
    ),
    Defence(
        "P11",
        "a late word of joining frees nobody who is gone",
        "gate/holding/changes.py",
        "                return Standing.UNKNOWN\n            case Newer.TAKE:\n",
        "                return self._standings.put(channel_id, person_id, heard, date=change.date,"
        " source=Source.UPDATE, is_newest=True)\n            case Newer.TAKE:\n",
        (INVARIANTS,),
    ),
    Defence(
        "P12",
        "a change holds nobody on memory alone (I5)",
        "gate/holding/changes.py",
        "        if judge(live.gate.policy, heard).standing is Standing.NOT_MEMBER:\n",
        "        if judgement.standing is Standing.NOT_MEMBER:\n",
        (INVARIANTS,),
    ),
    Defence(
        "P13",
        "what was there before a mute is written down first (I2)",
        "gate/rules.py",
        "    return Terms(present.permissions, until)\n",
        "    return Terms(Permissions.all(), until)\n",
        (INVARIANTS,),
    ),
)
