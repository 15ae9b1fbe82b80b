"""A small world to look around in: three people, a bot, a channel, its group, a forum, conversations."""

from gatecrier_sandbox.world.world import World


def make(world: World) -> tuple[int, int]:
    """Make it; whom to act as, and which chat to open. A second one gets other usernames."""
    number = sum(person.username.startswith("olga") for person in world.people.values())
    tail = str(number + 1) if number else ""
    olga = world.person("Olga", last_name="Sommer", username=f"olga{tail}", language_code="en")
    rudi = world.person("Rudi", username=f"rudi{tail}", language_code="de")
    vera = world.person("Vera", last_name="Павлова", language_code="ru")
    bot = world.bot(f"demo{tail}_bot", first_name="Demo bot")
    news = world.chat("channel", "Harbour News", username=f"harbour{tail}_news")
    talk = world.chat("supergroup", "Harbour Talk", username=f"harbour{tail}_talk", linked_chat_id=news.id)
    for chat in (news, talk):
        world.set_member(chat.id, olga.id, "creator")
        world.set_member(chat.id, bot.id, "administrator")
        for person in (rudi, vera):
            world.join(chat.id, person.id)
    world.say(news.id, olga.id, "The ferry runs again from Monday: https://example.com/ferry #harbour")
    world.say(talk.id, rudi.id, "Finally! Does anybody know the first departure?")
    asked = world.say(talk.id, vera.id, "В 6:40, если верить расписанию")
    world.say(talk.id, olga.id, "Yes, 6:40 from pier 3.", reply_to_message_id=asked.message_id)
    crew = world.chat("supergroup", "Crew of the Möwe")
    world.set_member(crew.id, olga.id, "creator")
    world.join(crew.id, rudi.id)
    world.set_forum(crew.id)
    timetable = world.create_topic(crew.id, olga.id, "Timetable")
    world.create_topic(crew.id, olga.id, "Lost and found", icon_color=16766590)
    world.say(crew.id, rudi.id, "Who brings the coffee tomorrow?")
    world.say(crew.id, olga.id, "We leave ten minutes early on Friday", message_thread_id=timetable.id)
    world.start(olga.id, bot.id)
    return olga.id, talk.id
