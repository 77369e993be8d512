#!/usr/bin/env python3
"""A real OpenStack control plane on one Debian 12 machine, from Debian's packages, on 127.0.0.1.

    control_plane.py up|down|status|clouds-yaml|smoke [--base FOLDER]

README.md beside this file explains every trick. Only the standard library is used, so that any Python from
3.9 on can run this before the packages are there.
"""
import argparse
import fcntl
import os
import string
import subprocess
import sys
import threading
import time

import accounts
import rest
import smoke
from daemons import Daemons, Failed, port_open, resident_bytes, tail

HERE = os.path.dirname(os.path.abspath(__file__))
KEYSTONE = 'http://127.0.0.1:5000'
# Everything listens on 127.0.0.1 only, and this password guards nothing but test data.
PASSWORD = 'secret'
DATABASES = ('keystone', 'glance', 'placement', 'nova', 'nova_api', 'nova_cell0', 'neutron', 'cinder')
# nova-compute and cinder-volume are missing on purpose: their packages pull in libvirt, qemu's emulators and lvm2,
# and their code is in python3-nova and python3-cinder anyway.
PACKAGES = '''mariadb-server rabbitmq-server memcached keystone glance-api placement-api nova-api nova-conductor
    nova-scheduler neutron-server cinder-api cinder-scheduler uwsgi-core uwsgi-plugin-python3 qemu-utils'''.split()
PORTS = {'mariadb': 3306, 'memcached': 11211, 'epmd': 4369, 'rabbitmq': 5672, 'keystone': 5000, 'placement': 8778,
         'glance': 9292, 'neutron': 9696, 'nova-api': 8774, 'cinder-api': 8776}
# These hold the data of all others, so they end last.
INFRASTRUCTURE = ('mariadb', 'memcached', 'rabbitmq', 'epmd')
# Seconds that a service may take to start on a loaded machine. One that dies is noticed at once.
PATIENCE = 300
# Debian's own Python must come first: another one (pyenv) breaks maintainer scripts and Debian's commands.
ENVIRONMENT = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8', 'HOME': '/root',
               'PYTHONWARNINGS': 'ignore', 'DEBIAN_FRONTEND': 'noninteractive'}


class ControlPlane:
    def __init__(self, base):
        self.base = base
        self.etc = os.path.join(base, 'etc')
        self.daemons = Daemons(base, ENVIRONMENT)
        self.neutron_files = ['--config-file', self.conf('neutron.conf'), '--config-file', self.conf('ml2.ini')]
        # Python's own cache files would land in the source tree.
        self.drivers = {'PYTHONPATH': os.path.join(HERE, 'drivers'), 'PYTHONDONTWRITEBYTECODE': '1'}

    def conf(self, name):
        return os.path.join(self.etc, name)

    def command(self, argv, log, **environment):
        """Runs a command to its end; its output goes to a log."""
        path = self.daemons.log(log)
        with open(path, 'ab') as output:
            code = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  env={**ENVIRONMENT, **environment}).returncode
        if code:
            raise Failed('`%s` ended with %d; the end of %s:\n%s' % (' '.join(argv), code, path, tail(path)))

    def once(self, name, step, *arguments, **environment):
        """A step of the first start: a marker file says that it was done."""
        marker = os.path.join(self.base, 'done', name)
        if os.path.exists(marker):
            return
        if callable(step):
            step(*arguments)
        else:
            self.command(step, 'set-up-' + name, **environment)
        open(marker, 'w').close()

    # ------------------------------------------------------------------ the phases of `up`, in their order

    def packages(self):
        installed = subprocess.run(['dpkg-query', '-W', '-f=${Package} ${db:Status-Status}\n'], check=True,
                                   capture_output=True, text=True).stdout.split('\n')
        missing = [package for package in PACKAGES if package + ' installed' not in installed]
        if not missing:
            return
        # The maintainer scripts must start nothing: there may be no init, and we start every daemon ourselves.
        policy = '/usr/sbin/policy-rc.d'
        ours = not os.path.exists(policy)
        if ours:
            with open(policy, 'w') as script:
                script.write('#!/bin/sh\nexit 101\n')
            os.chmod(policy, 0o755)
        proxies = {name: value for name, value in os.environ.items() if name.lower().endswith('_proxy')}
        patience = ['-o', 'DPkg::Lock::Timeout=600', '-o', 'Acquire::Retries=5']
        try:
            try:
                self.command(['apt-get', 'update', *patience], 'packages', **proxies)
            except Failed as error:
                # One unreachable source of somebody else's must not matter; if it does, the installation says so.
                print('control plane: %s' % error, file=sys.stderr)
            self.command(['apt-get', 'install', '-y', '--no-install-recommends', *patience,
                          '-o', 'Dpkg::Options::=--force-confold', '-o', 'Dpkg::Options::=--force-unsafe-io',
                          *missing], 'packages', **proxies)
        finally:
            if ours:
                os.remove(policy)

    def configuration(self):
        login = '\n'.join((
            'auth_type = password', 'auth_url = ' + KEYSTONE, 'project_domain_name = Default',
            'user_domain_name = Default', 'project_name = service', 'password = ' + PASSWORD,
            'region_name = RegionOne'))
        values = {
            'base': self.base,
            'keystone': KEYSTONE,
            'glance': 'http://127.0.0.1:9292',
            'database': 'mysql+pymysql://openstack:%s@127.0.0.1' % PASSWORD,
            'rabbit': 'rabbit://guest:guest@127.0.0.1:5672/',
            # Some 25 processes share one database server.
            'pool': 'max_pool_size = 10\nmax_overflow = 50',
            'service_login': login,
            'token_check': '\n'.join(('www_authenticate_uri = ' + KEYSTONE, 'memcached_servers = 127.0.0.1:11211',
                                      'service_token_roles_required = true', login)),
        }
        for name in ('my.cnf', 'keystone.conf', 'glance-api.conf', 'placement.conf', 'nova.conf', 'neutron.conf',
                     'ml2.ini', 'cinder.conf'):
            self.render(name, self.conf(name), values)
        # Every request to any service asks Keystone: it gets more than one process.
        for name, wsgi_file, processes, threads in (
                ('keystone', '/usr/bin/keystone-wsgi-public', 3, 4), ('placement', '/usr/bin/placement-api', 1, 8)):
            self.render('uwsgi.ini', self.conf('uwsgi-%s.ini' % name), {
                'name': name, 'port': PORTS[name], 'wsgi_file': wsgi_file, 'processes': processes,
                'threads': threads})
        self.render('clouds.yaml', self.clouds_yaml(), values)

    def render(self, template, target, values):
        with open(os.path.join(HERE, 'templates', template)) as source:
            text = string.Template(source.read()).substitute(values)
        with open(target, 'w') as output:
            output.write(text)

    def infrastructure(self):
        start = self.daemons.start
        data = os.path.join(self.base, 'mysql')
        if not os.path.isdir(os.path.join(data, 'mysql')):
            self.owned_by('mysql', data)
            self.command(['mariadb-install-db', '--no-defaults', '--user=mysql', '--datadir=' + data,
                          '--auth-root-authentication-method=normal', '--skip-test-db'], 'mariadb')
        self.owned_by('mysql', os.path.join(self.base, 'run'))
        start('mariadb', ['mariadbd', '--defaults-file=' + self.conf('my.cnf')], port=PORTS['mariadb'])
        start('memcached', ['memcached', '-u', 'nobody', '-l', '127.0.0.1', '-p', '11211', '-m', '256', '-c', '4096'],
              port=PORTS['memcached'])
        rabbit, rabbit_logs = os.path.join(self.base, 'rabbit'), os.path.join(self.base, 'logs', 'rabbit')
        self.owned_by('rabbitmq', rabbit, rabbit_logs)
        # epmd is started here, not by rabbitmq, so that its process id is known.
        if not port_open(PORTS['epmd']):
            start('epmd', ['epmd'], user='rabbitmq', HOME='/var/lib/rabbitmq', ERL_EPMD_ADDRESS='127.0.0.1')
            self.daemons.wait_port('epmd', PORTS['epmd'], PATIENCE)
        # Debian's wrapper uses fixed folders and su; the server behind it takes its settings from the environment.
        start('rabbitmq', ['/usr/lib/rabbitmq/bin/rabbitmq-server'], user='rabbitmq', port=PORTS['rabbitmq'],
              HOME='/var/lib/rabbitmq', ERL_EPMD_ADDRESS='127.0.0.1', RABBITMQ_NODENAME='rabbit@localhost',
              RABBITMQ_NODE_IP_ADDRESS='127.0.0.1', RABBITMQ_MNESIA_BASE=rabbit, RABBITMQ_LOG_BASE=rabbit_logs,
              RABBITMQ_LOGS='-', RABBITMQ_PID_FILE=os.path.join(rabbit, 'pid'),
              RABBITMQ_ENABLED_PLUGINS_FILE=os.path.join(rabbit, 'enabled_plugins'),
              RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}')
        for name in ('mariadb', 'memcached', 'rabbitmq'):
            self.daemons.wait_port(name, PORTS[name], PATIENCE)
        self.once('databases', self.make_databases)

    def owned_by(self, user, *folders):
        for folder in folders:
            os.makedirs(folder, exist_ok=True)
        self.command(['chown', user, *folders], 'set-up-folders')

    def make_databases(self):
        statements = ['CREATE DATABASE IF NOT EXISTS %s CHARACTER SET utf8mb3' % name for name in DATABASES]
        for host in ('%', 'localhost'):
            statements.append("CREATE USER IF NOT EXISTS 'openstack'@'%s' IDENTIFIED BY '%s'" % (host, PASSWORD))
            statements.append("GRANT ALL ON *.* TO 'openstack'@'%s'" % host)
        self.command(['mariadb', '--no-defaults', '-S', os.path.join(self.base, 'run', 'mysql.sock'), '-uroot',
                      '-e', '; '.join(statements)], 'set-up-databases')

    def schemas_and_accounts(self):
        """Two chains side by side: Neutron's migrations alone take as long as all others."""
        failures = []

        def chain(steps):
            try:
                for step in steps:
                    step()
            except Exception as error:  # raised again below, in the thread that called
                failures.append(error)

        def manage(service, configuration, *arguments):
            name = '-'.join((service, *[word for word in arguments if not word.startswith('-')][:2]))
            return lambda: self.once(name, [service + '-manage', '--config-file', self.conf(configuration), *arguments])

        as_root = ('--keystone-user', 'root', '--keystone-group', 'root')
        bootstrap = ['bootstrap', '--bootstrap-password', 'admin', '--bootstrap-region-id', 'RegionOne']
        for interface in ('admin', 'internal', 'public'):
            bootstrap += ['--bootstrap-%s-url' % interface, KEYSTONE + '/v3']
        cell0 = 'mysql+pymysql://openstack:%s@127.0.0.1/nova_cell0?charset=utf8' % PASSWORD
        chains = [
            [lambda: self.once('neutron-schema', ['neutron-db-manage', *self.neutron_files, 'upgrade', 'heads'],
                               **self.drivers),
             manage('glance', 'glance-api.conf', 'db_sync')],
            [manage('keystone', 'keystone.conf', 'db_sync'),
             manage('keystone', 'keystone.conf', 'fernet_setup', *as_root),
             manage('keystone', 'keystone.conf', 'credential_setup', *as_root),
             lambda: self.once('keystone-bootstrap', [
                 'keystone-manage', '--config-file', self.conf('keystone.conf'), *bootstrap]),
             self.keystone,
             manage('placement', 'placement.conf', 'db', 'sync'),
             manage('nova', 'nova.conf', 'api_db', 'sync'),
             manage('nova', 'nova.conf', 'cell_v2', 'map_cell0', '--database_connection', cell0),
             lambda: self.once('nova-cell1', ['nova-manage', '--config-file', self.conf('nova.conf'), 'cell_v2',
                                              'create_cell', '--name=cell1']),
             manage('nova', 'nova.conf', 'db', 'sync'),
             manage('cinder', 'cinder.conf', 'db', 'sync')],
        ]
        threads = [threading.Thread(target=chain, args=(steps,)) for steps in chains]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def keystone(self):
        self.daemons.start('keystone', ['uwsgi', '--ini', self.conf('uwsgi-keystone.ini')], port=PORTS['keystone'],
                           OS_KEYSTONE_CONFIG_DIR=self.etc)
        self.daemons.wait_port('keystone', PORTS['keystone'], PATIENCE)
        self.once('accounts', lambda: accounts.register(self.admin(), PASSWORD))

    def services(self):
        start, nova, cinder = self.daemons.start, self.conf('nova.conf'), self.conf('cinder.conf')
        start('placement', ['uwsgi', '--ini', self.conf('uwsgi-placement.ini')], port=PORTS['placement'],
              OS_PLACEMENT_CONFIG_DIR=self.etc)
        start('glance', ['glance-api', '--config-file', self.conf('glance-api.conf')], port=PORTS['glance'])
        start('neutron', ['neutron-server', *self.neutron_files], port=PORTS['neutron'], **self.drivers)
        for name in ('nova-conductor', 'nova-scheduler', 'nova-api'):
            start(name, [name, '--config-file', nova], port=PORTS.get(name))
        for name in ('cinder-api', 'cinder-scheduler'):
            start(name, [name, '--config-file', cinder], port=PORTS.get(name))
        start('cinder-volume', module('cinder-volume', 'cinder.cmd.volume', cinder), **self.drivers)
        start('nova-compute', module('nova-compute', 'nova.cmd.compute', nova))
        for name in ('placement', 'glance', 'neutron', 'nova-api', 'cinder-api'):
            self.daemons.wait_port(name, PORTS[name], PATIENCE)

    def ready(self):
        """Waits until each service answers and each worker has reported itself, then makes the first objects."""
        admin = self.admin()
        for kind, path in (('network', '/v2.0/networks?limit=1'), ('image', '/v2/images?limit=1'),
                           ('placement', '/resource_providers')):
            rest.until(kind + ' answers', lambda: answers(admin, kind, path), PATIENCE)
        for kind, path, workers in (
                ('compute', '/os-services', {'nova-conductor', 'nova-scheduler', 'nova-compute'}),
                ('block-storage', '/os-services', {'cinder-scheduler', 'cinder-volume'})):
            rest.until('%s are up' % ', '.join(sorted(workers)), lambda: self.workers_up(admin, kind, path, workers),
                       PATIENCE)
        # A compute host is used only when it is mapped to its cell.
        self.once('nova-hosts', ['nova-manage', '--config-file', self.conf('nova.conf'), 'cell_v2', 'discover_hosts'])
        self.once('first-objects', lambda: accounts.first_objects(admin))

    def workers_up(self, admin, kind, path, workers):
        for worker in workers:
            if not self.daemons.pid(worker):
                raise Failed('%s died; the end of its log:\n%s' % (worker, tail(self.daemons.log(worker))))
        try:
            services = admin.get(kind, path)['services']
        except rest.Refused:
            return False
        return workers <= {service['binary'] for service in services if service['state'] == 'up'}

    def admin(self):
        return rest.until('Keystone gives a token', self.token, PATIENCE)

    def token(self):
        try:
            return rest.Session(KEYSTONE, 'admin', 'admin', 'admin')
        except (rest.Refused, OSError):
            return None

    # ------------------------------------------------------------------ the commands

    def clouds_yaml(self):
        return os.path.join(self.base, 'clouds.yaml')

    def up(self):
        if os.geteuid():
            raise Failed('bringing up the control plane installs packages and starts daemons: run it as root')
        for folder in ('', 'run', 'logs', 'done', 'etc', 'lock', 'keystone', 'glance/images', 'glance/staging',
                       'glance/tasks', 'nova/instances', 'neutron', 'cinder/conversion', 'cinder/volumes'):
            os.makedirs(os.path.join(self.base, folder), exist_ok=True)
        os.chmod(self.base, 0o755)
        with open(os.path.join(self.base, 'up.lock'), 'w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for phase in (self.packages, self.configuration, self.infrastructure, self.schemas_and_accounts,
                          self.services, self.ready):
                began = time.monotonic()
                phase()
                print('%-22s %6.1f s' % (phase.__name__.replace('_', ' '), time.monotonic() - began), flush=True)
        print(self.clouds_yaml())

    def down(self):
        names = self.daemons.recorded()
        threads = [threading.Thread(target=self.daemons.stop, args=(name,))
                   for name in names if name not in INFRASTRUCTURE]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for name in reversed([name for name in names if name in INFRASTRUCTURE]):
            self.daemons.stop(name)
        print('stopped: %s' % (', '.join(names) or 'nothing ran'))

    def status(self):
        names, dead, total = self.daemons.recorded(), 0, 0
        for name in names:
            pid = self.daemons.pid(name)
            listening = name not in PORTS or port_open(PORTS[name])
            memory = resident_bytes(pid) if pid else 0
            state = 'dead' if not pid else 'running' if listening else 'not listening'
            dead += state != 'running'
            total += memory
            print('%-18s %-14s %8s %6d MB  %s' % (name, state, pid or '', memory / 1e6, PORTS.get(name, '')))
        print('%d daemons, %d not running, %.1f GB' % (len(names), dead, total / 1e9))
        return 0 if names and not dead else 1


def module(name, path, configuration):
    """A daemon whose package is left out, straight from its Python module."""
    return ['/usr/bin/python3', '-c', 'import sys; sys.argv = %r; from %s import main; main()'
            % ([name, '--config-file', configuration], path)]


def answers(session, kind, path):
    try:
        session.get(kind, path)
        return True
    except (rest.Refused, OSError):
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('command', choices=('up', 'down', 'status', 'clouds-yaml', 'smoke'))
    parser.add_argument('--base', default='/tmp/heat-control-plane', help='folder of all data, logs and settings')
    options = parser.parse_args()
    plane = ControlPlane(os.path.abspath(options.base))
    try:
        if options.command == 'up':
            plane.up()
        elif options.command == 'down':
            plane.down()
        elif options.command == 'status':
            return plane.status()
        elif options.command == 'clouds-yaml':
            if not os.path.exists(plane.clouds_yaml()):
                raise Failed('there is no control plane in %s: run `up` first' % plane.base)
            print(plane.clouds_yaml())
        else:
            smoke.run(KEYSTONE)
    except (Failed, TimeoutError, rest.Refused) as error:
        print('control plane: %s' % error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
