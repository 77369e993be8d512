"""Every service once, as user demo, and nothing left behind: whether the control plane can be tested against."""
import base64
import contextlib
import http.server
import os
import struct
import threading
import time

import rest

IMAGE = b'\x01' * 131072
# What demo owns, and how to list it.
LISTS = (('network', '/v2.0/networks?project_id=%s', 'networks'), ('network', '/v2.0/subnets?project_id=%s', 'subnets'),
         ('network', '/v2.0/ports?project_id=%s', 'ports'), ('network', '/v2.0/routers?project_id=%s', 'routers'),
         ('network', '/v2.0/floatingips?project_id=%s', 'floatingips'),
         ('network', '/v2.0/security-groups?project_id=%s', 'security_groups'),
         ('compute', '/servers', 'servers'), ('compute', '/os-keypairs', 'keypairs'),
         ('compute', '/os-server-groups', 'server_groups'), ('block-storage', '/volumes', 'volumes'),
         ('image', '/v2/images?owner=%s', 'images'),
         ('identity', '/users/%s/application_credentials', 'application_credentials'))


class ImageFile(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', str(len(IMAGE)))
        self.end_headers()
        self.wfile.write(IMAGE)

    def log_message(self, *_):
        pass


def public_key(comment):
    """An OpenSSH public key whose private part nobody has: the format's fields, then 32 random bytes."""
    fields = (b'ssh-ed25519', os.urandom(32))
    blob = b''.join(struct.pack('>I', len(field)) + field for field in fields)
    return 'ssh-ed25519 %s %s' % (base64.b64encode(blob).decode(), comment)


class Smoke:
    def __init__(self, keystone):
        self.keystone = keystone
        self.admin = rest.Session(keystone, 'admin', 'admin', 'admin')
        self.demo = rest.Session(keystone, 'demo', 'demo', 'demo')
        self.began = time.monotonic()
        # Unique, so that two smokes at once or one after a crash do not meet.
        self.mark = 'smoke-%d-%d' % (os.getpid(), time.time())

    def step(self, text):
        print('%6.1f s  %s' % (time.monotonic() - self.began, text), flush=True)

    def owned(self):
        """Ids of everything of ours that demo owns."""
        found = set()
        for service, path, key in LISTS:
            owner = self.demo.user if service == 'identity' else self.demo.project
            for item in self.demo.get(service, path % owner if '%s' in path else path)[key]:
                item = item.get('keypair', item)
                if self.mark in (item.get('name') or '') + (item.get('description') or ''):
                    found.add('%s %s' % (key, item.get('id', item.get('name'))))
        return found

    def make(self, cleanup, service, path, key, **body):
        """Creates an object and has it deleted at the end."""
        made = self.demo.post(service, path, {key: body})[key]
        cleanup.callback(self.remove, service, '%s/%s' % (path, made.get('id', made.get('name'))))
        return made

    def remove(self, service, path):
        try:
            self.demo.delete(service, path)
        except rest.Refused as error:
            if error.status != 404:
                raise

    def reaches(self, service, path, key, status):
        """Waits until an object has a status; an error state ends the waiting."""
        def look():
            item = self.demo.get(service, path)
            item = item[key] if key else item
            state = item['status']
            if state.lower().startswith('error') or state == 'killed':
                raise TimeoutError('%s is in state %s: %s' % (path, state, item.get('fault')))
            return item if state == status else None
        return rest.until('%s is %s' % (path, status), look, 180)

    def gone(self, service, path):
        def look():
            try:
                self.demo.get(service, path)
                return False
            except rest.Refused as error:
                if error.status == 404:
                    return True
                raise
        rest.until(path + ' is gone', look, 180)

    def run(self):
        with contextlib.ExitStack() as cleanup:
            self.everything(cleanup)
            self.step('cleaning up')
        left = self.owned()
        if left:
            raise TimeoutError('left behind: ' + ', '.join(sorted(left)))
        self.step('nothing is left behind')

    def everything(self, cleanup):
        demo, mark = self.demo, self.mark
        network = self.make(cleanup, 'network', '/v2.0/networks', 'network', name=mark)
        subnet = self.make(cleanup, 'network', '/v2.0/subnets', 'subnet', name=mark, network_id=network['id'],
                           ip_version=4, cidr='10.77.0.0/24')
        group = self.make(cleanup, 'network', '/v2.0/security-groups', 'security_group', name=mark)
        self.make(cleanup, 'network', '/v2.0/security-group-rules', 'security_group_rule', direction='ingress',
                  security_group_id=group['id'], protocol='tcp', port_range_min=22, port_range_max=22)
        port = self.make(cleanup, 'network', '/v2.0/ports', 'port', name=mark, network_id=network['id'],
                         security_groups=[group['id']], fixed_ips=[{'subnet_id': subnet['id']}])
        self.step('network, subnet, security group with a rule, port ' + port['fixed_ips'][0]['ip_address'])

        public = demo.get('network', '/v2.0/networks?name=public')['networks'][0]['id']
        router = self.make(cleanup, 'network', '/v2.0/routers', 'router', name=mark,
                           external_gateway_info={'network_id': public})
        interface = '/v2.0/routers/%s/%%s_router_interface' % router['id']
        demo.put('network', interface % 'add', {'subnet_id': subnet['id']})
        cleanup.callback(demo.put, 'network', interface % 'remove', {'subnet_id': subnet['id']})
        floating = self.make(cleanup, 'network', '/v2.0/floatingips', 'floatingip', description=mark,
                             floating_network_id=public, port_id=port['id'])
        self.step('router with gateway and interface, floating IP ' + floating['floating_ip_address'])

        pair = self.make(cleanup, 'compute', '/os-keypairs', 'keypair', name=mark, type='ssh',
                         public_key=public_key(mark))
        servers = self.make(cleanup, 'compute', '/os-server-groups', 'server_group', name=mark, policy='anti-affinity')
        self.step('key pair %s, server group' % pair['fingerprint'])

        image = demo.post('image', '/v2/images', {'name': mark, 'disk_format': 'raw', 'container_format': 'bare'})
        cleanup.callback(self.remove, 'image', '/v2/images/' + image['id'])
        web = http.server.ThreadingHTTPServer(('127.0.0.1', 0), ImageFile)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        cleanup.callback(web.shutdown)
        demo.post('image', '/v2/images/%s/import' % image['id'], {'method': {
            'name': 'web-download', 'uri': 'http://127.0.0.1:%d/image.raw' % web.server_port}})
        image = self.reaches('image', '/v2/images/' + image['id'], None, 'active')
        if image['size'] != len(IMAGE):
            raise TimeoutError('the imported image has %s bytes instead of %d' % (image['size'], len(IMAGE)))
        self.step('image imported by web-download from port %d' % web.server_port)

        flavors = {flavor['name']: flavor['id'] for flavor in demo.get('compute', '/flavors')['flavors']}
        server = demo.post('compute', '/servers', {
            'server': {'name': mark, 'imageRef': image['id'], 'flavorRef': flavors['m1.tiny'], 'key_name': mark,
                       'networks': [{'port': port['id']}]},
            'os:scheduler_hints': {'group': servers['id']}})['server']
        path = '/servers/' + server['id']
        cleanup.callback(self.gone, 'compute', path)
        cleanup.callback(self.remove, 'compute', path)
        self.reaches('compute', path, 'server', 'ACTIVE')
        port = demo.get('network', '/v2.0/ports/' + port['id'])['port']
        if port['status'] != 'ACTIVE' or port['device_id'] != server['id']:
            raise TimeoutError('the port is %s on device %s' % (port['status'], port['device_id']))
        self.step('server is ACTIVE on its port')

        demo.post('compute', path + '/action', {'resize': {'flavorRef': flavors['m1.small']}})
        self.reaches('compute', path, 'server', 'VERIFY_RESIZE')
        demo.post('compute', path + '/action', {'confirmResize': None})
        self.reaches('compute', path, 'server', 'ACTIVE')
        self.step('server resized and confirmed')

        tiny = demo.get('image', '/v2/images?name=tiny')['images'][0]['id']
        demo.post('compute', path + '/action', {'rebuild': {'imageRef': tiny}})
        rest.until('the server is rebuilt', lambda: self.rebuilt(path, tiny), 120)
        self.step('server rebuilt with another image')

        volume = self.make(cleanup, 'block-storage', '/volumes', 'volume', name=mark, size=1)
        volume_path = '/volumes/' + volume['id']
        cleanup.callback(self.gone_after_delete, volume_path)
        self.reaches('block-storage', volume_path, 'volume', 'available')
        demo.post('compute', path + '/os-volume_attachments', {'volumeAttachment': {'volumeId': volume['id']}})
        self.reaches('block-storage', volume_path, 'volume', 'in-use')
        demo.delete('compute', path + '/os-volume_attachments/' + volume['id'])
        self.reaches('block-storage', volume_path, 'volume', 'available')
        demo.post('block-storage', volume_path + '/action', {'os-extend': {'new_size': 2}})
        rest.until('the volume is extended', lambda: demo.get('block-storage', volume_path)['volume']['size'] == 2)
        self.step('volume attached, detached and extended')

        copy = self.make(cleanup, 'block-storage', '/volumes', 'volume', name=mark, size=1, imageRef=tiny)
        cleanup.callback(self.gone_after_delete, '/volumes/' + copy['id'])
        self.reaches('block-storage', '/volumes/' + copy['id'], 'volume', 'available')
        self.step('volume made from an image')

        # Quotas are set by admin, for a project.
        quota = '/v2.0/quotas/' + demo.project
        self.admin.put('network', quota, {'quota': {'network': 0}})
        try:
            demo.post('network', '/v2.0/networks', {'network': {'name': mark}})
            raise TimeoutError('a quota of no network let one be made')
        except rest.Refused as error:
            if error.status != 409:
                raise
        finally:
            self.admin.delete('network', quota)
        self.step('quota set by admin refuses, then is reset')

        credential = self.make(cleanup, 'identity', '/users/%s/application_credentials' % demo.user,
                               'application_credential', name=mark)
        rest.send('POST', self.keystone + '/v3/auth/tokens', body={'auth': {'identity': {
            'methods': ['application_credential'],
            'application_credential': {'id': credential['id'], 'secret': credential['secret']}}}})
        self.step('token by application credential')

    def rebuilt(self, path, image):
        server = self.demo.get('compute', path)['server']
        return server['status'] == 'ACTIVE' and server['image']['id'] == image

    def gone_after_delete(self, path):
        self.remove('block-storage', path)
        self.gone('block-storage', path)


def run(keystone):
    Smoke(keystone).run()
