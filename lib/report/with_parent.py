"""A process that ends when its standard input does, which is when the process that started it closes it, or is gone.

    with_parent.py MODULE [ARGS...]      run a module that way
"""

import os
import runpy
import signal
import sys
import threading


def end_with_stdin():
    """SIGTERM to this process once stdin ends: who handles that signal ends its own children first.

    The event that is returned is set just before.
    """
    ended = threading.Event()

    def wait():
        while sys.stdin.buffer.raw.read(4096):
            pass
        ended.set()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
    return ended


if __name__ == "__main__":
    end_with_stdin()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
