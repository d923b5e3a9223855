"""What an entry writes as words: ranges of ratios such as ">= 0.8", constants such as "K / S"."""

import ast
import operator
import re
from collections.abc import Callable, Mapping

from runners.model.claim import Range

_NUMBER = r"(\d+(?:\.\d+)?)"
_FORMS = (
    (re.compile(rf">= {_NUMBER}"), lambda low: Range(low=low)),
    (re.compile(rf"<= {_NUMBER}"), lambda high: Range(high=high)),
    (re.compile(rf"{_NUMBER} to {_NUMBER}"), lambda low, high: Range(low=low, high=high)),
)
_OPERATORS: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def parse_ranges(text: str) -> tuple[Range, ...]:
    """Such as ">= 2", "<= 0.5", "0.8 to 1.25" or several of them with "or" between; ValueError says what is wrong."""
    return tuple(_range(part.strip()) for part in text.split(" or ")) if text else ()


def value_of(formula: str, symbols: Mapping[str, float]) -> float:
    """The number that a formula of +, -, *, / and these symbols gives; ValueError for anything else."""
    try:
        value = _evaluated(ast.parse(formula, mode="eval").body, symbols)
    except (SyntaxError, ZeroDivisionError) as error:
        raise ValueError(f"{formula!r} is no formula: {error}") from None
    if value <= 0:
        raise ValueError(f"{formula!r} gives {value:g}; a constant to compare with must be above 0")
    return value


def symbols_in(formula: str) -> frozenset[str]:
    return frozenset(re.findall(r"[A-Za-z]+", formula))


def _range(text: str) -> Range:
    for form, make in _FORMS:
        if (found := form.fullmatch(text)) is not None:
            one: Range = make(*map(float, found.groups()))
            if one.high is not None and one.low > one.high:
                break
            return one
    raise ValueError(f"{text!r} is no range; write >= 2, <= 0.5 or 0.8 to 1.25")


def _evaluated(node: ast.expr, symbols: Mapping[str, float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in symbols:
            return symbols[name]
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return _OPERATORS[type(sign)](_evaluated(left, symbols), _evaluated(right, symbols))
    known = ", ".join(symbols)
    raise ValueError(f"{ast.unparse(node)!r} is no number, none of {known}, and not +, -, * or /")
