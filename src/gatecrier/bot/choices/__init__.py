"""
What subscribers decide in their private chat: whether they agree to the terms, which categories they get,
by which clock their nights are counted, and what is kept of them. A button says what is wanted; whose wish
it is, Telegram says; whether it still can be had, the server's state decides.
"""
