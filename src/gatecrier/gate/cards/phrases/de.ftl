## Lists

list-comma = ,{" "}
list-and = {" "}und{" "}
list-semicolon = ;{" "}
list-semicolon-and = ; und{" "}

## What is missing

unnamed-channel = der Kanal
some-of = { $count ->
    [1] 1 von { $parts }
   *[other] mindestens { $count } von { $parts }
}
join-these = { $wanted } beitreten
join-unnamed = dem Kanal der Gruppe beitreten
leave-these = { $unwanted } verlassen

## People

somebody = Jemand
people-and-more = { $rest ->
    [one] { $people } und { $rest } weitere Person
   *[other] { $people } und { $rest } weitere
}
people-unnamed = { $count ->
    [one] { $count } Person
   *[other] { $count } Personen
}

## Cards

card = { $people }: Um hier zu schreiben, bitte { $task }, dann <b>Prüfen</b> drücken.
personal-wrote = { $name }, deine Nachricht in { $group } wurde entfernt. Um dort zu schreiben, bitte { $task }, dann <b>Prüfen</b> drücken.
personal-left = { $name }, du hast einen Kanal verlassen, den { $group } voraussetzt. Um dort wieder zu schreiben, bitte { $task }, dann <b>Prüfen</b> drücken.
personal-came = { $name }, um in { $group } zu schreiben, bitte { $task }, dann <b>Prüfen</b> drücken.
door = { $name }, du möchtest { $group } beitreten. Um aufgenommen zu werden, bitte { $task }, dann <b>Prüfen</b> drücken.
warning = { $name }, um hier zu schreiben, bitte { $task }. Deine Nachricht bleibt diesmal stehen; { $left ->
    [0] die nächste wird entfernt.
    [one] { $left } weitere bleibt noch stehen, danach werden sie entfernt.
   *[other] { $left } weitere bleiben noch stehen, danach werden sie entfernt.
}
deleted = { $name }, um hier zu schreiben, bitte { $task }. Deine Nachricht wurde entfernt; { $left ->
    [0] mit der nächsten wirst du stummgeschaltet.
    [one] { $left } weitere wird nur entfernt, danach wirst du stummgeschaltet.
   *[other] { $left } weitere werden nur entfernt, danach wirst du stummgeschaltet.
}

## Buttons

button-join = { $channel } beitreten
button-verify = Prüfen
button-prove = Ich bin Admin

## Answers to a button: 200 characters at most

toast-freed = Danke! Du kannst hier jetzt schreiben.
toast-freed-anyway = Die Kanäle lassen sich gerade nicht abfragen, darum kannst du hier schreiben.
toast-free-already = Du kannst hier bereits schreiben.
toast-by-admin = Ein Admin dieser Gruppe hat dich eingeschränkt. Nur ein Admin kann das aufheben.
toast-not-yours = Das ist nicht für dich: Ich halte dich hier nicht auf.
toast-too-old = Diese Schaltfläche ist veraltet. Falls dich etwas aufhält, gibt es eine neuere.
toast-wait = Einen Moment: Du hast gerade erst gefragt. Bitte in ein paar Sekunden noch einmal versuchen.
toast-no-answer = Telegram antwortet gerade nicht. Bitte in einer Minute noch einmal versuchen.
toast-cannot-free = Du gehörst jetzt zum Kanal, aber mir fehlt das Recht, dich freizugeben. Bitte frag einen Admin.
toast-still-missing = Noch nicht beigetreten: { $missing }.
toast-still-to-do = Noch nicht, bitte: { $task }.
toast-pending = Die Admins des Kanals haben deine Anfrage noch nicht angenommen. Bitte danach noch einmal versuchen.
toast-admitted = Danke! Du bist jetzt in der Gruppe.
toast-not-asked = Du hast noch keine Beitrittsanfrage an die Gruppe gestellt, oder sie ist schon beantwortet.
toast-admins-decide = Über deine Anfrage entscheiden die Admins der Gruppe.
toast-proven = Danke! Du bist Admin dieser Gruppe.
toast-not-admin = Das kann nur ein Admin dieser Gruppe, der Nutzer sperren darf.
toast-proof-too-old = Diese Schaltfläche ist veraltet. Bitte sende den Befehl noch einmal.

## To a group's admins

prove = Bist du Admin dieser Gruppe? Du schreibst anonym, darum kann ich es nicht erkennen. Drück die Schaltfläche, um es zu beweisen.
suspended = <b>Für die Admins:</b> Die Zugangsprüfung dieser Gruppe ist ausgesetzt. { $cause } Bis dahin können alle schreiben; danach geht es von selbst weiter.
resumed = <b>Für die Admins:</b> Die Zugangsprüfung dieser Gruppe läuft wieder.
cause-lost-rights = Ich brauche die Rechte „Nachrichten löschen“ und „Nutzer sperren“: Bitte gebt sie mir zurück.
cause-channel = Ich kann nicht sehen, wer zu { $channel } gehört: Bitte macht mich dort wieder zum Admin, oder nehmt den Kanal mit /unprotect heraus.
cause-parked = Ich bin nicht mehr in der Gruppe: Bitte fügt mich wieder als Admin hinzu.
raid-came = { $came ->
    [one] { $came } Person kam
   *[other] { $came } Personen kamen
} innerhalb von { $minutes ->
    [one] { $minutes } Minute
   *[other] { $minutes } Minuten
}
raid-held = { $held ->
    [one] { $held } wurde ohne ein Wort aufgehalten
   *[other] { $held } wurden ohne ein Wort aufgehalten
}
raid-freed = { $freed ->
    [one] { $freed } ist seither wieder frei
   *[other] { $freed } sind seither wieder frei
}
raid-over = { $came }; { $held }, { $freed }.
