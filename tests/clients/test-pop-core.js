// SPDX-License-Identifier: GPL-2.0-or-later
// The vendor's generic client, @alicloud/pop-core, through the life of an instance.
'use strict';

const assert = require('assert/strict');
const crypto = require('crypto');
const RPCClient = require('@alicloud/pop-core').RPCClient;
const { run, waitUntil, failure, readyLines } = require('./lib/tap.js');

const { VMMD_ENDPOINT, VMMD_KEY_ID, VMMD_KEY_SECRET, VMMD_IMAGE_ID } = process.env;
const GET = { method: 'GET', timeout: 30000 };
const POST = { method: 'POST', timeout: 30000 };
const USER_DATA = '#!/bin/sh\necho "user data ran on $(hostname)"\n';

const makeClient = (secret) => new RPCClient({
  endpoint: `http://${VMMD_ENDPOINT}`, apiVersion: '2014-05-26', accessKeyId: VMMD_KEY_ID, accessKeySecret: secret,
});
const client = makeClient(VMMD_KEY_SECRET);
const call = (action, params = {}, opts = POST) => client.request(action, { RegionId: 'cn-local', ...params }, opts);
const runParams = { ImageId: VMMD_IMAGE_ID, InstanceType: 'ecs.t1.nano' };

let id;

async function instanceOf(instanceId) {
  const reply = await call('DescribeInstances', { InstanceIds: JSON.stringify([instanceId]) });
  return reply.Instances.Instance[0];
}

const becomes = (status) => waitUntil(`${id} to be ${status}`, 120, async () => {
  const row = await instanceOf(id);
  return row ? row.Status === status : status === 'gone';
});

async function consoleOf(instanceId) {
  const reply = await call('GetInstanceConsoleOutput', { InstanceId: instanceId });
  return Buffer.from(reply.ConsoleOutput, 'base64').toString().replace(/\r/g, '');
}

const boots = (count) => waitUntil(`boot ${count} of the guest`, 240, async () => {
  const lines = readyLines(await consoleOf(id));
  return lines.length >= count && lines.at(-1);
});

async function an_instance_is_run_and_comes_up() {
  const reply = await call('RunInstances', {
    ...runParams, InstanceName: 'from-pop-core', HostName: 'pop-core', Description: 'a & b = "ü" *~',
    UserData: Buffer.from(USER_DATA).toString('base64'), 'SystemDisk.Size': 2, ClientToken: 'life',
  });
  assert.match(reply.RequestId, /^[0-9A-F-]{36}$/);
  [id] = reply.InstanceIdSets.InstanceIdSet;
  assert.match(id, /^i-[0-9a-z]{20}$/);
  await becomes('Running');
}

async function the_same_is_read_by_get_and_by_post() {
  const params = { InstanceIds: JSON.stringify([id]) };
  const byGet = await call('DescribeInstances', params, GET);
  const byPost = await call('DescribeInstances', params, POST);
  delete byGet.RequestId;
  delete byPost.RequestId;
  assert.deepEqual(byGet, byPost);
  const [row] = byGet.Instances.Instance;
  assert.equal(row.InstanceName, 'from-pop-core');
  assert.equal(row.Description, 'a & b = "ü" *~');
  assert.equal(row.Cpu, 1);
  assert.equal(row.Memory, 128);
  assert.equal(byGet.TotalCount, 1);
}

async function its_parts_are_described() {
  const attribute = await call('DescribeInstanceAttribute', { InstanceId: id });
  assert.equal(attribute.HostName, 'pop-core');
  const status = await call('DescribeInstanceStatus', { 'InstanceId.1': id });
  assert.deepEqual(status.InstanceStatuses.InstanceStatus.map((row) => [row.InstanceId, row.Status]), [[id, 'Running']]);
  const disks = await call('DescribeDisks', { InstanceId: id });
  assert.equal(disks.Disks.Disk.length, 1);
  assert.equal(disks.Disks.Disk[0].Size, 2);
  const images = await call('DescribeImages', { ImageId: VMMD_IMAGE_ID });
  assert.equal(images.Images.Image[0].Status, 'Available');
  const row = await instanceOf(id);
  const groups = await call('DescribeSecurityGroups', { SecurityGroupId: row.SecurityGroupIds.SecurityGroupId[0] });
  assert.equal(groups.SecurityGroups.SecurityGroup.length, 1);
  const vpcs = await call('DescribeVpcs', { VpcId: row.VpcAttributes.VpcId });
  assert.equal(vpcs.Vpcs.Vpc[0].VpcId, row.VpcAttributes.VpcId);
  const vswitches = await call('DescribeVSwitches', { VSwitchId: row.VpcAttributes.VSwitchId });
  assert.equal(vswitches.VSwitches.VSwitch.length, 1);
  const data = await call('DescribeUserData', { InstanceId: id });
  assert.equal(Buffer.from(data.UserData, 'base64').toString(), USER_DATA);
}

async function the_guest_knows_its_name_address_disk_and_user_data() {
  const ready = await boots(1);
  const row = await instanceOf(id);
  assert.equal(ready.id, id);
  assert.equal(ready.host, 'pop-core');
  assert.equal(ready.ip.split('/')[0], row.VpcAttributes.PrivateIpAddress.IpAddress[0]);
  const disk = (await call('DescribeDisks', { InstanceId: id })).Disks.Disk[0];
  assert.equal(ready.disks, `[vda:${disk.DiskId.slice('d-'.length)}:${disk.Size * 1024 ** 3 / 512}]`);
  assert.equal(ready.userdata, crypto.createHash('sha256').update(USER_DATA).digest('hex'));
  await waitUntil('the user data to run', 60, async () => (await consoleOf(id)).includes('user data ran on pop-core'));
}

async function what_is_modified_is_shown() {
  await call('ModifyInstanceAttribute', { InstanceId: id, InstanceName: 'renamed', Description: 'other words' });
  const row = await instanceOf(id);
  assert.equal(row.InstanceName, 'renamed');
  assert.equal(row.Description, 'other words');
}

async function it_stops_when_asked_and_starts_again() {
  assert.equal((await failure(call('StartInstance', { InstanceId: id }))).code, 'IncorrectInstanceStatus');
  await call('StopInstance', { InstanceId: id });
  assert.equal((await instanceOf(id)).Status, 'Stopping');
  await becomes('Stopped');
  const events = await call('DescribeInstanceHistoryEvents', { InstanceId: id });
  assert.equal(events.InstanceSystemEventSet.InstanceSystemEventType[0].Reason, '');
  await call('StartInstance', { InstanceId: id });
  await becomes('Running');
  await boots(2);
}

async function it_reboots() {
  await call('RebootInstance', { InstanceId: id });
  const ready = await boots(3);
  assert.equal(ready.id, id);
  await becomes('Running');
}

async function a_token_repeats_its_answer_and_refuses_other_parameters() {
  const params = { ...runParams, InstanceName: 'from-token', ClientToken: 'once' };
  const first = await call('CreateInstance', params);
  const second = await call('CreateInstance', params);
  assert.equal(second.InstanceId, first.InstanceId);
  const error = await failure(call('CreateInstance', { ...params, InstanceName: 'another' }));
  assert.equal(error.code, 'IdempotentParameterMismatch');
}

async function a_dry_run_makes_nothing() {
  const before = (await call('DescribeInstances')).TotalCount;
  const error = await failure(call('RunInstances', { ...runParams, DryRun: true }));
  assert.equal(error.code, 'DryRunOperation');
  assert.equal((await call('DescribeInstances')).TotalCount, before);
  const wrong = await failure(call('RunInstances', { ...runParams, InstanceType: 'ecs.none', DryRun: true }));
  assert.equal(wrong.code, 'InvalidInstanceType.ValueNotSupported');
}

async function errors_have_the_vendors_shape() {
  const unknown = 'i-00000000000000000000';
  const error = await failure(call('StartInstance', { InstanceId: unknown }));
  assert.equal(error.code, 'InvalidInstanceId.NotFound');
  assert.equal(error.entry.response.statusCode, 404);
  assert.deepEqual(Object.keys(error.data).sort(), ['Code', 'HostId', 'Message', 'Recommend', 'RequestId']);
  assert.equal((await instanceOf(unknown)), undefined);
  const missing = await failure(call('StartInstance'));
  assert.equal(missing.code, 'MissingParameter');
  assert.match(missing.data.Message, /InstanceId/);
  const action = await failure(call('NoSuchAction'));
  assert.equal(action.code, 'InvalidAction.NotFound');
  for (const opts of [GET, POST]) {
    const denied = await failure(makeClient('wrong').request('DescribeRegions', {}, opts));
    assert.equal(denied.code, 'SignatureDoesNotMatch');
  }
}

async function pages_cover_all_and_overlap_nowhere() {
  for (let n = 0; n < 4; n += 1) await call('CreateInstance', { ...runParams, InstanceName: `page-${n}` });
  const all = (await call('DescribeInstances', { PageSize: 100 })).Instances.Instance.map((row) => row.InstanceId);
  const byNumber = [];
  for (let page = 1; byNumber.length < all.length; page += 1) {
    const reply = await call('DescribeInstances', { PageSize: 2, PageNumber: page }, GET);
    assert.equal(reply.TotalCount, all.length);
    assert.ok(reply.Instances.Instance.length > 0);
    byNumber.push(...reply.Instances.Instance.map((row) => row.InstanceId));
  }
  assert.deepEqual(byNumber, all);
  const byToken = [];
  for (let token = ''; token !== undefined;) {
    const reply = await call('DescribeInstances', { MaxResults: 2, ...(token && { NextToken: token }) });
    byToken.push(...reply.Instances.Instance.map((row) => row.InstanceId));
    token = reply.NextToken || undefined;
  }
  assert.deepEqual(byToken, all);
}

async function all_are_deleted() {
  const protectedId = id;
  await call('ModifyInstanceAttribute', { InstanceId: protectedId, DeletionProtection: true });
  const error = await failure(call('DeleteInstance', { InstanceId: protectedId, Force: true }));
  assert.equal(error.code, 'InvalidOperation.DeletionProtection');
  await call('ModifyInstanceAttribute', { InstanceId: protectedId, DeletionProtection: false });
  assert.match((await failure(call('DeleteInstance', { InstanceId: protectedId }))).code, /^IncorrectInstanceStatus/);
  // What is Pending cannot be deleted yet.
  const rows = await waitUntil('none to be Pending', 60, async () => {
    const reply = await call('DescribeInstances', { PageSize: 100 });
    return reply.Instances.Instance.every((row) => row.Status !== 'Pending') && reply.Instances.Instance;
  });
  for (const row of rows) await call('DeleteInstance', { InstanceId: row.InstanceId, Force: true });
  await waitUntil('all to be gone', 120, async () => (await call('DescribeInstances')).TotalCount === 0);
  assert.equal((await call('DescribeDisks')).TotalCount, 0);
}

run([an_instance_is_run_and_comes_up, the_same_is_read_by_get_and_by_post, its_parts_are_described,
  the_guest_knows_its_name_address_disk_and_user_data, what_is_modified_is_shown,
  it_stops_when_asked_and_starts_again, it_reboots, a_token_repeats_its_answer_and_refuses_other_parameters,
  a_dry_run_makes_nothing, errors_have_the_vendors_shape, pages_cover_all_and_overlap_nowhere, all_are_deleted]);
