"""How the pages say no."""


class Refused(Exception):
    """Something is refused, by this code."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def must(holds, code):
    if not holds:
        raise Refused(code)
