# Writes the parts of type text/x-cfninitdata to where the agents in a server look for them.
import os

PLACES = ['/var/lib/heat-cfntools', '/var/lib/cloud/data']


def list_types():
    return ['text/x-cfninitdata']


def handle_part(data, ctype, filename, payload):
    if ctype == '__begin__':
        for place in PLACES:
            if not os.path.isdir(place):
                os.makedirs(place, 0o700)
    elif ctype == 'text/x-cfninitdata':
        for place in PLACES:
            with open(os.path.join(place, filename), 'w') as part:
                part.write(payload)
