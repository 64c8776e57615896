"""Floor 0, the nouns: symbols, accesses, guards, indexed sums, layers, derivations; and the exact interpreter."""

from symconv.ir.affine import NotAffine, is_affine, linear
from symconv.ir.conditions import Condition, Sign
from symconv.ir.derivation import Derivation, Given, Move, Piece, Section, Step, Use, forward_index
from symconv.ir.domain import (
    Between,
    Divides,
    Equal,
    Guard,
    Range,
    accesses,
    sort_key,
    symbols_in,
)
from symconv.ir.errors import NotApplicable, UndefinedRead, Unknown, UserError
from symconv.ir.interpret import evaluate
from symconv.ir.layer import Context, FirstMaximum, Layer, Operand, Role, Statement
from symconv.ir.nodes import Access, Apply, CeilDiv, FloorDiv, Partial, Quot, Quotient, Select
from symconv.ir.notation import Label, Notation
from symconv.ir.sums import IndexedSum
from symconv.ir.symbols import checked_name, fresh, index, integer, offset, size

__all__ = [
    "Access",
    "Apply",
    "Between",
    "CeilDiv",
    "Condition",
    "Context",
    "Derivation",
    "Divides",
    "Equal",
    "FirstMaximum",
    "FloorDiv",
    "Given",
    "Guard",
    "IndexedSum",
    "Label",
    "Layer",
    "Move",
    "NotAffine",
    "NotApplicable",
    "Notation",
    "Operand",
    "Partial",
    "Piece",
    "Quot",
    "Quotient",
    "Range",
    "Role",
    "Section",
    "Select",
    "Sign",
    "Statement",
    "Step",
    "UndefinedRead",
    "Unknown",
    "Use",
    "UserError",
    "accesses",
    "checked_name",
    "evaluate",
    "forward_index",
    "fresh",
    "index",
    "integer",
    "is_affine",
    "linear",
    "offset",
    "size",
    "sort_key",
    "symbols_in",
]
