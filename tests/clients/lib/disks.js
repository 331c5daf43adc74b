// SPDX-License-Identifier: GPL-2.0-or-later
// Both clients at the daemon under test, and what a guest says of its data disks on the console.
'use strict';

const assert = require('assert/strict');
const sdk = require('@alicloud/ecs20140526');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const RPCClient = require('@alicloud/pop-core').RPCClient;
const { waitUntil } = require('./tap.js');
const { misfits, keepBodies } = require('./types.js');

const { VMMD_ENDPOINT, VMMD_KEY_ID, VMMD_KEY_SECRET } = process.env;
const regionId = 'cn-local';
const SECTORS = 2 ** 21; // of a GiB
// Says what each data disk is like whenever that changes, and marks those that are empty.
const WATCH = Buffer.from(`#!/bin/sh
while :; do
  for disk in /sys/block/vd[b-z]; do
    [ -e "$disk" ] || continue
    mark=$(dd if=/dev/\${disk##*/} bs=16 count=1 2>/dev/null | tr -dc a-z)
    if [ -z "$mark" ]; then
      printf markedbytheguest | dd of=/dev/\${disk##*/} bs=512 conv=sync,fsync 2>/dev/null
      mark=empty
    fi
    echo "VMMD-DATA $(cat $disk/serial) $(cat $disk/size) $mark"
  done > /tmp/now
  cmp -s /tmp/now /tmp/before || { cat /tmp/now; echo VMMD-DATA end; }
  mv /tmp/now /tmp/before
  sleep 1
done
`).toString('base64');
const MARK = 'markedbytheguest';

const pop = new RPCClient({
  endpoint: `http://${VMMD_ENDPOINT}`, apiVersion: '2014-05-26', accessKeyId: VMMD_KEY_ID, accessKeySecret: VMMD_KEY_SECRET,
});
const call = (action, params = {}) => pop.request(action, { RegionId: regionId, ...params }, { method: 'POST', timeout: 30000 });
const client = new sdk.default(new $OpenApiUtil.Config({
  accessKeyId: VMMD_KEY_ID, accessKeySecret: VMMD_KEY_SECRET, endpoint: VMMD_ENDPOINT, protocol: 'http', regionId,
  readTimeout: 30000,
}));
keepBodies(client);
// The answer must have the types that the client declares.
async function ask(method, params = {}) {
  const name = `${method[0].toUpperCase()}${method.slice(1)}`;
  const { body } = await client[method](new sdk[`${name}Request`]({ regionId, ...params }));
  assert.deepEqual(misfits(sdk[`${name}ResponseBody`], client.lastBody), []);
  return body;
}

async function disk(diskId) {
  const { disks } = await ask('describeDisks', { diskIds: JSON.stringify([diskId]) });
  return disks.disk[0];
}

const diskIs = (diskId, status) => waitUntil(`${diskId} to be ${status}`, 120, async () => (await disk(diskId)).status === status);

async function snapshot(snapshotId) {
  const { snapshots } = await ask('describeSnapshots', { snapshotIds: JSON.stringify([snapshotId]) });
  return snapshots.snapshot[0];
}

const isTaken = (snapshotId) => waitUntil('the snapshot', 120, async () => (await snapshot(snapshotId)).status === 'accomplished');

// status undefined: until there is none.
async function instanceIs(instanceId, status) {
  await waitUntil(`the instance to be ${status}`, 120, async () => {
    const { instances } = await ask('describeInstances', { instanceIds: JSON.stringify([instanceId]) });
    return (instances.instance[0] || {}).status === status;
  });
}

// What a guest said of its data disks each time that they changed; a line a disk: serial, sectors, mark.
async function reports(instanceId) {
  const { consoleOutput } = await ask('getInstanceConsoleOutput', { instanceId });
  const text = Buffer.from(consoleOutput, 'base64').toString().replace(/\r/g, '');
  return text.split('VMMD-DATA end\n').slice(0, -1).map((report) => (
    [...report.matchAll(/VMMD-DATA (\w+) (\d+) (\w+)\n/g)].map((found) => found.slice(1).join(' ')).sort()));
}

// Until the last report, and at least the one behind `earlier` others, is this.
const seesDisks = (instanceId, wanted, earlier = 0) => waitUntil(`the guest to see ${wanted}`, 240, async () => {
  const all = await reports(instanceId);
  return all.length > earlier && JSON.stringify(all.pop()) === JSON.stringify([...wanted].sort());
});
// That line of a disk.
const line = (diskId, gib, mark = MARK) => `${diskId.slice(2)} ${gib * SECTORS} ${mark}`;

module.exports = { call, ask, disk, diskIs, snapshot, isTaken, instanceIs, reports, seesDisks, line, WATCH };
