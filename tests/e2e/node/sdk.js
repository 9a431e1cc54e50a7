'use strict';

// Everything of the engine that the official SDK speaks to, in the order of a function's life.
// $ENDPOINT is the engine; $ZIP_... are packages of code in base64. Prints TAP.

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const FCClient = require('@alicloud/fc2');
const { promise, run } = require('./tap');

const { ENDPOINT, STATE, ZIP_ONE, ZIP_TWO, ZIP_BASICS } = process.env;
const { ZIP_EXITS, ZIP_MISSING, ZIP_NOT_EXECUTABLE, ZIP_LISTENS_ELSEWHERE } = process.env;
const DEADLINE_MS = 60000;

const client = new FCClient('123456789012', {
  accessKeyID: 'any-key',
  accessKeySecret: 'any-secret',
  region: 'local',
  endpoint: ENDPOINT,
});

// The functions of `basics` write into $STATE.
const python = (name, handler, zip = ZIP_BASICS, more = {}) => ({
  functionName: name,
  runtime: 'python3',
  handler,
  timeout: 20,
  code: { zipFile: zip },
  environmentVariables: { STATE },
  ...more,
});

async function fails(promise, name, message) {
  const error = await promise.then(
    (answer) => assert.fail(`answered ${JSON.stringify(answer.data)} instead of ${name}`),
    (failure) => failure,
  );
  assert.strictEqual(error.name, name, error.stack);
  assert.strictEqual(`FC${error.code}Error`, name);
  if (message) assert.match(error.message, message);
  assert.match(error.message, /requestid: [0-9a-f-]{36},/);
}

async function until(done, what) {
  const ends = Date.now() + DEADLINE_MS;
  while (!(await done())) {
    assert.ok(Date.now() < ends, `not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((later) => setTimeout(later, 10));
  }
}

const noted = () => {
  const file = path.join(STATE, 'notes');
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
};

// ---- services ----

promise('a service is created with its id, times and defaults', async () => {
  const { data, headers } = await client.createService('sdk', { description: 'first' });
  assert.strictEqual(data.serviceName, 'sdk');
  assert.strictEqual(data.description, 'first');
  assert.strictEqual(data.internetAccess, true);
  assert.ok(data.serviceId && data.createdTime && data.lastModifiedTime);
  assert.match(headers['x-fc-request-id'], /^[0-9a-f-]{36}$/);
  assert.ok(headers.etag);
});

promise('creating it again is FCServiceAlreadyExistsError', () =>
  fails(client.createService('sdk'), 'FCServiceAlreadyExistsError', /failed with 409/));

promise('get and update show one service: what changes, and what stays', async () => {
  const { data: got } = await client.getService('sdk');
  const { data: updated } = await client.updateService('sdk', { description: 'second' });
  assert.strictEqual(updated.description, 'second');
  assert.strictEqual(updated.serviceId, got.serviceId);
  assert.strictEqual(updated.createdTime, got.createdTime);
  assert.deepStrictEqual((await client.getService('sdk')).data, updated);
});

promise('an update with another Etag is FCPreconditionFailedError', () =>
  fails(client.updateService('sdk', { description: 'x' }, { 'if-match': 'other' }), 'FCPreconditionFailedError'));

promise('an update with its Etag is taken', async () => {
  const { etag } = (await client.getService('sdk')).headers;
  await client.updateService('sdk', { description: 'third' }, { 'if-match': etag });
});

promise('a service that is not there is FCServiceNotFoundError', async () => {
  const message = /service 'nobody' does not exist/;
  await fails(client.getService('nobody'), 'FCServiceNotFoundError', message);
  await fails(client.updateService('nobody', { description: '' }), 'FCServiceNotFoundError', message);
  await fails(client.deleteService('nobody'), 'FCServiceNotFoundError', message);
  await fails(client.listFunctions('nobody'), 'FCServiceNotFoundError', message);
  await fails(client.invokeFunction('nobody', 'f', ''), 'FCServiceNotFoundError', message);
});

promise('a name that is none is FCInvalidArgumentError', () =>
  fails(client.createService('9 lives'), 'FCInvalidArgumentError'));

promise('services are listed by name, by prefix and page by page', async () => {
  for (const name of ['page-c', 'page-a', 'page-b', 'other']) await client.createService(name);
  const names = (data) => data.services.map((service) => service.serviceName);
  assert.deepStrictEqual(names((await client.listServices()).data), ['other', 'page-a', 'page-b', 'page-c', 'sdk']);
  const first = (await client.listServices({ prefix: 'page-', limit: 2 })).data;
  assert.deepStrictEqual(names(first), ['page-a', 'page-b']);
  assert.ok(first.nextToken);
  const last = (await client.listServices({ prefix: 'page-', limit: 2, nextToken: first.nextToken })).data;
  assert.deepStrictEqual(names(last), ['page-c']);
  assert.strictEqual(last.nextToken, undefined);
  assert.deepStrictEqual(names((await client.listServices({ startKey: 'page-b', limit: 1 })).data), ['page-b']);
  assert.deepStrictEqual((await client.listServices({ prefix: 'zzz' })).data.services, []);
});

// ---- functions ----

promise('a function is created from a zip, with its checksum and defaults', async () => {
  const { data } = await client.createFunction('sdk', { ...python('hello', 'index.handler', ZIP_ONE), timeout: undefined });
  assert.strictEqual(data.functionName, 'hello');
  assert.strictEqual(data.timeout, 3);
  assert.strictEqual(data.instanceConcurrency, 1);
  assert.strictEqual(data.instanceType, 'e1');
  assert.match(data.codeChecksum, /^\d+$/);
  assert.strictEqual(data.codeSize, Buffer.from(ZIP_ONE, 'base64').length);
  assert.strictEqual(data.code, undefined);
  assert.deepStrictEqual((await client.getFunction('sdk', 'hello')).data, data);
});

promise('creating it again is FCFunctionAlreadyExistsError', () =>
  fails(client.createFunction('sdk', python('hello', 'index.handler')), 'FCFunctionAlreadyExistsError'));

promise('a function that is not there is FCFunctionNotFoundError', async () => {
  const message = /function 'nobody' does not exist in service 'sdk'/;
  await fails(client.getFunction('sdk', 'nobody'), 'FCFunctionNotFoundError', message);
  await fails(client.updateFunction('sdk', 'nobody', { timeout: 3 }), 'FCFunctionNotFoundError', message);
  await fails(client.deleteFunction('sdk', 'nobody'), 'FCFunctionNotFoundError', message);
  await fails(client.invokeFunction('sdk', 'nobody', ''), 'FCFunctionNotFoundError', message);
  const later = client.invokeFunction('sdk', 'nobody', '', { 'x-fc-invocation-type': 'Async' });
  await fails(later, 'FCFunctionNotFoundError', message);
});

promise('what a definition may not say is FCInvalidArgumentError', async () => {
  const wrong = (more) => client.createFunction('sdk', python('wrong', 'index.handler', ZIP_ONE, more));
  await fails(wrong({ runtime: 'cobol' }), 'FCInvalidArgumentError', /Runtime is set to an invalid value/);
  await fails(wrong({ timeout: 86401 }), 'FCInvalidArgumentError', /timeout/);
  await fails(wrong({ instanceConcurrency: 201 }), 'FCInvalidArgumentError', /instanceConcurrency/);
  await fails(wrong({ handler: 'no-dot' }), 'FCInvalidArgumentError', /handler/);
  await fails(wrong({ code: { zipFile: 'aGVsbG8=' } }), 'FCInvalidArgumentError');
});

promise('the code can be fetched back', async () => {
  const { data } = await client.getFunctionCode('sdk', 'hello');
  assert.strictEqual(data.checksum, (await client.getFunction('sdk', 'hello')).data.codeChecksum);
  const answer = await fetch(data.url);
  assert.strictEqual(answer.status, 200);
  assert.strictEqual(Buffer.from(await answer.arrayBuffer()).toString('base64'), ZIP_ONE);
});

promise('functions are listed by name, by prefix and page by page', async () => {
  for (const name of ['list-c', 'list-a', 'list-b']) await client.createFunction('sdk', python(name, 'index.echo'));
  const names = (data) => data.functions.map((one) => one.functionName);
  const first = (await client.listFunctions('sdk', { prefix: 'list-', limit: 2 })).data;
  assert.deepStrictEqual(names(first), ['list-a', 'list-b']);
  const rest = { prefix: 'list-', limit: 2, nextToken: first.nextToken };
  const last = (await client.listFunctions('sdk', rest)).data;
  assert.deepStrictEqual(names(last), ['list-c']);
  assert.strictEqual(last.nextToken, undefined);
});

// ---- calls ----

promise('a synchronous call answers the function\'s bytes and says how it ran', async () => {
  const { data, headers } = await client.invokeFunction('sdk', 'hello', 'event');
  assert.strictEqual(data, 'one event');
  assert.strictEqual(headers['content-type'], 'application/octet-stream');
  assert.ok(headers['x-fc-instance-id']);
  assert.match(headers['x-fc-invocation-duration'], /^\d+(\.\d+)?$/);
  assert.match(headers['x-fc-max-memory-usage'], /^\d+(\.\d+)?$/);
  assert.strictEqual(headers['x-fc-code-checksum'], (await client.getFunction('sdk', 'hello')).data.codeChecksum);
  assert.strictEqual(headers['x-fc-error-type'], undefined);
  assert.strictEqual(headers['x-fc-log-result'], undefined);
});

promise('bytes of any value, and none, go there and back', async () => {
  await client.createFunction('sdk', python('echo', 'index.echo'));
  const all = Buffer.from(Array.from({ length: 100000 }, (_, i) => i % 256));
  const { data } = await client.invokeFunction('sdk', 'echo', all, {}, undefined, { rawBuf: true });
  assert.ok(all.equals(data));
  assert.strictEqual((await client.invokeFunction('sdk', 'echo', '')).data, '');
});

promise('JSON stays text: one warm instance counts 1, 2, 3', async () => {
  await client.createFunction('sdk', python('count', 'index.count'));
  for (const expected of ['1', '2', '3']) {
    assert.strictEqual((await client.invokeFunction('sdk', 'count', '')).data, expected);
  }
});

promise('LATEST is the function; another qualifier is not found', async () => {
  assert.strictEqual((await client.invokeFunction('sdk', 'echo', 'x', {}, 'LATEST')).data, 'x');
  await fails(client.invokeFunction('sdk', 'echo', 'x', {}, 'prod'), 'FCAliasNotFoundError');
  await fails(client.invokeFunction('sdk', 'echo', 'x', {}, '7'), 'FCVersionNotFoundError');
});

promise('the tail of the log comes with the answer', async () => {
  await client.createFunction('sdk', python('talk', 'index.talk'));
  const { headers } = await client.invokeFunction('sdk', 'talk', 'a word', { 'x-fc-log-type': 'Tail' });
  const log = Buffer.from(headers['x-fc-log-result'], 'base64').toString();
  const id = headers['x-fc-request-id'];
  assert.ok(log.includes(`FC Invoke Start RequestId: ${id}`), log);
  assert.match(log, /^said a word\r$/m);
  assert.match(log, new RegExp(`${id} \\[INFO\\] logged a word`));
  assert.ok(log.includes(`FC Invoke End RequestId: ${id}`), log);
  assert.match(log, /\n\nDuration: [\d.]+ ms, Billed Duration: \d+ ms, Memory Size: 128 MB, Max Memory Used: [\d.]+ MB$/);
});

promise('a function\'s error is a 200 that names its type', async () => {
  await client.createFunction('sdk', python('fail', 'index.fail'));
  const { data, headers } = await client.invokeFunction('sdk', 'fail', 'please');
  assert.strictEqual(headers['x-fc-error-type'], 'UnhandledInvocationError');
  assert.strictEqual(data.errorMessage, 'as asked: please');
  assert.strictEqual(data.errorType, 'ValueError');
  assert.ok(Array.isArray(data.stackTrace));
  assert.strictEqual(Object.keys(data)[0], 'errorMessage');
});

promise('a process that dies is a 200 that says so', async () => {
  await client.createFunction('sdk', python('die', 'index.die'));
  const { data, headers } = await client.invokeFunction('sdk', 'die', '');
  assert.strictEqual(headers['x-fc-error-type'], 'UnhandledInvocationError');
  assert.match(data.errorMessage, /^Process exited unexpectedly before completing request \(duration: \d+ms, maxMemoryUsage: [\d.]+MB\)$/);
});

promise('an asynchronous call is accepted with 202 and runs', async () => {
  await client.createFunction('sdk', python('note', 'index.note'));
  const { data, headers } = await client.invokeFunction('sdk', 'note', 'later', { 'x-fc-invocation-type': 'Async' });
  assert.strictEqual(data, '');
  assert.match(headers['x-fc-request-id'], /^[0-9a-f-]{36}$/);
  await until(() => noted().includes('later'), 'the call has run');
  assert.deepStrictEqual(noted(), ['later']);
});

promise('an event too large is FCEntityTooLargeError', async () => {
  const event = Buffer.alloc(128 * 1024 + 1);
  const later = { 'x-fc-invocation-type': 'Async' };
  await fails(client.invokeFunction('sdk', 'note', event, later), 'FCEntityTooLargeError', /131072 bytes/);
  await client.invokeFunction('sdk', 'echo', event);
});

promise('what a call may not ask for is FCInvalidArgumentError', async () => {
  const call = (headers) => client.invokeFunction('sdk', 'echo', '', headers);
  await fails(call({ 'x-fc-invocation-type': 'Perhaps' }), 'FCInvalidArgumentError');
  await fails(call({ 'x-fc-log-type': 'Head' }), 'FCInvalidArgumentError', /LogType is set to an invalid value/);
  const both = { 'x-fc-invocation-type': 'Async', 'x-fc-log-type': 'Tail' };
  await fails(call(both), 'FCInvalidArgumentError', /allowed: None, actual: 'Tail'/);
});

promise('a bootstrap that exits, is missing, is not executable or ignores its port is named', async () => {
  const refuses = async (name, zip, ...expected) => {
    await client.createFunction('sdk', python(name, 'x', zip, { runtime: 'custom' }));
    await fails(client.invokeFunction('sdk', name, ''), ...expected);
  };
  await refuses('exits', ZIP_EXITS, 'FCCAExitedError', /CA process either cannot be started or exited/);
  await refuses('missing', ZIP_MISSING, 'FCCAFileNotFoundError');
  await refuses('not-executable', ZIP_NOT_EXECUTABLE, 'FCCAFilePermissionError');
  await refuses('elsewhere', ZIP_LISTENS_ELSEWHERE, 'FCFunctionNotStartedError', /ignores FC_SERVER_PORT/);
});

// ---- changes ----

promise('an update is seen by the next call', async () => {
  const before = (await client.getFunction('sdk', 'hello')).data;
  const { data } = await client.updateFunction('sdk', 'hello', { code: { zipFile: ZIP_TWO } });
  assert.notStrictEqual(data.codeChecksum, before.codeChecksum);
  assert.strictEqual(data.functionId, before.functionId);
  assert.strictEqual(data.createdTime, before.createdTime);
  assert.strictEqual(data.handler, before.handler);
  assert.strictEqual((await client.invokeFunction('sdk', 'hello', 'event')).data, 'two event');
});

promise('environmentVariables are replaced whole', async () => {
  const { data } = await client.updateFunction('sdk', 'hello', { environmentVariables: { A: '1' } });
  assert.deepStrictEqual(data.environmentVariables, { A: '1' });
  const cleared = await client.updateFunction('sdk', 'hello', { environmentVariables: {} });
  assert.deepStrictEqual(cleared.data.environmentVariables, {});
});

promise('a function\'s update with another Etag is FCPreconditionFailedError', () =>
  fails(client.updateFunction('sdk', 'hello', { timeout: 4 }, { 'if-match': 'other' }), 'FCPreconditionFailedError'));

// ---- on-demand configuration ----

promise('a limit that is not set is FCOnDemandConfigNotFoundError', () =>
  fails(client.getOnDemandConfig('sdk', 'echo'), 'FCOnDemandConfigNotFoundError'));

promise('a limit is put, got and listed', async () => {
  const { data } = await client.putOnDemandConfig('sdk', 'echo', undefined, { maximumInstanceCount: 2 });
  assert.strictEqual(data.maximumInstanceCount, 2);
  assert.deepStrictEqual((await client.getOnDemandConfig('sdk', 'echo')).data, data);
  await client.putOnDemandConfig('sdk', 'count', undefined, { maximumInstanceCount: 1 });
  const first = (await client.listOnDemandConfigs({ limit: 1 })).data;
  assert.strictEqual(first.configs.length, 1);
  const last = (await client.listOnDemandConfigs({ limit: 1, nextToken: first.nextToken })).data;
  assert.strictEqual(last.configs.length, 1);
  assert.strictEqual(last.nextToken, undefined);
  const found = [...first.configs, ...last.configs].map((one) => one.maximumInstanceCount);
  assert.deepStrictEqual(found.sort(), [1, 2]);
});

promise('a limit of 0 is FCResourceThrottledError at once, until it is lifted', async () => {
  await client.putOnDemandConfig('sdk', 'echo', undefined, { maximumInstanceCount: 0 });
  await fails(client.invokeFunction('sdk', 'echo', 'x'), 'FCResourceThrottledError', /failed with 429/);
  await client.deleteOnDemandConfig('sdk', 'echo');
  await fails(client.getOnDemandConfig('sdk', 'echo'), 'FCOnDemandConfigNotFoundError');
  assert.strictEqual((await client.invokeFunction('sdk', 'echo', 'x')).data, 'x');
});

// ---- asynchronous configuration ----

const ARN = 'acs:fc:local:123456789012:services/sdk/functions/';

promise('an asynchronous configuration that is not set is FCAsyncConfigNotExistsError', async () => {
  const message = /AsyncConfig for sdk:fail does not exist\./;
  await fails(client.getFunctionAsyncConfig('sdk', 'fail'), 'FCAsyncConfigNotExistsError', message);
  await fails(client.deleteFunctionAsyncConfig('sdk', 'fail'), 'FCAsyncConfigNotExistsError', message);
  await fails(client.getFunctionAsyncConfig('sdk', 'nobody'), 'FCFunctionNotFoundError');
  await fails(client.putFunctionAsyncConfig('sdk', 'nobody', undefined, {}), 'FCFunctionNotFoundError');
  await fails(client.listFunctionAsyncConfigs('sdk', 'nobody'), 'FCFunctionNotFoundError');
});

promise('an asynchronous configuration is put, merged, got and deleted', async () => {
  const first = (await client.putFunctionAsyncConfig('sdk', 'fail', 'test', {
    maxAsyncEventAgeInSeconds: 100,
    destinationConfig: { onSuccess: { destination: `${ARN}hello` } },
  })).data;
  assert.strictEqual(first.service, 'sdk');
  assert.strictEqual(first.function, 'fail');
  assert.strictEqual(first.qualifier, 'test');
  assert.ok(first.createdTime && first.lastModifiedTime);
  assert.strictEqual(first.maxAsyncEventAgeInSeconds, 100);
  assert.strictEqual(first.maxAsyncRetryAttempts, null);
  assert.strictEqual(first.statefulInvocation, null);
  assert.deepStrictEqual(first.destinationConfig, { onSuccess: { destination: `${ARN}hello` }, onFailure: null });
  const { data } = await client.putFunctionAsyncConfig('sdk', 'fail', 'test', {
    maxAsyncRetryAttempts: 0,
    destinationConfig: { onFailure: { destination: 'https://example.com/failed' } },
  });
  assert.strictEqual(data.createdTime, first.createdTime);
  assert.strictEqual(data.maxAsyncEventAgeInSeconds, 100);
  assert.strictEqual(data.maxAsyncRetryAttempts, 0);
  assert.strictEqual(data.destinationConfig.onSuccess.destination, `${ARN}hello`);
  assert.strictEqual(data.destinationConfig.onFailure.destination, 'https://example.com/failed');
  assert.deepStrictEqual((await client.getFunctionAsyncConfig('sdk', 'fail', 'test')).data, data);
  await client.deleteFunctionAsyncConfig('sdk', 'fail', 'test');
  await fails(client.getFunctionAsyncConfig('sdk', 'fail', 'test'), 'FCAsyncConfigNotExistsError');
});

promise('what an asynchronous configuration may not say is FCInvalidArgumentError', async () => {
  const wrong = (options, message) =>
    fails(client.putFunctionAsyncConfig('sdk', 'fail', undefined, options), 'FCInvalidArgumentError', message);
  const sends = (destination) => ({ destinationConfig: { onSuccess: { destination } } });
  await wrong({ maxAsyncRetryAttempts: 9 }, /maxAsyncRetryAttempts .*allowed: 0 to 8, actual: 9/);
  await wrong({ maxAsyncEventAgeInSeconds: 604801 }, /maxAsyncEventAgeInSeconds .*allowed: 1 to 604800/);
  await wrong(sends('acs:mns:cn-hangzhou:1:/queues/q/messages'), /no such destination/);
  await wrong(sends('http://user:password@example.com/'), /password/);
  await wrong(sends(`${ARN}fail`), /names the function itself/);
});

promise('asynchronous configurations are listed by qualifier, with an empty token at the end', async () => {
  const empty = (await client.listFunctionAsyncConfigs('sdk', 'fail')).data;
  assert.deepStrictEqual(empty, { configs: null, nextToken: '' });
  for (const qualifier of ['b', undefined, 'a']) await client.putFunctionAsyncConfig('sdk', 'fail', qualifier, {});
  const first = (await client.listFunctionAsyncConfigs('sdk', 'fail', { limit: 2 })).data;
  assert.deepStrictEqual(first.configs.map((one) => one.qualifier), ['LATEST', 'a']);
  assert.strictEqual(first.nextToken, 'b');
  const last = (await client.listFunctionAsyncConfigs('sdk', 'fail', { nextToken: first.nextToken })).data;
  assert.deepStrictEqual(last.configs.map((one) => one.qualifier), ['b']);
  assert.strictEqual(last.nextToken, '');
});

// ---- triggers ----

promise('a trigger is created, got, updated, listed and deleted', async () => {
  const http = (await client.createTrigger('sdk', 'hello', {
    triggerName: 'http',
    triggerType: 'http',
    sourceArn: 'dummy',
    invocationRole: 'dummy',
    triggerConfig: { authType: 'anonymous', methods: ['GET', 'POST'] },
  })).data;
  assert.ok(http.triggerId && http.createdTime && http.lastModifiedTime);
  assert.strictEqual(http.sourceArn, null);
  assert.deepStrictEqual(http.triggerConfig, { authType: 'anonymous', methods: ['GET', 'POST'] });
  assert.deepStrictEqual((await client.getTrigger('sdk', 'hello', 'http')).data, http);
  const signed = (await client.updateTrigger('sdk', 'hello', 'http', {
    triggerConfig: { authType: 'function', methods: ['GET'] },
  })).data;
  assert.strictEqual(signed.createdTime, http.createdTime);
  assert.deepStrictEqual(signed.triggerConfig, { authType: 'function', methods: ['GET'] });
  await client.createTrigger('sdk', 'hello', {
    triggerName: 'hourly',
    triggerType: 'timer',
    triggerConfig: { cronExpression: '@every 60m', payload: 'tick', enable: false },
  });
  const first = (await client.listTriggers('sdk', 'hello', { limit: 1 })).data;
  assert.deepStrictEqual(first.triggers.map((one) => one.triggerName), ['hourly']);
  assert.strictEqual(first.nextToken, 'http');
  await fails(client.deleteFunction('sdk', 'hello'), 'FCFunctionNotEmptyError');
  for (const name of ['http', 'hourly']) await client.deleteTrigger('sdk', 'hello', name);
  assert.deepStrictEqual((await client.listTriggers('sdk', 'hello')).data, { triggers: [] });
  await fails(client.getTrigger('sdk', 'hello', 'http'), 'FCTriggerNotFoundError');
});

promise('a custom domain is created, got, updated, listed and deleted', async () => {
  const routes = (path) => ({ routes: [{ path, serviceName: 'sdk', functionName: 'hello' }] });
  const made = (await client.createCustomDomain('shop.example', { routeConfig: routes('/*') })).data;
  assert.deepStrictEqual([made.domainName, made.protocol, made.apiVersion], ['shop.example', 'HTTP', '2016-08-15']);
  assert.deepStrictEqual((await client.getCustomDomain('shop.example')).data, made);
  const { data } = await client.updateCustomDomain('shop.example', { routeConfig: routes('/a') });
  assert.deepStrictEqual(data.routeConfig.routes.map((one) => one.path), ['/a']);
  const { customDomains } = (await client.listCustomDomains()).data;
  assert.deepStrictEqual(customDomains.map((one) => one.domainName), ['shop.example']);
  await fails(client.createCustomDomain('shop.example'), 'FCDomainNameAlreadyExistsError');
  await fails(client.createCustomDomain('tls.example', { protocol: 'HTTPS' }), 'FCInvalidArgumentError', /TLS/);
  await client.deleteCustomDomain('shop.example');
  await fails(client.getCustomDomain('shop.example'), 'FCDomainNameNotFoundError');
});

promise('a stateful function\'s asynchronous calls have a name, made up if need be', async () => {
  const later = { 'x-fc-invocation-type': 'Async' };
  const name = 'x-fc-stateful-async-invocation-id';
  assert.strictEqual((await client.invokeFunction('sdk', 'echo', 'x', later)).headers[name], undefined);
  await client.putFunctionAsyncConfig('sdk', 'echo', 'LATEST', { statefulInvocation: true });
  const { headers } = await client.invokeFunction('sdk', 'echo', 'x', later);
  assert.strictEqual(headers[name], headers['x-fc-request-id']);
  const named = await client.invokeFunction('sdk', 'echo', 'x', { ...later, [name]: 'mine' });
  assert.strictEqual(named.headers[name], 'mine');
});

// ---- stateful asynchronous calls: this SDK has no method of its own for them ----

const stateful = (name, id = '') => `/services/sdk/functions/${name}/stateful-async-invocations${id && `/${id}`}`;
const named = (id, more = {}) => ({
  'x-fc-invocation-type': 'Async',
  'x-fc-stateful-async-invocation-id': id,
  ...more,
});
const statusOf = async (name, id) => (await client.get(stateful(name, id))).data.status;

promise('a call is got by its name, with its history, event and result', async () => {
  const { headers } = await client.invokeFunction('sdk', 'echo', 'the event', named('got'));
  await until(async () => (await statusOf('echo', 'got')) === 'Succeeded', 'it succeeds');
  const { data } = await client.get(stateful('echo', 'got'), { includePayload: true });
  assert.strictEqual(data.invocationId, 'got');
  assert.strictEqual(data.requestId, headers['x-fc-request-id']);
  assert.strictEqual(data.serviceName, 'sdk');
  assert.strictEqual(data.functionName, 'echo');
  assert.strictEqual(data.invocationPayload, 'the event');
  assert.strictEqual(data.returnPayload, 'the event');
  assert.ok(data.startedTime > 0 && data.endTime >= data.startedTime);
  assert.deepStrictEqual(
    data.events.map((event) => event.status),
    ['Enqueued', 'Dequeued', 'Running', 'Succeeded'],
  );
});

promise('a call that is not there is FCStatefulAsyncInvocationNotFoundError', async () => {
  await fails(client.get(stateful('echo', 'nobody')), 'FCStatefulAsyncInvocationNotFoundError', /failed with 404/);
  await fails(client.put(stateful('echo', 'nobody'), ''), 'FCStatefulAsyncInvocationNotFoundError');
  await fails(client.get(stateful('nobody', 'got')), 'FCFunctionNotFoundError');
});

promise('a name in use is FCStatefulAsyncInvocationAlreadyExistsError', () =>
  fails(
    client.invokeFunction('sdk', 'echo', '', named('got')),
    'FCStatefulAsyncInvocationAlreadyExistsError',
    /failed with 409/,
  ));

promise('a name that is none is FCInvalidArgumentError', async () => {
  for (const id of ['1st', 'a b', 'x'.repeat(129)]) {
    await fails(client.invokeFunction('sdk', 'echo', '', named(id)), 'FCInvalidArgumentError');
  }
});

promise('a call is stopped once; a finished one is FCInvalidArgumentError', async () => {
  await client.invokeFunction('sdk', 'echo', '', named('later', { 'x-fc-async-delay': '3600' }));
  assert.strictEqual(await statusOf('echo', 'later'), 'Enqueued');
  await client.put(stateful('echo', 'later'), '');
  assert.strictEqual(await statusOf('echo', 'later'), 'Stopped');
  await fails(client.put(stateful('echo', 'later'), ''), 'FCInvalidArgumentError', /has ended/);
  await fails(client.put(stateful('echo', 'got'), ''), 'FCInvalidArgumentError');
});

promise('calls are listed newest first, in pages, by status and by prefix', async () => {
  const later = { 'x-fc-async-delay': '3600' };
  for (const i of [1, 2, 3]) await client.invokeFunction('sdk', 'echo', '', named(`page-${i}`, later));
  const list = async (query) => (await client.get(stateful('echo'), query)).data;
  const ids = (page) => page.invocations.map((one) => one.invocationId);
  const first = await list({ invocationIdPrefix: 'page-', limit: 2 });
  assert.deepStrictEqual(ids(first), ['page-3', 'page-2']);
  const last = await list({ invocationIdPrefix: 'page-', limit: 2, nextToken: first.nextToken });
  assert.deepStrictEqual(ids(last), ['page-1']);
  assert.strictEqual(last.nextToken, undefined);
  assert.deepStrictEqual(ids(await list({ status: 'Stopped' })), ['later']);
  assert.ok(!(await list({ invocationIdPrefix: 'none' })).invocations);
  const { data } = await client.get('/stateful-async-invocation-functions');
  assert.ok(data.data.some((one) => one.functionName === 'echo' && one.serviceName === 'sdk'));
  await fails(list({ status: 'Done' }), 'FCInvalidArgumentError');
  await fails(list({ limit: 101 }), 'FCInvalidArgumentError');
});

promise('a call that fails says how often it was tried, and why', async () => {
  await client.putFunctionAsyncConfig('sdk', 'fail', 'LATEST', { maxAsyncRetryAttempts: 1 });
  await client.invokeFunction('sdk', 'fail', 'please', named('fails'));
  await until(async () => (await statusOf('fail', 'fails')) === 'Failed', 'it fails');
  const { data } = await client.get(stateful('fail', 'fails'));
  assert.strictEqual(data.alreadyRetriedTimes, 1);
  assert.strictEqual(data.invocationErrorMessage, 'UnhandledInvocationError');
  assert.deepStrictEqual(JSON.parse(data.events.at(-1).eventDetail), { Error: 'UnhandledInvocationError' });
});

// ---- the end ----

promise('a service with functions is not deleted', () =>
  fails(client.deleteService('sdk'), 'FCServiceNotEmptyError', /has active 'functions'/));

promise('functions and services are deleted, and then are not found', async () => {
  const { data } = await client.listFunctions('sdk', { limit: 100 });
  for (const { functionName } of data.functions) {
    await client.deleteFunction('sdk', functionName);
    await fails(client.invokeFunction('sdk', functionName, ''), 'FCFunctionNotFoundError');
  }
  assert.deepStrictEqual((await client.listFunctions('sdk')).data.functions, []);
  for (const name of ['sdk', 'page-a', 'page-b', 'page-c', 'other']) {
    await client.deleteService(name);
    await fails(client.getService(name), 'FCServiceNotFoundError');
  }
  assert.deepStrictEqual((await client.listServices()).data.services, []);
});

run();
