"""What the Python client `kubernetes` sees of an API server: `python python.py KUBECONFIG NAME`.

Prints one JSON object a line, and ends with 1 where something was not as it expects. The informer lives through
a restart of the server, in which `gone` goes, `after` comes and the history is forgotten.
"""

import json
import logging
import sys
import time

from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.informer import SharedInformer

NAMESPACE = "default"
WATCHED = ("stays", "gone", "after")

# An informer tells of every attempt while the server is away.
logging.disable(logging.CRITICAL)
config.load_kube_config(sys.argv[1])
own = sys.argv[2]
core = client.CoreV1Api()


def say(step, seen):
    print(json.dumps({"step": step, "seen": seen}), flush=True)


def refusal(ask, *args):
    try:
        ask(*args)
    except ApiException as error:
        return [error.status, json.loads(error.body)["reason"]]
    raise AssertionError("expected a refusal")


def config_map(name, data=None):
    metadata = client.V1ObjectMeta(name=name, labels={"of": own})
    return client.V1ConfigMap(metadata=metadata, data=data)


def until(is_there):
    deadline = time.monotonic() + 60
    while not is_there():
        if time.monotonic() > deadline:
            raise AssertionError("not within 60 s")
        time.sleep(0.02)


def objects():
    name = own + "-object"
    core.create_namespaced_config_map(NAMESPACE, config_map(name, {"a": "1"}))
    core.patch_namespaced_config_map(name, NAMESPACE, {"data": {"b": "2"}})
    stale = core.read_namespaced_config_map(name, NAMESPACE)
    stale.data["a"] = "3"
    core.replace_namespaced_config_map(name, NAMESPACE, stale)
    conflict = refusal(core.replace_namespaced_config_map, name, NAMESPACE, stale)
    listed = core.list_namespaced_config_map(NAMESPACE, label_selector="of=" + own)
    core.delete_namespaced_config_map(name, NAMESPACE)
    missing = refusal(core.read_namespaced_config_map, name, NAMESPACE)
    invalid = refusal(core.create_namespaced_config_map, NAMESPACE, config_map("No Name"))
    major = client.VersionApi().get_code().major
    data = [item.data for item in listed.items]
    say("objects", {"data": data, "conflict": conflict, "missing": missing, "invalid": invalid, "major": major})


def applied():
    maps = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="v1", kind="ConfigMap")
    name = own + "-applied"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}}
    made = maps.server_side_apply(body=body, namespace=NAMESPACE, field_manager="python")
    managers = [entry.manager for entry in made.metadata.managedFields]
    maps.delete(name=name, namespace=NAMESPACE)
    say("applied", managers)


def watched():
    before = core.list_namespaced_config_map(NAMESPACE)
    name = own + "-watched"
    core.create_namespaced_config_map(NAMESPACE, config_map(name))
    core.delete_namespaced_config_map(name, NAMESPACE)
    events = []
    stream = watch.Watch()
    for event in stream.stream(
        core.list_namespaced_config_map,
        NAMESPACE,
        label_selector="of=" + own,
        resource_version=before.metadata.resource_version,
        timeout_seconds=30,
    ):
        events.append(event["type"])
        if len(events) == 2:
            stream.stop()
    say("watched", events)


def informed():
    events = []

    def note(what):
        def noted(item):
            if item.metadata.name in WATCHED:
                events.append(what + " " + item.metadata.name)

        return noted

    informer = SharedInformer(core.list_namespaced_config_map, namespace=NAMESPACE)
    informer.add_event_handler("ADDED", note("added"))
    informer.add_event_handler("DELETED", note("deleted"))
    informer.start()
    until(lambda: len(events) == 2)
    say("informing", {"events": sorted(events)})
    events.clear()
    until(lambda: len(events) == 2)
    say("inform", {"events": sorted(events)})


def expired():
    try:
        for event in watch.Watch().stream(
            core.list_namespaced_config_map, NAMESPACE, resource_version="2", timeout_seconds=30
        ):
            say("expired", [event["type"]])
            return
    except ApiException as error:
        say("expired", [error.status, error.reason])


objects()
applied()
watched()
informed()
expired()
