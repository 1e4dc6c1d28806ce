"""Runs llama.cpp's HTTP server out of the `xllamacpp` module, with the flags of `llama-server`.

    LLAMA_API_KEY=… python -m bonfire_python.llama_server --model FILE --host /run/replica.sock --parallel 4 --ctx-size 8192

It ends with its parent, with SIGTERM or SIGINT (status 0 once the model is loaded), and with status 1 when the server cannot start.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

# Started as a file, Python puts this folder on the path, not the one above it that holds the package.
if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bonfire_python.llama_server_flags import Settings, apply, parse

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(arguments: Sequence[str] | None = None) -> int:
    die_with_parent()
    settings = parse(sys.argv[1:] if arguments is None else arguments, os.environ)
    try:
        import xllamacpp
    except ImportError as error:
        print(f"the xllamacpp module cannot be loaded ({error}); install requirements/llamacpp.txt", file=sys.stderr)
        return 1

    # The socket is for the owner alone.
    os.umask(0o077)
    remove_stale_socket(settings)
    params = xllamacpp.CommonParams()
    apply(settings, params, xllamacpp)

    # The module keeps the interpreter to itself while it loads the model, so a handler in Python would wait for it. Until then there is
    # nothing to close, and the signal itself may end the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        print(f"llama.cpp's server did not start: {error}", file=sys.stderr)
        return 1
    print(f"listening on {server.listening_address}", file=sys.stderr, flush=True)
    wait_for_stop()
    remove_stale_socket(settings)
    # Closing the server would wait for the batch that it computes, seconds for a long prompt; it has nothing to save.
    sys.stderr.flush()
    os._exit(0)


def die_with_parent() -> None:
    """Asks the kernel to kill this process when its parent dies, so that a killed supervisor leaves no server behind (Linux only)."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # The parent may have died before the request was in place.
    if os.getppid() != parent:
        os._exit(1)


def wait_for_stop() -> None:
    """Returns after SIGTERM or SIGINT, whichever thread the kernel gave it to: the server's threads take signals too, and a call in
    this thread is not interrupted then, so the handler writes to a socket that this thread reads."""
    ours, handlers = socket.socketpair()
    handlers.setblocking(False)
    signal.set_wakeup_fd(handlers.fileno())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    ours.recv(1)


def remove_stale_socket(settings: Settings) -> None:
    """A socket file that a crashed server left would make binding fail. Anything else at that path is left for the bind error."""
    host = settings.get("hostnames")
    if not isinstance(host, str) or not host.endswith(".sock"):
        return
    path = Path(host)
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()


if __name__ == "__main__":
    sys.exit(main())
