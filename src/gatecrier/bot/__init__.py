"""
How people meet the bot in Telegram: screens and buttons; aiogram lives here and nowhere else.

`routing` takes every update first: the gate decides, bookkeeping is done, and only commands,
buttons and private messages reach the aiogram dispatcher, whose handlers parse, call one service
method and show one screen.
"""
