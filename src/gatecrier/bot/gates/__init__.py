"""The settings of a gate in a private chat: one message that is edited, and buttons that say what they do."""
