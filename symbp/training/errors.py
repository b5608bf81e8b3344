"""What can go wrong in training that the user can mend."""

from symbp.errors import UserError


class DataError(UserError):
    """Examples that cannot be found, read, or fed to the network; the message names the file or the source."""


class CheckpointError(UserError):
    """A checkpoint that is damaged, or of another network, data set or way of training."""


class TrainingError(UserError):
    """Training that cannot go on: a cost that is not finite."""
