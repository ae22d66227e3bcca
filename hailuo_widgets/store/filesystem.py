"""Filesystem of the store: its type, and whether it keeps file locks.

SQLite's safety between processes rests on POSIX locks, and network disks keep them badly: some refuse them (``ENOLCK``,
``ENOSYS``), some grant one lock to two machines. The type comes from ``/proc/self/mountinfo`` (proc(5)), so it is known
on Linux only; elsewhere no note is given.

The store keeps a rollback journal on every disk. A write-ahead log would be faster, but a commit takes only a few
milliseconds, a write-ahead log does not work over a network, and SQLite before 3.51.3 can damage one that two
connections write to. One mode, tested everywhere, is worth more than the time.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

__all__ = ["filesystem_of", "is_network", "locks_refused", "note_of"]

MOUNTS = Path("/proc/self/mountinfo")
NETWORK = frozenset(
    {
        "9p",
        "acfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "gfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "pvfs2",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "wekafs",
    }
)
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
_ESCAPE = re.compile(r"\\([0-7]{3})")


def filesystem_of(path: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the filesystem of a path; None if the system does not tell.

    Args:
        path: A file or folder, which need not exist.
        mounts: The table of mounts, as proc(5) describes ``mountinfo``.
    """
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    real = Path(os.path.realpath(path))
    longest, kind = -1, None
    for line in lines:
        before, _, after = line.partition(" - ")
        words, kinds = before.split(), after.split()
        if len(words) < 5 or not kinds:  # noqa: PLR2004 - the mount point is the fifth word
            continue
        point = Path(_ESCAPE.sub(lambda m: chr(int(m[1], 8)), words[4]))
        # Of two mounts on one point the later one covers the earlier.
        if real.is_relative_to(point) and len(point.parts) >= longest:
            longest, kind = len(point.parts), kinds[0]
    return kind


def is_network(kind: str | None) -> bool:
    """Whether filesystems of that type may lie on another machine."""
    return kind is not None and (kind in NETWORK or kind == "fuse" or kind.startswith("fuse."))


def note_of(path: Path, mounts: Path = MOUNTS) -> str | None:
    """A warning about the disk that the store is on; None if there is none."""
    kind = filesystem_of(path, mounts)
    if not is_network(kind):
        return None
    return (
        f"the run log at {path} is on a network disk ({kind}), where locks between machines cannot be relied on: "
        "let one kernel at a time use it, or set HAILUO_HOME to a folder on a local disk"
    )


def locks_refused(store: Path) -> str | None:
    """The system's error text if files beside the store cannot be locked at all; None if they can.

    SQLite takes a refused lock for a held one and waits for it. The trial uses another file: closing any handle of the
    store's own file would end all locks that this process holds on it.
    """
    try:
        import fcntl
    except ImportError:  # Windows: its locks are another matter, and SQLite tells them apart itself
        return None
    beside = store.with_name(f"{store.name}-locktest")
    try:
        handle = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        return e.strerror if e.errno in NO_LOCKS else None
    finally:
        os.close(handle)
        beside.unlink(missing_ok=True)
    return None
