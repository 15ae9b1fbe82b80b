"""
Amendments: what is done to messages that were sent. They are deleted everywhere, by an operator's undo
(within Telegram's 48 hours) or by themselves after a time, or changed everywhere. Both are written down
first and done by a job, so that a restart loses nothing; doing it twice to one message does no harm.
"""
