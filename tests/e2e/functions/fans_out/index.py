"""Calls the function of its event ten times, asynchronously, with the credentials that it was given;
then it fails, if its event says so."""

import http.client
import json
import os
import urllib.parse

from signing import Key, signed

connection = http.client.HTTPConnection(urllib.parse.urlsplit(os.environ["ENDPOINT"]).netloc)


def handler(event, context):
    with open(os.environ["STATE"] + "/runs", "a") as runs:
        runs.write(context.function.name + "\n")
    own = context.credentials
    client = Key(own.access_key_id, own.access_key_secret, own.security_token)
    told = json.loads(event)
    path = f"/2016-08-15/services/e2e/functions/{told['call']}/invocations"
    for _ in range(told.get("times", 10)):
        headers = signed(client, "POST", path, {"X-Fc-Invocation-Type": "Async"})
        connection.request("POST", path, json.dumps(told.get("event", told)), headers)
        assert connection.getresponse().read() == b""
    assert not told.get("fails"), "as it was told"
