### What the gate shows in a group. HTML in "card", "personal-…", "door", "warning", "deleted", "suspended", "resumed".
### The name of the button in these texts is the one in "button-verify".

## Lists

list-comma = ,{" "}
list-and = {" "}and{" "}
list-semicolon = ;{" "}
list-semicolon-and = ; and{" "}

## What is missing

unnamed-channel = the channel
some-of = { $count ->
    [1] one of { $parts }
   *[other] at least { $count } of { $parts }
}
join-these = join { $wanted }
join-unnamed = join the group’s channel
leave-these = leave { $unwanted }

## People

somebody = Somebody
people-and-more = { $rest ->
    [one] { $people } and { $rest } more
   *[other] { $people } and { $rest } more
}
people-unnamed = { $count ->
    [one] { $count } person
   *[other] { $count } people
}

## Cards

card = { $people }: to write here, { $task }, then press <b>Verify</b>.
personal-wrote = { $name }, your message in { $group } was removed. To write there, { $task }, then press <b>Verify</b>.
personal-left = { $name }, you have left a channel that { $group } requires. To write there again, { $task }, then press <b>Verify</b>.
personal-came = { $name }, to write in { $group }, { $task }, then press <b>Verify</b>.
door = { $name }, you have asked to join { $group }. To be let in, { $task }, then press <b>Verify</b>.
warning = { $name }, to write here, { $task }. Your message stays this time; { $left ->
    [0] the next one will be removed.
    [one] { $left } more will stay, then they are removed.
   *[other] { $left } more will stay, then they are removed.
}
deleted = { $name }, to write here, { $task }. Your message was removed; { $left ->
    [0] with the next one you will be muted.
    [one] { $left } more will only be removed, then you will be muted.
   *[other] { $left } more will only be removed, then you will be muted.
}

## Buttons

button-join = Join { $channel }
button-verify = Verify
button-prove = I am an admin

## Answers to a button: 200 characters at most

toast-freed = Thank you! You may write here now.
toast-freed-anyway = The channels cannot be asked just now, so you may write here.
toast-free-already = You may write here already.
toast-by-admin = An admin of this group has restricted you. Only an admin can lift that.
toast-not-yours = This is not for you: I do not hold you here.
toast-too-old = This button is out of date. If something holds you, there is a newer one.
toast-wait = One moment: you have just asked. Try again in a few seconds.
toast-no-answer = Telegram does not answer just now. Please try again in a minute.
toast-cannot-free = You belong to the channel now, but I may not free you: I lack the right to. Please ask an admin.
toast-still-missing = You have not joined yet: { $missing }.
toast-still-to-do = Not yet: { $task }.
toast-pending = The channel’s admins have not let you in yet. Please try again when they have.
toast-admitted = Thank you! You are in the group now.
toast-not-asked = You have not asked to join the group yet, or it has been answered already.
toast-admins-decide = The admins of the group decide about your request.
toast-proven = Thank you! You are an admin of this group.
toast-not-admin = Only an admin of this group who may ban members can do that.
toast-proof-too-old = This button is out of date. Please send the command again.

## To a group's admins

prove = Are you an admin of this group? You write anonymously, so I cannot tell. Press the button to prove that you are.
suspended = <b>For the admins:</b> the gate of this group is suspended. { $cause } Until then everybody may write; it resumes by itself.
resumed = <b>For the admins:</b> the gate of this group works again.
cause-lost-rights = I need the rights to delete messages and to ban (restrict) users: please give them back to me.
cause-channel = I cannot see who belongs to { $channel }: please make me an administrator of it again, or take it off with /unprotect.
cause-parked = I am not in the group any more: add me again as an administrator.
raid-came = { $came ->
    [one] { $came } person came
   *[other] { $came } people came
} within { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}
raid-held = { $held ->
    [one] { $held } was held without a word
   *[other] { $held } were held without a word
}
raid-freed = { $freed ->
    [one] { $freed } has been freed since
   *[other] { $freed } have been freed since
}
raid-over = { $came }; { $held }, { $freed }.
