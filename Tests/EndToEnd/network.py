"""A network of the test run's own: loopback and one more address, and no way out.

Firefox leaves 127.0.0.1 out of ICE, so that it needs a relay on another address of this machine.
"""

from __future__ import annotations

import ctypes
import os
import subprocess

ADDRESS = "10.99.0.1"
CLONE_NEWNET = 0x40000000  # linux/sched.h
SETUP = [
    "ip link set lo up",
    "ip link add media0 type veth peer name media1",
    f"ip address add {ADDRESS}/24 dev media0",
    "ip link set media1 up",
    "ip link set media0 up",
    # A page without a camera is shown only the address of the default route. This one leads nowhere.
    "ip route add default dev media0",
]


def enter_namespace() -> bool:
    """Moves this process, and so all that it starts, into a new network namespace. False when that takes more rights.

    To be called before any thread is started: a namespace is a thread's.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNET) != 0:
        return False
    for command in SETUP:
        subprocess.run(command.split(), check=True)
    return True
