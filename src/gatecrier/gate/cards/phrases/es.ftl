## Lists

list-comma = ,{" "}
list-and = {" "}y{" "}
list-semicolon = ;{" "}
list-semicolon-and = ; y{" "}

## What is missing

unnamed-channel = el canal
some-of = { $count ->
    [1] uno de { $parts }
   *[other] al menos { $count } de { $parts }
}
join-these = unirse a { $wanted }
join-unnamed = unirse al canal del grupo
leave-these = salir de { $unwanted }

## People

somebody = Alguien
people-and-more = { $rest ->
    [one] { $people } y { $rest } persona más
   *[other] { $people } y { $rest } personas más
}
people-unnamed = { $count ->
    [one] { $count } persona
   *[other] { $count } personas
}

## Cards

card = { $people }: para escribir aquí hay que { $task } y luego pulsar <b>Verificar</b>.
personal-wrote = { $name }, tu mensaje en { $group } se ha eliminado. Para escribir allí hay que { $task } y luego pulsar <b>Verificar</b>.
personal-left = { $name }, has salido de un canal que { $group } exige. Para volver a escribir allí hay que { $task } y luego pulsar <b>Verificar</b>.
personal-came = { $name }, para escribir en { $group } hay que { $task } y luego pulsar <b>Verificar</b>.
door = { $name }, has solicitado unirte a { $group }. Para entrar hay que { $task } y luego pulsar <b>Verificar</b>.
warning = { $name }, para escribir aquí hay que { $task }. Esta vez tu mensaje se queda; { $left ->
    [0] el próximo se eliminará.
    [one] { $left } más se quedará y después se eliminarán.
   *[other] { $left } más se quedarán y después se eliminarán.
}
deleted = { $name }, para escribir aquí hay que { $task }. Tu mensaje se ha eliminado; { $left ->
    [0] con el próximo ya no podrás escribir.
    [one] { $left } más solo se eliminará y después ya no podrás escribir.
   *[other] { $left } más solo se eliminarán y después ya no podrás escribir.
}

## Buttons

button-join = Unirse a { $channel }
button-verify = Verificar
button-prove = Soy administrador

## Answers to a button: 200 characters at most

toast-freed = ¡Gracias! Ya puedes escribir aquí.
toast-freed-anyway = Ahora no se puede consultar los canales, así que puedes escribir aquí.
toast-free-already = Ya puedes escribir aquí.
toast-by-admin = Un administrador de este grupo te ha restringido. Solo un administrador puede levantarlo.
toast-not-yours = Esto no es para ti: aquí no te retengo.
toast-too-old = Este botón está obsoleto. Si algo te retiene, hay uno más reciente.
toast-wait = Un momento: acabas de preguntar. Inténtalo de nuevo en unos segundos.
toast-no-answer = Telegram no responde en este momento. Inténtalo de nuevo en un minuto.
toast-cannot-free = Ya perteneces al canal, pero no tengo permiso para liberarte. Consulta a un administrador, por favor.
toast-still-missing = Aún no te has unido a: { $missing }.
toast-still-to-do = Todavía no. Falta { $task }.
toast-pending = Los administradores del canal aún no han aceptado tu solicitud. Inténtalo de nuevo cuando lo hagan.
toast-admitted = ¡Gracias! Ya estás en el grupo.
toast-not-asked = Aún no has solicitado unirte al grupo, o la solicitud ya fue respondida.
toast-admins-decide = Los administradores del grupo deciden sobre tu solicitud.
toast-proven = ¡Gracias! Eres administrador de este grupo.
toast-not-admin = Solo puede hacerlo un administrador de este grupo que pueda suspender usuarios.
toast-proof-too-old = Este botón está obsoleto. Envía el comando de nuevo, por favor.

## To a group's admins

prove = ¿Eres administrador de este grupo? Escribes de forma anónima y no puedo saberlo. Pulsa el botón para demostrarlo.
suspended = <b>Para los administradores:</b> el control de acceso de este grupo está suspendido. { $cause } Hasta entonces todos pueden escribir; se reanudará por sí solo.
resumed = <b>Para los administradores:</b> el control de acceso de este grupo vuelve a funcionar.
cause-lost-rights = Necesito los permisos para eliminar mensajes y suspender usuarios: devuélvanmelos, por favor.
cause-channel = No puedo ver quién pertenece a { $channel }: vuelvan a hacerme administrador allí o quítenlo con /unprotect.
cause-parked = Ya no estoy en el grupo: vuelvan a añadirme como administrador.
raid-came = { $came ->
    [one] Llegó { $came } persona
   *[other] Llegaron { $came } personas
} en { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
}
raid-held = { $held ->
    [one] se retuvo a { $held } sin avisar
   *[other] se retuvo a { $held } sin avisar
}
raid-freed = { $freed ->
    [one] { $freed } ya puede escribir
   *[other] { $freed } ya pueden escribir
}
raid-over = { $came }; { $held }, { $freed }.
