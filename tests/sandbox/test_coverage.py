"""What the sandbox says of itself is true: a method is supported only if nothing of it is passed over."""

from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from gatecrier_sandbox.botapi.api import METHODS, Call
from gatecrier_sandbox.botapi.coverage import coverage
from sandbox import schema

UNSEEN = "a sound, the size of an animation, how early a player starts: nobody is told"
WITHOUT_EFFECT = dict.fromkeys(("disable_notification", "is_big", "supports_streaming"), UNSEEN)
"""Parameters whose effect no bot could see on Telegram's own server either, and why."""
HOME = "gatecrier_sandbox"
READERS = "gatecrier_sandbox.botapi"
"""Where parameters are read; what is beyond sees none."""

SUPPORTED = [name for name in schema.METHODS if name.lower() in METHODS]


def words(thing: Any, seen: set[int]) -> Iterator[str]:
    """The texts a function may come to: its own, those of tables, those of the functions it names."""
    if isinstance(thing, str):
        yield thing
    elif id(thing) in seen:
        return
    elif isinstance(thing, dict):
        yield from words((*thing, *thing.values()), seen)
    elif isinstance(thing, tuple | list | frozenset | set):
        for one in thing:
            yield from words(one, seen)
    elif isinstance(thing, FunctionType) and thing.__module__.startswith(READERS):
        seen.add(id(thing))
        yield from words(thing.__defaults__ or (), seen)
        for code in codes(thing.__code__):
            yield from words(code.co_consts, seen)
            for one in named(code, thing.__globals__):
                yield from words(one, seen)


def codes(code: CodeType) -> Iterator[CodeType]:
    """A piece of code and those inside of it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from codes(inner)


def named(code: CodeType, around: dict[str, Any]) -> Iterator[Any]:
    """What the names in a piece of code mean: globals, members of modules, methods of the call."""
    for name in code.co_names:
        found = around.get(name)
        if isinstance(found, ModuleType) and found.__name__.startswith(HOME):
            yield from (vars(found)[one] for one in code.co_names if one in vars(found))
        else:
            yield found
        yield vars(Call).get(name)


def passed_over(name: str) -> set[str]:
    """The documented parameters of a method that nothing in reach of its handler names."""
    return set(schema.METHODS[name]["fields"]) - set(words(METHODS[name.lower()].handler, set()))


@pytest.mark.parametrize("name", SUPPORTED)
def test_every_parameter_is_read_or_said_to_be_missing(name: str) -> None:
    """What the documentation lists and a method's own code does not read stands in its `missing`."""
    said = METHODS[name.lower()].missing
    unsaid = {field for field in passed_over(name) if not any(one.startswith(field) for one in said)}
    assert unsaid <= WITHOUT_EFFECT.keys()


def test_a_parameter_nobody_reads_is_noticed() -> None:
    """The law above sees each method's own code: a sticker has no caption, whatever other methods read."""
    assert "caption" not in set(words(METHODS["senddice"].handler, set()))
    assert "caption" in set(words(METHODS["sendphoto"].handler, set()))


@pytest.mark.parametrize("name", SUPPORTED)
def test_no_method_misses_a_parameter_it_never_had(name: str) -> None:
    """What is said to be missing, by the name of a parameter, is a parameter of that method."""
    every = {field for method in schema.METHODS.values() for field in method["fields"]}
    said = {one.partition(":")[0] for one in METHODS[name.lower()].missing}
    wrong = (said & every) - schema.METHODS[name]["fields"].keys()
    assert wrong <= {"rich_message"}, "inside of a result, a rich message is a member"


def test_each_documented_method_stands_in_one_list() -> None:
    """Supported, partial and absent together are the documentation's 185 methods, each once."""
    told = coverage()
    named_ = [*told.supported, *told.partial, *told.absent]
    assert sorted(named_) == sorted(schema.METHODS)
    assert all(told.partial.values())
