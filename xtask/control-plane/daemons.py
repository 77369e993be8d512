"""Daemons that outlive the program that started them, and end by their recorded process ids only."""
import os
import signal
import socket
import subprocess
import time


class Failed(Exception):
    """Something did not work; the message says what, and which log tells more."""


def _stat(pid):
    """The fields of /proc/PID/stat after the command's name, or None: [state, parent, group, …]."""
    try:
        with open('/proc/%d/stat' % pid) as stat:
            return stat.read().rpartition(')')[2].split()
    except (OSError, ValueError):
        return None


def born(pid):
    """When a process started. With the process id it names a process for ever; the id alone may be reused."""
    fields = _stat(pid)
    return fields[19] if fields else None


def port_open(port):
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(('127.0.0.1', port)) == 0


class Daemons:
    def __init__(self, base, environment):
        self.run = os.path.join(base, 'run')
        self.logs = os.path.join(base, 'logs')
        self.environment = environment
        self.children = {}

    def log(self, name):
        return os.path.join(self.logs, name + '.log')

    def _record(self, name):
        return os.path.join(self.run, name + '.pid')

    def pid(self, name):
        """The process id of a running daemon, or None."""
        try:
            with open(self._record(name)) as record:
                pid, birth = record.read().split()
        except (OSError, ValueError):
            return None
        child = self.children.get(name)
        if child is not None and child.poll() is not None:
            return None
        fields = _stat(int(pid))
        alive = fields and fields[0] != 'Z' and fields[19] == birth
        return int(pid) if alive else None

    def recorded(self):
        """Names of all daemons that were started and not stopped, oldest first."""
        if not os.path.isdir(self.run):
            return []
        records = [name for name in os.listdir(self.run) if name.endswith('.pid')]
        records.sort(key=lambda name: os.stat(os.path.join(self.run, name)).st_mtime_ns)
        return [name[:-len('.pid')] for name in records]

    def start(self, name, command, user=None, port=None, **environment):
        """Starts a daemon in a session of its own unless it runs; whether it was started."""
        if self.pid(name):
            return False
        if port and port_open(port):
            raise Failed('%s cannot start: port %d of 127.0.0.1 belongs to a process that is not ours; '
                         'stop it first' % (name, port))
        with open(self.log(name), 'ab') as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd='/',
                user=user, group=user, extra_groups=[] if user else None,
                env={**self.environment, **environment})
        self.children[name] = child
        with open(self._record(name), 'w') as record:
            record.write('%d %s\n' % (child.pid, born(child.pid)))
        return True

    def wait_port(self, name, port, seconds):
        deadline = time.monotonic() + seconds
        while not port_open(port):
            if not self.pid(name):
                raise Failed('%s died; the end of %s:\n%s' % (name, self.log(name), tail(self.log(name))))
            if time.monotonic() > deadline:
                raise Failed('%s does not listen on port %d after %d s; see %s'
                             % (name, port, seconds, self.log(name)))
            time.sleep(0.2)

    def stop(self, name, patience=30):
        """Ends a daemon with its workers: each is the leader of a process group."""
        pid = self.pid(name)
        if pid:
            for sign, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5)):
                try:
                    os.killpg(pid, sign)
                except ProcessLookupError:
                    break
                deadline = time.monotonic() + seconds
                while group(pid) and time.monotonic() < deadline:
                    time.sleep(0.1)
                if not group(pid):
                    break
        try:
            os.remove(self._record(name))
        except FileNotFoundError:
            pass


def group(leader):
    """Ids of the living processes of a group. A zombie is not living: nobody may be there to reap it."""
    members = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields and fields[0] != 'Z' and int(fields[2]) == leader:
                members.append(int(entry))
    return members


def resident_bytes(leader):
    """Memory of a group: the sum of its processes' proportional sets, so that shared pages count once."""
    total = 0
    for pid in group(leader):
        try:
            with open('/proc/%d/smaps_rollup' % pid) as rollup:
                total += sum(int(line.split()[1]) * 1024 for line in rollup if line.startswith('Pss:'))
        except OSError:
            pass
    return total


def tail(path, lines=15):
    try:
        with open(path, errors='replace') as log:
            return ''.join(log.readlines()[-lines:])
    except OSError as error:
        return str(error)
