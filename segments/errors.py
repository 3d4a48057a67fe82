"""Errors of the lowest floor; each carries what its reader needs to decide."""


class KokyakuError(Exception):
    """A refusal that is told to a person in words.

    `code` is stable and names a translation; `params` fill its gaps.
    """

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(f"{code} {params}" if params else code)
        self.code = code
        self.params = params


class NotFound(KokyakuError):
    """What was named does not exist."""


class Invalid(KokyakuError):
    """What was given cannot be accepted; nothing was changed."""


class Conflict(KokyakuError):
    """What was given contradicts what is stored; both are in `params`."""
