"""What people in a group are shown: cards, toasts, words to admins."""
