// SPDX-License-Identifier: GPL-2.0-or-later
// Disks and snapshots of a guest that runs, with the vendor's two clients: what they do is seen on the guest's console.
'use strict';

const assert = require('assert/strict');
const sdk = require('@alicloud/ecs20140526');
const { $OpenApiUtil } = require('@alicloud/openapi-core');
const RPCClient = require('@alicloud/pop-core').RPCClient;
const { run, waitUntil, failure } = require('./lib/tap.js');
const { misfits, keepBodies } = require('./lib/types.js');

const { VMMD_ENDPOINT, VMMD_KEY_ID, VMMD_KEY_SECRET, VMMD_IMAGE_ID } = process.env;
const regionId = 'cn-local';
const zoneId = 'cn-local-a';
const SECTORS = 2 ** 21; // of a GiB
// Says what each data disk is like whenever that changes, and marks those that are empty.
const WATCH = `#!/bin/sh
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
`;
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

const made = {};
const serial = (diskId) => diskId.slice(2);

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

async function instanceIs(status) {
  await waitUntil(`the instance to be ${status}`, 120, async () => {
    const { instances } = await ask('describeInstances', { instanceIds: JSON.stringify([made.instance]) });
    return (instances.instance[0] || {}).status === status;
  });
}

// What the guest said last of its data disks: [serial, sectors, mark] each.
async function said() {
  const { consoleOutput } = await ask('getInstanceConsoleOutput', { instanceId: made.instance });
  const text = Buffer.from(consoleOutput, 'base64').toString().replace(/\r/g, '');
  const reports = text.split('VMMD-DATA end\n').slice(0, -1);
  return [...(reports.pop() || '').matchAll(/VMMD-DATA (\w+) (\d+) (\w+)\n/g)].map((line) => line.slice(1).join(' '));
}

const sees = (...wanted) => waitUntil(`the guest to see ${wanted}`, 240,
  async () => JSON.stringify((await said()).sort()) === JSON.stringify(wanted.sort()));

async function a_guest_gets_a_disk_that_was_made_for_it() {
  const userData = Buffer.from(WATCH).toString('base64');
  const reply = await ask('runInstances', { imageId: VMMD_IMAGE_ID, instanceType: 'ecs.t1.nano', userData });
  [made.instance] = reply.instanceIdSets.instanceIdSet;
  made.disk = (await ask('createDisk', { zoneId, size: 5, diskName: 'data', description: 'first' })).diskId;
  await diskIs(made.disk, 'Available');
  await instanceIs('Running');
  await ask('attachDisk', { diskId: made.disk, instanceId: made.instance, deleteWithInstance: false });
  await diskIs(made.disk, 'In_use');
  const row = await disk(made.disk);
  assert.deepEqual([row.diskName, row.instanceId, row.device, row.type, row.size, row.deleteWithInstance],
    ['data', made.instance, '/dev/xvdb', 'data', 5, false]);
  await sees(`${serial(made.disk)} ${5 * SECTORS} empty`);
}

async function both_clients_show_the_same() {
  const old = (await call('DescribeDisks', { InstanceId: made.instance, DiskType: 'data' })).Disks.Disk;
  assert.deepEqual(old.map((row) => row.DiskId), [made.disk]);
  const { disks } = await ask('describeDisks', { instanceId: made.instance, diskType: 'system' });
  assert.deepEqual(disks.disk.map((row) => [row.device, row.portable]), [['/dev/xvda', false]]);
  await call('ModifyDiskAttribute', { DiskId: made.disk, DiskName: 'renamed' });
  assert.equal((await disk(made.disk)).diskName, 'renamed');
}

async function it_grows_while_the_guest_runs() {
  assert.equal((await failure(ask('resizeDisk', { diskId: made.disk, newSize: 4 }))).code, 'InvalidDiskSize.TooSmall');
  await ask('resizeDisk', { diskId: made.disk, newSize: 6, type: 'online' });
  await sees(`${serial(made.disk)} ${6 * SECTORS} ${MARK}`);
  assert.equal((await disk(made.disk)).size, 6);
}

async function snapshots_are_taken_by_either_client() {
  made.first = (await ask('createSnapshot', { diskId: made.disk, snapshotName: 'first', retentionDays: 30 })).snapshotId;
  await isTaken(made.first);
  made.second = (await call('CreateSnapshot', { DiskId: made.disk, SnapshotName: 'second' })).SnapshotId;
  await isTaken(made.second);
  const row = await snapshot(made.first);
  assert.deepEqual([row.snapshotName, row.progress, row.sourceDiskId, row.sourceDiskSize, row.retentionDays, row.usage],
    ['first', '100%', made.disk, '6', 30, 'none']);
  const { snapshots, totalCount } = await ask('describeSnapshots', { diskId: made.disk });
  assert.deepEqual([totalCount, snapshots.snapshot.map((each) => each.snapshotId)], [2, [made.second, made.first]]);
  await ask('modifySnapshotAttribute', { snapshotId: made.second, snapshotName: 'other' });
  const named = await call('DescribeSnapshots', { SnapshotName: 'other' });
  assert.deepEqual(named.Snapshots.Snapshot.map((each) => each.SnapshotId), [made.second]);
}

async function a_copy_is_made_and_plugged_in_beside_it() {
  made.copy = (await ask('createDisk', { zoneId, snapshotId: made.first, diskName: 'copy' })).diskId;
  await diskIs(made.copy, 'Available');
  const row = await disk(made.copy);
  assert.deepEqual([row.size, row.sourceSnapshotId], [6, made.first]);
  await call('AttachDisk', { DiskId: made.copy, InstanceId: made.instance });
  await sees(`${serial(made.disk)} ${6 * SECTORS} ${MARK}`, `${serial(made.copy)} ${6 * SECTORS} ${MARK}`);
  assert.equal((await failure(ask('deleteSnapshot', { snapshotId: made.first }))).code, 'SnapshotCreatedDisk');
  await call('DetachDisk', { DiskId: made.copy, InstanceId: made.instance });
  await diskIs(made.copy, 'Available');
  await sees(`${serial(made.disk)} ${6 * SECTORS} ${MARK}`);
}

async function a_stopped_guests_disk_is_emptied_and_taken_back() {
  assert.equal((await failure(ask('resetDisk', { diskId: made.disk, snapshotId: made.first }))).code, 'IncorrectInstanceStatus');
  await ask('stopInstance', { instanceId: made.instance, forceStop: true });
  await instanceIs('Stopped');
  await ask('reInitDisk', { diskId: made.disk });
  await diskIs(made.disk, 'In_use');
  await ask('startInstance', { instanceId: made.instance });
  await sees(`${serial(made.disk)} ${6 * SECTORS} empty`);
  await ask('stopInstance', { instanceId: made.instance, forceStop: true });
  await instanceIs('Stopped');
  await ask('resetDisk', { diskId: made.disk, snapshotId: made.first });
  await diskIs(made.disk, 'In_use');
  await call('StartInstance', { InstanceId: made.instance });
  await sees(`${serial(made.disk)} ${6 * SECTORS} ${MARK}`);
}

async function all_is_deleted_in_turn() {
  assert.equal((await failure(ask('deleteDisk', { diskId: made.disk }))).code, 'IncorrectDiskStatus');
  await ask('deleteSnapshot', { snapshotId: made.first, force: true });
  await call('DeleteSnapshot', { SnapshotId: made.second });
  await ask('deleteInstance', { instanceId: made.instance, force: true });
  await diskIs(made.disk, 'Available');
  await ask('deleteDisk', { diskId: made.disk });
  await call('DeleteDisk', { DiskId: made.copy });
  await waitUntil('the disks to be gone', 60, async () => (await ask('describeDisks')).totalCount === 0);
  assert.equal((await call('DescribeSnapshots')).TotalCount, 0);
  const gone = await failure(ask('attachDisk', { diskId: made.disk, instanceId: made.instance }));
  assert.match(gone.code, /NotFound$/);
}

run([a_guest_gets_a_disk_that_was_made_for_it, both_clients_show_the_same, it_grows_while_the_guest_runs,
  snapshots_are_taken_by_either_client, a_copy_is_made_and_plugged_in_beside_it,
  a_stopped_guests_disk_is_emptied_and_taken_back, all_is_deleted_in_turn]);
