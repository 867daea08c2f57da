"""hang-up.py TEXT PROGRAM ...: closes the terminal of the program when it has said the text; prints how it ended."""
import os
import pty
import signal
import sys

text, *program = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(program[0], program)
said = b""
while text.encode() not in said:
    try:
        said += os.read(terminal, 4096)
    except OSError:
        sys.exit(f"it ended before: {said.decode(errors='replace')}")
os.close(terminal)
status = os.waitpid(child, 0)[1]
if os.WIFSIGNALED(status):
    core = " with a core" if os.WCOREDUMP(status) else ""
    print(signal.Signals(os.WTERMSIG(status)).name + core)
else:
    print(f"exit {os.WEXITSTATUS(status)}")
