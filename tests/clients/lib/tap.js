// SPDX-License-Identifier: GPL-2.0-or-later
// Runs functions, whose names are claims, one after another as a TAP producer; waits with deadlines.
'use strict';

const POLL_MS = 300;

async function run(tests) {
  let failed = 0;
  console.log(`1..${tests.length}`);
  for (const [index, test] of tests.entries()) {
    let line = `ok ${index + 1} - ${test.name}`;
    try {
      await test();
    } catch (error) {
      failed += 1;
      line = `not ${line}`;
      console.log(String(error.stack || error).replace(/^/gm, '# '));
    }
    console.log(line);
  }
  // Connections that are kept open would keep the process.
  process.exit(failed === 0 ? 0 : 1);
}

const rest = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

// The first true value of probe(), or an error that names what was waited for.
async function waitUntil(what, seconds, probe) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await rest(POLL_MS);
  }
}

// The error of a call that must fail.
async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the call was expected to fail');
}

// The fields of the tiny guest's VMMD-READY lines.
function readyLines(console_) {
  return [...console_.matchAll(/^VMMD-READY (.*)$/gm)].map((match) => Object.fromEntries(
    [...match[1].matchAll(/(\w+)=(\[[^\]]*\]|\S*)/g)].map((field) => [field[1], field[2]])));
}

module.exports = { run, waitUntil, failure, readyLines };
