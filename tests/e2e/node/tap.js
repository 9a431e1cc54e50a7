'use strict';

// Cases in the order in which they are written, each a promise that is kept or not. Prints TAP.

const cases = [];
const promise = (name, test) => cases.push({ name, test });

async function run() {
  console.log(`1..${cases.length}`);
  for (const [index, { name, test }] of cases.entries()) {
    try {
      await test();
      console.log(`ok ${index + 1} - ${name}`);
    } catch (error) {
      process.exitCode = 1;
      console.log(`not ok ${index + 1} - ${name}`);
      console.log(String(error.stack).replace(/^/gm, '# '));
    }
  }
  process.exit();
}

module.exports = { promise, run };
