"""Function Compute's signature of 2016-08-15, on its own: for clients of tests, and for functions,
which carry this very file."""

import base64
import hashlib
import hmac
import time
import urllib.parse
from email.utils import formatdate


class Key:
    def __init__(self, id, secret, token=""):
        self.id, self.secret, self.token = id, secret, token


def signature(text, secret):
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def text_of(method, path, headers, date, items=None):
    given = {name.lower(): value for name, value in headers.items()}
    lines = [method, given.get("content-md5", ""), given.get("content-type", ""), date]
    lines += [f"{name}:{value}" for name, value in sorted(given.items()) if name.startswith("x-fc-")]
    lines.append(urllib.parse.unquote(path))
    if items is not None:
        lines += sorted(items) or [""]
    return "\n".join(lines)


def signed(key, method, target, headers=(), at=None):
    """The headers with those that sign them."""
    headers = {**dict(headers), "Date": formatdate(at if at is not None else time.time(), usegmt=True)}
    if key.token:
        headers["X-Fc-Security-Token"] = key.token
    text = text_of(method, target.partition("?")[0], headers, headers["Date"])
    return {**headers, "Authorization": f"FC {key.id}:{signature(text, key.secret)}"}


def signed_url(key, method, path, expires, query=()):
    """The path with a query that signs it."""
    query = {**dict(query), "x-fc-expires": str(int(expires)), "x-fc-access-key-id": key.id}
    if key.token:
        query["x-fc-security-token"] = key.token
    items = [f"{name}={value}" for name, value in query.items()]
    text = text_of(method, path, {}, query["x-fc-expires"], items)
    return f"{path}?{urllib.parse.urlencode({**query, 'x-fc-signature': signature(text, key.secret)})}"
