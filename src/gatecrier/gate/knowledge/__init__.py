"""What is known of people: who belongs to which channel, who administers which group."""
