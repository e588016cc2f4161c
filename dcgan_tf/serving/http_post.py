"""An HTTP request with one deadline for all of it."""

import queue
import threading
import urllib.request
from collections.abc import Callable
from typing import Any


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves redirects as answers: a redirected POST becomes a GET."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follows none."""


_OPENER = urllib.request.build_opener(_NoRedirects)


def post(url: str, body: bytes, timeout_seconds: float) -> bytes:
    """Posts JSON and reads the answer.

    Args:
        url: Of a server.
        body: The JSON.
        timeout_seconds: For all of it. A socket's own timeout is for a
            single read, so that a server that drips its answer is waited
            for without end.

    Returns:
        The answer's body.

    Raises:
        urllib.error.HTTPError: If the server refuses, or redirects.
        TimeoutError: If it takes longer.
        OSError: If the server can't be reached.
        http.client.HTTPException: If it speaks no HTTP.
    """
    request = urllib.request.Request(
        url, body, {"Content-Type": "application/json"}
    )

    def ask() -> bytes:
        with _OPENER.open(request, timeout=timeout_seconds) as response:
            return response.read()

    return _call_within(timeout_seconds, ask)


def _call_within(seconds: float, call: Callable[[], bytes]) -> bytes:
    """Calls in a thread, which is left behind where it takes longer."""
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def answer() -> None:
        try:
            answers.put((call(), None))
        except BaseException as error:  # The caller's, who waits.
            answers.put((b"", error))

    threading.Thread(target=answer, daemon=True).start()
    try:
        value, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return value
