"""What shows itself in a text. Vectors: the facts of td's own test suite (test/message_entities.cpp)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecrier_sandbox.entities.detect import found_in
from gatecrier_sandbox.entities.formatted import formatted

A_ID = "abcdefghijklmnopqrstuvwxyz"
SHORT_NAMES = "@ya @gif @wiki @vid @pic @cap ya @y @yar @bing @giff"


def of(kind: str, text: str) -> list[str]:
    """The found entities of a kind, as they are written."""
    units = text.encode("utf-16-le")
    spans = [span for span in found_in(text) if span.type == kind]
    return [units[2 * span.offset : 2 * span.end].decode("utf-16-le") for span in spans]


MENTIONS = [
    (" @mention ", ["@mention"]),
    ("@abc @xyz @xxx@yyy @ttt", []),
    ("@abcde @xxxxx@yyyyy @ttttt", ["@abcde", "@xxxxx", "@ttttt"]),
    ("no@mention нет@mention @n", []),
    (f"@{A_ID}123456", [f"@{A_ID}123456"]),
    (f"@{A_ID}1234567 @testé", []),
    (SHORT_NAMES, ["@gif", "@wiki", "@vid", "@pic", "@bing", "@giff"]),
]
COMMANDS = [
    (" /abc /a@abc", ["/abc", "/a@abc"]),
    ("/a@b /@bfdsa /test/ a/b </i> é/x", []),
    (f"/{'a' * 64} /{'b' * 65}", [f"/{'a' * 64}"]),
    (f"/a@{A_ID}1234567", []),
    ("(/go)", ["/go"]),
    ("/go@gate@bot", ["/go@gate"]),
]
HASHTAGS = [
    ("# ## ### #123 #_ я#a #a# #123a#", []),
    ("#a #я #123a #a123 #te·st", ["#a", "#я", "#123a", "#a123", "#te·st"]),
    ("#a#b #c #d", ["#c", "#d"]),
    (f"#{'1' * 256}a", []),
    (f"#{'1' * 255}Я", [f"#{'1' * 255}Я"]),
    (f"#{'1' * 255}a{'b' * 255}# ", []),
    (f"😄 😄#{'1' * 200}ООО{'2' * 200}", [f"#{'1' * 200}ООО{'2' * 53}"]),
    ("#a™ #b൹ #aඁං෴ก฿ #x²", ["#a", "#b", "#aඁං෴ก", "#x"]),
    ("#test@ #test@ab #test@a-c", ["#test", "#test", "#test"]),
    ("#test@abc", ["#test@abc"]),
    (f"#test@{'abcdefghij' * 3}abc", [f"#test@{'abcdefghij' * 3}ab"]),
    (f"#a{'1' * 256}@abc", [f"#a{'1' * 255}"]),
]
CASHTAGS = [
    ("$ $$ $a $abc $я $ABС $$XYZ $XYZ$ $ABC1 $1ABC 1$ABC А$ABC", []),
    ("$A $ABCDEFGH $ABCDEFGHJ $ABCDEFGH1", ["$A", "$ABCDEFGH"]),
    ("$ABC$DEF $GHI $KLM", ["$GHI", "$KLM"]),
    ("$1INC $1inch $1INCHA $1INCHА ...$1INCH...", ["$1INCH"]),
    ("$ABC™ ™$DEF $ABCඁ $GHI฿", ["$ABC", "$DEF", "$GHI"]),
    ("$TEST@ $TEST@ab $TEST@abc", ["$TEST", "$TEST", "$TEST@abc"]),
    (f"$TEST@{'abcdefghij' * 3}abc", ["$TEST"]),
]
PHONES = [
    ("call +1-212-555-0123 or +49 30 1234567", ["+1-212-555-0123", "+49 30 1234567"]),
    ("1+2 +5 a+12345678 +123456789012345678", []),
]
LINKS = [
    ("telegram.org (telegram.org) \ntelegram.org)", ["telegram.org"] * 3),
    ("()telegram.org/?q=()", ["telegram.org/?q=()"]),
    (".telegram.org)", []),
    (" telegram. org. www. com... telegram.org... ...google.com...", ["telegram.org"]),
    ("Сайт: http://www.google.com или telegram.org ", ["http://www.google.com", "telegram.org"]),
    ("http://google,.com http://@google.com http://@@google.com", []),
    ("http://telegram.org/?asd=123#123.", ["http://telegram.org/?asd=123#123"]),
    ("[http://google.com](test)", ["http://google.com"]),
    ("http://test@google.com", ["http://test@google.com"]),
    ("google.com:᪉᪉᪉", ["google.com"]),
    ("ftp://telegram.org hTtPs://telegram.org", ["ftp://telegram.org", "hTtPs://telegram.org"]),
    ("ftps://a.org sftp://b.org sHTTP://telegram.org ://telegram.org", []),
    ("аHTTP://telegram.org", ["HTTP://telegram.org"]),
    (f"http://{A_ID * 3}.com", []),
    ("URL: .com http://.com http://  . .com http://1.0 http://a.a", []),
    (",ahttp://google.com", ["http://google.com"]),
    ("google.com:1#ab c google.com:1# google.com:65536", ["google.com:1#ab", "google.com:1", "google.com"]),
    ("google.com:00000001/abs google.com:0/abs", ["google.com:00000001/abs", "google.com"]),
    ("127.0.0.1 127.001 127.0.0.01 127.0.0.256 127.0.0.1000 1.0", ["127.0.0.1"]),
    ("www.🤙.tk a.ab test.abd ✪df.ws/123", ["www.🤙.tk", "✪df.ws/123"]),
    ("ТеСт.Москва ТеСт.МоСкВа ТеСт.МоСкВач", ["ТеСт.МоСкВа"]),
    ("http://ÀТеСт.МоСкВач", ["http://ÀТеСт.МоСкВач"]),
    ("ÀÁ.com,ÀÁ.com.", ["ÀÁ.com", "ÀÁ.com"]),
    ("TeiegraM.org/test", []),
    ("http://test.google.com/?q=abc()}[]def", ["http://test.google.com/?q=abc()"]),
    ("http://test.google.com/?q=abc([{)]}def", ["http://test.google.com/?q=abc([{)]}def"]),
    ("http://test-.google.com http://google_.com http://google._com_", []),
    ("http://test_.google.com _.test.com _test.com", ["http://test_.google.com", "_.test.com"]),
    (
        "http://google.com? http://google.com## http://google.com/?",
        ["http://google.com", "http://google.com##", "http://google.com/"],
    ),
    ("/.b/..a    @.....@/. a.ba", ["a.ba"]),
    ("go#ogle.com гришка.рф xn--80afpi2a3c.xn--p1ai", ["гришка.рф", "xn--80afpi2a3c.xn--p1ai"]),
    ("<http://foo.com/blah_blah_(Стакан_007))", ["http://foo.com/blah_blah_(Стакан_007)"]),
    ("http://userid:password@example.com:8080", ["http://userid:password@example.com:8080"]),
    ("http://example.com</tag>", ["http://example.com"]),
    ("https://t.me/abcdef… https://t.me… https://t.m…", ["https://t.me/abcdef", "https://t.me"]),
    ("telegram.Org telegram.ORG", ["telegram.ORG"]),
    ("File '/usr/views.py' @views.py #views.py 'views.py'", ["views.py"]),
    ("a:b?@gmail.com a#:b@gmail.com a!:b@gmail.com", ["a!:b@gmail.com"]),
    ("https://a.bc@test.com:cd.com", ["https://a.bc@test.com", "cd.com"]),
    ("google.com/‖ google.com/―x", ["google.com/", "google.com/―x"]),
    ("stg://a tg://test/? tg://test? tg://%30 tg:test", ["tg://a", "tg://test/", "tg://test"]),
    (
        "TG://-_RESOLVE-_ ton://resolve?as‖df tonsite://a.ton",
        ["TG://-_RESOLVE-_", "ton://resolve?as", "tonsite://a.ton"],
    ),
]
EMAILS = [
    ("mailto:test@example.com a.bc@c.com", ["test@example.com", "a.bc@c.com"]),
    ("A@a.a.a.ab test@test.software", ["A@a.a.a.ab", "test@test.software"]),
    ("https://a.de[bc@c.com https://de/bc@c.com", ["bc@c.com"]),
    ("a@b@c.com a+b.c_d-e@a-b.co a@b.com:c@1", ["a+b.c_d-e@a-b.co", "a@b.com"]),
    ("a@b.c a@-b.com a@b-.com @b.com a@b.abcdefghi", []),
    (f"{'a' * 35}@b.com {'a' * 36}@b.com", [f"{'a' * 35}@b.com"]),
]
SHOWN = [
    (kind, text, expected)
    for kind, table in (
        ("mention", MENTIONS),
        ("bot_command", COMMANDS),
        ("hashtag", HASHTAGS),
        ("cashtag", CASHTAGS),
        ("phone_number", PHONES),
        ("url", LINKS),
        ("email", EMAILS),
    )
    for text, expected in table
]


@pytest.mark.parametrize(("kind", "text", "expected"), SHOWN)
def test_what_telegram_finds_in_a_text_is_found(kind: str, text: str, expected: list[str]) -> None:
    """The edges of every kind lie where td puts them."""
    assert of(kind, text) == expected


HOSTILE = [
    *(unit * 4096 for unit in "@#$/.:+([{-_aя😀\n "),
    *(unit * 2000 for unit in ("a.", "a@", "/a", "#a", "$A", "+1", "1-", "://", "a@b.", "()", "a:1", "..a")),
    *(unit * 800 for unit in ("http:", "http://a", "@a.b/", "tg://", "a.b@c.d", "x://a.", "a.com/(")),
    "a" * 4095 + ".",
    "." + "a" * 4095,
    "a.b" + "(" * 4000 + ")" * 90,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.timeout(2)
def test_no_text_makes_detection_slow(text: str) -> None:
    """Looking for entities takes time in proportion to the text."""
    formatted(text, "", "")


@settings(max_examples=300, deadline=None)
@given(st.text("@#$/.:+-_()[]aAb1я😀\u200c \n", max_size=60) | st.text(max_size=60))
def test_what_is_found_lies_apart_on_whole_characters(text: str) -> None:
    """Found entities are in order, never overlap, and each is a piece of the text."""
    units, last = text.encode("utf-16-le", "surrogatepass"), 0
    for span in found_in(text):
        assert last <= span.offset < span.end
        last = span.end
        assert units[2 * span.offset : 2 * span.end].decode("utf-16-le") in text
    assert 2 * last <= len(units)
