## Lists

list-comma = ,{" "}
list-and = {" "}dan{" "}
list-semicolon = ;{" "}
list-semicolon-and = ; dan{" "}

## What is missing

unnamed-channel = saluran
some-of = { $count ->
    [1] salah satu dari { $parts }
   *[other] minimal { $count } dari { $parts }
}
join-these = bergabung ke { $wanted }
join-unnamed = bergabung ke saluran grup ini
leave-these = keluar dari { $unwanted }

## People

somebody = Seseorang
people-and-more = { $rest ->
   *[other] { $people } dan { $rest } orang lainnya
}
people-unnamed = { $count ->
   *[other] { $count } orang
}

## Cards

card = { $people }: untuk menulis di sini, silakan { $task }, lalu tekan <b>Verifikasi</b>.
personal-wrote = { $name }, pesan Anda di { $group } telah dihapus. Untuk menulis di sana, silakan { $task }, lalu tekan <b>Verifikasi</b>.
personal-left = { $name }, Anda telah keluar dari saluran yang diwajibkan oleh { $group }. Untuk menulis lagi di sana, silakan { $task }, lalu tekan <b>Verifikasi</b>.
personal-came = { $name }, untuk menulis di { $group }, silakan { $task }, lalu tekan <b>Verifikasi</b>.
door = { $name }, Anda meminta bergabung ke { $group }. Agar diterima, silakan { $task }, lalu tekan <b>Verifikasi</b>.
warning = { $name }, untuk menulis di sini, silakan { $task }. Kali ini pesan Anda tetap ada; { $left ->
    [0] pesan berikutnya akan dihapus.
   *[other] { $left } pesan lagi tetap ada, setelah itu akan dihapus.
}
deleted = { $name }, untuk menulis di sini, silakan { $task }. Pesan Anda telah dihapus; { $left ->
    [0] pada pesan berikutnya Anda tidak bisa menulis lagi.
   *[other] { $left } pesan lagi hanya akan dihapus, setelah itu Anda tidak bisa menulis lagi.
}

## Buttons

button-join = Gabung ke { $channel }
button-verify = Verifikasi
button-prove = Saya admin

## Answers to a button: 200 characters at most

toast-freed = Terima kasih! Sekarang Anda bisa menulis di sini.
toast-freed-anyway = Saluran tidak dapat diperiksa saat ini, jadi Anda bisa menulis di sini.
toast-free-already = Anda sudah bisa menulis di sini.
toast-by-admin = Admin grup ini telah membatasi Anda. Hanya admin yang dapat mencabutnya.
toast-not-yours = Ini bukan untuk Anda: saya tidak menahan Anda di sini.
toast-too-old = Tombol ini sudah kedaluwarsa. Jika ada yang menahan Anda, ada tombol yang lebih baru.
toast-wait = Sebentar: Anda baru saja bertanya. Coba lagi dalam beberapa detik.
toast-no-answer = Telegram sedang tidak menjawab. Silakan coba lagi dalam satu menit.
toast-cannot-free = Anda sudah bergabung ke saluran, tetapi saya tidak punya izin untuk mencabut pembatasan. Silakan hubungi admin.
toast-still-missing = Anda belum bergabung ke: { $missing }.
toast-still-to-do = Belum. Silakan { $task }.
toast-pending = Admin saluran belum menerima permintaan Anda. Silakan coba lagi setelah diterima.
toast-admitted = Terima kasih! Anda sekarang ada di grup.
toast-not-asked = Anda belum meminta bergabung ke grup, atau permintaan itu sudah dijawab.
toast-admins-decide = Admin grup yang memutuskan permintaan Anda.
toast-proven = Terima kasih! Anda adalah admin grup ini.
toast-not-admin = Hanya admin grup ini yang boleh memblokir pengguna yang dapat melakukannya.
toast-proof-too-old = Tombol ini sudah kedaluwarsa. Silakan kirim perintahnya lagi.

## To a group's admins

prove = Apakah Anda admin grup ini? Anda menulis secara anonim, jadi saya tidak dapat mengetahuinya. Tekan tombol untuk membuktikannya.
suspended = <b>Untuk para admin:</b> pemeriksaan keanggotaan di grup ini ditangguhkan. { $cause } Sampai saat itu semua orang bisa menulis; pemeriksaan akan berlanjut dengan sendirinya.
resumed = <b>Untuk para admin:</b> pemeriksaan keanggotaan di grup ini berjalan lagi.
cause-lost-rights = Saya perlu izin untuk menghapus pesan dan memblokir pengguna: mohon berikan kembali kepada saya.
cause-channel = Saya tidak dapat melihat siapa anggota { $channel }: mohon jadikan saya admin di sana lagi, atau hapus saluran itu dengan /unprotect.
cause-parked = Saya tidak ada lagi di grup: tambahkan saya kembali sebagai admin.
raid-came = { $came ->
   *[other] { $came } orang datang
} dalam { $minutes ->
   *[other] { $minutes } menit
}
raid-held = { $held ->
   *[other] { $held } ditahan tanpa pemberitahuan
}
raid-freed = { $freed ->
   *[other] { $freed } telah dibebaskan sejak itu
}
raid-over = { $came }; { $held }, { $freed }.
