"""pySerial's own client on a console that is forwarded to this machine.

usage: serial-port.py URL COMMAND [ARGUMENT...]
Commands, in order, each printing one line: `echo` (all byte values there and back), `speed BAUD`, `settings SPEED BITS
PARITY STOP`, `break SECONDS`, `dtr on|off`, `cts`, `write TEXT`, `read BYTES`, `wait` (for a line on standard input).
"""

import sys
import time

import serial

url, *words = sys.argv[1:]
take = lambda: words.pop(0)
port = serial.serial_for_url(url, timeout=30)
print("open", flush=True)
while words:
    command = take()
    try:
        if command == "echo":
            every = bytes(range(256)) * 4
            port.write(every)
            answer = "same" if port.read(len(every)) == every else "different"
        elif command == "speed":
            port.baudrate = int(take())
            answer = port.baudrate
        elif command == "settings":
            speed, bits, parity, stop = take(), take(), take(), take()
            port.apply_settings({"baudrate": int(speed), "bytesize": int(bits), "parity": parity, "stopbits": int(stop)})
            answer = "applied"
        elif command == "break":
            port.send_break(float(take()))
            answer = "sent"
        elif command == "dtr":
            port.dtr = take() == "on"
            answer = "set"
        elif command == "cts":
            answer = port.cts
        elif command == "write":
            answer = port.write(take().encode())
        elif command == "read":
            answer = port.read(int(take()))
        else:
            answer = sys.stdin.readline().strip()
    except (serial.SerialException, ValueError) as err:
        answer = err
    print(command, answer, flush=True)
port.close()
