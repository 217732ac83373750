"""The kinds of values that a key of a scenario may hold: how each is written, checked and shown.

Durations are held in whole milliseconds, rates per hour, shares between 0 and 1, money in whole cents.
"""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from sim.distributions import DISTRIBUTIONS, Distribution, parse_distribution
from sim.units import (
    format_duration,
    format_money,
    parse_date,
    parse_duration,
    parse_money,
    parse_rate,
    parse_share,
    parse_time,
    shown,
)

MOST_STAFF = 100_000

CHANNELS = ("ice_on_scene", "duty_officer", "support_centre")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AGREEMENTS = ("task_force", "tribal_task_force", "jail_enforcement", "warrant_service_officer")


class FrozenDict(dict[str, Any]):
    """A dictionary that refuses to be changed, so that a loaded scenario stays what was loaded."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a loaded scenario cannot be changed; load it again with the change in 'settings'")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[FrozenDict], tuple[dict[str, Any]]]:
        return FrozenDict, (dict(self),)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{shown(value)} is not a whole number; write for example 6.")
    if not 0 <= value <= MOST_STAFF:
        raise ValueError(f"{shown(value)} is out of range; write a whole number from 0 to {MOST_STAFF}.")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{shown(value)} is not a number; write for example 0.5.")
    if not 0 <= value <= 1e6:
        raise ValueError(f"{shown(value)} is out of range; write a number from 0 to a million.")
    return float(value)


def _weight_list(value: object) -> tuple[float, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"{shown(value)} is not a list of weights; write for example [70, 20, 10].")
    weights = tuple(_number(item) for item in value)
    if sum(weights) <= 0:
        raise ValueError("all weights are 0; at least one must be above 0.")
    return weights


def _some_of(value: object, known: tuple[str, ...]) -> bool:
    return isinstance(value, list | tuple) and all(item in known for item in value) and len(set(value)) == len(value)


def _weekdays(value: object) -> tuple[str, ...]:
    if not value or not _some_of(value, WEEKDAYS):
        raise ValueError(f"{shown(value)} is not a list of weekdays; write for example [mon, tue, wed, thu, fri].")
    return tuple(day for day in WEEKDAYS if day in value)  # type: ignore[operator]


def _agreements(value: object) -> tuple[str, ...]:
    if not _some_of(value, AGREEMENTS):
        raise ValueError(f"{shown(value)} is not a list of agreements; list some of {', '.join(AGREEMENTS)}, or [].")
    return tuple(name for name in AGREEMENTS if name in value)  # type: ignore[operator]


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither true nor false.")
    return value


def _time_zone(value: object) -> str:
    from sim.calendar import zone

    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not a time zone; write for example America/Denver.")
    zone(value)
    return value


def _channel_order(value: object) -> tuple[str, ...]:
    if not _some_of(value, CHANNELS):
        raise ValueError(f"{shown(value)} is not an order of channels; list some of {', '.join(CHANNELS)}, each once.")
    return tuple(value)  # type: ignore[arg-type]


def _plain_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not text; put it in quotation marks.")
    if len(value) > 2_000:
        raise ValueError("the text is longer than 2,000 characters; shorten it.")
    return value


def _as_written(value: Distribution) -> str:
    return f"{type(value).__name__}{tuple(getattr(value, name) for name in value.__dataclass_fields__)}"  # type: ignore[attr-defined]


_QUANTITY_SCHEMA = {"type": "string", "pattern": r"^[0-9.]+ ?(ms|s|min|h|d)$", "examples": ["9 min"]}
_DISTRIBUTION_SCHEMA = {
    "anyOf": [
        _QUANTITY_SCHEMA,
        *(
            {
                "type": "object",
                "additionalProperties": False,
                "required": [name],
                "properties": {name: {"description": f"for example {{{name}: {kind.example}}}"}},
            }
            for name, kind in DISTRIBUTIONS.items()
        ),
    ]
}


class Unit:
    """The unit of a field, for tables and for people."""

    def __init__(self, text: str) -> None:
        self.text = text


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    Unit("duration"),
    PlainSerializer(format_duration, when_used="json-unless-none"),
    WithJsonSchema(_QUANTITY_SCHEMA),
]
Limit = Annotated[
    int | None,
    BeforeValidator(lambda value: None if value in (None, "none") else parse_duration(value)),
    Unit("duration or none"),
    WithJsonSchema({"anyOf": [_QUANTITY_SCHEMA, {"const": "none"}, {"type": "null"}]}),
]
Durations = Annotated[
    Distribution,
    BeforeValidator(parse_distribution),
    Unit("duration"),
    PlainSerializer(_as_written),
    WithJsonSchema(_DISTRIBUTION_SCHEMA),
]
Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    Unit("per hour"),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9.]+ ?(per |/ ?)(min|h|d)$", "examples": ["13 per h"]}),
]
Share = Annotated[
    float,
    BeforeValidator(parse_share),
    Unit("share"),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": r"^[0-9.]+ ?%$"}]}),
]
Count = Annotated[
    int, BeforeValidator(_count), Unit("count"), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": MOST_STAFF})
]
Weight = Annotated[
    float, BeforeValidator(_number), Unit("weight"), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1e6})
]
Number = Annotated[
    float, BeforeValidator(_number), Unit("number"), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1e6})
]
WeightList = Annotated[
    tuple[float, ...],
    BeforeValidator(_weight_list),
    Unit("weights"),
    WithJsonSchema({"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 1}),
]
Money = Annotated[
    int,
    BeforeValidator(parse_money),
    Unit("USD"),
    PlainSerializer(format_money, when_used="json-unless-none"),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9,]+(\.[0-9]{1,2})? ?USD$", "examples": ["7,500 USD"]}),
]
Agreements = Annotated[
    tuple[str, ...],
    BeforeValidator(_agreements),
    Unit("agreements"),
    WithJsonSchema({"type": "array", "items": {"enum": list(AGREEMENTS)}, "uniqueItems": True}),
]
Flag = Annotated[bool, BeforeValidator(_flag), Unit("true or false"), WithJsonSchema({"type": "boolean"})]
TimeZone = Annotated[str, BeforeValidator(_time_zone), Unit("time zone"), WithJsonSchema({"type": "string"})]
Text = Annotated[str, BeforeValidator(_plain_text), Unit("text"), WithJsonSchema({"type": "string"})]
Date = Annotated[date, BeforeValidator(parse_date), Unit("date"), WithJsonSchema({"type": "string", "format": "date"})]
TimeOfDay = Annotated[
    time, BeforeValidator(parse_time), Unit("time of day"), WithJsonSchema({"type": "string", "pattern": r"^\d{1,2}:\d{2}"})
]
Weekdays = Annotated[
    tuple[str, ...],
    BeforeValidator(_weekdays),
    Unit("weekdays"),
    WithJsonSchema({"type": "array", "items": {"enum": list(WEEKDAYS)}, "minItems": 1}),
]
ChannelOrder = Annotated[
    tuple[str, ...],
    BeforeValidator(_channel_order),
    Unit("channels"),
    WithJsonSchema({"type": "array", "items": {"enum": list(CHANNELS)}, "uniqueItems": True}),
]

Role = Literal["lever", "unknown", "given"]


def lever(meaning: str) -> Any:
    """Declare a field that a policy sets."""
    return Field(description=meaning, json_schema_extra={"role": "lever"})


def unknown(meaning: str) -> Any:
    """Declare a field whose true value nobody knows well."""
    return Field(description=meaning, json_schema_extra={"role": "unknown"})


def given(meaning: str) -> Any:
    """Declare a field that defines the operation."""
    return Field(description=meaning, json_schema_extra={"role": "given"})


class Parameters(BaseModel):
    """A section of a scenario: frozen, and closed to keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
