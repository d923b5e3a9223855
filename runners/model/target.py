"""Where a server runs that nobody starts here."""

from runners.model.value import Number, Value


class Target(Value):
    """A server that runs already, which is neither started nor pinned; `pid` is its first process, if that was told.

    `like` is the framework whose endpoints it answers; None is the contract.
    """

    host: str
    port: Number
    pid: Number | None = None
    like: str | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"
