"""Runs a program in a terminal of its own, and writes what the program wrote there, as JSON lines.

    terminal.py COLUMNS STEPS PROGRAM [ARGS...]

STEPS is JSON: [[pattern to wait for, "columns" or "type", value], ...]. Each line is {"columns": ..., "text": ...};
the last one {"exit": status}.
"""

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time

LIMIT_S = 60


def main():
    columns, steps, command = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)

    def resize():
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def tell(**line):
        print(json.dumps(line), flush=True)

    resize()
    seen, start = "", time.monotonic()
    while time.monotonic() - start < LIMIT_S:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                text = os.read(terminal, 65536).decode("utf8", "replace")
            except OSError:  # the last process has closed it
                break
            tell(columns=columns, text=text)
            seen += text
        if steps and re.search(steps[0][0], seen):
            _, what, value = steps.pop(0)
            seen = ""
            if what == "columns":
                columns = value
                resize()
            else:
                os.write(terminal, value.encode())
    tell(exit=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


main()
