"""Every failure the program expects, each told in one line.

    ShootoutError            exit 1: what was being done, to what, what was seen, what to try
    |- UsageError            exit 2: the request itself makes no sense
    |- ManifestError         a framework.toml is wrong
    |- HeadError             of the two apps of a gate HEAD alone cannot be had
    |- UndecidedError        exit 3: a gate could not be measured, so nothing is said of head
    |- EndedError            exit 130: it was told to end; what is kept, and how to go on
    |- StoreError            a stored session is missing, broken or cannot be written
    |  `- DiskFullError      there is no room for more
    |- LoadGeneratorError    k6 is missing, too old or failed
    |- InterpreterError      a Python is not there, or its environment cannot be made
    |- ServerError           a server did not start, died or is not the one that was started
    |  |- PortTakenError     another program has the port that it was given
    |  `- RefusedError       it did not answer all who were about to load it
    `- ContractError         a framework does not answer as apps/README.md says

Anything else that escapes is a bug and shows its traceback.
"""

INTERRUPTED = 130
"""The exit code after Ctrl-C or SIGTERM."""

UNDECIDED = 3
"""The exit code of a gate that decides nothing."""


class ShootoutError(Exception):
    """An expected failure; `str()` of it is the one line for the user, or a list below one."""

    exit_code = 1
    is_list = False


class UsageError(ShootoutError):
    exit_code = 2


class ManifestError(ShootoutError):
    pass


class HeadError(ShootoutError):
    """HEAD of a gate cannot be had, while BASE can; `log` holds the last lines of what failed."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class UndecidedError(ShootoutError):
    """A gate decides nothing; `log` holds the last lines of what failed."""

    exit_code = UNDECIDED

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class EndedError(ShootoutError):
    exit_code = 130


class StoreError(ShootoutError):
    pass


class DiskFullError(StoreError):
    pass


class LoadGeneratorError(ShootoutError):
    pass


class InterpreterError(ShootoutError):
    """An interpreter cannot be had; `log` holds what uv printed, where it was uv that failed."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class ServerError(ShootoutError):
    """A server failed; `log` holds its last lines."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class PortTakenError(ServerError):
    pass


class RefusedError(ServerError):
    pass


class ContractError(ShootoutError):
    """What is not kept, one finding a line below the first; a traceback of the app stands below its finding."""

    is_list = True
