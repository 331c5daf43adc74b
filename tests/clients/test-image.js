// SPDX-License-Identifier: GPL-2.0-or-later
// Images of a guest that runs, with the vendor's two clients: of all its disks, of a snapshot, of another image; what is
// made from them has their data.
'use strict';

const assert = require('assert/strict');
const { run, waitUntil, failure } = require('./lib/tap.js');
const { call, ask, disk, diskIs, isTaken, instanceIs, reports, seesDisks, line, WATCH } = require('./lib/disks.js');

const { VMMD_IMAGE_ID } = process.env;
const nano = { instanceType: 'ecs.t1.nano', userData: WATCH };
const made = {};

async function image(imageId) {
  const { images } = await ask('describeImages', { imageId, status: 'Creating,Available,Deprecated,CreateFailed' });
  return images.image[0];
}

const imageIs = (imageId, status) => waitUntil(`${imageId} to be ${status}`, 120, async () => (await image(imageId)).status === status);

async function disksOf(instanceId, diskType) {
  const { disks } = await ask('describeDisks', { instanceId, diskType });
  return disks.disk;
}

async function start(params) {
  const { instanceIdSets } = await ask('runInstances', { ...nano, ...params });
  await instanceIs(instanceIdSets.instanceIdSet[0], 'Running');
  return instanceIdSets.instanceIdSet[0];
}

async function a_guest_is_born_with_a_data_disk() {
  made.instance = await start({ imageId: VMMD_IMAGE_ID, dataDisk: [{ size: 5, device: '/dev/xvdb', deleteWithInstance: true }] });
  const [row] = await disksOf(made.instance, 'data');
  made.disk = row.diskId;
  assert.deepEqual([row.device, row.size, row.deleteWithInstance, row.status], ['/dev/xvdb', 5, true, 'In_use']);
  await seesDisks(made.instance, [line(made.disk, 5, 'empty')]);
}

async function an_image_is_made_of_all_its_disks_while_it_runs() {
  made.image = (await ask('createImage', {
    instanceId: made.instance, imageName: 'whole', description: 'both disks', imageFamily: 'shop',
  })).imageId;
  await imageIs(made.image, 'Available');
  const row = await image(made.image);
  assert.deepEqual([row.imageName, row.imageOwnerAlias, row.imageFamily, row.progress, row.usage],
    ['whole', 'self', 'shop', '100%', 'none']);
  const mappings = row.diskDeviceMappings.diskDeviceMapping;
  assert.deepEqual(mappings.map((each) => [each.type, each.device]), [['system', '/dev/xvda'], ['data', '/dev/xvdb']]);
  const old = (await call('DescribeImages', { ImageName: 'whole' })).Images.Image;
  assert.deepEqual(old.map((each) => each.ImageId), [made.image]);
  made.snapshots = mappings.map((each) => each.snapshotId);
  assert.equal((await failure(ask('deleteSnapshot', { snapshotId: made.snapshots[0], force: true }))).code, 'SnapshotCreatedImage');
}

async function what_is_made_from_it_has_its_data() {
  made.second = await start({ imageFamily: 'shop' });
  const [row] = await disksOf(made.second, 'data');
  await seesDisks(made.second, [line(row.diskId, 5)]);
  assert.equal((await image(made.image)).usage, 'instance');
}

async function an_image_is_made_of_a_snapshot_and_replaces_a_system_disk() {
  const [system] = await disksOf(made.instance, 'system');
  made.snapshot = (await call('CreateSnapshot', { DiskId: system.diskId })).SnapshotId;
  await isTaken(made.snapshot);
  made.plain = (await call('CreateImage', { SnapshotId: made.snapshot, ImageName: 'plain' })).ImageId;
  await imageIs(made.plain, 'Available');
  await ask('stopInstance', { instanceId: made.second, forceStop: true });
  await instanceIs(made.second, 'Stopped');
  const { diskId } = await ask('replaceSystemDisk', { instanceId: made.second, imageId: made.plain });
  await diskIs(diskId, 'In_use');
  assert.equal((await disk(diskId)).imageId, made.plain);
  const earlier = (await reports(made.second)).length;
  await ask('startInstance', { instanceId: made.second });
  const [row] = await disksOf(made.second, 'data');
  await seesDisks(made.second, [line(row.diskId, 5)], earlier);
}

async function images_are_copied_and_changed() {
  made.copy = (await ask('copyImage', { imageId: made.image, destinationImageName: 'copied' })).imageId;
  await imageIs(made.copy, 'Available');
  await ask('modifyImageAttribute', { imageId: made.copy, imageFamily: 'shop', description: 'newer' });
  const newest = await ask('describeImageFromFamily', { imageFamily: 'shop' });
  assert.equal(newest.image.imageId, made.copy);
  await call('ModifyImageAttribute', { ImageId: made.copy, Status: 'Deprecated' });
  assert.equal((await call('DescribeImageFromFamily', { ImageFamily: 'shop' })).Image.ImageId, made.image);
  const nobody = ask('modifyImageSharePermission', { imageId: made.image, addAccount: ['1234567890123456'] });
  assert.equal((await failure(nobody)).code, 'EntityNotExist.Account');
  const { accounts } = await ask('describeImageSharePermission', { imageId: made.image });
  assert.deepEqual(accounts.account, []);
}

async function an_image_in_use_goes_only_by_force_and_harms_nobody() {
  assert.equal((await failure(ask('deleteImage', { imageId: made.plain }))).code, 'ImageUsingByInstance');
  for (const imageId of [made.image, made.plain, made.copy]) await ask('deleteImage', { imageId, force: true });
  await waitUntil('the images to be gone', 60, async () => (await ask('describeImages', { imageOwnerAlias: 'self' })).totalCount === 0);
  for (const snapshotId of [...made.snapshots, made.snapshot]) await call('DeleteSnapshot', { SnapshotId: snapshotId, Force: true });
  const earlier = (await reports(made.second)).length;
  await ask('rebootInstance', { instanceId: made.second, forceStop: true });
  const [row] = await disksOf(made.second, 'data');
  await seesDisks(made.second, [line(row.diskId, 5)], earlier);
}

async function all_is_deleted() {
  for (const instanceId of [made.instance, made.second]) {
    await call('DeleteInstance', { InstanceId: instanceId, Force: true });
    await instanceIs(instanceId, undefined);
  }
  for (const row of (await ask('describeDisks')).disks.disk) await ask('deleteDisk', { diskId: row.diskId });
  await waitUntil('the disks to be gone', 60, async () => (await ask('describeDisks')).totalCount === 0);
  assert.equal((await call('DescribeSnapshots')).TotalCount, 0);
}

run([a_guest_is_born_with_a_data_disk, an_image_is_made_of_all_its_disks_while_it_runs, what_is_made_from_it_has_its_data,
  an_image_is_made_of_a_snapshot_and_replaces_a_system_disk, images_are_copied_and_changed,
  an_image_in_use_goes_only_by_force_and_harms_nobody, all_is_deleted]);
