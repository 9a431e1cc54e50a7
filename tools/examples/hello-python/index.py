"""Greets whom the event names: {"name": "Ada"}."""
import json


def handler(event, context):
    name = json.loads(event or b"{}").get("name", "world")
    print(f"greeting {name}")
    return {"greeting": f"Hello, {name}!", "requestId": context.request_id}
