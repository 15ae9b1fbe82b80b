"""
What a campaign says.

`model` names the kinds; `lint` refuses, before anybody is messaged, what Telegram would refuse for all,
and says in which line; `markup` reads texts as Telegram does; `placeholders` fill a text for one person;
`variants` choose which text that person gets; `pack` is how it is kept.
"""
