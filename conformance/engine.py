"""Heat's engine service and one worker in this process. RPC becomes direct calls that pass the same JSON and the same kinds
of errors; a worker that waits for a nested stack does the nested stack's work meanwhile."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "xtask", "corpora", "python"))

import heat_process  # noqa: E402

# A wait that is for nothing ends after so many seconds.
PATIENCE = 20


class Threads:
    """Heat's manager of threads, without threads."""

    def start(self, _stack_id, work, *arguments, **named):
        return work(*arguments, **named)

    def __getattr__(self, _name):
        return lambda *_, **__: None


class Engine:
    """What the API's processes ask of the engine."""

    def __init__(self):
        heat_process.start()
        from heat.engine import scheduler
        from heat.engine import service
        from heat.engine import worker
        from heat.rpc import client
        from heat.rpc import worker_client
        self.casts = heat_process.Casts()
        worker_client.WorkerClient.cast = lambda *arguments, **named: self.casts.cast(*arguments, **named)
        client.EngineClient.call = lambda _, context, message, version=None, timeout=None: self.call(context, message)
        client.EngineClient.cast = lambda _, context, message, version=None: self.call(context, message)
        scheduler.TaskRunner._sleep = lambda _, wait_time: self.wait(wait_time)
        self.service = service.EngineService("conformance", "engine")
        self.service.engine_id = "conformance"
        self.service.thread_group_mgr = Threads()
        self.worker = worker.WorkerService("conformance", "worker", "conformance", Threads())
        self.worker.stop_all_workers = lambda _stack: True
        self.service.worker_service = self.worker
        self.idle_since = None

    def call(self, context, message):
        """One call over RPC: arguments, answer and error as they are on the other side."""
        from heat.common import context as heat_context
        from oslo_messaging._drivers import common
        from oslo_messaging.rpc import dispatcher
        method, arguments = message
        remote = heat_context.RequestContext.from_dict(heat_process.through_json(context.to_dict()))
        try:
            answer = getattr(self.service, method)(remote, **heat_process.through_json(arguments))
        except dispatcher.ExpectedException as expected:
            failure = common.serialize_remote_exception(expected.exc_info)
        except Exception:
            failure = common.serialize_remote_exception(sys.exc_info())
        else:
            return heat_process.through_json(answer)
        raise common.deserialize_remote_exception(failure, ["heat.common.exception"])

    def wait(self, _wait_time):
        """A task waits a moment: what other workers would do in it is done."""
        if self.casts.waiting:
            self.idle_since = None
            self.casts.run(self.worker)
            return
        self.idle_since = self.idle_since or time.monotonic()
        if time.monotonic() - self.idle_since > PATIENCE:
            self.idle_since = None
            raise RuntimeError("nothing that could end this wait")
        time.sleep(0.001)

    def work(self):
        """All work that is waiting."""
        self.idle_since = None
        self.casts.run(self.worker)

    def forget(self):
        heat_process.empty_database()
        self.casts.waiting.clear()


class Resources:
    """The resources of a stack and of the stacks in it, by path."""

    def __init__(self, stack_id):
        self.needs, self.states, self.rows, self.random = {}, {}, {}, False
        # A context remembers what it has read.
        self._add(heat_process.context(), stack_id, "")

    def _add(self, context, stack_id, prefix):
        from heat.engine import stack as heat_stack
        stack = heat_stack.Stack.load(context, stack_id=stack_id)
        for name, resource in stack.resources.items():
            path = prefix + name
            if not prefix:
                self.needs[name] = sorted(
                    other.name for other in stack.dependencies.requires(resource))
            self.states[path] = f"{resource.action}_{resource.status}"
            # What was never begun is not told of.
            if resource.id is not None and resource.action != "INIT":
                self.rows[path] = (resource.id, stack_id, name)
            if prefix and len(name) == 12 and name.isalnum() and name.islower():
                self.random = True
            if getattr(resource, "has_nested", lambda: False)() and resource.resource_id is not None \
                    and resource.nested() is not None:
                self._add(context, resource.resource_id, path + "/")

    def outermost(self):
        return {path: state for path, state in self.states.items() if "/" not in path}

    def inside(self):
        """Of members whose names are different each time nothing is told."""
        return {} if self.random else {path: state for path, state in self.states.items() if "/" in path}


def changes(before, after, seen):
    """What became of every resource; `seen` are the events that were there before."""
    from heat.objects import event
    context = heat_process.context()
    updated = set()
    for stack_id in {row[1] for row in list(before.rows.values()) + list(after.rows.values())}:
        for one in event.Event.get_all_by_stack(context, stack_id):
            if one.id not in seen and one.resource_action == "UPDATE" and one.resource_status == "IN_PROGRESS":
                updated.add((stack_id, one.resource_name))
    told = {}
    for path in list(before.rows) + list(after.rows):
        old, new = before.rows.get(path), after.rows.get(path)
        if old is None:
            told[path] = "created"
        elif new is None:
            told[path] = "deleted"
        elif old[0] != new[0]:
            told[path] = "replaced"
        else:
            told[path] = "updated" if (new[1], new[2]) in updated else "unchanged"
    return told


def events(resources):
    """The ids of all events about the resources."""
    from heat.objects import event
    context = heat_process.context()
    return {one.id for stack_id in {row[1] for row in resources.rows.values()}
            for one in event.Event.get_all_by_stack(context, stack_id)}
