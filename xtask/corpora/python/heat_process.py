"""All of Heat's own code in one process: the reading of requests, the engine service with its convergence engine, the
workers and the database layer on an in-memory SQLite.

RPC becomes a direct call that passes the same JSON, and Keystone the fake client that Heat brings for its own tests.
Nothing else is there. `stub_services` lets a template be judged whose types would ask a service."""

import collections
import json
import logging
import os
import sys

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

# What follows reads the backend when it is imported.
from oslo_config import cfg  # noqa: E402
from oslo_db import options  # noqa: E402

from heat.common import config  # noqa: E402,F401  (registers the options)
from heat.common import context as heat_context  # noqa: E402
from heat.common import messaging  # noqa: E402
from heat.common import policy  # noqa: E402
from heat.common import urlfetch  # noqa: E402
from heat.db import api as db_api  # noqa: E402
from heat.db import models  # noqa: E402
from heat.engine import environment as heat_environment  # noqa: E402
from heat.engine import resource  # noqa: E402
from heat.engine import resources  # noqa: E402
from heat.engine import scheduler  # noqa: E402
from heat.engine import stack as heat_stack  # noqa: E402
from heat.engine import stk_defn  # noqa: E402
from heat.engine import translation  # noqa: E402
from heat.engine.clients import client_plugin  # noqa: E402
from heat.engine.clients.os import keystone  # noqa: E402
from heat.engine.clients.os.keystone import fake_keystoneclient  # noqa: E402

PROJECT = "3c7dbf9a"
# Nobody listens there, which one learns at once.
NOWHERE = "http://127.0.0.1:9/v3"

# Constraints that need nothing but the value; all others ask a service.
GENERIC = {
    "cron_expression", "dns_domain", "dns_name", "expiration", "ip_addr", "ip_or_cidr", "iso_8601", "json_string",
    "mac_addr", "net_cidr", "rel_dns_name", "test_constr", "timezone",
}


def start():
    """Sets Heat up, once for the process."""
    logging.disable(logging.CRITICAL)
    options.set_defaults(cfg.CONF, connection="sqlite://")
    cfg.CONF([], project="heat", default_config_files=[])
    cfg.CONF.set_override("environment_dir", os.path.join(sys.prefix, "etc", "heat", "environment.d"))
    cfg.CONF.set_override("error_wait_time", None)
    messaging.setup("fake://", optional=True)
    engine = db_api.get_engine()
    for table in models.BASE.metadata.tables.values():
        # Heat may delete a row twice: the second time it must not be another one with the same number.
        table.dialect_options["sqlite"]["autoincrement"] = True
    models.BASE.metadata.create_all(engine)
    scheduler.ENABLE_SLEEP = False
    keystone.KeystoneClientPlugin._create = lambda self, **_: fake_keystoneclient.FakeKeystoneClient()
    policy.ResourceEnforcer.enforce = lambda self, *_, **__: True
    resources.global_env()
    # The leaves of a graph are triggered one second after the other.
    heat_stack.time = Hurried(heat_stack.time)


class Hurried:
    """The module `time` without the waiting."""

    def __init__(self, time):
        self.time_module = time

    def sleep(self, _seconds):
        pass

    def __getattr__(self, name):
        return getattr(self.time_module, name)


def context():
    return heat_context.RequestContext.from_dict({
        "tenant_id": PROJECT, "tenant": "conformance", "project_id": PROJECT, "username": "judge", "user_id": "judge",
        "password": "", "roles": ["member"], "is_admin": False, "auth_url": NOWHERE,
        "auth_token": "none", "user_domain": "default", "project_domain": "default",
    })


def empty_database():
    """Forgets all stacks."""
    import sqlalchemy
    engine = db_api.get_engine()
    meta = sqlalchemy.MetaData()
    meta.reflect(bind=engine)
    with engine.connect() as connection, connection.begin():
        for table in reversed(meta.sorted_tables):
            connection.execute(table.delete())


def through_json(value):
    """What a value is on the other side of RPC."""
    from oslo_serialization import jsonutils
    return json.loads(json.dumps(jsonutils.to_primitive(value)))


class Good:
    """A constraint that every value satisfies."""

    def validate(self, value, context, template=None):
        return True


def stub_services(outcome):
    """Every service is there, every constraint that would ask one is satisfied, and a name stands for itself. What a
    type checks beyond its schema is tried; where it refuses, that is kept in `outcome`, for it is the type's own affair,
    and where it fails for want of a service, nothing is said."""
    resource.Resource.is_service_available = classmethod(lambda cls, context: (True, None))
    resource.Resource.validate_external = lambda self: None
    get = heat_environment.Environment.get_constraint

    def constraint(self, name):
        found = get(self, name)
        return found if found is None or name in GENERIC else Good

    heat_environment.Environment.get_constraint = constraint
    client_plugin.ClientPlugin.client = _client(client_plugin.ClientPlugin.client)
    heat_stack.Stack.get_availability_zones = lambda self: ["nova"]
    stk_defn.StackDefinition.get_availability_zones = lambda self: ["nova"]
    urlfetch.get = _fetch
    translation.resolve_and_find = lambda value, *_, **__: value
    from heat.engine.resources import stack_resource
    from heat.engine.resources.openstack.heat import none_resource
    for cls in resource_classes().values():
        # Types without a validation at all, and those whose own is the language's.
        whole = (none_resource.NoneResource, stack_resource.StackResource)
        if cls.validate is resource.Resource.validate or issubclass(cls, whole):
            continue
        cls.validate = _with_schema_only(cls.validate, outcome)


def _client(of_plugin):
    def client(self, version=None):
        if isinstance(self, keystone.KeystoneClientPlugin):
            return of_plugin(self, version)
        raise RuntimeError(f"{type(self).__name__}: there is no service")
    return client


def _fetch(url, **_):
    raise urlfetch.URLFetchError(f"Failed to retrieve template from {url}")


def _with_schema_only(own, outcome):
    def validate(self):
        resource.Resource.validate(self)
        try:
            refused = own(self)
        except Exception as error:
            refused = f"{type(error).__name__}: {error}"
        if refused:
            outcome.append(f"{self.type()} {self.name}: {str(refused)[:300]}")
    return validate


def resource_classes():
    """All types that a class implements."""
    registry = resources.global_env().registry
    found = {}
    # Not `get_types`: it leaves out hidden types, which templates can use.
    for name, info in registry._registry.items():
        if isinstance(info, heat_environment.ClassResourceInfo):
            found[name] = info.get_class()
    return found


def constraint_names():
    return sorted(resources.global_env().constraints)


class Casts:
    """What workers are told, in order; `run` lets one worker do all of it."""

    def __init__(self):
        self.waiting = collections.deque()

    def cast(self, _client, ctxt, message, version=None):
        method, arguments = message
        self.waiting.append((ctxt, method, through_json(arguments)))

    def run(self, worker):
        while self.waiting:
            ctxt, method, arguments = self.waiting.popleft()
            try:
                getattr(worker, method)(ctxt, **arguments)
            except Exception:
                # Nobody waits for the end of a cast; what went wrong is in the stack's records.
                logging.getLogger(__name__).exception("%s failed", method)


__all__ = ["Casts", "constraint_names", "context", "empty_database", "resource_classes", "start",
           "stub_services", "through_json"]
