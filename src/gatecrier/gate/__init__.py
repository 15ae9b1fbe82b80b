"""
Who may speak in a group.

A gate is a group's demand that its people belong to channels. Each message is judged by
`rules.decide`, from what the `Standings` remember; where they know nothing, the `Verifier` asks
Telegram. Who lacks a channel is held: the message deleted, the person muted with a `Restriction`
written down before it is applied, a case opened and named on the group's one card. Joining the
channel or pressing Verify lifts exactly what was taken. What a crash left half done the `Healer`
finishes.
"""
