"""What a reading process may not do: reach the network, start programs, open files, grow or run without end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import sysconfig

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_FORBIDDEN = (
    "socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "os.remove", "os.rename",
    "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate", "os.putenv", "os.kill",
    "shutil.", "urllib.Request", "ftplib.", "http.client.", "smtplib.", "webbrowser.", "tempfile.",
)  # fmt: skip


def leave_network() -> bool:
    """Move this process into an empty network namespace. True when the kernel allowed it (Linux, user namespaces).

    Elsewhere ``forbid`` still refuses sockets, which holds against Python code though not against native code.
    """
    if sys.platform != "linux":
        return False
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0
    except (OSError, AttributeError):
        return False


def close_all_but(*kept: int) -> None:
    """Close every inherited descriptor but the standard ones and those given."""
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, max(start, 256))


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that forked it ends, however it ends (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def limit_resources(*, memory_mb: int, cpu_s: float) -> None:
    """Bound the address space on top of what is mapped now, CPU seconds from now, files, core dumps."""
    mapped = _mapped_bytes()
    _lower(resource.RLIMIT_AS, mapped + memory_mb * 1024 * 1024)
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + cpu_s) + 1)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, 32)
    _lower(resource.RLIMIT_CORE, 0)


def forbid() -> None:
    """Refuse dangerous actions of Python code from now on; files may only be read where the libraries live."""
    libraries = tuple(
        {os.path.realpath(path) + os.sep for path in (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())}
        | {
            os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
            + os.sep
            + "submissions"
            + os.sep
        }
    )

    def refuse(event: str, args: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = (*args, None, None)[:3]
            if isinstance(path, int):
                return
            writing = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writing or not os.path.realpath(os.fsdecode(path)).startswith(libraries):  # type: ignore[arg-type]
                raise PermissionError("a reader opens no files")
        elif event.startswith(_FORBIDDEN):
            raise PermissionError("a reader does nothing but read")

    sys.addaudithook(refuse)


def _mapped_bytes() -> int:
    with contextlib.suppress(OSError, ValueError, IndexError), open("/proc/self/statm", "rb") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()
    return 512 * 1024 * 1024


def _lower(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS knows some limits by name only
        resource.setrlimit(kind, (value, value if kind != resource.RLIMIT_CPU else hard))
