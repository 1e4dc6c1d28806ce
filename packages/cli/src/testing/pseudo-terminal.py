"""Runs a command in a terminal of its own; what is typed comes from stdin, what the terminal shows goes to stdout."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios

process, terminal = pty.fork()
if process == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

sources = [sys.stdin.fileno(), terminal]
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:  # Linux says so when the last user of the terminal is gone.
            data = b""
        if not data:
            sources.remove(source)
        elif source == terminal:
            os.write(sys.stdout.fileno(), data)
        else:
            os.write(terminal, data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) % 256)
