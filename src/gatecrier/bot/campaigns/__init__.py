"""
Campaigns in Telegram: an operator writes /broadcast, sends the message, sees what it would do, says yes,
and watches one message count. Screens are pure, the desk does what is asked, the board renews what is
watched.
"""
