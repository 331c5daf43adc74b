// SPDX-License-Identifier: GPL-2.0-or-later
// What operators keep, with the vendor's two clients: snapshot groups, policies of automatic snapshots, tags, and images that
// leave as files and come back.
'use strict';

const assert = require('assert/strict');
const fs = require('fs');
const path = require('path');
const { run, waitUntil, failure, readyLines } = require('./lib/tap.js');
const { call, ask, disk, diskIs, snapshot, isTaken, instanceIs } = require('./lib/disks.js');

const { VMMD_IMAGE_ID, VMMD_DROP_FOLDER, VMMD_EXPORT_FOLDER } = process.env;
const zoneId = 'cn-local-a';
const instanceType = 'ecs.t1.nano';
const shop = [{ key: 'team', value: 'shop' }];
const made = {};
const ids = (list, name) => list.map((each) => each[name]);
const tagsOf = (row) => row.tags.tag.map((each) => `${each.tagKey}=${each.tagValue}`);

// The status a task ends with.
async function ends(taskId) {
  return waitUntil(`${taskId} to end`, 240, async () => {
    const { taskStatus } = await ask('describeTaskAttribute', { taskId });
    return ['Finished', 'Failed', 'Canceled'].includes(taskStatus) && taskStatus;
  });
}

async function tags_given_at_the_making_are_found_by_either_client() {
  made.instance = (await ask('createInstance', { imageId: VMMD_IMAGE_ID, instanceType, tag: shop })).instanceId;
  await instanceIs(made.instance, 'Stopped');
  made.disk = (await ask('createDisk', { zoneId, size: 5, tag: shop, clientToken: 'disk' })).diskId;
  assert.equal((await ask('createDisk', { zoneId, size: 5, tag: shop, clientToken: 'disk' })).diskId, made.disk);
  await diskIs(made.disk, 'Available');
  await ask('attachDisk', { diskId: made.disk, instanceId: made.instance });
  await diskIs(made.disk, 'In_use');
  const found = (await ask('describeDisks', { tag: shop })).disks.disk;
  made.system = found.find((each) => each.type === 'system').diskId;
  assert.deepEqual(ids(found, 'diskId').sort(), [made.disk, made.system].sort());
  const old = await call('DescribeResourceByTags', { 'Tag.1.Key': 'team', 'Tag.1.Value': 'shop', ResourceType: 'disk' });
  assert.equal(old.TotalCount, 2);
  await call('AddTags', { ResourceType: 'disk', ResourceId: made.disk, 'Tag.1.Key': 'env', 'Tag.1.Value': 'test' });
  const { tagResources } = await ask('listTagResources', { resourceType: 'disk', resourceId: [made.disk] });
  assert.deepEqual(tagResources.tagResource.map((each) => `${each.tagKey}=${each.tagValue}`), ['env=test', 'team=shop']);
  await ask('untagResources', { resourceType: 'disk', resourceId: [made.disk], tagKey: ['env'] });
  assert.deepEqual(tagsOf(await disk(made.disk)), ['team=shop']);
}

async function lists_are_read_page_by_page_in_both_ways() {
  const newer = await ask('describeDisks', { maxResults: 1 });
  const rest = await ask('describeDisks', { maxResults: 1, nextToken: newer.nextToken });
  const older = await call('DescribeDisks', { PageNumber: 2, PageSize: 1 });
  assert.deepEqual(ids(rest.disks.disk, 'diskId'), ids(older.Disks.Disk, 'DiskId'));
  assert.notEqual(newer.disks.disk[0].diskId, rest.disks.disk[0].diskId);
  assert.deepEqual((await ask('describeSnapshots')).snapshots.snapshot, []);
}

async function a_snapshot_group_is_taken_shown_and_gone_back_to() {
  made.group = (await ask('createSnapshotGroup', { instanceId: made.instance, name: 'before', tag: shop })).snapshotGroupId;
  const group = await waitUntil('the group', 120, async () => {
    const { snapshotGroups } = await ask('describeSnapshotGroups', { snapshotGroupId: [made.group] });
    return snapshotGroups.snapshotGroup[0].status === 'accomplished' && snapshotGroups.snapshotGroup[0];
  });
  assert.deepEqual([group.name, group.instanceId, group.tags.tag[0].value], ['before', made.instance, 'shop']);
  const members = group.snapshots.snapshot;
  assert.deepEqual(ids(members, 'sourceDiskId').sort(), [made.disk, made.system].sort());
  assert.equal(String((await call('DescribeSnapshots', { DiskId: made.disk })).Snapshots.Snapshot[0].SourceDiskSize), '5');
  await ask('modifySnapshotGroup', { snapshotGroupId: made.group, name: 'kept' });
  assert.equal((await call('DescribeSnapshotGroups', { Name: 'kept' })).SnapshotGroups.SnapshotGroup.length, 1);
  await ask('resetDisks', { disk: members.map((each) => ({ diskId: each.sourceDiskId, snapshotId: each.snapshotId })) });
  await diskIs(made.disk, 'In_use');
  await diskIs(made.system, 'In_use');
}

async function a_policy_is_made_given_to_disks_and_taken_away() {
  const hours = { timePoints: '["0","12"]', repeatWeekdays: '["1","7"]' };
  made.policy = (await ask('createAutoSnapshotPolicy', {
    ...hours, autoSnapshotPolicyName: 'nightly', retentionDays: 7, tag: shop,
  })).autoSnapshotPolicyId;
  await ask('applyAutoSnapshotPolicy', { autoSnapshotPolicyId: made.policy, diskIds: JSON.stringify([made.disk]) });
  assert.equal((await disk(made.disk)).autoSnapshotPolicyId, made.policy);
  await ask('modifyAutoSnapshotPolicyEx', { autoSnapshotPolicyId: made.policy, retentionDays: 30 });
  const { autoSnapshotPolicies } = await ask('describeAutoSnapshotPolicyEx', { tag: shop });
  const [row] = autoSnapshotPolicies.autoSnapshotPolicy;
  assert.deepEqual([row.autoSnapshotPolicyId, row.timePoints, row.repeatWeekdays, row.retentionDays, row.diskNums],
    [made.policy, hours.timePoints, hours.repeatWeekdays, 30, 1]);
  const old = await call('DescribeAutoSnapshotPolicyAssociations', { AutoSnapshotPolicyId: made.policy });
  assert.deepEqual(ids(old.AutoSnapshotPolicyAssociations.AutoSnapshotPolicyAssociation, 'DiskId'), [made.disk]);
  await ask('cancelAutoSnapshotPolicy', { diskIds: JSON.stringify([made.disk]) });
  assert.equal((await disk(made.disk)).autoSnapshotPolicyId, '');
  await call('DeleteAutoSnapshotPolicy', { autoSnapshotPolicyId: made.policy });
  const gone = await failure(ask('deleteAutoSnapshotPolicy', { autoSnapshotPolicyId: made.policy }));
  assert.match(gone.code, /NotFound$/);
}

async function an_image_leaves_as_a_file() {
  made.snapshot = (await ask('createSnapshot', { diskId: made.system, snapshotName: 'sold', tag: shop })).snapshotId;
  await isTaken(made.snapshot);
  assert.deepEqual(tagsOf(await snapshot(made.snapshot)), ['team=shop']);
  made.image = (await ask('createImage', { snapshotId: made.snapshot, imageName: 'sold', tag: shop })).imageId;
  const { taskId } = await ask('exportImage', { imageId: made.image, OSSPrefix: 'sold', imageFormat: 'qcow2' });
  assert.equal(await ends(taskId), 'Finished');
  const task = await call('DescribeTaskAttribute', { TaskId: taskId });
  const about = Object.fromEntries(task.OperationProgressSet.OperationProgress[0].RelatedItemSet.RelatedItem
    .map((each) => [each.Name, each.Value]));
  assert.equal(about.ImageId, made.image);
  made.file = path.join(VMMD_EXPORT_FOLDER, about.OSSObject);
  assert.ok(fs.statSync(made.file).size > 0);
}

async function and_comes_back_as_an_image_that_boots() {
  fs.copyFileSync(made.file, path.join(VMMD_DROP_FOLDER, 'back.qcow2'));
  const { imageId, taskId } = await ask('importImage', {
    imageName: 'back', architecture: 'x86_64', OSType: 'linux', platform: 'Debian', tag: shop,
    diskDeviceMapping: [{ OSSObject: 'back.qcow2', format: 'QCOW2' }],
  });
  const { taskSet } = await ask('describeTasks', { resourceIds: [imageId] });
  assert.deepEqual(ids(taskSet.task, 'taskId'), [taskId]);
  assert.equal(await ends(taskId), 'Finished');
  const { images } = await ask('describeImages', { tag: shop });
  assert.deepEqual(ids(images.image, 'imageId'), [imageId, made.image]);
  const [mapping] = images.image[0].diskDeviceMappings.diskDeviceMapping;
  assert.deepEqual([mapping.importOSSObject, mapping.format], ['back.qcow2', 'QCOW2']);
  const [guest] = (await ask('runInstances', { imageId, instanceType })).instanceIdSets.instanceIdSet;
  await waitUntil('the guest to be ready', 240, async () => {
    const { consoleOutput } = await ask('getInstanceConsoleOutput', { instanceId: guest });
    return readyLines(Buffer.from(consoleOutput, 'base64').toString()).length > 0;
  });
  await ask('deleteInstance', { instanceId: guest, force: true });
  await instanceIs(guest, undefined);
  made.back = imageId;
}

async function what_cannot_be_is_told_as_the_clients_expect() {
  const { taskId } = await ask('importImage', { diskDeviceMapping: [{ OSSObject: 'none.raw', format: 'RAW' }] });
  assert.equal(await ends(taskId), 'Failed');
  const { operationProgressSet } = await ask('describeTaskAttribute', { taskId });
  assert.match(operationProgressSet.operationProgress[0].errorMsg, /^not-found: /);
  assert.equal((await failure(call('ModifyDiskAttribute', { DiskId: made.disk }))).code, 'NoAttributeToModify');
  const shared = await failure(ask('createDisk', { zoneId, size: 5, multiAttach: 'Enabled' }));
  assert.equal(shared.code, 'UnsupportedParameter');
  assert.match(shared.message, /MultiAttach/);
  const dry = await failure(ask('resetDisk', { diskId: made.system, snapshotId: made.snapshot, dryRun: true }));
  assert.equal(dry.code, 'DryRunOperation');
}

async function all_is_deleted_with_its_tags() {
  for (const imageId of [made.image, made.back]) await ask('deleteImage', { imageId, force: true });
  await ask('deleteSnapshotGroup', { snapshotGroupId: made.group });
  await ask('deleteSnapshot', { snapshotId: made.snapshot, force: true });
  await ask('deleteInstance', { instanceId: made.instance, force: true });
  await diskIs(made.disk, 'Available');
  await ask('deleteDisk', { diskId: made.disk });
  await waitUntil('the tags to be gone', 60, async () => (await call('DescribeTags')).TotalCount === 0);
  assert.deepEqual(fs.readdirSync(VMMD_EXPORT_FOLDER), [path.basename(made.file)]);
}

run([tags_given_at_the_making_are_found_by_either_client, lists_are_read_page_by_page_in_both_ways,
  a_snapshot_group_is_taken_shown_and_gone_back_to, a_policy_is_made_given_to_disks_and_taken_away, an_image_leaves_as_a_file,
  and_comes_back_as_an_image_that_boots, what_cannot_be_is_told_as_the_clients_expect, all_is_deleted_with_its_tags]);
