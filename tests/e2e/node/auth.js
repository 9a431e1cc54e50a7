'use strict';

// What the official SDK, as it is, meets at an engine that serves signed requests alone: $ENDPOINT
// knows the key $KEY_ID with $KEY_SECRET. Prints TAP.

const assert = require('assert');
const FCClient = require('@alicloud/fc2');
const { promise, run } = require('./tap');

const { ENDPOINT, KEY_ID, KEY_SECRET, ZIP } = process.env;
const ACCOUNT = '123456789012';

const client = (changed = {}, account = ACCOUNT) =>
  new FCClient(account, {
    accessKeyID: KEY_ID,
    accessKeySecret: KEY_SECRET,
    region: 'local',
    endpoint: ENDPOINT,
    ...changed,
  });

async function fails(promise, name, message) {
  const error = await promise.then(
    (answer) => assert.fail(`answered ${JSON.stringify(answer.data)} instead of ${name}`),
    (failure) => failure,
  );
  assert.strictEqual(error.name, name, error.stack);
  assert.match(error.message, /failed with 403/);
  assert.match(error.message, message);
}

const shifted = (ms) => client({ headers: { date: new Date(Date.now() + ms).toUTCString() } });
const MINUTE_MS = 60 * 1000;

promise('who has the key is served: services, functions, calls', async () => {
  const { data } = await client().createService('signed', { description: 'by the SDK' });
  assert.strictEqual(data.serviceName, 'signed');
  const code = { zipFile: ZIP };
  await client().createFunction('signed', {
    functionName: 'echo', runtime: 'python3', handler: 'index.handler', timeout: 20, code,
  });
  assert.strictEqual((await client().invokeFunction('signed', 'echo', 'x')).data, 'x');
  const later = { 'x-fc-invocation-type': 'Async' };
  await client().invokeFunction('signed', 'echo', Buffer.from([0, 255]), later);
  const page = (await client().listFunctions('signed', { prefix: 'e c+/&=%é', limit: 1 })).data;
  assert.deepStrictEqual(page.functions, []);
  await client().updateFunction('signed', 'echo', { description: 'é' });
});

promise('another secret is FCSignatureNotMatchError', () =>
  fails(
    client({ accessKeySecret: 'another-secret' }).getService('signed'),
    'FCSignatureNotMatchError',
    /does not match the signature you provided\. Check your access key and signing method\./,
  ));

promise('an unknown key is FCInvalidAccessKeyIDError', () =>
  fails(
    client({ accessKeyID: 'nobody' }).getService('signed'),
    'FCInvalidAccessKeyIDError',
    /message: invalid access key ID 'nobody'\./,
  ));

promise('another account is FCAccessDeniedError', () =>
  fails(
    client({}, '42').getService('signed'),
    'FCAccessDeniedError',
    /message: The service or function doesn't belong to you\./,
  ));

promise('a clock that is sixteen minutes off is FCRequestTimeTooSkewedError', async () => {
  for (const ms of [-16 * MINUTE_MS, 16 * MINUTE_MS]) {
    await fails(shifted(ms).getService('signed'), 'FCRequestTimeTooSkewedError', /more than 900 seconds off/);
  }
});

promise('a clock that is fourteen minutes off is not', async () => {
  for (const ms of [-14 * MINUTE_MS, 14 * MINUTE_MS]) await shifted(ms).getService('signed');
});

promise('a token that is none is FCInvalidSecurityTokenError', () =>
  fails(
    client({ accessKeyID: 'STS.somebody', securityToken: 'none' }).getService('signed'),
    'FCInvalidSecurityTokenError',
    /not issued by this engine/,
  ));

run();
