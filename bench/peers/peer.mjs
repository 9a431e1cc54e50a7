// One side of a queue that bench/peers.py measures, as cheap as its settings allow: what is done is
// removed, nothing is told to listeners.
//
//   node peer.mjs bullmq|bee-queue add|run UNIX_SOCKET WARM CALLS EVENT_BYTES CONCURRENCY
//
// Each side prints `warm` when WARM calls are added or done. `add` then waits for a line on stdin,
// adds CALLS, and prints when it began and ended; `run` prints when CALLS more were done
// (CLOCK_MONOTONIC, ns).
import { once } from 'node:events';

const [, , peer, side, path, ...numbers] = process.argv;
const [warm, calls, bytes, concurrency] = numbers.map(Number);
const event = { x: 'x'.repeat(bytes) };
const now = () => process.hrtime.bigint();

const peers = {
  bullmq: {
    async adder() {
      const { Queue } = await import('bullmq');
      const queue = new Queue('bench', { connection: { path }, defaultJobOptions: { removeOnComplete: true } });
      await queue.waitUntilReady();
      return () => queue.add('call', event);
    },
    async run(done) {
      const { Worker } = await import('bullmq');
      const connection = { path, maxRetriesPerRequest: null };
      new Worker('bench', async () => {}, { connection, concurrency }).on('completed', done);
    },
  },
  'bee-queue': {
    async open(isWorker) {
      const { default: BeeQueue } = await import('bee-queue');
      const quiet = { getEvents: false, sendEvents: false, storeJobs: false, removeOnSuccess: true };
      return new BeeQueue('bench', { redis: { path }, isWorker, ...quiet }).ready();
    },
    async adder() {
      const queue = await this.open(false);
      return () => queue.createJob(event).save();
    },
    async run(done) {
      const queue = await this.open(true);
      queue.on('succeeded', done);
      queue.process(concurrency, async () => {});
    },
  },
};

async function addAll(add, count) {
  let left = count;
  const caller = async () => {
    while (left-- > 0) await add();
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
}

async function adding() {
  const add = await peers[peer].adder();
  await addAll(add, warm);
  console.log('warm');
  await once(process.stdin, 'data');
  const began = now();
  await addAll(add, calls);
  console.log(`${began} ${now()}`);
  process.exit(0);
}

async function running() {
  let ended = 0;
  await peers[peer].run(() => {
    ended += 1;
    if (ended === warm) console.log('warm');
    if (ended !== warm + calls) return;
    console.log(`${now()}`);
    process.exit(0);
  });
}

await (side === 'add' ? adding() : running());
