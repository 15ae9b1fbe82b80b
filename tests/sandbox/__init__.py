"""The sandbox is what it says: Telegram's rules, texts and order."""
