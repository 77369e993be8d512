"""A user's session with the control plane: a token, the catalogue and JSON over HTTP, with the standard library only."""
import json
import time
import urllib.error
import urllib.request

# A proxy for the outer world must not be asked about 127.0.0.1.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    def __init__(self, method, url, status, text):
        super().__init__('%s %s: %d %s' % (method, url, status, text[:500]))
        self.status = status


def send(method, url, headers=None, body=None, content_type='application/json'):
    """One request. Returns (status, headers, body as text)."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers or {}))
    if body is not None:
        request.add_header('Content-Type', content_type)
    try:
        with _opener.open(request, timeout=120) as answer:
            return answer.status, answer.headers, answer.read().decode(errors='replace')
    except urllib.error.HTTPError as error:
        raise Refused(method, url, error.code, error.read().decode(errors='replace')) from None


class Session:
    def __init__(self, keystone, user, password, project):
        scope = {'project': {'name': project, 'domain': {'id': 'default'}}}
        who = {'user': {'name': user, 'domain': {'id': 'default'}, 'password': password}}
        _, headers, text = send('POST', keystone + '/v3/auth/tokens', body={
            'auth': {'identity': {'methods': ['password'], 'password': who}, 'scope': scope}})
        token = json.loads(text)['token']
        self.token = headers['X-Subject-Token']
        self.project = token['project']['id']
        self.user = token['user']['id']
        self.endpoints = {'identity': keystone + '/v3'}
        for service in token.get('catalog', ()):
            for endpoint in service['endpoints']:
                if endpoint['interface'] == 'public' and service['type'] != 'identity':
                    self.endpoints[service['type']] = endpoint['url'].rstrip('/')

    def call(self, method, service, path, body=None, content_type='application/json', **headers):
        """The answer as JSON (None when it is empty). Raises Refused for a status of 400 and more."""
        headers = {name.replace('_', '-'): value for name, value in headers.items()}
        headers['X-Auth-Token'] = self.token
        headers.setdefault('Accept', 'application/json')
        if service == 'compute':
            headers.setdefault('X-OpenStack-Nova-API-Version', '2.93')
        _, _, text = send(method, self.endpoints[service] + path, headers, body, content_type)
        return json.loads(text) if text.strip() else None

    def get(self, service, path):
        return self.call('GET', service, path)

    def post(self, service, path, body, **headers):
        return self.call('POST', service, path, body, **headers)

    def put(self, service, path, body=None, **headers):
        return self.call('PUT', service, path, body, **headers)

    def delete(self, service, path):
        return self.call('DELETE', service, path)


def until(what, predicate, seconds=120):
    """Asks until the predicate gives something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        answer = predicate()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError('%s did not come true within %d s' % (what, seconds))
        time.sleep(0.5)
