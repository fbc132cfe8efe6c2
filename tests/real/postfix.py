"""A real Postfix with its own folders: STARTTLS and a login, delivering to a Maildir."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

PASSWORD = "correct horse"


@dataclass(frozen=True)
class Postfix:
    port: int
    ca: Path
    maildir: Path
    queue: Path

    def received(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted((self.maildir / "new").glob("*"))]

    def waiting(self) -> list[Path]:
        """What it has taken, and not delivered yet."""
        folders = ("incoming", "active", "deferred", "hold")
        return [p for name in folders for p in (self.queue / name).rglob("*") if p.is_file()]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.lists.example
mydestination = lists.example
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
alias_database =
mailbox_transport =
virtual_mailbox_domains = groups.example
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = static:list/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_tls_cert_file = {home}/cert.pem
smtpd_tls_key_file = {home}/key.pem
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {home}/etc/sasl
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_relay_restrictions = permit_sasl_authenticated, reject
maillog_file = /dev/stdout
maillog_file_prefixes = /dev
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
virtual unix - n n - - virtual
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""


def _changed(main: str, settings: tuple[str, ...]) -> str:
    """Replace lines of main.cf, as Postfix warns of each that it finds twice."""
    names = {setting.partition("=")[0].strip() for setting in settings}
    kept = [line for line in main.splitlines() if line.partition("=")[0].strip() not in names]
    return "\n".join([*kept, *settings, ""])


@contextmanager
def running(*settings: str) -> Iterator[Postfix]:
    """Start it, wait until it greets, and end it.

    Its folder is its own: Postfix's user must reach it, whatever rights pytest gives its folders.
    """
    home = Path(tempfile.mkdtemp(prefix="announcer-postfix-"))
    home.chmod(0o755)
    try:
        with _running(home, settings) as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _running(home: Path, settings: tuple[str, ...]) -> Iterator[Postfix]:
    # Debian's Postfix looks for SASL's settings below its own.
    for name in ("queue", "data", "mail", "etc", "etc/sasl"):
        (home / name).mkdir()
    shutil.chown(home / "data", "postfix", "postfix")
    shutil.chown(home / "mail", "postfix", "postfix")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(home / "ca.pem")
    certificate.private_key_pem.write_to_path(home / "key.pem")
    for number, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(home / "cert.pem", append=number > 0)
    users = home / "etc" / "sasl" / "users.db"
    (home / "etc" / "sasl" / "smtpd.conf").write_text(
        f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {users}\n"
    )
    subprocess.run(
        ["saslpasswd2", "-p", "-c", "-f", str(users), "-u", "mail.lists.example", "seminar"],
        input=PASSWORD, text=True, check=True,
    )  # fmt: skip
    shutil.chown(users, "postfix", "postfix")
    postfix = shutil.which("postfix") or "/usr/sbin/postfix"
    owner = (home / "mail").stat()
    port = free_port()
    (home / "etc" / "main.cf").write_text(
        _changed(MAIN.format(home=home, uid=owner.st_uid, gid=owner.st_gid), settings)
    )
    (home / "etc" / "master.cf").write_text(MASTER.format(port=port))
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [postfix, "-c", str(home / "etc"), "start-fg"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _wait_for_greeting(port, process, home / "log")
        yield Postfix(port, home / "ca.pem", home / "mail" / "list", home / "queue")
    finally:
        subprocess.run([postfix, "-c", str(home / "etc"), "stop"], check=False, capture_output=True)
        process.wait(20)


def _wait_for_greeting(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 30
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                if connection.recv(100).startswith(b"220"):
                    return
        except OSError:
            time.sleep(0.05)
