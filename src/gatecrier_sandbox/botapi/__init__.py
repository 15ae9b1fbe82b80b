"""
The Bot API over the world: a request becomes parameters, a method, an answer.

`params` (what a request says) · `api` (the one way a call goes) · `access` (who may reach what) · `methods/`
(what bots may ask) · `long_poll` and `webhooks` (how they hear).
"""
