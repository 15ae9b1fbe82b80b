"""
The outside world.

In: `polling` fetches updates, `updates` decodes only the fields we use into our own event records.
Out: `bot` offers the Bot API methods we call, typed; each passes `gateway`, the one exit, which asks
`budgets` (made of `limit`s, spent by `lanes`, kinds of `methods` and `peers`) when it may leave, a
`breaker` whether the far side lives, `transport` to carry it, and `translate` what an error means.
"""
