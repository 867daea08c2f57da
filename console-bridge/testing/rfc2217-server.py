"""pySerial's own RFC 2217 server (serial.rfc2217.PortManager) for one serial port and one client at a time.

usage: rfc2217-server.py DEVICE PORT
"""

import socket
import sys
import threading
import time

import serial
import serial.rfc2217

device, tcp_port = sys.argv[1], int(sys.argv[2])
# A pty has no modem lines.
for name in ("cts", "dsr", "cd", "ri"):
    setattr(serial.Serial, name, property(lambda self: name != "ri"))
port = serial.serial_for_url(device, do_not_open=True, timeout=0.1)
port.dtr = False
port.rts = False
port.open()
listener = socket.create_server(("127.0.0.1", tcp_port))
print("listening", flush=True)
while True:
    client, _ = listener.accept()

    class Connection:
        def write(self, data):
            client.sendall(data)

    manager = serial.rfc2217.PortManager(port, Connection())
    alive = True

    def read_port():
        while alive:
            data = port.read(port.in_waiting or 1)
            if data:
                client.sendall(b"".join(manager.escape(data)))

    def poll_modem():
        while alive:
            manager.check_modem_lines()
            time.sleep(0.5)

    for work in (read_port, poll_modem):
        threading.Thread(target=work, daemon=True).start()
    while True:
        data = client.recv(1024)
        if not data:
            break
        port.write(b"".join(manager.filter(data)))
    alive = False
    print("gone", flush=True)
