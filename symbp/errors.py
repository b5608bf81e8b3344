"""The base of every error that a user can cause and mend."""


class UserError(Exception):
    """Something the user gave cannot be used; the message says what, where, and how to mend it."""
