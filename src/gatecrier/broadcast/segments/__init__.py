"""
Segments: a small language that says which subscribers a campaign is for, such as
`premium and last_seen < 30d ago and not got campaign 41`. It is parsed into a tree (`language`), which
becomes a condition in SQL (`selection`); saved ones have names (`store`, `service`).
"""
