"""The ways to fail that are nobody's bug."""


class UserError(ValueError):
    """Something the user gave is not allowed. The message is one line: the thing, its value, what is allowed."""


class NotApplicable(ValueError):
    """A rule does not fit the sum it was asked to rewrite; the strategy goes on without it."""


class UndefinedRead(IndexError):
    """A sum reads an operand outside its box, and the operand is not zero-extended there."""


class Unknown(Exception):
    """The method cannot decide this; the message says why. It becomes the verdict "unknown", never another one."""
