"""An engine that serves signed requests alone, and what it gives its functions to sign with."""

import json
import os
import pathlib
import subprocess
import time
import unittest

import signing
import tap
from engine import API, BINARY, DEADLINE, FUNCTIONS, Client, Engine, secret_file, wait_until
from signing import Key, signed, signed_url

ADA = Key("ada", "a-secret-of-ada")
BOB = Key("bob", "a-secret-of-bob")
LINE = "{0.id} {0.secret}\n".format
CALLS_BACK = {
    "index.py": (FUNCTIONS / "calls_back/index.py").read_text(),
    "signing.py": pathlib.Path(signing.__file__).read_text(),
}


def replace(path, text):
    """At once, as an operator should."""
    fresh = pathlib.Path(path + ".new")
    fresh.touch(0o600)
    fresh.write_text(text)
    fresh.rename(path)


def signed_engine(keys, *options, **more):
    engine = Engine(options=["--access-keys", keys, *options], **more)
    engine.key = ADA
    return engine


def unsigned(engine):
    """A client that signs nothing by itself."""
    return Client(engine.host, engine.port)


def error_of(answer):
    return answer.status, answer.json()["ErrorCode"]


def convoke(engine, *arguments, key=None, **more):
    """The exit code and the words of a command, with the key in its environment."""
    names = ("CONVOKE_ACCESS_KEY_ID", "CONVOKE_ACCESS_KEY_SECRET", "CONVOKE_SECURITY_TOKEN")
    known = dict(zip(names, (key.id, key.secret, key.token))) if key else {}
    environment = {**os.environ, "CONVOKE_ENDPOINT": engine.url, **known, **more}
    done = subprocess.run([BINARY, *arguments], capture_output=True, env=environment, timeout=DEADLINE, check=False)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def serve_refused(*options):
    """The exit code and the words of a serve that does not start."""
    done = subprocess.run([BINARY, "serve", *options], capture_output=True, timeout=DEADLINE, check=False)
    return done.returncode, done.stderr.decode()


class Requests(unittest.TestCase):
    def test_every_path_but_healthz_asks_for_a_signature(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine, unsigned(engine) as client:
            self.assertEqual(client.request("GET", "/healthz").status, 200)
            for method, path in [
                ("GET", f"{API}/services"),
                ("POST", f"{API}/services/e2e/functions/f/invocations"),
                ("GET", "/metrics"),
                ("GET", "/convoke/failed"),
                ("GET", "/convoke/code/e2e/f"),
                ("GET", "/convoke/logs/e2e/f"),
                ("POST", "/convoke/clock/advance"),
                ("GET", "/nothing"),
                ("GET", "/healthz/"),
                ("GET", "//healthz"),
            ]:
                self.assertEqual(error_of(client.request(method, path)), (400, "MissingRequiredHeader"), path)
            self.assertEqual(engine.request("GET", "/metrics").status, 200)
            self.assertEqual(engine.request("GET", "/nothing").status, 400)
            self.assertEqual(error_of(engine.request("GET", "/convoke/clock"))[1], "ClockNotVirtual")

    def test_a_signed_request_may_come_by_any_host_and_from_any_page(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine, unsigned(engine) as client:
            headers = {"Host": "convoke.example.com", "Origin": "https://example.com", "Sec-Fetch-Site": "cross-site"}
            answer = client.request("GET", f"{API}/services", headers=signed(ADA, "GET", f"{API}/services", headers))
            self.assertEqual(answer.status, 200, answer)

    def test_a_url_is_signed_until_it_expires(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine, unsigned(engine) as client:
            engine.deploy("echo", "basics", handler="index.echo")
            path = f"{API}/services/e2e/functions/echo/invocations"
            good = signed_url(ADA, "POST", path, time.time() + 60, {"more": "a b/c&d=é"})
            self.assertEqual(client.request("POST", good, "hi").body, b"hi")
            self.assertEqual(error_of(client.request("POST", good + "1", "hi")), (403, "SignatureNotMatch"))
            self.assertEqual(error_of(client.request("GET", good)), (403, "SignatureNotMatch"))
            self.assertEqual(client.request("GET", signed_url(ADA, "GET", "/metrics", time.time() + 60)).status, 200)
            old = signed_url(ADA, "POST", path, time.time() - 1)
            self.assertEqual(error_of(client.request("POST", old, "hi")), (403, "AccessDenied"))

    def test_the_link_to_a_functions_code_is_signed(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine, unsigned(engine) as client:
            engine.deploy("echo", "basics", handler="index.echo")
            url = engine.request("GET", f"{API}/services/e2e/functions/echo/code").json()["url"]
            path = url.removeprefix(engine.url)
            zipped = client.request("GET", path)
            self.assertEqual((zipped.status, zipped.body[:2]), (200, b"PK"))
            other = path.replace("/echo?", "/other?")
            self.assertEqual(error_of(client.request("GET", other)), (403, "SignatureNotMatch"))

    def test_an_upload_without_a_right_signature_is_refused_before_its_body_is_read(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine, unsigned(engine) as client:
            path = f"{API}/services/e2e/functions"
            headers = signed(Key("ada", "another-secret"), "POST", path)
            answer = client.request("POST", path, b"x" * 1_000_000, headers)
            self.assertEqual(error_of(answer), (403, "SignatureNotMatch"))


class Keys(unittest.TestCase):
    def status(self, engine, key):
        with engine.client(key=key) as client:
            answer = client.request("GET", f"{API}/services")
        return answer.status if answer.status == 200 else answer.json()["ErrorCode"]

    def test_a_file_that_has_changed_is_read_again_and_one_that_is_wrong_is_not(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine:
            self.assertEqual(self.status(engine, BOB), "InvalidAccessKeyID")
            replace(keys, LINE(ADA) + LINE(BOB))
            wait_until(lambda: self.status(engine, BOB) == 200, "the new key is known")
            self.assertEqual(self.status(engine, ADA), 200)
            replace(keys, LINE(BOB))
            wait_until(lambda: self.status(engine, ADA) == "InvalidAccessKeyID", "the old key is forgotten")
            for text, why in [("ada\n", "line 1 is not"), ("", "no access key in it")]:
                replace(keys, text)
                wait_until(lambda: why in engine.output(), "it is said")
                self.assertIn("the 1 access keys that were read before stay in force", engine.output())
                self.assertEqual(self.status(engine, BOB), 200)
            os.chmod(keys, 0o640)
            wait_until(lambda: f"chmod 600 {keys}" in engine.output(), "it is said")
            os.remove(keys)
            wait_until(lambda: "no such file" in engine.output(), "it is said")
            self.assertEqual(self.status(engine, BOB), 200)
            said = engine.output()
            replace(keys, LINE(ADA))
            wait_until(lambda: self.status(engine, ADA) == 200, "a good file counts again")
            for secret in (ADA.secret, BOB.secret):
                self.assertNotIn(secret, said + engine.output())

    def test_a_key_may_belong_to_another_account(self):
        with secret_file(LINE(ADA) + f"{BOB.id} {BOB.secret} 42\n") as keys, signed_engine(keys) as engine:
            with unsigned(engine) as client:
                for account, expected in [("42", 200), ("", 200), ("123456789012", 403)]:
                    sent = signed(BOB, "GET", f"{API}/services", {"X-Fc-Account-Id": account})
                    self.assertEqual(client.request("GET", f"{API}/services", headers=sent).status, expected)

    def test_only_an_engine_with_keys_listens_beyond_loopback(self):
        with secret_file(LINE(ADA)) as keys, secret_file("") as state:
            os.remove(state)
            code, said = serve_refused("--listen", "0.0.0.0:0", "--state", state)
            self.assertEqual(code, 2)
            self.assertIn("refusing to listen on 0.0.0.0:0", said)
            self.assertIn("--access-keys FILE", said)
            with signed_engine(keys, listen="0.0.0.0:0") as engine:
                self.assertEqual(self.status(engine, ADA), 200)
                self.assertEqual(self.status(engine, BOB), "InvalidAccessKeyID")

    def test_a_file_that_is_wrong_or_open_to_others_does_not_serve(self):
        with secret_file(LINE(ADA)) as keys, secret_file("") as state:
            os.remove(state)
            check = lambda: serve_refused("--listen", "127.0.0.1:0", "--state", state, "--access-keys", keys, "--check")
            code, said = check()
            self.assertEqual((code, said), (0, ""))
            os.chmod(keys, 0o604)
            self.assertEqual(check()[0], 2)
            self.assertIn(f"chmod 600 {keys}", check()[1])
            self.assertIn(f"chmod 600 {keys}", serve_refused("--state", state, "--access-keys", keys)[1])
            os.chmod(keys, 0o600)
            os.makedirs(state, exist_ok=True)
            pathlib.Path(state, "token.key").touch(0o644)
            self.assertIn(f"chmod 600 {state}/token.key", check()[1])
            replace(keys, "ada\n")
            self.assertIn(f"{keys}: line 1 is not 'ACCESS_KEY_ID SECRET [ACCOUNT_ID]'", check()[1])


    def test_a_restart_with_a_file_that_is_wrong_does_not_happen(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine:
            replace(keys, "ada\n")
            engine.restart()
            wait_until(lambda: "not restarted, serving as before" in engine.output(), "it is said")
            self.assertEqual(self.status(engine, ADA), 200)
            replace(keys, LINE(BOB))
            engine.restart()
            wait_until(lambda: len(engine.served()) == 2, "it has restarted")
            self.assertEqual(self.status(engine, BOB), 200)


class TemporaryCredentials(unittest.TestCase):
    def calls_back(self, engine, method, path, body="", **more):
        event = {"url": engine.url + path, "method": method, "body": body, **more}
        answer = engine.invoke("back", json.dumps(event))
        self.assertNotIn("X-Fc-Error-Type", answer.headers, answer)
        return answer.json()

    def deploy(self, engine):
        engine.deploy("back", CALLS_BACK)
        engine.deploy("echo", "basics", handler="index.echo")

    def test_a_function_calls_another_with_what_its_context_holds(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine:
            self.deploy(engine)
            echo = f"{API}/services/e2e/functions/echo/invocations"
            told = self.calls_back(engine, "POST", echo, "from within")
            self.assertEqual((told["status"], told["said"]), (200, "from within"))
            self.assertTrue(told["id"].startswith("STS."))
            again = self.calls_back(engine, "POST", echo, "again")
            # The same credentials; behind them stands the lineage of each call.
            self.assertEqual(again["token"].partition(".")[0], told["token"].partition(".")[0])
            self.assertEqual(self.calls_back(engine, "POST", echo, token="")["status"], 403)
            changed = told["token"].replace("/123456789012/", "/123456789013/")
            refused = self.calls_back(engine, "POST", echo, token=changed)
            self.assertEqual(json.loads(refused["said"])["ErrorCode"], "InvalidSecurityToken")

    def test_a_custom_runtime_has_them_in_its_headers(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine:
            engine.deploy("shows", "shows_headers", runtime="custom")
            shown = engine.invoke("shows").json()
            own = Key(*(shown[f"x-fc-{name}"] for name in ("access-key-id", "access-key-secret", "security-token")))
            with engine.client(key=own) as client:
                self.assertEqual(client.request("GET", f"{API}/services").status, 200)
            self.assertEqual(convoke(engine, "functions", key=own)[0], 0)
            self.assertEqual(convoke(engine, "functions", key=Key(own.id, own.secret))[0], 3)

    def test_without_authentication_there_are_some_too_for_the_lineage_that_they_carry(self):
        with Engine() as engine:
            engine.deploy("shows", "shows_headers", runtime="custom")
            shown = engine.invoke("shows").json()
            for name in ("access-key-id", "access-key-secret", "security-token"):
                self.assertNotEqual(shown[f"x-fc-{name}"], "")
            self.assertTrue(shown["x-fc-security-token"].endswith("." + shown["x-convoke-lineage"]))

    def own_key(self, engine):
        told = self.calls_back(engine, "GET", f"{API}/services")
        self.assertEqual(told["status"], 200)
        return Key(told["id"], told["secret"], told["token"])

    def test_they_outlive_a_restart_and_are_known_where_the_token_key_is(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine:
            self.deploy(engine)
            key = self.own_key(engine)
            self.assertEqual(engine.file("token.key").stat().st_mode & 0o777, 0o600)
            engine.stop()
            engine.start()
            status = lambda other: other.client(key=key).request("GET", f"{API}/services").status
            self.assertEqual(status(engine), 200)
            with signed_engine(keys, "--token-key-file", str(engine.file("token.key"))) as other:
                self.assertEqual(status(other), 200)
                self.assertFalse(other.file("token.key").exists())
            with signed_engine(keys) as stranger:
                self.assertEqual(status(stranger), 403)

    def test_a_token_key_file_that_is_not_there_does_not_serve(self):
        with secret_file(LINE(ADA)) as keys, secret_file("") as state:
            os.remove(state)
            code, said = serve_refused("--state", state, "--access-keys", keys, "--token-key-file", state + ".none")
            self.assertEqual(code, 2)
            self.assertIn(".none", said)


class Commands(unittest.TestCase):
    def test_the_command_line_signs_with_the_key_of_its_environment(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine:
            engine.deploy("echo", "basics", handler="index.echo")
            self.assertEqual(convoke(engine, "invoke", "e2e/echo", "-e", "hi", key=ADA), (0, "hi"))
            self.assertEqual(convoke(engine, "invoke", "e2e/echo", "--async", "--id", "one", key=ADA)[0], 0)
            self.assertEqual(convoke(engine, "list", "e2e/echo", "--prefix", "o", "--json", key=ADA)[0], 0)
            self.assertEqual(convoke(engine, "set", "e2e/echo", "timeout=9", key=ADA)[0], 0)
            code, said = convoke(engine, "functions", key=Key("ada", "another-secret"))
            self.assertEqual(code, 3)
            self.assertIn("SignatureNotMatch", said)
            code, said = convoke(engine, "functions")
            self.assertEqual(code, 3)
            self.assertIn("CONVOKE_ACCESS_KEY_ID", said)
            self.assertEqual(convoke(engine, "functions", CONVOKE_ACCESS_KEY_ID="ada")[0], 2)

    def test_doctor_looks_at_the_keys(self):
        with secret_file(LINE(ADA)) as keys, signed_engine(keys) as engine:
            found = convoke(engine, "doctor", "--access-keys", keys)[1]
            self.assertIn(f"1 in {keys}", found)
            self.assertIn("not authenticated", convoke(engine, "doctor")[1])
            os.chmod(keys, 0o644)
            self.assertIn(f"chmod 600 {keys}", convoke(engine, "doctor", CONVOKE_ACCESS_KEYS=keys)[1])


if __name__ == "__main__":
    tap.main()
