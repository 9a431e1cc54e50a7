"""Calls back at the URL in its event, with the credentials that its context holds."""

import http.client
import json
import urllib.parse

from signing import Key, signed


def handler(event, context):
    told = json.loads(event)
    own = context.credentials
    key = Key(own.access_key_id, own.access_key_secret, told.get("token", own.security_token))
    url = urllib.parse.urlsplit(told["url"])
    connection = http.client.HTTPConnection(url.netloc)
    body = told["body"].encode()
    connection.request(told["method"], url.path, body, signed(key, told["method"], url.path))
    answer = connection.getresponse()
    said = answer.read().decode()
    return {"status": answer.status, "said": said, "id": key.id, "secret": key.secret, "token": key.token}
