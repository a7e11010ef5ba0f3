"""The process that owns one private pcscd: it starts it, hands out sockets to its ports and ends it with its parent.

:mod:`readers.serve.pcscd` runs this file with ``python -I -S``, so that it is up in milliseconds; it imports nothing of
ours. Arguments: file descriptors of the control socket and of the listening PC/SC socket, ``isolated`` or ``plain``,
the directory of this instance, the library path (empty for none), the TCP port of each reader separated by commas, then
pcscd and its arguments.

Over the control socket (SOCK_SEQPACKET) it first says ``started PID``, or ``denied REASON`` when the kernel does not
let it have namespaces. Then each request is a reader's number, answered by ``connected`` with the socket beside it, or
by ``failed REASON``. End of file, which a killed parent leaves behind too, ends pcscd and removes the directory.
Sources: user_namespaces(7), sd_listen_fds(3), facts pcsc 0 and 1.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import signal
import socket
import struct
import sys

_CLONE_NEWNS = 0x0002_0000
_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000
_MS_REC_PRIVATE = 0x4000 | 0x4_0000
_PR_SET_PDEATHSIG = 1
_SIOCSIFFLAGS = 0x8914
_IFF_UP_RUNNING = 0x41
_NOBODY = 65_534
_LISTEN_FD = 3

_CONNECT_SECONDS = 2.0
_GRACE_MS = 2_000

_RUN = "/run"
_IPC_DIRECTORY = "/run/pcscd"
_USB_DRIVERS = "/usr/lib/pcsc/drivers"

_libc = ctypes.CDLL(None, use_errno=True)


def main(arguments: list[str]) -> int:
    """Serve until the parent has gone or pcscd has ended by itself; return the exit status."""
    control_fd, listener_fd, mode, directory, library_path, ports, *command = arguments
    control = socket.socket(fileno=int(control_fd))
    control.set_inheritable(False)
    isolated = mode == "isolated"
    if isolated:
        try:
            _isolate()
        except OSError as error:
            control.send(f"denied {error.strerror}: {error.filename or 'loopback'}".encode())
            return 1
    pid = os.fork()
    if not pid:
        try:
            _become_pcscd(command, int(listener_fd), library_path, isolated=isolated)
        except OSError as error:
            os.write(2, f"{command[0]}: {error}\n".encode())
        os._exit(127)
    os.close(int(listener_fd))
    process = os.pidfd_open(pid)
    if _serve(control, pid, process, [int(port) for port in ports.split(",")]):
        _end(process)
        _remove(directory)
    return 0


def _isolate() -> None:
    """Enter own user, mount and network namespaces, where pcscd finds an empty /run and a loopback of its own.

    Raises :class:`OSError` when the kernel or its security policy refuses one of the steps.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        _unshare(_CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWNET)
    except OSError:
        if user:
            raise
        _unshare(_CLONE_NEWNS | _CLONE_NEWNET)  # a real root needs no user namespace for the other two
    else:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"0 {user} 1")
        _write("/proc/self/gid_map", f"0 {group} 1")
    _mount("none", "/", None, _MS_REC_PRIVATE)
    _mount("tmpfs", _RUN, b"tmpfs")
    if os.path.isdir(_USB_DRIVERS):  # noqa: PTH112  pathlib would cost a quarter of the start
        # Without USB drivers this pcscd leaves real readers to the system's.
        _mount("tmpfs", _USB_DRIVERS, b"tmpfs")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", _IFF_UP_RUNNING))


def _unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def _mount(source: str, target: str, kind: bytes | None, flags: int = 0) -> None:
    _check(_libc.mount(source.encode(), target.encode(), kind, ctypes.c_ulong(flags), None), target)


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123  no pathlib here, see above
        file.write(text)


def _become_pcscd(command: list[str], listener: int, library_path: str, *, isolated: bool) -> None:
    os.set_inheritable(listener, False)
    os.dup2(listener, _LISTEN_FD)
    os.set_inheritable(_LISTEN_FD, True)
    if not isolated and os.geteuid() == 0:
        # As root, pcscd would overwrite the pid file of the system's own and remove it at the end. As somebody else it
        # can not, but neither make the directory, without which it gives up.
        os.makedirs(_IPC_DIRECTORY, 0o755, exist_ok=True)  # noqa: PTH103  no pathlib here, see above
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    if library_path:
        environment["LD_LIBRARY_PATH"] = library_path
    os.execve(command[0], command, environment)  # noqa: S606  no shell, and the parent chose the program


def _serve(control: socket.socket, pid: int, process: int, ports: list[int]) -> bool:
    """Answer requests; return ``True`` when the parent has gone, ``False`` when pcscd has."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(process, select.POLLIN)
    try:
        control.send(f"started {pid}".encode())
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if process in ready:
                return False
            request = control.recv(16)
            if not request:
                return True
            _connect(control, ports[int(request)])
    except ConnectionError:
        return True


def _connect(control: socket.socket, port: int) -> None:
    with socket.socket() as connection:
        connection.settimeout(_CONNECT_SECONDS)
        try:
            connection.connect(("127.0.0.1", port))
        except OSError as error:
            control.send(f"failed {error.strerror or error}".encode())
            return
        connection.settimeout(None)
        socket.send_fds(control, [b"connected"], [connection.fileno()])


def _end(process: int) -> None:
    signal.pidfd_send_signal(process, signal.SIGTERM)
    if not select.select([process], [], [], _GRACE_MS / 1000)[0]:
        signal.pidfd_send_signal(process, signal.SIGKILL)
    os.waitid(os.P_PIDFD, process, os.WEXITED)


def _remove(directory: str) -> None:
    import shutil  # noqa: PLC0415  only needed here, and slow to import

    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
