"""A modem between two network namespaces: a rate, a delay and one long queue for each direction, as a real one has.
modem.py PID1 NAME1 ADDRESS1 PID2 NAME2 ADDRESS2 KBIT_1_TO_2 KBIT_2_TO_1 DELAY_MS QUEUE_MS"""
import collections, ctypes, fcntl, os, select, struct, subprocess, sys, time

libc = ctypes.CDLL(None)
own, n1, a1, other, n2, a2, up, down, delay, queue = sys.argv[1:]


def tun(space, name, address):
    if space != "self":
        fd = os.open(space, os.O_RDONLY)
        if libc.setns(fd, 0x40000000) != 0:
            sys.exit("no namespace")
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, 0x400454CA, struct.pack("16sH", name.encode(), 0x1001))
    subprocess.check_call(f"ip address add {address} dev {name}; ip link set {name} up txqueuelen 1000", shell=True)
    return tap


class Way:
    def __init__(self, source, sink, kbit):
        self.source, self.sink, self.rate = source, sink, float(kbit) * 125
        self.free, self.sent = 0.0, collections.deque()

    def read(self, now):
        for _ in range(64):
            try:
                packet = os.read(self.source, 2048)
            except BlockingIOError:
                return
            start = max(now, self.free)
            # The queue is full: what comes last is lost.
            if start - now > float(queue) / 1000:
                continue
            self.free = start + len(packet) / self.rate
            self.sent.append((self.free + float(delay) / 1000, packet))

    def write(self, now):
        while self.sent and self.sent[0][0] <= now:
            try:
                os.write(self.sink, self.sent.popleft()[1])
            except OSError:
                pass


one = tun(own, n1, a1)
two = tun(other, n2, a2)
ways = [Way(one, two, up), Way(two, one, down)]
print("up", flush=True)
while True:
    due = [way.sent[0][0] for way in ways if way.sent]
    wait = min(due) - time.monotonic() if due else 1
    select.select([one, two], [], [], max(0, wait))
    for way in ways:
        way.read(time.monotonic())
    for way in ways:
        way.write(time.monotonic())
