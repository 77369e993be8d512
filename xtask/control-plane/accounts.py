"""Who and what is there from the start: users, roles, services, endpoints, and the first objects that tests need."""
from urllib.parse import urlencode

HOST = 'http://127.0.0.1'
SERVICES = {
    'glance': [('image', HOST + ':9292')],
    'placement': [('placement', HOST + ':8778')],
    'nova': [('compute', HOST + ':8774/v2.1')],
    'neutron': [('network', HOST + ':9696')],
    'cinder': [('volumev3', HOST + ':8776/v3/$(project_id)s'),
               ('block-storage', HOST + ':8776/v3/$(project_id)s')],
}


def register(admin, service_password):
    """Users, roles, projects, services and endpoints. A second run changes nothing."""

    def ensure(collection, singular, body, **match):
        query = urlencode(match or {'name': body['name']})
        found = admin.get('identity', '/%s?%s' % (collection, query))[collection]
        if found:
            return found[0]['id']
        return admin.post('identity', '/' + collection, {singular: body})[singular]['id']

    def project(name):
        return ensure('projects', 'project', {'name': name, 'domain_id': 'default'}, name=name, domain_id='default')

    def user(name, password):
        body = {'name': name, 'password': password, 'domain_id': 'default'}
        return ensure('users', 'user', body, name=name, domain_id='default')

    def grant(project_id, user_id, role):
        admin.put('identity', '/projects/%s/users/%s/roles/%s' % (project_id, user_id, roles[role]))

    roles = {name: ensure('roles', 'role', {'name': name}) for name in ('admin', 'member', 'reader', 'service')}
    service_project = project('service')
    for name, endpoints in SERVICES.items():
        account = user(name, service_password)
        grant(service_project, account, 'admin')
        # Service tokens are believed from users with this role only.
        grant(service_project, account, 'service')
        for kind, url in endpoints:
            service = ensure('services', 'service', {'name': name, 'type': kind}, type=kind)
            known = admin.get('identity', '/endpoints?service_id=' + service)['endpoints']
            for interface in {'public', 'internal', 'admin'} - {endpoint['interface'] for endpoint in known}:
                admin.post('identity', '/endpoints', {'endpoint': {
                    'service_id': service, 'interface': interface, 'url': url, 'region_id': 'RegionOne'}})
    demo = project('demo')
    grant(demo, user('demo', 'demo'), 'member')
    grant(demo, admin.user, 'admin')
    grant(project('alt_demo'), user('alt_demo', 'demo'), 'member')


def first_objects(admin):
    """Image, flavors, volume type and external network. A second run changes nothing."""
    if not admin.get('image', '/v2/images?name=tiny')['images']:
        image = admin.post('image', '/v2/images', {
            'name': 'tiny', 'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'public'})
        admin.put('image', '/v2/images/%s/file' % image['id'], b'\0' * 65536,
                  content_type='application/octet-stream')
    flavors = {flavor['name'] for flavor in admin.get('compute', '/flavors')['flavors']}
    for name, ram in (('m1.tiny', 64), ('m1.small', 256)):
        if name not in flavors:
            admin.post('compute', '/flavors', {'flavor': {'name': name, 'ram': ram, 'vcpus': 1, 'disk': 1}})
    if 'fake' not in {kind['name'] for kind in admin.get('block-storage', '/types')['volume_types']}:
        admin.post('block-storage', '/types', {'volume_type': {'name': 'fake'}})
    networks = admin.get('network', '/v2.0/networks?name=public')['networks']
    public = networks[0] if networks else admin.post('network', '/v2.0/networks', {'network': {
        'name': 'public', 'router:external': True, 'is_default': True,
        'provider:network_type': 'flat', 'provider:physical_network': 'public'}})['network']
    if not admin.get('network', '/v2.0/subnets?name=public-subnet')['subnets']:
        # Room for a thousand floating addresses at once.
        admin.post('network', '/v2.0/subnets', {'subnet': {
            'name': 'public-subnet', 'network_id': public['id'], 'ip_version': 4, 'cidr': '172.24.4.0/22',
            'gateway_ip': '172.24.4.1', 'enable_dhcp': False}})
