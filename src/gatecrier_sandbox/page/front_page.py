"""What a person sees who opens the sandbox in a browser: where they are, and where to go on."""

FRONT_PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Gatecrier sandbox</title>
<style>body { max-width: 40em; margin: 3em auto; padding: 0 1em; font: 1em/1.5 system-ui, sans-serif }</style>
<h1>Gatecrier sandbox</h1>
<p>A Telegram of your own: a Bot API server over a world in memory. Nothing here reaches the real Telegram,
and everything is gone when it stops.</p>
<p>A bot, in any language, uses this address instead of <code>https://api.telegram.org</code>:
<code>/bot&lt;token&gt;/&lt;method&gt;</code>. Make a bot with <code>POST /sandbox/bots</code>; the answer
holds its token.</p>
<p>What people do is done through the control API under <code>/sandbox</code>. To look at:</p>
<ul>
<li><a href="/sandbox">/sandbox</a>: the bots, chats, limits, and how much there is
<li><a href="/sandbox/coverage">/sandbox/coverage</a>: which methods are supported
<li><a href="/sandbox/calls">/sandbox/calls</a>: what bots asked, and what they were told
<li><a href="/sandbox/faults">/sandbox/faults</a>: what goes wrong on order
</ul>
</html>
"""
