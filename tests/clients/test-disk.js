// SPDX-License-Identifier: GPL-2.0-or-later
// Disks and snapshots of a guest that runs, with the vendor's two clients: what they do is seen on the guest's console.
'use strict';

const assert = require('assert/strict');
const { run, waitUntil, failure } = require('./lib/tap.js');
const { call, ask, disk, diskIs, snapshot, isTaken, instanceIs, seesDisks, line, WATCH } = require('./lib/disks.js');

const { VMMD_IMAGE_ID } = process.env;
const zoneId = 'cn-local-a';
const made = {};
const sees = (...wanted) => seesDisks(made.instance, wanted);

async function a_guest_gets_a_disk_that_was_made_for_it() {
  const reply = await ask('runInstances', { imageId: VMMD_IMAGE_ID, instanceType: 'ecs.t1.nano', userData: WATCH });
  [made.instance] = reply.instanceIdSets.instanceIdSet;
  made.disk = (await ask('createDisk', { zoneId, size: 5, diskName: 'data', description: 'first' })).diskId;
  await diskIs(made.disk, 'Available');
  await instanceIs(made.instance, 'Running');
  await ask('attachDisk', { diskId: made.disk, instanceId: made.instance, deleteWithInstance: false });
  await diskIs(made.disk, 'In_use');
  const row = await disk(made.disk);
  assert.deepEqual([row.diskName, row.instanceId, row.device, row.type, row.size, row.deleteWithInstance],
    ['data', made.instance, '/dev/xvdb', 'data', 5, false]);
  await sees(line(made.disk, 5, 'empty'));
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
  await sees(line(made.disk, 6));
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
  await sees(line(made.disk, 6), line(made.copy, 6));
  assert.equal((await failure(ask('deleteSnapshot', { snapshotId: made.first }))).code, 'SnapshotCreatedDisk');
  await call('DetachDisk', { DiskId: made.copy, InstanceId: made.instance });
  await diskIs(made.copy, 'Available');
  await sees(line(made.disk, 6));
}

async function a_stopped_guests_disk_is_emptied_and_taken_back() {
  assert.equal((await failure(ask('resetDisk', { diskId: made.disk, snapshotId: made.first }))).code, 'IncorrectInstanceStatus');
  await ask('stopInstance', { instanceId: made.instance, forceStop: true });
  await instanceIs(made.instance, 'Stopped');
  await ask('reInitDisk', { diskId: made.disk });
  await diskIs(made.disk, 'In_use');
  await ask('startInstance', { instanceId: made.instance });
  await sees(line(made.disk, 6, 'empty'));
  await ask('stopInstance', { instanceId: made.instance, forceStop: true });
  await instanceIs(made.instance, 'Stopped');
  await ask('resetDisk', { diskId: made.disk, snapshotId: made.first });
  await diskIs(made.disk, 'In_use');
  await call('StartInstance', { InstanceId: made.instance });
  await sees(line(made.disk, 6));
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
